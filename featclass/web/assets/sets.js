// The labelled sets: names, thumbnails, adding, moving and removing; beneath them the pictures that are
// none of these.
import { Recorder } from './burst.js';
import { Component, mounting } from './component.js';
import { dom, dot, fill, icon, keepingFocus, noDot, shownName } from './dom.js';
import { Places } from './drops.js';
import { ACCEPT, choose, droppable } from './files.js';
import { Members } from './members.js';
import { connection, isGone, LOST } from './server.js';
import { upload } from './upload.js';
import { halves, number, pictures, plural, sentence } from './wording.js';
/** @import { RejectedRow, SetData, SetsData } from './data.js' */
/** @import { Item } from './files.js' */
/** @import { Hole } from './dom.js' */

/** @extends {Component<SetsData>} */
export class Sets extends Component {
  places = new Places(this);
  members = new Members(this);
  /** @type {Map<number, string>} names that were typed and wait for the server */
  names = new Map();
  /** @type {Recorder | null} */
  recorder = null;
  isDrawing = false;
  back = () => this.goOn();

  listen() {
    connection.addEventListener('back', this.back);
    droppable(this.host, (items) => this.send('new', items));
  }

  leave() {
    this.closeRecorder();
    connection.removeEventListener('back', this.back);
  }

  closeRecorder() {
    this.recorder?.close();
    this.recorder = null;
  }

  /** @param {number | null} id */
  nameOf(id) {
    return this.data.sets.find((set) => set.id === id)?.name ?? '';
  }

  /** @param {{do: string, set?: number | string | null, [key: string]: unknown}} what */
  async act(what) {
    this.tellProblem(what.set ?? 'new', await this.perform(what));
  }

  /** @type {(key: number | string, problem: string) => void} */
  tellProblem(key, problem) {
    if (!problem) return;
    Object.assign(this.places.of(String(key)), { text: sentence(problem), share: null });
    this.draw();
  }

  /**
   * A name that was typed waits for the server where it is gone; nothing else is done later by itself.
   * @param {number} set
   * @param {string} name
   */
  async rename(set, name) {
    this.names.set(set, name);
    const problem = isGone() ? LOST : await this.perform({ do: 'rename', set, name });
    if (problem === LOST) return;
    this.names.delete(set);
    this.tellProblem(set, problem);
  }

  /** The server is back: what waited is sent, and nobody need read any more that it was gone. */
  goOn() {
    for (const [set, name] of [...this.names]) this.rename(set, name);
    for (const place of this.places.places.values()) {
      if (place.text === sentence(LOST)) place.text = '';
    }
    this.draw();
  }

  /** @type {(target: number | string | null, items: Item[]) => Promise<void>} */
  async send(target, items) {
    if (!items.length) return;
    const key = String(target), { places } = this;
    const tell = (/** @type {string} */ text, /** @type {number | null} */ share) =>
      places.say(key, { text, share, again: null });
    Object.assign(places.of(key), { lines: [], names: [] });
    const sum = await upload(this.base, target, items, tell, {
      how: (question) => {
        tell('', null);
        return places.ask(key, question);
      },
    });
    const { length } = sum.sets;
    tell(sum.text + (length > 1 ? ` into ${length} sets` : ''), null);
    const again = sum.left.length ? () => this.send(target, sum.left) : null;
    places.say(key, { lines: sum.notes, names: sum.names, again });
    this.redraw();
  }

  draw() {
    if (this.recorder?.isRecording) return; // a held button stays put
    const { sets, none } = this.data;
    for (const set of none ? [...sets, none] : sets) this.members.unfoldAgain(set);
    if (this.recorder && !sets.some(({ id }) => id === this.recorder?.set)) this.closeRecorder();
    keepingFocus(this.host, () => {
      this.isDrawing = true;
      fill(
        this.host,
        dom`<div class="list">${sets.map((set) => this.set(set))}</div>`,
        this.end(),
        none && this.none(none),
        dom`<div class="place tray" tabindex="-1" data-place="new"></div>`,
      );
      this.isDrawing = false;
      this.recorder?.camera?.play();
      this.places.drawAll();
    });
  }

  end() {
    const folder = () =>
      choose(this.host, { webkitdirectory: true }, (items) => this.send('new', items));
    return dom`<div class="end">
      <button class="pill" data-key="new" onclick=${() => this.act({ do: 'add set' })}>
        ${icon('plus')}Add a set</button>
      <button class="text quiet" data-key="folders" onclick=${folder}>
        ${icon('folder')}Folder of folders</button>
      <p class="hint">Drop a folder or a zip anywhere here: each subfolder becomes a set.</p></div>`;
  }

  // A set

