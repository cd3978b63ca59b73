// The tiles of the gallery, of which only those that are scrolled to are in the document.
import { dom, fill, find, icon, shownName, styleOf } from './dom.js';
import { isSaid } from './orders.js';
import { percent } from './wording.js';
/** @import { Row } from './orders.js' */
/** @import { Gone } from './tried.js' */
/** @import { Tryout } from './tryout.js' */
/** @import { View } from './view.js' */

const CHUNK = 120;

export class Tiles {
  grid = dom`<div class="tiles" role="group" aria-label="Pictures tried"></div>`;
  end = dom`<div class="end-of-tiles"></div>`;
  /** How many are in the document. */
  chunk = CHUNK;
  /** @type {Map<number, HTMLElement>} by picture */
  nodes = new Map();

  /**
   * @param {Tryout} tryout
   * @param {View} view
   * @param {(id: number, event: MouseEvent) => void} clicked
   */
  constructor(tryout, view, clicked) {
    this.tryout = tryout;
    this.view = view;
    this.clicked = clicked;
    const more = (/** @type {IntersectionObserverEntry[]} */ seen) => {
      if (!seen.some((one) => one.isIntersecting) || this.chunk >= view.shown.length) return;
      this.chunk += CHUNK;
      this.draw();
    };
    new IntersectionObserver(more, { root: this.grid, rootMargin: '400px' }).observe(this.end);
  }

  /** Forgets the tiles of pictures that have gone. */
  clean() {
    const ids = new Set(this.view.rows.map(({ id }) => id));
    for (const id of this.nodes.keys()) if (!ids.has(id)) this.nodes.delete(id);
  }

  fromStart() {
    this.chunk = CHUNK;
    this.grid.scrollTop = 0;
  }

  /** @param {Row} row has its tile drawn with the next drawing, however far down it is */
  reach(row) {
    while (this.view.shown.indexOf(row) >= this.chunk) this.chunk += CHUNK;
  }

  /** @param {number} id is scrolled to within the grid: the page stays where it is */
  reveal(id) {
    const { grid } = this, tile = this.nodes.get(id);
    if (!tile || !grid.contains(tile)) return;
    const top = tile.offsetTop - grid.offsetTop, low = top + tile.offsetHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (low > grid.scrollTop + grid.clientHeight) grid.scrollTop = low - grid.clientHeight;
  }

  get columns() {
    const tiles = [...this.grid.children].map((tile) => /** @type {HTMLElement} */ (tile));
    return Math.max(1, tiles.findIndex((tile) => tile.offsetTop > tiles[0].offsetTop));
  }

  draw() {
    const { grid } = this, top = grid.scrollTop;
    const shown = this.view.shown.slice(0, this.chunk);
    const nodes = [...shown.map((row) => this.tile(row)), this.end];
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
    const node = this.nodes.get(id) ?? this.newTile(row);
    const share = row.probability === null || kind === 'unknown' ? '' : percent(row.probability);
    const word = wordOf(row, gone);
    const colour = gone
      ? gone.colour || 'var(--quiet)'
      : tryout.cards.colourOf(isSaid(row) ? label : null);
    const isOpen = view.open === id, isPicked = view.picked.has(id);
    const style = styleOf(`tile ${kind}`, { open: isOpen, picked: isPicked, gone });
    const shown = JSON.stringify([word, label, share, colour, style]);
    if (node.dataset.said === shown) return node;
    node.dataset.said = shown;
    node.className = style;
    node.style.setProperty('--class', colour);
    const text = `${name}: ${word}${aboutTile(row, share, gone)}`;
    node.title = text.replace(': ', '\n');
    node.setAttribute('aria-label', `${isPicked ? 'Selected: ' : ''}${text}`);
    node.setAttribute('aria-current', String(isOpen));
    fill(find(node, '.tag'), shownName(word), dom`<b>${gone ? '' : share}</b>`);
    return node;
  }

  /** @param {Row} row */
  newTile({ id, digest }) {
    const node = dom`<button class="tile" data-key="t${id}"
      onclick=${(event) => this.clicked(id, event)}>
      <img src="${this.tryout.base}/thumbnail/${digest}" alt="" loading="lazy" decoding="async">
      <span class="check" title="Select">${icon('check')}</span><span class="tag"></span></button>`;
    this.nodes.set(id, node);
    return node;
  }
}

/** @type {(row: Row, gone: Gone | undefined) => string} */
function wordOf({ kind, label }, gone) {
  if (gone) return gone.isNone ? 'none of these' : `in ${gone.name}`;
  if (kind === 'waiting') return '…';
  if (kind === 'rejected') return 'unusable';
  return kind === 'unknown' ? 'unlike anything' : label ?? '';
}

/** @type {(row: Row, share: string, gone: Gone | undefined) => string} */
function aboutTile({ kind, label }, share, gone) {
  if (gone) return gone.isNone ? ', as you said' : ' now';
  if (kind === 'unknown') return `, nearest ${label}`;
  return `${share && ` ${share}`}${kind === 'doubtful' ? ', doubtful' : ''}`;
}
