// What every component is: an element that is drawn from what Python sends, by a script which the
// element outlives. What a person does goes to our own routes; `redraw` has the page drawn anew.
import { dom, fill, find } from './dom.js';
import { act, get, said } from './server.js';
/** @import { SetRow } from './data.js' */

/**
 * What Streamlit gives to a component, as far as it is used here.
 * @template D
 * @typedef {object} Mounting
 * @property {HTMLElement | ShadowRoot} parentElement
 * @property {D} data
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * @template {{base: string} | null} D what Python sends
 */
export class Component {
  /**
   * @param {HTMLElement} host
   * @param {D} data
   */
  constructor(host, data) {
    this.host = host;
    this.data = data;
  }

  /** @type {Map<string, HTMLImageElement>} */
  images = new Map();
  shown = '';
  turn = 0;

  /** Listens, once, to what a person does in the element. */
  listen() {}

  get base() {
    return this.data?.base ?? '';
  }

  /** Has the page drawn anew: of two in quick succession Streamlit may deliver only the second. */
  redraw() {}

  /** @param {D} data Draws, where anything is another than before. */
  take(data) {
    this.data = data;
    const shown = JSON.stringify(data);
    if (shown === this.shown) return;
    this.shown = shown;
    this.draw();
  }

  draw() {}

  /** Is called when the page has lost the element. */
  leave() {}

  /**
   * @template {HTMLElement} [E=HTMLElement]
   * @param {string} selector
   * @returns {E}
   */
  find(selector) {
    return find(this.host, selector);
  }

  /** What has the focus, also within the shadow of a component. */
  get active() {
    const root = /** @type {Document | ShadowRoot} */ (this.host.getRootNode());
    return /** @type {HTMLElement | null} */ (root.activeElement);
  }

  /**
   * Does what the person did; returns why it could not be done, or ''.
   * @param {object} what
   */
  async perform(what) {
    try {
      await act(this.base, what);
      return '';
    } catch (error) {
      return said(error);
    } finally {
      this.redraw();
    }
  }

  /**
   * Fetches what is below the workspace: null where it cannot be had, undefined where it was asked
   * for once more meanwhile.
   * @param {string} path
   */
  async newest(path) {
    const turn = ++this.turn, answer = await get(`${this.base}/${path}`);
    return turn === this.turn ? answer : undefined;
  }

  /**
   * A picture; moved, not made anew, where it was drawn before: a redraw must not flicker.
   * @param {string} digest
   * @param {string} name
   * @param {object} [how]
   * @param {number | null} [how.size]
   * @param {string | number} [how.place] which of several, where one is drawn at several places
   * @param {'lazy' | 'eager'} [how.loading]
   */
  picture(digest, name, { size = 160, place = '', loading = 'lazy' } = {}) {
    const key = keyOf(digest, size, place);
    let image = this.images.get(key);
    if (!image) {
      const src = `${this.base}/thumbnail/${digest}${size ? `?size=${size}` : ''}`;
      image = /** @type {HTMLImageElement} */ (dom`<img src="${src}" alt="${name}"
        loading="${loading}" decoding="async">`);
      this.images.set(key, image);
    }
    return image;
  }

  /**
   * Has a picture made anew when it is drawn next.
   * @param {string} digest
   * @param {{size: number | null, place: string | number}} how
   */
  forget(digest, { size, place }) {
    this.images.delete(keyOf(digest, size, place));
  }
}

/** @type {(digest: string, size: number | null, place: string | number) => string} */
const keyOf = (digest, size, place) => `${digest} ${size} ${place}`;

/**
 * A component that is a line at first, and opens.
 * @template {{base: string}} D
 * @extends {Component<D>}
 */
export class Opening extends Component {
  isOpen = false;
  problem = '';

  listen() {
    this.find('.toggle').onclick = () => this.toggle();
    this.host.onkeydown = (event) => this.pressed(event);
  }

  toggle() {
    this.isOpen = !this.isOpen;
    this.draw();
    if (this.isOpen) this.load();
  }

  load() {}

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.key === 'Escape' && this.isOpen) this.close();
  }

  close() {
    this.toggle();
    this.find('.toggle').focus();
  }

  /** @type {(title: string, words: string) => void} */
  drawToggle(title, words) {
    const toggle = this.find('.toggle');
    toggle.setAttribute('aria-expanded', String(this.isOpen));
    fill(toggle, dom`<b>${title}</b>`, dom`<span class="quiet">${words}</span>`);
  }
}

/**
 * The sets as a component was told of them.
 * @param {{sets: SetRow[], none: number | null}} data
 * @param {number | null} id
 */
export const setOf = ({ sets }, id) => sets.find((set) => set[0] === id);

/** @type {(data: {sets: SetRow[], none: number | null}, id: number | null) => string} */
export const nameOf = (data, id) =>
  setOf(data, id)?.[1] ??
    (id !== null && id === data.none ? 'none of these' : 'a set that was removed');

/**
 * Returns the script of a component, as Streamlit calls it at every run of the page. No component
 * asks for a redraw while it is mounted: of those Streamlit loses one in four.
 * @template {{base: string} | null} D
 * @param {string} name the class of its outermost element
 * @param {new (host: HTMLElement, data: D) => Component<D>} Kind
 * @param {string} [trigger]
 */
export function mounting(name, Kind, trigger = 'redraw') {
  /** @type {WeakMap<HTMLElement, Component<D>>} */
  const memory = new WeakMap();
  return (/** @type {Mounting<D>} */ { parentElement, data, setTriggerValue }) => {
    const host = find(parentElement, `.${name}`);
    const component = memory.get(host) ?? new Kind(host, data);
    if (!memory.has(host)) component.listen();
    memory.set(host, component);
    let isMounting = true;
    component.redraw = () => {
      if (isMounting) throw new Error(`The component “${name}” asks for a redraw while mounting.`);
      setTriggerValue(trigger, Date.now());
    };
    component.take(data);
    isMounting = false;
    return () => {
      if (!host.isConnected) component.leave();
    };
  };
}