  /** @param {SetData} set */
  set(set) {
    const id = /** @type {number} */ (set.id), { name } = set;
    const add = (/** @type {Record<string, string | boolean>} */ attributes) =>
      choose(this.host, attributes, (items) => this.send(id, items));
    const way = (
      /** @type {string} */ key,
      /** @type {'plus' | 'folder' | 'camera'} */ mark,
      /** @type {string} */ text,
      /** @type {string} */ label,
      /** @type {() => void} */ does,
    ) =>
      dom`<button class="text${key === 'a' ? '' : ' quiet'}" data-key="${key}${id}"
        aria-label="${label} ${name}" onclick=${does}>${icon(mark)}${text}</button>`;
    const out = set.left_out ? `, ${number(set.left_out)} left out` : '';
    return this.card(
      set,
      'card',
      `Set ${name}`,
      [
        dot(set.colour),
        dom`<span class="named">${this.nameField(id, name)}${this.shownOver(name)}</span>`,
        dom`<span class="count">${pictures(set.count) + out}</span>`,
        this.bin(set, 'Remove this set', `Remove the set ${name}`),
      ],
      set.count
        ? this.members.draw(set)
        : dom`<p class="hint">Drop pictures here: a handful is enough.</p>`,
      [
        way('a', 'plus', 'Add pictures', 'Add pictures to', () => add({ accept: ACCEPT })),
        way('f', 'folder', 'Folder', 'Add a folder to', () => add({ webkitdirectory: true })),
        way('c', 'camera', 'Camera', 'Record pictures into', () => this.record(id)),
      ],
    );
  }

  /** @param {SetData} set that is no class: it has no name to change and no colour */
  none(set) {
    const label = 'Remove all pictures that are none of these';
    return this.card(set, 'card none', set.name, [
      noDot(),
      dom`<span class="named"><b>${set.name}</b></span>`,
      dom`<span class="count">${pictures(set.count)}</span>`,
      set.count > 0 && this.bin(set, 'Remove all of these', label),
    ], [
      dom`<p class="hint">${'Pictures you said show none of your sets. They teach featclass what to refuse.'}</p>`,
      this.members.draw(set),
    ], []);
  }

  /** @type {(set: SetData, style: string, label: string, header: Hole, body: Hole, footer: Hole) => HTMLElement} */
  card(set, style, label, header, body, footer) {
    const card = dom`<section class="${style}" aria-label="${label}"><header>${header}</header>
      ${body}${this.members.drawPicked(set)}
      <footer>${footer}<div class="place" tabindex="-1" data-place="${
      String(set.id)
    }"></div></footer>
      ${this.recorder && this.recorder.set === set.id && this.recorder.node}
      ${this.rejected(String(set.id), set.rejected)}</section>`;
    droppable(card, (items) => this.send(set.id, items));
    return card;
  }

  /** @type {(set: SetData, title: string, label: string) => HTMLElement} */
  bin({ id, version }, title, label) {
    return dom`<button class="icon" title="${title}" aria-label="${label}" data-key="r${id}"
      onclick=${() => this.act({ do: 'remove set', set: id, seen: version })}>
      ${icon('trash')}</button>`;
  }

  /** @param {string} name long, as it is shown over its field */
  shownOver(name) {
    if (!halves(name)) return null;
    const shown = shownName(name, 'shown');
    shown.ariaHidden = 'true';
    return shown;
  }

  /** @type {(id: number, name: string) => HTMLInputElement} */
  nameField(id, name) {
    const field = /** @type {HTMLInputElement} */ (
      dom`<input class="name" maxlength="255" spellcheck="false" data-key="n${id}"
        aria-label="Name of the set ${name}" value="${name}">`
    );
    field.value = this.names.get(id) ?? name;
    field.onkeydown = ({ key }) => {
      if (key === 'Escape') field.value = name;
      if (key === 'Escape' || key === 'Enter') field.blur();
    };
    field.onblur = () => {
      if (this.isDrawing) return; // a redraw takes the field away; the person did not leave it
      const wanted = field.value.trim();
      if (wanted && wanted !== name) this.rename(id, wanted);
      else field.value = name;
    };
    field.onfocus = () => this.names.delete(id); // it is being typed still
    return field;
  }

  /** @param {number} id the button opens and closes */
  record(id) {
    const wasOpen = this.recorder?.set === id;
    this.closeRecorder();
    if (wasOpen) return this.draw();
    this.recorder = new Recorder(this, id);
    this.recorder.open();
  }

  /** @type {(key: string, rejected: RejectedRow[]) => HTMLElement | null} */
  rejected(key, rejected) {
    if (!rejected.length) return null;
    const files = plural(rejected.length, 'file', 'files');
    const lines = rejected.map(([name, reason]) => dom`<li><b>${name}</b> ${reason}</li>`);
    return dom`<details class="rejected" open=${rejected.length <= 4}>
      <summary>${files} could not be used</summary><ul>${lines}</ul>
      <button class="text" data-key="d${key}"
        onclick=${() => this.act({ do: 'dismiss', set: key })}>Dismiss</button></details>`;
  }
}

export default mounting('sets', Sets);
