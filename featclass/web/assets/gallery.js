// The gallery of many pictures tried: filters with counts, an order, small tiles; one of them is
// open above, large. The tiles' rows come from a route of ours, so that no run of the page carries
// them, and only those that are scrolled to are in the document.
import { ANSWERS } from './cards.js';
import { dom, dot, fill, find, icon, keyed, shownName } from './dom.js';
import { comparing, isSaid, isShownBy, KINDS, SORTS } from './orders.js';
import { between } from './picking.js';
import { get } from './server.js';
import { number, percent, pictures, plural } from './wording.js';
/** @import { Answer } from './cards.js' */
/** @import { TriedPicture, TriedRows } from './data.js' */
/** @import { Row, Sort } from './orders.js' */
/** @import { Tryout } from './tryout.js' */

const CHUNK = 120, PAUSE = 900;
/** @type {Record<string, number>} */
export const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** What is kept of it where the page is built anew. */
export class View {
  /** @type {Row[]} */
  rows = [];
  filter = 'all';
  /** @type {Sort} */
  sort = 'newest';
  /** @type {number | null} */
  open = null;
  /** @type {number | null} from which Shift reaches */
  anchor = null;
  /** @type {Set<number>} */
  picked = new Set();
  isPicking = false;
  /** @type {Map<number, {mark: string, result?: TriedPicture}>} all that is said of some */
  details = new Map();
}

export class Gallery {
  /**
   * @param {Tryout} tryout
   * @param {View} view
   */
  constructor(tryout, view) {
    this.tryout = tryout;
    this.view = view;
    /** @type {Row[]} as they stand */
    this.shown = [];
    this.stamp = '';
    this.chunk = CHUNK;
    /** @type {Map<number, HTMLElement>} */
    this.tiles = new Map();
    this.isLoading = false;
    this.next = 0;
    this.place = tryout.find('.gallery');
    this.end = dom`<div class="end-of-tiles"></div>`;
    this.grid = dom`<div class="tiles" role="group" aria-label="Pictures tried"></div>`;
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
    view.rows = /** @type {Row[]} */ (tried.items);
    const ids = new Set(view.rows.map(({ id }) => id));
    for (const kept of [view.picked, this.tiles, view.details]) {
      for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
    }
    if (fresh !== undefined) view.open = fresh;
  }

  /** In the order chosen, of those that the filter lets through. */
  arrange() {
    const { view } = this, classes = Object.keys(this.tryout.data.colours);
    const through = () => view.rows.filter((row) => isShownBy(view.filter, row));
    // Pictures that are looked at anew may be let through again in a moment.
    if (!through().length && !view.rows.some(({ kind }) => kind === 'waiting')) view.filter = 'all';
    this.shown = through().sort(comparing(view.sort, classes));
    if (!view.rows.some(({ id }) => id === view.open)) view.open = this.shown[0]?.id ?? null;
  }

  /** Another filter or order: from the start, without those that have gone to a set. */
  look() {
    const { view, tryout } = this;
    tryout.tried.letGo();
    view.rows = /** @type {Row[]} */ (tryout.tried.items);
    this.chunk = CHUNK;
    this.arrange();
    view.open = this.shown[0]?.id ?? view.open;
    this.grid.scrollTop = 0;
    tryout.draw();
  }

  // The open one

  /** @param {number} id */
  open(id) {
    const { grid, tryout } = this;
    Object.assign(this.view, { open: id, anchor: id });
    tryout.cards.close();
    tryout.draw();
    tryout.host.querySelector('.result.first')?.scrollIntoView({ block: 'nearest' });
    const tile = this.tiles.get(id);
    if (!tile || !grid.contains(tile)) return;
    // Within its own frame: the page stays where it is.
    const top = tile.offsetTop - grid.offsetTop, low = top + tile.offsetHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (low > grid.scrollTop + grid.clientHeight) grid.scrollTop = low - grid.clientHeight;
  }

