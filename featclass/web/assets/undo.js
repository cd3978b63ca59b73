// Ctrl+Z, and for how long the line that undoes is offered: some seconds, from when the page has
// followed what was done. While it is, no other place on the page offers to undo the same act.
const memory = new WeakMap();
const TICK = 250, PATIENCE = 40000, READING = 3000;   // milliseconds; PATIENCE: with a page that follows

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.undo');
  let state = memory.get(host);
  if (!state) {
    state = { act: null, left: 0, waited: 0, read: -Infinity, sending: Promise.resolve() };
    memory.set(host, state);
    state.pressed = event => pressed(host, state, event);
    document.addEventListener('keydown', state.pressed);
    state.moved = event => { if (event.target.closest?.('.st-key-undo')) state.read = performance.now(); };
    document.addEventListener('pointermove', state.moved);
    state.timer = setInterval(() => tick(state), TICK);
  }
  state.data = data;
  state.redraw = () => setTriggerValue('redraw', Date.now());
  if (data.act !== state.act) {
    // What had the focus is about another act now: the next Enter must not undo that too.
    const active = document.activeElement;
    if (state.act !== null && active?.closest?.('.st-key-undo')) active.blur();
    Object.assign(state, { act: data.act, left: data.seconds * 1000, waited: 0 });
    offer(state.act);
  }
  return () => {
    if (host.isConnected) return;
    clearInterval(state.timer);
    document.removeEventListener('keydown', state.pressed);
    document.removeEventListener('pointermove', state.moved);
  };
}

function tick(state) {
  if (state.act === null || state.left <= 0) return;
  state.waited += TICK;
  if (state.data.busy && state.waited < PATIENCE) return;
  // A pointer that only rests there, where it has just pressed Undo, reads nothing.
  if (document.hidden || performance.now() - state.read < READING || document.querySelector('.st-key-undo:focus-within')) return;
  state.left -= TICK;
  if (state.left <= 0) offer(null);
}

function offer(act) {
  document.body.classList.toggle('undo-over', act === null);
  globalThis.featclassOffered = act;
  document.dispatchEvent(new CustomEvent('featclass-offered'));
}

const TYPED = 'input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=file]), textarea, select, [contenteditable=""], [contenteditable=true]';

// In a field Ctrl+Z is about what was typed there.
function pressed(host, state, event) {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== 'z') return;
  const [target] = event.composedPath();
  if (event.defaultPrevented || target.matches?.(TYPED) || target.isContentEditable) return;
  event.preventDefault();
  if (!event.repeat) state.sending = state.sending.then(() => undoLast(host, state));
}

async function undoLast(host, state) {
  const said = host.querySelector('p');
  try {
    const { undone } = await ask(`${state.data.base}/act`, { headers: JSON_BODY, body: JSON.stringify({ do: 'undo' }) });
    said.textContent = undone === null ? 'There is nothing to undo.' : `Undone: ${undone}.`;
  } catch (error) { said.textContent = `Nothing was undone: ${error.message}.`; }
  state.redraw();
}
