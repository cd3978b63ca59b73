// Ctrl+Z, and for how long the line that undoes is offered: some seconds, from when the page has
// followed what was done. While it is, no other place on the page offers to undo the same act.
import { Component, mounting } from './component.js';
import { offered } from './offered.js';
import { act, said } from './server.js';
/** @import { UndoData } from './data.js' */

const TICK = 250, PATIENCE = 40000, READING = 3000; // milliseconds; PATIENCE: till the page follows
const LINE = '.st-key-undo';
const TYPED =
  'input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=file]),' +
  ' textarea, select, [contenteditable=""], [contenteditable=true]';

/** @extends {Component<UndoData>} */
class Undo extends Component {
  /** @type {number | null} */
  act = null;
  left = 0;
  waited = 0;
  read = -Infinity;
  sending = Promise.resolve();
  gone = new AbortController();
  timer = setInterval(() => this.tick(), TICK);

  listen() {
    const { signal } = this.gone;
    document.addEventListener('keydown', (event) => this.pressed(event), { signal });
    document.addEventListener('pointermove', ({ target }) => {
      if (target instanceof Element && target.closest(LINE)) this.read = performance.now();
    }, { signal });
  }

  leave() {
    clearInterval(this.timer);
    this.gone.abort();
  }

  draw() {
    const { act, seconds } = this.data;
    if (act === this.act) return;
    // What had the focus is about another act now: the next Enter must not undo that too.
    const active = document.activeElement;
    if (this.act !== null && active instanceof HTMLElement && active.closest(LINE)) active.blur();
    Object.assign(this, { act, left: seconds * 1000, waited: 0 });
    offered.say(act);
  }

  tick() {
    if (this.act === null || this.left <= 0) return;
    this.waited += TICK;
    if (this.data.busy && this.waited < PATIENCE) return;
    // A pointer that only rests there, where it has just pressed Undo, reads nothing.
    const isRead = performance.now() - this.read < READING;
    if (document.hidden || isRead || document.querySelector(`${LINE}:focus-within`)) return;
    this.left -= TICK;
    if (this.left <= 0) offered.say(null);
  }

  /** @param {KeyboardEvent} event In a field Ctrl+Z is about what was typed there. */
  pressed(event) {
    if (!isUndo(event) || event.defaultPrevented) return;
    const [target] = event.composedPath();
    if (target instanceof HTMLElement && (target.matches(TYPED) || target.isContentEditable)) {
      return;
    }
    event.preventDefault();
    if (!event.repeat) this.sending = this.sending.then(() => this.undoLast());
  }

  async undoLast() {
    const line = this.find('p');
    try {
      const { undone } = await act(this.base, { do: 'undo' });
      line.textContent = undone ? `Undone: ${undone}.` : 'There is nothing to undo.';
    } catch (error) {
      line.textContent = `Nothing was undone: ${said(error)}.`;
    }
    this.redraw();
  }
}

/** @param {KeyboardEvent} event */
const isUndo = ({ ctrlKey, metaKey, shiftKey, altKey, key }) =>
  (ctrlKey || metaKey) && !shiftKey && !altKey && key.toLowerCase() === 'z';

export default mounting('undo', Undo);
