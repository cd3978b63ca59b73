// The panel below the matrix, with the pictures of the cell that is open. What is open is known here
// only; the pictures are fetched when they are looked at, so that a run of the page carries none.
import { dom, dot, fill, icon, keepingFocus, noDot, shownName } from './dom.js';
import { percent, pictures } from './wording.js';

/** @import { JudgedPicture } from './data.js' */
/** @import { Opened, Matrix } from './matrix.js' */
/** @typedef {JudgedPicture & {busy?: boolean}} Item */

const FIRST = 12, MORE = 48;

export class Judged {
  /** @param {Matrix} matrix */
  constructor(matrix) {
    this.matrix = matrix;
    this.panel = matrix.find('.panel');
    /** @type {Opened | null} */
    this.cell = null;
    this.sort = 'doubtful';
    /** @type {Item[]} */
    this.items = [];
    /** @type {number | null} */
    this.total = null;
    /** @type {string | null} the picture whose menu of sets is open, and the one that is large */
    this.menu = null;
    /** @type {string | null} */
    this.large = null;
    this.problem = '';
    /** @type {Map<string, number>} */
    this.used = new Map();
  }

  /** @param {Opened} cell */
  open(cell) {
    Object.assign(this, { cell, items: [], total: null, menu: null, large: null, problem: '' });
    this.draw();
    this.load();
  }

  close() {
    this.cell = null;
    this.draw();
  }

  async load(count = Math.max(FIRST, this.items.length)) {
    const asked = new URLSearchParams({ sort: this.sort, count: String(count) });
    for (const [side, id] of Object.entries(this.cell ?? {})) {
      if (id != null) asked.set(side, String(id));
    }
    const answer = await this.matrix.newest(`judged?${asked}`);
    if (answer === undefined || !this.cell) return; // another cell is open by now
    this.problem = answer
      ? ''
      : 'The pictures could not be fetched. Open the cell again to try once more.';
    if (answer) Object.assign(this, { items: answer.pictures, total: answer.total });
    this.draw();
  }

  /** @type {(item: Item, what: object) => Promise<void>} */
  async act(item, what) {
    if (item.busy) return;
    item.busy = true;
    this.menu = null;
    this.draw();
    const problem = await this.matrix.perform({ picture: item.picture, ...what });
    if (!this.cell) return;
    await this.load();
    if (!problem) return;
    this.problem = problem;
    this.draw();
  }

  title() {
    const { true: is, said } = this.cell ?? {};
    const of = (/** @type {number | null} */ id) => [
      dot(this.matrix.classOf(id)?.[2]),
      this.matrix.nameOf(id),
    ];
    if (said == null) return ['All of ', of(is ?? null)];
    if (is == null) return ['Taken for ', of(said)];
    return is === said ? [of(said), ' recognised'] : [of(is), ' taken for ', of(said)];
  }

  draw() {
    // Where the picture at hand has left, the next one takes its place, where Enter only enlarges it.
    keepingFocus(this.panel, () => this.drawPanel(), (index) => {
      const next = index < 0 ? null : this.panel.querySelectorAll('article')[index];
      return next?.querySelector('.zoom') ?? this.panel.querySelector('h3');
    });
  }

  drawPanel() {
    this.used.clear();
    this.panel.hidden = !this.cell;
    if (!this.cell) return fill(this.panel);
    const { total, items } = this, more = Math.min(MORE, (total ?? 0) - items.length);
    fill(
      this.panel,
      dom`<header><h3 tabindex="-1">${this.title()}</h3>
        <span class="count">${total === null ? '' : pictures(total)}</span>
        <button class="icon" data-key="close" aria-label="Close these pictures" title="Close"
          onclick=${() => this.matrix.close()}>${icon('cross')}</button></header>`,
      dom`<p class="quiet note" role="status">${
        this.problem || (total === 0 ? 'No picture is here now.' : '')
      }</p>`,
      (total ?? 0) > 1 && dom`<div class="choices" role="group" aria-label="Sort">
        ${this.choice('doubtful', 'Most doubtful')}${this.choice('typical', 'Most typical')}</div>`,
      items.map((item) => this.item(item)),
      more > 0 && dom`<button class="text" data-key="more"
        onclick=${() => this.load(items.length + MORE)}>Show ${more} more</button>`,
    );
  }

  /** @type {(sort: string, text: string) => HTMLElement} */
  choice(sort, text) {
    const choose = () => {
      this.sort = sort;
      this.load(FIRST);
    };
    return dom`<button class="choice" aria-pressed=${this.sort === sort} data-key="${sort}"
      onclick=${choose}>${text}</button>`;
  }

  /** @type {(digest: string, name: string, size?: number) => HTMLElement} one may be near to several */
  thumb(digest, name, size = 160) {
    const place = (this.used.get(digest) || 0) + 1;
    this.used.set(digest, place);
    return this.matrix.picture(digest, name, { size, place });
  }

