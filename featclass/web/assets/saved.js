// A saved classifier is brought: sent to the server, and the workspace that it gets is opened.
import { Component, mounting } from './component.js';
import { choose, droppable } from './files.js';
import { ask, said } from './server.js';
import { sentence } from './wording.js';
/** @import { Item } from './files.js' */
/** @import { SavedData } from './data.js' */

/** @extends {Component<SavedData>} */
class Saved extends Component {
  /**
   * @param {HTMLElement} host
   * @param {SavedData} data
   */
  constructor(host, data) {
    super(host, data);
    const bring = (/** @type {Item[]} */ [item]) => item?.file && this.load(item.path, item.file);
    const attributes = { accept: '.featclass', multiple: false, 'aria-label': 'Saved classifier' };
    /** @type {HTMLButtonElement} */
    this.button = this.find('.pick');
    this.button.onclick = () => choose(host, attributes, bring);
    droppable(this.find('.zone'), bring);
  }

  /**
   * @param {string} path
   * @param {Blob} file
   */
  async load(path, file) {
    const note = this.find('.note'), name = path.split('/').pop() ?? path;
    this.button.disabled = true;
    note.textContent = `Sending ${name}`;
    try {
      const asked = new URLSearchParams({ name });
      const { token } = await ask(`${this.base}/classifier?${asked}`, { body: file });
      location.assign(`?w=${encodeURIComponent(token)}`);
    } catch (error) {
      note.textContent = sentence(said(error));
      this.button.disabled = false;
    }
  }
}

export default mounting('saved', Saved);
