// Label the most useful ones: a line that opens one question after the other, a key for each class.
// An answer moves the picture into the set at once, or says that it is none of these; the order is
// asked anew when the classifier has followed. What was skipped counts for this visit.
const FEW_LEFT = 3;
// By workspace, and not by element: where the page is built anew, a person goes on where they were.
const visits = globalThis.featclassAsking ??= new Map();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.asking');
  let state = visits.get(data.base);
  if (!state) {
    state = { host: null, open: false, queue: null, turn: 0, order: null, drawn: '', given: [], skipped: new Set(), curve: [], said: '', images: new Map(), sending: Promise.resolve() };
    visits.set(data.base, state);
  }
  const isNew = state.host !== host;
  if (isNew) {
    Object.assign(state, { host, drawn: '' });
    host.querySelector('.toggle').onclick = () => toggle(host, state);
    host.onkeydown = event => onKey(host, state, event);
  }
  state.data = data;
  state.redraw = () => setTriggerValue('redraw', Date.now());
  follow(state);
  const drawn = JSON.stringify(data);
  if (drawn === state.drawn) return;
  state.drawn = drawn;
  // Anew for another classifier, and once more when it has seen all; before, where nothing is left.
  if (state.open && data.current && (orderOf(data) !== state.order || !state.queue?.length)) load(host, state);
  draw(host, state);
  if (state.open && isNew && document.activeElement === document.body) host.querySelector('.panel').focus({ preventScroll: true });
}

// What the order of the questions follows from.
const orderOf = data => `${data.classifier} ${data.busy} ${data.sets.map(one => one[0])}`;

// Notes the score of every classifier that is current, by how many answers it knows.
function follow(state) {
  const { key, score, expected, current } = state.data;
  if (!current || !key || !score && !expected) return;
  const last = state.curve.at(-1);
  const now = { key, score: score ?? null, expected, answered: state.given.filter(one => one.act !== null).length };
  if (last?.key === key) Object.assign(last, { score: now.score, expected: expected ?? last.expected });
  else if (last?.answered === now.answered) state.curve[state.curve.length - 1] = now;
  else if (last && last.answered > now.answered) state.curve = [...state.curve.filter(one => one.answered < now.answered), now];
  else state.curve.push(now);
}

function toggle(host, state) {
  state.open = !state.open;
  draw(host, state);
  if (!state.open) return;
  load(host, state);
  host.querySelector('.panel').focus({ preventScroll: true });
}

const isAnswered = (state, id) => state.skipped.has(id) || state.given.some(one => one.picture[0] === id);

async function load(host, state) {
  const turn = ++state.turn;
  state.order = orderOf(state.data);
  let answer = null;
  try {
    await state.sending;
    const away = [...state.skipped].slice(-1000).join(',');
    const response = await fetch(`${state.data.base}/questions?without=${away}`);
    if (response.ok) answer = await response.json();
  } catch { /* said below */ }
  if (turn !== state.turn || !state.open) return;
  if (!answer) state.said = 'The questions could not be fetched. Close and open this to try once more.';
  const current = state.queue?.[0];   // what is being looked at stays while the rest is put in order
  const fresh = (answer?.questions ?? state.queue ?? []).filter(one => !isAnswered(state, one[0]));
  const kept = current && !isAnswered(state, current[0]) && state.touched ? [fresh.find(one => one[0] === current[0]) ?? current] : [];
  state.queue = [...kept, ...fresh.filter(one => one[0] !== kept[0]?.[0])];
  state.touched = true;
  draw(host, state);
}

// An answer: a set's id, or null for none of these. The next question does not wait for it.
function answer(host, state, set, name) {
  const picture = state.queue?.[0];
  if (!picture) return;
  const given = { picture, set, act: null };
  state.given.push(given);
  state.said = `${picture[2]}: ${set === null ? 'none of these' : name}.`;
  host.querySelector('.panel').focus({ preventScroll: true });   // the next Enter answers nothing
  state.sending = state.sending.then(() => send(host, state, given));
  next(host, state);
}

async function send(host, state, given) {
  try {
    const [id] = given.picture, what = given.set === null ? { do: 'none of these', pictures: [id] } : { do: 'move', picture: id, set: given.set };
    const body = await ask(`${state.data.base}/act`, { headers: JSON_BODY, body: JSON.stringify(what) });
    given.act = body.act ?? null;
  } catch (error) {
    state.given = state.given.filter(one => one !== given);
    state.said = `The answer for ${given.picture[2]} was not kept: ${error.message}`;
    state.order = null;
    draw(host, state);
  }
  state.redraw();
}

function skip(host, state) {
  const picture = state.queue?.[0];
  if (!picture) return;
  state.skipped.add(picture[0]);
  state.given.push({ picture, isSkipped: true, act: null });
  state.said = `Skipped ${picture[2]}.`;
  next(host, state);
}

