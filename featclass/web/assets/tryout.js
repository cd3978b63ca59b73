// "Try it": drop, paste, choose or photograph new pictures, and see what they look like.
const memory = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.tryout');
  let state = memory.get(host);
  if (!state) {
    state = { note: null, images: new Map(), shown: '', camera: null, ...correcting(), gallery: gallery(), ...seenBefore(data.base) };
    memory.set(host, state);
    globalThis.featclassTried = { base: data.base, state };
    build(host, state);
  }
  state.redraw = () => setTriggerValue('redraw', Date.now());
  state.draw = () => keepingFocus(host, () => drawResults(host, state));
  state.say = text => { host.querySelector('.note').textContent = text; };
  state.act = async what => state.say(await perform(data.base, what, state.redraw));
  state.data = data;
  const shown = JSON.stringify(data);
  if (shown !== state.shown) { state.shown = shown; state.draw(); }
  return () => { if (!host.isConnected) { stopCamera(state); document.removeEventListener('paste', state.paste); document.removeEventListener('featclass-offered', state.offered); } };
}

// Where Streamlit builds the page anew, what was answered in this workspace is still there to undo,
// and the gallery as it was.
function seenBefore(base) {
  const before = globalThis.featclassTried;
  if (before?.base !== base) return {};
  const { went, came, items, gallery: { rows, filter, sort, open, details, picked, picking, anchor } } = before.state;
  return { went, came, items, gallery: { ...gallery(), rows, filter, sort, open, details, picked, picking, anchor } };
}

function build(host, state) {
  const zone = host.querySelector('.zone');
  const take = items => send(host, state, items);
  droppable(host, take);
  zone.querySelector('.pick').onclick = () => choose(host, { accept: ACCEPT }, take);
  zone.querySelector('.camera').onclick = () => state.camera ? stopCamera(state, host) : startCamera(host, state);
  host.onkeydown = event => pressed(host, state, event);
  state.paste = event => {
    const files = [...(event.clipboardData?.files || [])].filter(file => file.type.startsWith('image/'));
    if (files.length && host.isConnected) {
      event.preventDefault();
      take(files.map((file, i) => ({ path: `pasted-${stamp()}${i ? '-' + i : ''}.png`, file })));
    }
  };
  document.addEventListener('paste', state.paste);
  state.offered = () => state.data && state.draw();
  document.addEventListener('featclass-offered', state.offered);
}

const stamp = () => new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-');

async function send(host, state, items) {
  if (!items.length) return;
  const note = host.querySelector('.note');
  const tell = (text, share) => { note.textContent = share == null ? text : `Sending ${text}`; };
  const sum = await upload(state.data.base, 'try', items, tell);
  const text = sum.error || sum.rejected || !sum.added ? summary(sum) : '';
  tell([text, ...sum.notes].filter(Boolean).join('. '), null);
  state.redraw();
  return sum;
}

// The camera says what it sees all the time; nothing is kept but what is taken with the button.
async function startCamera(host, state) {
  const note = host.querySelector('.note');
  if (!navigator.mediaDevices) {
    // Browsers give the camera only to https pages and to this very machine.
    note.textContent = NO_CAMERA_HERE;
    choose(host, { accept: 'image/*', capture: 'environment' }, items => send(host, state, items));
    return;
  }
  if (state.opening) return;
  state.opening = true;
  const gone = sentence => { stopCamera(state, host); note.textContent = sentence; };
  try { state.camera = await openCamera(gone); } catch (error) { note.textContent = error.message; return; } finally { state.opening = false; }
  if (!host.isConnected) { stopCamera(state); return; }
  note.textContent = '';
  drawCamera(host, state, gone);
}

function drawCamera(host, state, gone) {
  const camera = state.camera;
  state.live = livePrediction(camera, state.data.base, () => state.data.colours);
  const shoot = make('button', { class: 'pill strong', onclick: async () => {
    const blob = await photograph(camera.video, newCanvas(), Infinity, 0.92);
    if (blob) send(host, state, [{ path: `photo-${stamp()}.jpg`, file: blob }]);
  } }, 'Take picture');
  const none = !state.data.sets.length ? null : make('button', { class: 'pill', title: 'Take this picture, and say that it is none of your sets', onclick: () => shootNone(host, state, camera) },
    make('span', { class: 'dot none' }), NONE[1]);
  const close = make('button', { class: 'pill', onclick: () => stopCamera(state, host) }, 'Close camera');
  host.querySelector('.viewfinder').replaceChildren(camera.video, state.live.node,
    make('div', { class: 'row' }, shoot, none, switcher(camera, gone), close));
  host.querySelector('.camera').setAttribute('aria-pressed', 'true');
  camera.video.play().catch(() => {});
  shoot.focus({ preventScroll: true });
}

// What the camera sees now, taken and answered in one; other pictures may arrive at the same time.
async function shootNone(host, state, camera) {
  const blob = await photograph(camera.video, newCanvas(), Infinity, 0.92);
  if (!blob) return;
  const { added, copies } = await send(host, state, [{ path: `photo-${stamp()}.jpg`, file: blob }]);
  if (!added && !copies) return;   // why is said by now
  try {
    const [response, digest] = await Promise.all([fetch(`${state.data.base}/tried`), digestOf(blob)]);
    const [id] = (await response.json()).rows.find(row => row[1] === digest);
    await answer(state, [id], NONE);
  } catch { state.say('The picture was taken, but what it is could not be said. Say it beneath the picture.'); }
}

// The SHA-256 of the bytes, by which the server knows a picture; browsers work it out where they lend a camera.
async function digestOf(blob) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
}

function stopCamera(state, host) {
  state.live?.close();
  state.camera?.close();
  state.live = state.camera = null;
  host?.querySelector('.viewfinder').replaceChildren();
  host?.querySelector('.camera').removeAttribute('aria-pressed');
}

function drawResults(host, state) {
  const { results, rejected, ready, working, share, total, version, most } = state.data;
  host.querySelector('.zone .what').textContent = ready
    ? 'Drop, paste or take a new picture' : 'Once there are two sets to tell apart, try new ones here';
  const bar = make('i');
  bar.style.width = `${Math.round(100 * share)}%`;
  host.querySelector('.working').replaceChildren(...working ? [make('span', { role: 'status' }, working),
    make('div', { class: 'bar', role: 'progressbar', 'aria-label': 'Pictures looked at', 'aria-valuenow': Math.round(100 * share) }, bar)] : []);
  const isGallery = total + state.went.size > most;
  if (!isGallery) meet(state, results, version);
  drawCame(host, state);
  const refused = rejected.map(([name, reason]) => make('article', { class: 'result rejected' },
    make('div', { class: 'said' }, make('b', {}, name), make('p', {}, `Could not be used: ${reason}`))));
  if (refused.length) refused.push(make('button', { class: 'text quiet', 'data-key': 'dismiss',
    onclick: () => state.act({ do: 'dismiss', set: 'try' }) }, 'Dismiss'));
  const cards = isGallery ? drawOpen(host, state) : state.items.map((result, i) => drawResult(state, result, i === 0));
  host.querySelector('.results').replaceChildren(...refused, ...cards);
  drawGallery(host, state, isGallery);
  host.querySelector('.after').replaceChildren(...total ? [make('button', { class: 'text quiet', 'data-key': 'clear',
    onclick: () => state.act({ do: 'clear tried' }) }, 'Clear all')] : []);
}
