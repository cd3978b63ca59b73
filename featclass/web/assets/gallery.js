// The gallery of many pictures tried: filters with counts, an order, small tiles; one of them is
// open above, large. The rows come from a route of ours, so that no run of the page carries them.
import { ANSWERS } from './cards.js';
import { dom, dot, fill, find, icon, keyed, shownName } from './dom.js';
import { KINDS, SORTS } from './orders.js';
import { get } from './server.js';
import { Tiles } from './tiles.js';
import { number, pictures, plural } from './wording.js';
/** @import { Answer } from './cards.js' */
/** @import { TriedPicture, TriedRows } from './data.js' */
/** @import { Row, Sort } from './orders.js' */
/** @import { Tryout } from './tryout.js' */
/** @import { View } from './view.js' */

const PAUSE = 900;
/** @type {Record<string, number>} */
export const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export class Gallery {
  /**
   * @param {Tryout} tryout
   * @param {View} view
   */
  constructor(tryout, view) {
    this.tryout = tryout;
    this.view = view;
    this.tiles = new Tiles(tryout, view, (id, event) => this.clicked(id, event));
    this.stamp = '';
    this.isLoading = false;
    this.next = 0;
    this.place = tryout.find('.gallery');
    this.sorts = this.drawSorts();
    this.pickMany = this.drawPickMany();
  }

  get isShown() {
    return !this.place.hidden;
  }

  async load() {
    const { tryout } = this;
    if (this.isLoading || this.stamp === tryout.data.stamp) return;
    this.isLoading = true;
    await new Promise((later) => setTimeout(later, Math.max(0, this.next - Date.now())));
    this.next = Date.now() + PAUSE;
    /** @type {TriedRows | null} */
    const answer = await get(`${tryout.base}/tried`);
    if (answer) this.take(answer);
    else this.stamp = tryout.data.stamp;
    tryout.say(
      answer ? '' : 'The pictures could not be fetched. Load the page again to try once more.',
    );
    this.isLoading = false;
    if (tryout.host.isConnected) tryout.draw();
  }

  /** @param {TriedRows} answer */
  take({ stamp, rows, version }) {
    const { view, tryout: { tried } } = this;
    this.stamp = stamp;
    const fresh = tried.meet(rows.map(rowOf), version);
    view.take(/** @type {Row[]} */ (tried.items));
    this.tiles.clean();
    if (fresh !== undefined) view.open = fresh;
  }

  arrange() {
    this.view.arrange(Object.keys(this.tryout.data.colours));
  }

  /** Another filter or order: from the start, without those that have gone to a set. */
  look() {
    const { view, tryout } = this;
    tryout.tried.letGo();
    view.rows = /** @type {Row[]} */ (tryout.tried.items);
    this.arrange();
    view.open = view.shown[0]?.id ?? view.open;
    this.tiles.fromStart();
    tryout.draw();
  }

  // The open one

  /** @param {number} id */
  open(id) {
    const { tryout } = this;
    Object.assign(this.view, { open: id, anchor: id });
    tryout.cards.close();
    tryout.draw();
    tryout.host.querySelector('.result.first')?.scrollIntoView({ block: 'nearest' });
    this.tiles.reveal(id);
  }

  /** @type {(by: number, focus?: 'tile' | 'card') => void} */
  go(by, focus = 'card') {
    const { at, shown } = this.view, next = shown[at < 0 ? 0 : at + by];
    if (!next) return;
    this.tiles.reach(next);
    this.open(next.id);
    const card = /** @type {HTMLElement | null} */ (
      this.tryout.host.querySelector('.result.first')
    );
    (focus === 'tile' ? this.tiles.nodes.get(next.id) : card)?.focus({ preventScroll: true });
  }

  /**
   * All that is said of a picture: sent along, or asked for; until it is here, what its row says.
   * @param {Row | TriedPicture} row
   * @returns {TriedPicture}
   */
  detailOf(row) {
    const { tryout: { data, tried }, view: { details } } = this, known = details.get(row.id);
    if (tried.went.has(row.id)) return known?.result ?? row;
    const sent = data.results.find(({ id }) => id === row.id);
    const mark = `${data.classifier} ${row.kind} ${row.label} ${row.probability}`;
    if (sent) details.set(row.id, { mark, result: sent });
    else if (known?.mark !== mark && row.label) this.fetchDetail(row.id, mark);
    return sent ?? known?.result ?? row;
  }

  /** @type {(id: number, mark: string) => Promise<void>} */
  async fetchDetail(id, mark) {
    const { details } = this.view;
    details.set(id, { ...details.get(id), mark });
    const result = await get(`${this.tryout.base}/tried/${id}`); // asked for again with the next change
    if (!result || details.get(id)?.mark !== mark) return;
    details.set(id, { mark, result });
    if (this.view.open === id) this.tryout.draw();
  }

  drawOpen() {
    this.arrange();
    const { view } = this, { at, shown } = view;
    const row = view.rows.find(({ id }) => id === view.open) ?? this.tryout.data.results[0];
    if (!row) return [];
    const card = this.tryout.cards.card(this.detailOf(row), true);
    if (shown[at + 1]) this.detailOf(shown[at + 1]); // so that it is here when it is asked for
    const count = at < 0 ? '' : `${number(at + 1)} of ${number(shown.length)}`;
    card.prepend(dom`<nav class="steps" aria-label="Pictures tried">
      <span class="file" title="${row.name}">${row.name}</span><span class="count">${count}</span>
      ${this.stepButton('previous', -1, at)}${this.stepButton('next', 1, at)}</nav>`);
    return [card];
  }

  /** @type {(key: 'previous' | 'next', by: number, at: number) => HTMLElement} */
  stepButton(key, by, at) {
    const text = by < 0 ? 'Previous picture' : 'Next picture';
    const go = () => {
      this.go(by);
      keyed(this.tryout.host, key)?.focus({ preventScroll: true });
    };
    return dom`<button class="icon" data-key="${key}" aria-label="${text}" onclick=${go}
      title="${text}\nArrow keys" disabled=${!this.view.shown[at + by] || at < 0 && by < 0}>
      ${icon(by < 0 ? 'left' : 'right')}</button>`;
  }

  // What is below it

  /** @param {boolean} isGallery */
  draw(isGallery) {
    const { view } = this;
    this.place.hidden = !isGallery;
    if (!isGallery) {
      this.stamp = '';
      view.open = null;
      view.pickNone();
      return;
    }
    if (!this.place.firstChild) this.lay();
    this.load();
    this.drawChips();
    this.sorts.value = view.sort;
    this.drawPicking();
    this.pickMany.setAttribute('aria-pressed', String(view.isPicking));
    this.arrange();
    this.tiles.draw();
  }

  /** Puts its parts into their place, once. */
  lay() {
    fill(
      this.place,
      dom`<div class="filters" role="group" aria-label="Show"></div>`,
      dom`<div class="tools">${this.sorts}${this.pickMany}</div>`,
      dom`<div class="picking" role="group" aria-label="Selected pictures"></div>`,
      this.tiles.grid,
    );
  }

  drawSorts() {
    const options = Object.entries(SORTS).map(([value, text]) =>
      dom`<option value="${value}">${text}</option>`
    );
    const sorts = /** @type {HTMLSelectElement} */ (
      dom`<select class="sort" aria-label="Sort" data-key="sort">${options}</select>`
    );
    sorts.onchange = () => {
      this.view.sort = /** @type {Sort} */ (sorts.value);
      this.look();
    };
    return sorts;
  }

  drawPickMany() {
    const toggle = () => {
      const { view } = this;
      if (view.isPicking) view.pickNone();
      else view.isPicking = true;
      this.tryout.draw();
    };
    const title = 'Pick several to put into a set at once\nShift and click picks all between';
    return dom`<button class="pill pick-many" data-key="pick" title="${title}"
      onclick=${toggle}>Select</button>`;
  }

  drawChips() {
    const { view, tryout: { data, tried } } = this, counts = view.counts(tried.went);
    /** @type {(filter: string, text: string, mark?: HTMLElement | null, title?: string) => HTMLElement | false} */
    const chip = (filter, text, mark = null, title = text) => {
      const isOn = view.filter === filter, count = counts.get(filter) || 0;
      const choose = () => {
        view.filter = isOn ? 'all' : filter;
        this.look();
      };
      return (count > 0 || isOn || filter === 'all') && dom`<button class="filter" title="${title}"
        data-key="chip ${filter}" aria-pressed=${isOn} onclick=${choose}>
        ${mark}${shownName(text)}<span class="count">${number(count)}</span></button>`;
    };
    fill(
      find(this.place, '.filters'),
      chip('all', 'All'),
      Object.entries(data.colours).map(([name, colour]) =>
        chip(`class ${name}`, name, dot(colour))
      ),
      KINDS.map(([kind, text]) =>
        chip(kind, text, null, kind === 'doubtful' ? data.doubtful || text : text)
      ),
    );
  }

  drawPicking() {
    const { view, tryout } = this, { sets } = tryout.data, ids = [...view.picked];
    const place = find(this.place, '.picking');
    place.hidden = !view.isPicking && !ids.length;
    if (place.hidden) return fill(place);
    const { went } = tryout.tried, free = view.shown.filter(({ id }) => !went.has(id)).length;
    const pickAll = () => {
      view.pickAll(went);
      tryout.draw();
    };
    const pickNone = () => {
      view.pickNone();
      tryout.draw();
    };
    const text = ids.length
      ? `${pictures(ids.length)} selected${sets.length ? ', put into' : ''}`
      : 'Click pictures to select them';
    const unlike = view.rows.filter(({ id, kind }) => view.picked.has(id) && kind === 'unknown');
    const choices = ids.length && sets.length && tryout.cards.choices(ids, sets, {
      key: 'picked',
      about: plural(ids.length, 'selected picture', 'selected pictures'),
      isFew: sets.length <= ANSWERS,
      isUnlike: 2 * unlike.length > ids.length,
    });
    fill(
      place,
      dom`<div class="right"><span class="selected" role="status">${text}</span>${
        choices || null
      }</div>`,
      dom`<div class="right"><button class="text" data-key="all" onclick=${pickAll}>
        Select all shown (${number(free)})</button>
        <button class="text quiet" data-key="none" onclick=${pickNone}>Select none</button></div>`,
    );
  }

  // What a person does there

  /** @type {(id: number, event: MouseEvent) => void} */
  clicked(id, event) {
    const { view, tryout } = this, { shiftKey, ctrlKey, metaKey } = event;
    const isCheck = /** @type {Element} */ (event.target).closest('.check');
    if (!view.isPicking && !isCheck && !shiftKey && !ctrlKey && !metaKey) return this.open(id);
    view.click(id, event, tryout.tried.went);
    tryout.draw();
  }

  /** @param {Answer} set is the answer for what is picked, else for the open one */
  answer(set) {
    const { view, tryout } = this, row = view.shown[view.at];
    if (view.picked.size) return tryout.answer([...view.picked], set);
    if (!row || row.kind === 'waiting' || row.kind === 'rejected') return;
    if (tryout.tried.went.has(row.id)) return;
    tryout.answer([row.id], set);
    this.go(1);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const { view } = this, tile = /** @type {HTMLElement} */ (event.target).closest('.tile');
    if (event.key === 'Escape' && (view.picked.size || view.isPicking)) {
      view.pickNone();
      return this.tryout.draw();
    }
    const by = STEPS[event.key], isVertical = /Up|Down/.test(event.key);
    if (!by || event.shiftKey || isVertical && !tile) return; // the page scrolls
    event.preventDefault();
    if (!(tile instanceof HTMLElement)) return this.go(by);
    view.open = Number(tile.dataset.key?.slice(1));
    this.go(isVertical ? by * this.tiles.columns : by, 'tile');
  }
}

/** @type {(row: import('./data.js').TriedRow) => Row} */
const rowOf = ([id, digest, name, kind, label, probability]) => {
  return { id, digest, name, kind, label, probability };
};