function next(host, state) {
  state.queue.shift();
  if (state.queue.length < FEW_LEFT || !state.data.key) load(host, state);
  draw(host, state);
}

function back(host, state) {
  const given = state.given.pop();
  if (!given) return;
  state.skipped.delete(given.picture[0]);
  state.queue = [given.picture, ...(state.queue ?? []).filter(one => one[0] !== given.picture[0])];
  state.said = `Back to ${given.picture[2]}.`;
  if (!given.isSkipped) state.sending = state.sending.then(() => undo(host, state, given));
  draw(host, state);
}

async function undo(host, state, given) {
  try {
    if (given.act !== null) await ask(`${state.data.base}/act`, { headers: JSON_BODY, body: JSON.stringify({ do: 'undo', act: given.act }) });
  } catch (error) { state.said = `That could not be taken back: ${error.message}`; draw(host, state); }
  state.redraw();
}

function again(host, state) {
  state.skipped.clear();
  state.given = state.given.filter(one => !one.isSkipped);
  state.said = '';
  load(host, state);
}

// Digits for the first nine classes, first letters where only one has it and no other key is it.
function keysOf(sets) {
  const letters = sets.map(([, name]) => name.trim().charAt(0).toLowerCase());
  const isFree = letter => /^\p{L}$/u.test(letter) && !'sz'.includes(letter) && letters.filter(one => one === letter).length === 1;
  return sets.map((_, i) => [...(i < 9 ? [String(i + 1)] : []), ...(isFree(letters[i]) ? [letters[i]] : [])]);
}