  /**
   * @param {number} by
   * @param {'tile' | 'card'} focus
   */
  go(by, focus = 'card') {
    const at = this.at, next = this.shown[at < 0 ? 0 : at + by];
    if (!next) return;
    while (this.shown.indexOf(next) >= this.chunk) this.chunk += CHUNK;
    this.open(next.id);
    const card = /** @type {HTMLElement | null} */ (
      this.tryout.host.querySelector('.result.first')
    );
    (focus === 'tile' ? this.tiles.get(next.id) : card)?.focus({ preventScroll: true });
  }

  get at() {
    return this.shown.findIndex(({ id }) => id === this.view.open);
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

  /**
   * @param {number} id
   * @param {string} mark
   */
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
    const { view, shown } = this;
    const row = view.rows.find(({ id }) => id === view.open) ?? this.tryout.data.results[0];
    if (!row) return [];
    const card = this.tryout.cards.card(this.detailOf(row), true), at = this.at;
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
      title="${text}\nArrow keys" disabled=${!this.shown[at + by] || at < 0 && by < 0}>
      ${icon(by < 0 ? 'left' : 'right')}</button>`;
  }

  // What is below it

  /** @param {boolean} isGallery */
  draw(isGallery) {
    const { view } = this;
    this.place.hidden = !isGallery;
    if (!isGallery) {
      this.stamp = '';
      Object.assign(view, { open: null, isPicking: false });
      view.picked.clear();
      return;
    }
    if (!this.place.firstChild) this.lay();
    this.load();
    this.drawChips();
    this.sorts.value = view.sort;
    this.drawPicking();
    this.pickMany.setAttribute('aria-pressed', String(view.isPicking));
    this.drawTiles();
  }

  /** Puts its parts into their place, once. */
  lay() {
    fill(
      this.place,
      dom`<div class="filters" role="group" aria-label="Show"></div>`,
      dom`<div class="tools">${this.sorts}${this.pickMany}</div>`,
      dom`<div class="picking" role="group" aria-label="Selected pictures"></div>`,
      this.grid,
    );
    const more = (/** @type {IntersectionObserverEntry[]} */ seen) => {
      if (!seen.some((one) => one.isIntersecting) || this.chunk >= this.shown.length) return;
      this.chunk += CHUNK;
      this.drawTiles();
    };
    new IntersectionObserver(more, { root: this.grid, rootMargin: '400px' }).observe(this.end);
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
      this.view.isPicking = !this.view.isPicking;
      if (!this.view.isPicking) this.view.picked.clear();
      this.tryout.draw();
    };
    const title = 'Pick several to put into a set at once\nShift and click picks all between';
    return dom`<button class="pill pick-many" data-key="pick" title="${title}"
      onclick=${toggle}>Select</button>`;
  }

  drawChips() {
    const { view, tryout: { data, tried } } = this;
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const row of view.rows) {
      if (tried.went.has(row.id)) continue;
      for (const filter of ['all', row.kind, isSaid(row) && `class ${row.label}`]) {
        if (filter) counts.set(filter, (counts.get(filter) || 0) + 1);
      }
    }
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
    const { view, tryout, shown } = this, { sets } = tryout.data, ids = [...view.picked];
    const place = find(this.place, '.picking');
    place.hidden = !view.isPicking && !ids.length;
    if (place.hidden) return fill(place);
    const free = shown.filter(({ id }) => !tryout.tried.went.has(id)).map(({ id }) => id);
    const pickAll = () => {
      view.picked = new Set(free);
      tryout.draw();
    };
    const pickNone = () => {
      this.pickNone();
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
        Select all shown (${number(free.length)})</button>
        <button class="text quiet" data-key="none" onclick=${pickNone}>Select none</button></div>`,
    );
  }

  pickNone() {
    this.view.picked.clear();
    this.view.isPicking = false;
  }

  drawTiles() {
    const { grid } = this, top = grid.scrollTop;
    this.arrange();
    const nodes = [...this.shown.slice(0, this.chunk).map((row) => this.tile(row)), this.end];
    const isSame = nodes.every((node, i) => node === grid.children[i]);
    if (isSame && nodes.length === grid.children.length) return;
    grid.replaceChildren(...nodes);
    grid.scrollTop = top;
  }

  /** @param {Row} row */
  tile(row) {
    const { view, tryout } = this,
      { id, name, kind, label } = row,
      gone = tryout.tried.went.get(id);
    const node = this.tiles.get(id) ?? this.newTile(row);
    const share = row.probability === null || kind === 'unknown' ? '' : percent(row.probability);
    const own = { waiting: '…', rejected: 'unusable', unknown: 'unlike anything' };
    const to = gone && (gone.isNone ? 'none of these' : `in ${gone.name}`);
    const word = to ?? own[/** @type {keyof own} */ (kind)] ?? label ?? '';
    const colour = gone
      ? gone.colour || 'var(--quiet)'
      : tryout.cards.colourOf(isSaid(row) ? label : null);
    const kinds = {
      open: view.open === id,
      picked: view.picked.has(id),
      doubtful: kind === 'doubtful',
      unknown: kind === 'unknown',
      gone,
    };
    const style = ['tile', ...Object.entries(kinds).filter(([, is]) => is).map(([one]) => one)];
    const shown = [word, label, gone ? '' : share, colour, ...style].join('\n');
    if (node.dataset.said === shown) return node;
    node.dataset.said = shown;
    node.className = style.join(' ');
    node.style.setProperty('--class', colour);
    const text = `${name}: ${word}${aboutTile(row, share, gone)}`;
    node.title = text.replace(': ', '\n');
    node.setAttribute('aria-label', `${kinds.picked ? 'Selected: ' : ''}${text}`);
    node.setAttribute('aria-current', String(kinds.open));
    fill(find(node, '.tag'), shownName(word), dom`<b>${gone ? '' : share}</b>`);
    return node;
  }

  /** @param {Row} row */
  newTile({ id, digest }) {
    const node = dom`<button class="tile" data-key="t${id}"
      onclick=${(event) => this.clicked(id, event)}>
      <img src="${this.tryout.base}/thumbnail/${digest}" alt="" loading="lazy" decoding="async">
      <span class="check" title="Select">${icon('check')}</span><span class="tag"></span></button>`;
    this.tiles.set(id, node);
    return node;
  }

  // What a person does there

  /**
   * @param {number} id
   * @param {MouseEvent} event
   */
  clicked(id, event) {
    const { view, shown } = this, { went } = this.tryout.tried;
    const isCheck = /** @type {Element} */ (event.target).closest('.check');
    if (event.shiftKey) {
      const [from, to] = [view.anchor ?? view.open, id].map((one) =>
        shown.findIndex((row) => row.id === one)
      );
      for (const row of between(shown, from, to)) if (!went.has(row.id)) view.picked.add(row.id);
    } else if (!view.isPicking && !event.ctrlKey && !event.metaKey && !isCheck) {
      return this.open(id);
    } else if (!view.picked.delete(id) && !went.has(id)) view.picked.add(id);
    view.anchor = id;
    view.isPicking = view.picked.size > 0;
    this.tryout.draw();
  }

  /** @param {Answer} set is the answer for what is picked, else for the open one */
  answer(set) {
    const { view, tryout } = this, row = this.shown.find(({ id }) => id === view.open);
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
      this.pickNone();
      return this.tryout.draw();
    }
    const by = STEPS[event.key], isVertical = /Up|Down/.test(event.key);
    if (!by || event.shiftKey || isVertical && !tile) return; // the page scrolls
    event.preventDefault();
    if (!(tile instanceof HTMLElement)) return this.go(by);
    view.open = Number(tile.dataset.key?.slice(1));
    this.go(isVertical ? by * this.columns : by, 'tile');
  }

  get columns() {
    const tiles = [...this.grid.children].map((tile) => /** @type {HTMLElement} */ (tile));
    return Math.max(1, tiles.findIndex((tile) => tile.offsetTop > tiles[0].offsetTop));
  }
}

/** @type {(row: import('./data.js').TriedRow) => Row} */
const rowOf = ([id, digest, name, kind, label, probability]) => ({
  ...{ id, digest, name },
  ...{ kind, label, probability },
});

/** @type {(row: Row, share: string, gone: {isNone: boolean} | undefined) => string} */
function aboutTile({ kind, label }, share, gone) {
  if (gone) return gone.isNone ? ', as you said' : ' now';
  if (kind === 'unknown') return `, nearest ${label}`;
  return `${share && ` ${share}`}${kind === 'doubtful' ? ', doubtful' : ''}`;
}
