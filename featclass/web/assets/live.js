// What the camera sees, said all the time: one frame is under way, the newest follows when its
// answer is there, so that frames never queue. Nothing is kept, here or on the server.
const SMOOTHING = 300, STILL = 0.03, MOST_LIVE_BARS = 6;   // milliseconds; share; rows
const REST = 500, LOOKING = 200, PATIENCE = 15000;          // milliseconds
const AGAIN = [500, 1000, 2000, 4000, 8000];
const FINAL = [1009, 4404];   // closed for a reason that another try would meet again

// Returns { node, close }. `colours()` gives the colour of each class, in the order of the sets.
function livePrediction(camera, base, colours) {
  const said = make('p', { class: 'verdict waiting' }, 'Looking');
  const rows = make('div', { class: 'rows' }), pace = make('p', { class: 'pace' });
  const spoken = make('span', { class: 'unseen', role: 'status' });
  const node = make('section', { class: 'live', 'aria-label': 'Live prediction' }, said, rows, pace, spoken);
  const state = { shares: new Map(), known: 1, winner: '', drawn: new Map(), order: '',
    answered: 0, side: 256, times: [], announced: 0, told: '', pending: null };
  const canvas = newCanvas(), video = camera.video;
  let socket = null, tries = 0, retry = 0, closed = false, over = false, busy = false, fresh = true, sent = 0, notBefore = 0, grabbed = 0;

  function connect() {
    busy = false;
    clearTimeout(retry);
    const opened = socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}${base}/live`);
    socket.onopen = step;
    socket.onmessage = event => { busy = false; tries = 0; answer(JSON.parse(event.data)); step(); };
    socket.onclose = event => {
      if (closed || opened !== socket) return;
      if (FINAL.includes(event.code)) { over = true; wait(event.reason); return; }
      if (document.hidden) return;   // the server waits a minute for a frame: opened again once it is seen
      node.classList.add('lost');
      pace.textContent = 'The connection was lost; trying again.';
      retry = setTimeout(() => closed || connect(), AGAIN[Math.min(tries++, AGAIN.length - 1)]);
    };
  }

  async function step() {
    const now = performance.now();
    if (closed || busy || !fresh || document.hidden || now < notBefore || socket.readyState !== 1) return;
    busy = true; fresh = false; grabbed = sent = now;
    const frame = await photograph(video, canvas, state.side, 0.8).catch(() => null);
    if (closed || !frame || socket.readyState !== 1) { busy = false; return; }
    socket.send(frame);
  }

  function answer(found) {
    node.classList.remove('lost');
    if (found.waiting || found.error) {
      notBefore = performance.now() + REST;
      wait(found.waiting || 'The last frame could not be used.');
      return;
    }
    state.side = found.side;
    smooth(state, found, performance.now());
    drawLive(state, { said, rows, node }, colours());
    count(found);
  }

  function wait(sentence) {
    said.className = 'verdict waiting'; said.textContent = sentence;
    state.answered = 0; state.winner = ''; state.order = ''; state.drawn.clear();
    rows.replaceChildren(); pace.textContent = '';
    announce(state, spoken, sentence);
  }

  function count(found) {
    const now = performance.now(), times = state.times;
    announce(state, spoken, said.textContent);
    times.push([now, now - grabbed]);
    while (now - times[0][0] > 2000) times.shift();
    if (now - (state.paced || 0) < 1000 || times.length < 3) return;
    state.paced = now;
    const rate = (times.length - 1) / (now - times[0][0]) * 1000;
    const middle = times.map(each => each[1]).sort((a, b) => a - b)[times.length >> 1];
    pace.textContent = `${Math.round(rate)} a second, ${Math.round(middle)} ms from frame to bars${found.stale ? '; learning from your last change' : ''}`;
  }

  const look = () => { fresh = true; step(); };
  const follow = () => { if (closed) return; look(); video.requestVideoFrameCallback(follow); };
  // Also without new frames being told of: a video out of sight, an old browser.
  const looking = setInterval(() => {
    if (busy && performance.now() - sent > PATIENCE) { socket.close(); return; }
    look();
  }, video.requestVideoFrameCallback ? LOOKING : 33);
  const turned = () => {
    if (document.hidden) pace.textContent = 'Paused';
    else if (socket.readyState === WebSocket.CLOSED && !over) connect();
    else look();
  };
  document.addEventListener('visibilitychange', turned);
  connect();
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(follow);
  return { node, close() {
    closed = true;
    clearInterval(looking); clearTimeout(state.pending);
    document.removeEventListener('visibilitychange', turned);
    socket.close();
  } };
}

// An exponential moving average, so that the winner does not flicker.
function smooth(state, found, now) {
  const gap = now - state.answered;
  const weight = gap > 2000 ? 1 : 1 - Math.exp(-gap / SMOOTHING);
  state.answered = now;
  const shares = new Map(found.bars);
  for (const name of state.shares.keys()) if (!shares.has(name)) shares.set(name, 0);
  for (const [name, share] of shares) {
    const before = state.shares.get(name) ?? share;
    const after = before + weight * (share - before);
    if (after < 1e-4 && !share) state.shares.delete(name); else state.shares.set(name, after);
  }
  state.known += weight * (found.known - state.known);
  if (weight === 1) state.isKnown = found.known;
  else if (Math.abs(state.known - 0.5) > 0.1) state.isKnown = state.known > 0.5;
  const [best, share] = [...state.shares].reduce((a, b) => b[1] > a[1] ? b : a);
  const current = state.shares.get(state.winner) ?? -1;
  if (best !== state.winner && share > current + STILL) state.winner = best;
}

function drawLive(state, { said, rows, node }, colours) {
  const verdict = state.isKnown ? 'Looks like ' : UNLIKE;
  if (said.textContent !== verdict + state.winner || said.classList.contains('waiting')) {
    said.className = 'verdict';
    said.replaceChildren(verdict, make('b', {}, state.winner));
  }
  node.classList.toggle('unknown', !state.isKnown);
  const places = new Map(Object.keys(colours).map((name, place) => [name, place]));
  const shown = [...state.shares].sort((a, b) => b[1] - a[1]).slice(0, MOST_LIVE_BARS).map(each => each[0])
    .sort((a, b) => (places.get(a) ?? 1e6) - (places.get(b) ?? 1e6));   // rows keep their places
  const order = JSON.stringify(shown);
  if (order !== state.order) {
    state.order = order;
    rows.replaceChildren(...shown.map(name => liveRow(state, name, colours[name] || '#888')));
  }
  for (const name of shown) {
    const row = state.drawn.get(name), share = state.shares.get(name);
    // Of what is unlike all sets no share is meant; the rows stay, so that nothing jumps.
    row.fill.style.transform = `scaleX(${state.isKnown ? Math.max(0.01, share).toFixed(3) : 0})`;
    const text = state.isKnown ? percent(share) : '';
    if (row.value.textContent !== text) row.value.textContent = text;
    row.node.classList.toggle('winner', state.isKnown && name === state.winner);
  }
}

function liveRow(state, name, colour) {
  const fill = make('i'), value = make('span', { class: 'value' });
  fill.style.background = colour;
  const node = make('div', { class: 'bar-row' }, shownName(name, { class: 'label', title: name }),
    make('span', { class: 'track' }, fill), value);
  state.drawn.set(name, { node, fill, value });
  return node;
}

// For who cannot see the bars: the verdict where it has changed, once a second at most.
function announce(state, spoken, text) {
  clearTimeout(state.pending);
  if (text === state.told) return;
  const say = () => { state.announced = performance.now(); state.told = text; spoken.textContent = text; };
  state.pending = setTimeout(say, Math.max(0, state.announced + 1000 - performance.now()));
}