  /** @param {Item} item */
  item(item) {
    const { digest, name } = item, isLarge = this.large === digest;
    const isSettled = item.set !== item.true || item.left_out !== null;
    const zoom = () => {
      this.large = isLarge ? null : digest;
      this.draw();
    };
    const own = item.said === item.true
      ? null
      : dom`<span class="quiet">; own set ${percent(item.label_probability)}</span>`;
    const style = `judged${isLarge ? ' large' : ''}${isSettled ? ' settled' : ''}`;
    return dom`<article class="${style}" aria-label="${name}">
      <button class="zoom" data-key="z${digest}"
        aria-label="${isLarge ? 'Shrink' : 'Enlarge'} ${name}" onclick=${zoom}>
        ${this.thumb(digest, name, isLarge ? 480 : 160)}</button>
      <div class="said"><p class="file" title="${name}">${name}</p>
        <p class="verdict">${dot(this.matrix.classOf(item.said)?.[2])}
          <b>${percent(item.probability)} ${this.matrix.nameOf(item.said)}</b>${own}</p>
        ${this.neighbours(item)}<div class="acts">${this.acts(item)}</div></div></article>`;
  }

  /** @param {Item} item */
  neighbours({ neighbours }) {
    if (!neighbours.length) return null;
    /** @type {Map<number | null, number>} */
    const counts = new Map();
    const figures = neighbours.map(([digest, name, id]) => {
      counts.set(id, (counts.get(id) || 0) + 1);
      const colour = this.matrix.classOf(id)?.[2] || 'var(--line)';
      return dom`<figure title="${name}, ${this.matrix.nameOf(id)}"
        style="border-color: ${colour}">${this.thumb(digest, name)}</figure>`;
    });
    const tally = [...counts].map(([id, n]) => this.matrix.nameOf(id) + (n > 1 ? ` ×${n}` : ''));
    return dom`<div class="neighbours"><span>Most like</span>${figures}
      <span class="tally">${tally.join(', ')}</span></div>`;
  }

  /** @type {(item: Item, key: string, text: string, what: object, style?: string) => HTMLElement} */
  button(item, key, text, what, style = 'pill') {
    // Not `disabled` while busy: that would take the focus away.
    return dom`<button class="${style}" aria-disabled=${item.busy || null}
      data-key="${key}${item.digest}" aria-label="${text}: ${item.name}"
      onclick=${() => this.act(item, what)}>${text}</button>`;
  }

  /** @param {Item} item */
  acts(item) {
    const name = (/** @type {number | null} */ id) => this.matrix.nameOf(id);
    const done = (/** @type {string} */ text) => dom`<span class="done">${text}</span>`;
    if (item.picture === null) return dom`<span class="quiet">Removed</span>`;
    if (item.left_out !== null) {
      return [done('Left out'), this.button(item, 'b', 'Take back', { do: 'take back' })];
    }
    if (item.set !== item.true) {
      const isNone = item.set !== null && item.set === this.matrix.data.none;
      const back = { do: 'move', set: item.true };
      return [
        done(isNone ? 'None of these' : `Moved to ${name(item.set)}`),
        this.button(item, 'b', `Back to ${name(item.true)}`, back),
      ];
    }
    const isConfused = item.said !== item.true, isOpen = this.menu === item.digest;
    const isThere = this.matrix.data.sets.some(([id]) => id === item.said);
    const style = item.strong ? 'pill strong' : 'pill';
    const move = { do: 'move', set: item.said };
    const leaveOut = { do: 'leave out', reason: isConfused ? `taken for ${name(item.said)}` : '' };
    const toggle = () => {
      this.menu = isOpen ? null : item.digest;
      this.draw();
    };
    return [
      isConfused && isThere && this.button(item, 'm', `Move to ${name(item.said)}`, move, style),
      dom`<button class="pill" data-key="o${item.digest}" aria-expanded=${isOpen}
        aria-label="Move ${item.name} to another set" onclick=${toggle}>Move to …</button>`,
      this.button(item, 'l', 'Leave out', leaveOut),
      isOpen && this.others(item),
    ];
  }

  /** @param {Item} item */
  others(item) {
    const others = this.matrix.data.sets.filter(([id]) => id !== item.set && id !== item.said);
    const choices = others.map(([id, name, colour]) =>
      dom`<button class="pill" aria-label="Move ${item.name} to ${name}" title="${name}"
        onclick=${() => this.act(item, { do: 'move', set: id })}>
        ${dot(colour)}${shownName(name)}</button>`
    );
    return dom`<div class="others">${choices}
      <button class="pill" aria-label="${item.name} is none of these"
        onclick=${() =>
      this.act(item, { do: 'none of these' })}>${noDot()}None of these</button></div>`;
  }
}