function onKey(host, state, event) {
  if (!state.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // Letters mean something to the page as well: here they are answers.
  if (key.length === 1 && key !== ' ') event.stopPropagation();
  if (key === 'Escape') { toggle(host, state); host.querySelector('.toggle').focus(); return; }
  if (event.repeat) return;
  const chosen = keysOf(state.data.sets).findIndex(keys => keys.includes(key));
  if (chosen >= 0) answer(host, state, state.data.sets[chosen][0], state.data.sets[chosen][1]);
  else if (key === 's') skip(host, state);
  else if (key === '0') answer(host, state, null);
  else if (key === 'z' || key === 'Backspace') back(host, state);
  else return;
  event.preventDefault();
}

function draw(host, state) {
  const { count } = state.data;
  const button = host.querySelector('.toggle'), panel = host.querySelector('.panel');
  host.hidden = !count && !state.open;
  button.setAttribute('aria-expanded', String(state.open));
  button.replaceChildren(make('b', {}, count ? `Label the most useful of ${plural(count, 'picture', 'pictures')}` : 'Label pictures'),
    make('span', { class: 'quiet' }, state.open ? 'Close' : 'one key each'));
  panel.hidden = !state.open;
  if (!state.open) { panel.replaceChildren(); return; }
  const root = host.getRootNode(), focused = panel.contains(root.activeElement) && root.activeElement;
  const key = focused && focused.dataset.key;
  panel.replaceChildren(...drawQuestion(host, state),
    make('p', { class: 'note quiet', role: 'status' }, state.said), drawCurve(state));
  if (!focused) return;
  const same = key && [...panel.querySelectorAll('[data-key]')].find(node => node.dataset.key === key && !node.disabled);
  (same || panel).focus({ preventScroll: true });
}

function drawQuestion(host, state) {
  const [current, ...following] = state.queue ?? [];
  if (!current) return [make('p', { class: 'quiet note' }, nothing(state)), drawWays(host, state, false)];
  following.slice(0, 2).forEach(one => image(state, one));   // so that it is there when its turn comes
  const [, , name, label, chance] = current, isUnlike = label !== null && chance === null;
  const guess = isUnlike ? UNLIKE + label : `It would say ${label}, ${percent(chance)}`;
  const keys = keysOf(state.data.sets);
  return [make('figure', { class: 'asked' }, image(state, current)),
    make('div', { class: 'asked-of' }, make('h3', {}, 'Which is it?'),
      make('span', { class: 'quiet', title: name }, label === null ? name : guess)),
    make('div', { class: 'classes' }, none(host, state), ...state.data.sets.map(([id, title, colour], i) => {
      const dot = make('span', { class: 'dot' });
      dot.style.background = colour;
      return make('button', { class: 'pill', title, 'data-key': `c${id}`, 'aria-keyshortcuts': keys[i].join(' ') || null,
        onclick: () => answer(host, state, id, title) }, dot, shownName(title),
        keys[i].length ? make('kbd', { 'aria-hidden': 'true' }, keys[i][0].toUpperCase()) : null);
    })), drawWays(host, state, true)];
}

// Always at the same place, so that no class slides under the pointer.
function none(host, state) {
  return make('button', { class: 'pill none', 'data-key': 'none', 'aria-keyshortcuts': '0',
    onclick: () => answer(host, state, null) }, make('span', { class: 'dot none' }), make('span', { class: 'word' }, 'None of these'),
    make('kbd', { 'aria-hidden': 'true' }, '0'));
}

function nothing(state) {
  if (state.queue === null) return 'Looking for the most useful ones.';
  if (state.skipped.size) return `Nothing is left but what you skipped (${state.skipped.size}).`;
  if (state.data.busy) return 'Looking at the pictures.';
  return 'Nothing is left to ask about: every picture is in a set, or in none of these.';
}

function drawWays(host, state, asking) {
  const way = (key, text, shortcut, does, disabled) => make('button', { class: 'text quiet', 'data-key': key, disabled, 'aria-keyshortcuts': shortcut,
    onclick: () => does(host, state) }, text, make('kbd', { 'aria-hidden': 'true' }, shortcut.toUpperCase()));
  return make('div', { class: 'ways' },
    asking ? way('skip', 'Skip', 's', skip, false) : null,
    !asking && state.skipped.size ? make('button', { class: 'text', 'data-key': 'again', onclick: () => again(host, state) }, 'Ask about them again') : null,
    way('back', 'Back', 'z', back, !state.given.length));
}

function image(state, [, digest, name]) {
  if (!state.images.has(digest)) {   // moved, not made anew: a redraw must not flicker
    state.images.set(digest, make('img', { src: `${state.data.base}/thumbnail/${digest}?size=480`, alt: name, decoding: 'async' }));
    if (state.images.size > 60) state.images.delete(state.images.keys().next().value);
  }
  return state.images.get(digest);
}

// The learning curve: the score with its interval, and what is expected of the others.
function drawCurve(state) {
  const now = state.curve.at(-1);
  if (!now) return '';
  const answered = state.given.filter(one => !one.isSkipped).length;
  const line = (what, text, style) => {
    const shown = state.curve.filter(one => one[what]), last = shown.at(-1);
    if (!last) return '';
    const was = shown.length > 1 ? `, was ${text(shown[0][what])}` : '';
    return make('p', { class: style }, make('span', { class: `mark ${what}` }), what === 'score'
      ? `Labelled ones: ${text(last.score)} right, ${interval(last.score)}${was}`
      : `Expected right on the others: ${text(last.expected)}${was}`);
  };
  const [first] = state.curve.filter(one => one.score);
  const fell = now.score && now.score[0] / now.score[1] < first.score[0] / first.score[1];
  return make('div', { class: 'grown' },
    make('div', {}, make('p', {}, make('b', {}, `${answered.toLocaleString('en')} answered`)),
      line('expected', ([sum, of]) => percent(sum / of).replace(' ', '\u00a0'), null), line('score', ([right, of]) => `${right} of ${of}`, 'quiet')),
    state.curve.length > 1 ? chart(state.curve) : '',
    fell ? make('p', { class: 'quiet why-lower' }, 'You were asked about the hardest pictures, so the score of the labelled ones may fall while the classifier gets better.') : '');
}

const interval = ([, , low, high]) => `${Math.floor(100 * low + 1e-9)} to ${Math.ceil(100 * high - 1e-9)}\u00a0%`;

function chart(curve) {
  const most = curve.at(-1).answered || 1, first = curve[0].answered;
  const x = one => (100 * (one.answered - first) / Math.max(1, most - first)).toFixed(1), y = share => (40 - 40 * share).toFixed(1);
  const svg = (tag, attributes) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const scored = curve.filter(one => one.score), expected = curve.filter(one => one.expected);
  const box = svg('svg', { viewBox: '0 0 100 40', preserveAspectRatio: 'none', role: 'img', 'aria-label': `Learning curve over ${most} answers, from 0 to 100 %` });
  for (const level of [0, 1]) box.append(svg('line', { class: 'edge', x1: 0, x2: 100, y1: y(level), y2: y(level) }));
  if (scored.length > 1) {
    const edge = [...scored.map(one => `${x(one)},${y(one.score[3])}`), ...scored.toReversed().map(one => `${x(one)},${y(one.score[2])}`)];
    box.append(svg('polygon', { class: 'band', points: edge.join(' ') }),
      svg('polyline', { class: 'path', points: scored.map(one => `${x(one)},${y(one.score[0] / one.score[1])}`).join(' ') }));
  }
  if (expected.length > 1) box.append(svg('polyline', { class: 'path expected', points: expected.map(one => `${x(one)},${y(one.expected[0] / one.expected[1])}`).join(' ') }));
  return box;
}
