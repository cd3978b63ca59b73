// A saved classifier is brought: sent to the server, and the workspace that it gets is opened.
import { Component, mounting } from './component.js';
import { choose, droppable } from './files.js';
import { ask, said } from './server.js';
import { sentence } from './wording.js';
/** @import { Item } from './files.js' */
/** @import { SavedData } from './data.js' */

/** @extends {Component<SavedData>} */
class Saved extends Component {
  /** @type {HTMLButtonElement} */
  button = this.find('.pick');

  listen() {
    const bring = (/** @type {Item[]} */ [item]) => item?.file && this.load(item.path, item.file);
    const attributes = { accept: '.featclass', multiple: false, 'aria-label': 'Saved classifier' };
    this.button.onclick = () => choose(this.host, attributes, bring);
    droppable(this.find('.zone'), bring);
  }

  /** @type {(path: string, file: Blob) => Promise<void>} */
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
