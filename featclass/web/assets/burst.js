// Pictures recorded into a set while a button is held. Those of one hold are a burst: the server
// keeps them together when it judges itself, since they show nearly the same.
const PER_SECOND = 4, MOST_OF_BURST = 240, SENT_TOGETHER = 8, RECORDED_SIDE = 720;

// Opens the camera in the card of a set; `state.recorder` holds it until it is closed.
async function openRecorder(host, state, set) {
  const was = state.recorder?.set;
  closeRecorder(state);
  if (was === set.id) { state.draw(); return; }   // the button opens and closes
  const tell = text => { Object.assign(placeOf(state, String(set.id)), { text, share: null }); drawPlace(host, state, String(set.id)); };
  if (!navigator.mediaDevices) {
    tell(NO_CAMERA_HERE);
    choose(host, { accept: 'image/*', capture: 'environment' }, items => state.send(set.id, items));
    return;
  }
  const recorder = state.recorder = { set: set.id, camera: null, node: null, recording: false };
  const gone = sentence => { if (state.recorder === recorder) { closeRecorder(state); state.draw(); } tell(sentence); };
  let camera;
  try { camera = await openCamera(gone); } catch (error) { gone(error.message); return; }
  if (state.recorder !== recorder || !host.isConnected) { camera.close(); return; }
  recorder.camera = camera;
  recorder.node = drawRecorder(state, set, recorder, tell, gone);
  tell('');
  state.draw();
  recorder.node.querySelector('.hold').focus({ preventScroll: true });
}

function closeRecorder(state) {
  state.recorder?.stop?.();
  state.recorder?.camera?.close();
  state.recorder = null;
}

function drawRecorder(state, set, recorder, tell, gone) {
  const count = make('span', { class: 'counted', role: 'status' });
  const hold = make('button', { class: 'pill strong hold', 'data-key': `h${set.id}`,
    'aria-label': `Hold to record into ${set.name}` }, 'Hold to record');
  const close = make('button', { class: 'pill', 'data-key': `hc${set.id}`, onclick: () => { closeRecorder(state); state.draw(); } }, 'Close camera');
  const canvas = newCanvas();
  let timer = null, burst = null;

  async function shoot(of) {
    const place = of.taken++;
    count.textContent = plural(of.taken, 'picture', 'pictures');
    if (of.taken >= MOST_OF_BURST) stop();
    const blob = await photograph(recorder.camera.video, canvas, RECORDED_SIDE, 0.9).catch(() => null);
    if (!blob) return;
    of.frames.push({ path: `burst-${of.at}-${String(place + 1).padStart(3, '0')}.jpg`, file: blob });
    if (of.frames.length >= SENT_TOGETHER) deliver(of);
  }

  function deliver(of) {
    const items = of.frames.splice(0);
    if (items.length) of.sending = of.sending.then(async () => of.sums.push(
      await upload(state.data.base, set.id, items, () => {}, { burst: of.key })));
  }

  function start() {
    if (burst || recorder.camera.closed) return;
    burst = { key: crypto.randomUUID(), at: new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-'),
      taken: 0, frames: [], shots: [], sums: [], sending: Promise.resolve() };
    recorder.recording = true;
    hold.classList.add('recording'); hold.textContent = 'Recording';
    tell('');
    const next = () => burst.shots.push(shoot(burst));
    timer = setInterval(next, 1000 / PER_SECOND);
    next();
    for (const kind of ENDINGS) window.addEventListener(kind, stop);
    document.addEventListener('visibilitychange', stop);
  }

  async function stop() {
    if (!burst) return;
    const done = burst;
    burst = null;
    clearInterval(timer);
    for (const kind of ENDINGS) window.removeEventListener(kind, stop);
    document.removeEventListener('visibilitychange', stop);
    hold.classList.remove('recording'); hold.textContent = 'Hold to record';
    await Promise.all(done.shots);
    deliver(done);
    await done.sending;
    recorder.recording = burst !== null;
    count.textContent = '';
    state.draw();
    tell(recorded(done.sums));
    state.redraw();
  }

  recorder.stop = stop;
  hold.onpointerdown = event => { if (event.button === 0) start(); };
  hold.oncontextmenu = event => event.preventDefault();   // what a phone makes of a long touch
  hold.onkeydown = event => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) start();
  };
  hold.onkeyup = event => { if (event.key === ' ' || event.key === 'Enter') stop(); };
  hold.onblur = stop;
  return make('div', { class: 'recorder' }, recorder.camera.video,
    make('div', { class: 'row' }, hold, count, switcher(recorder.camera, gone), close),
    make('p', { class: 'hint' }, 'Turn it, come closer, change the background: pictures that differ teach most. Hold once more elsewhere for a second burst.'));
}

const ENDINGS = ['pointerup', 'pointercancel', 'blur'];

function recorded(sums) {
  const total = key => sums.reduce((n, sum) => n + sum[key], 0);
  const parts = [`${plural(total('added'), 'picture', 'pictures')} added`];
  if (total('copies')) parts.push(`${total('copies')} already there`);
  if (total('rejected')) parts.push(`${total('rejected')} could not be used`);
  const lost = sums.find(sum => sum.error);
  if (lost) parts.push(unfinished(lost, 'Record once more'));
  return parts.join(', ');
}
