// A whole zip is sent, or a folder of the server named, to be predicted; the page draws how it goes.
import { Component, mounting } from './component.js';
import { fillBar } from './dom.js';
import { bodyOf, choose, droppable, isArchive, isSent, isZip } from './files.js';
import { ask, said, send } from './server.js';
import { sentence } from './wording.js';
/** @import { BatchesData } from './data.js' */
/** @import { Item, Sent } from './files.js' */

/** @extends {Component<BatchesData>} */
class Batches extends Component {
  /** @type {HTMLFormElement} */
  form = this.find('form');
  /** @type {HTMLInputElement} */
  folder = this.find('form input');
  /** @type {HTMLButtonElement} */
  pick = this.find('.pick');
  halt = this.find('.halt');
  /** @type {AbortController | null} */
  sending = null;

  listen() {
    const take = (/** @type {Item[]} */ items) => this.bring(items);
    droppable(this.find('.zone'), take);
    this.pick.onclick = () => choose(this.host, { accept: '.zip,application/zip' }, take);
    this.halt.onclick = () => this.sending?.abort();
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.predict(this.folder.value.trim());
    };
  }

  draw() {
    const { ready, roots } = this.data;
    this.find('.what').textContent = ready
      ? 'Drop a zip with any number of pictures'
      : 'Once there are two sets to tell apart, whole zips can be predicted here';
    this.pick.disabled = !ready;
    this.form.hidden = !ready || !roots.length;
    this.folder.placeholder = roots[0] ?? '';
    this.find('.hint').textContent = `On the server, in ${roots.join(' or ')}`;
  }

  /** @type {(text: string, share?: number | null) => void} */
  tell(text, share = null) {
    const bar = this.find('.bar');
    this.find('.note').textContent = text;
    bar.hidden = share === null;
    fillBar(bar, share ?? 0);
  }

  /** @param {string} folder */
  async predict(folder) {
    if (!folder) return this.folder.focus();
    /** @type {HTMLButtonElement} */
    const button = this.find('form button');
    button.disabled = true;
    this.tell('Looking into the folder');
    try {
      await ask(`${this.base}/batches/folder`, { json: { folder } });
      this.folder.value = '';
      this.tell('');
      this.redraw();
    } catch (error) {
      this.tell(sentence(said(error)));
    }
    button.disabled = false;
  }

  /** @param {Item[]} items */
  async bring(items) {
    const zips = items.filter(isSent).filter((item) => isZip(item) || isArchive(item));
    if (!zips.length) {
      return this.tell('Drop one zip of pictures here; loose pictures go to “Try it” above.');
    }
    if (this.sending) return this.tell('One zip is being sent already.');
    for (const item of zips) {
      try {
        await this.send(item);
      } catch (error) {
        return this.tell(sentence(said(error)));
      }
      this.redraw();
    }
  }

  /** @param {Sent} item */
  async send({ path, file }) {
    const sending = this.sending = new AbortController();
    this.halt.hidden = false;
    try {
      await send(
        `${this.base}/batches/zip?name=${encodeURIComponent(path)}`,
        bodyOf({ path, file }),
        {
          signal: sending.signal,
          sent: (loaded, total) =>
            this.tell(
              `Sending ${path}: ${megabytes(loaded)} of ${megabytes(total)} MB`,
              loaded / total,
            ),
          arrived: () => {
            this.halt.hidden = true;
            this.tell(`Looking into ${path}`, 1);
          },
        },
      );
      this.tell('');
    } catch (error) {
      if (!sending.signal.aborted) throw error;
      this.tell(`${path} was not sent.`);
    } finally {
      this.sending = null;
      this.halt.hidden = true;
    }
  }
}

/** @param {number} bytes */
const megabytes = (bytes) =>
  (bytes / 1e6).toLocaleString('en', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 });

export default mounting('batches', Batches);
