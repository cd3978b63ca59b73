// The confusion matrix: a grid of cells to click or to walk with the arrows; what is open is shown
// in the panel below it.
import { Component, mounting } from './component.js';
import { dom, dot, fill, shownName } from './dom.js';
import { Judged } from './judged.js';
import { number, percent } from './wording.js';
/** @import { MatrixClass, MatrixData } from './data.js' */
/** @typedef {{true?: number | null, said?: number | null}} Opened what is open: a row, a column, a cell */

const TEXT_UP_TO = 15, SHARES_UP_TO = 8;
const CELL_HEIGHTS = [0, 72, 72, 66, 58, 50, 46];
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @type {(i: number, j: number) => string} where -1 is a heading */
const keyOf = (i, j) => `${i},${j}`;

/** @extends {Component<MatrixData>} */
export class Matrix extends Component {
  grid = this.find('.cells');
  drawn = '';
  at = '0,0';
  /** @type {Map<string, HTMLElement>} */
  nodes = new Map();
  judged = new Judged(this);

  listen() {
    new ResizeObserver(() => this.fit()).observe(this.host);
    this.host.onkeydown = (event) => this.pressed(event);
  }

  /** @param {MatrixData} data */
  take(data) {
    this.data = data;
    const drawn = JSON.stringify([data.classes, data.cells, data.opens]);
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.drawCells();
    }
    this.host.classList.toggle('stale', data.stale);
    this.markOpen();
    if (this.judged.cell && data.shown !== this.shown) this.judged.load();
    this.shown = data.shown;
  }

  /** @param {number | null} id */
  classOf(id) {
    const { classes, sets } = this.data;
    return classes.find((one) => one[0] === id) ?? sets.find((one) => one[0] === id);
  }

  /** @param {number | null} id */
  nameOf(id) {
    return this.classOf(id)?.[1] ?? 'a set that was removed';
  }

  get isMany() {
    return this.data.classes.length > TEXT_UP_TO;
  }

  drawCells() {
    const { classes, cells } = this.data, n = classes.length;
    const totals = classes.map(() => 0), counts = new Map();
    for (const [i, j, count] of cells) {
      totals[i] += count;
      counts.set(keyOf(i, j), count);
    }
    this.nodes = new Map();
    const heads = classes.map((one, j) => this.heading(one, -1, j));
    const rows = classes.map((one, i) => {
      const row = classes.map((_, j) => {
        const count = counts.get(keyOf(i, j)) || 0;
        // Of very many cells nearly all are empty: those are left to the ground of the grid.
        return count || !this.isMany ? this.cell(i, j, count, totals[i]) : null;
      });
      return dom`<div role="row" class="line">${this.heading(one, i, -1)}${row}</div>`;
    });
    const hadFocus = this.grid.contains(this.active);
    this.grid.className = `cells${this.isMany ? ' many' : ''}`;
    this.grid.style.setProperty('--n', String(n));
    this.grid.style.setProperty('--high', `${CELL_HEIGHTS[n] || Math.max(30, 50 - 2 * n)}px`);
    fill(
      this.grid,
      dom`<div role="row" class="line"><span class="corner" aria-hidden="true">
        <span>taken for →</span><span>is ↓</span></span>${heads}</div>`,
      rows,
    );
    if (!this.nodes.has(this.at)) this.at = [...this.nodes.keys()][0];
    const at = this.walk(this.at);
    if (hadFocus) at.focus({ preventScroll: true });
    this.drawWorst();
    this.fit();
  }

  /** @type {(node: HTMLElement, i: number, j: number) => HTMLElement} */
  focusable(node, i, j) {
    node.tabIndex = -1;
    node.dataset.at = keyOf(i, j);
    this.nodes.set(keyOf(i, j), node);
    return node;
  }

  /** @type {(of: MatrixClass, i: number, j: number) => HTMLElement} */
  heading([id, name, colour], i, j) {
    const isRow = j < 0, inner = [dot(colour), shownName(name)];
    const [text, title, cell] = isRow
      ? [`All pictures of ${name}`, 'Show all its pictures', { true: id }]
      : [`Everything taken for ${name}`, 'Show everything taken for it', { said: id }];
    const head = this.data.opens
      ? dom`<button class="head" aria-label="${text}" title="${name}\n${title}"
          onclick=${(event) => this.open(cell, event)}>${inner}</button>`
      : dom`<span class="head" title="${name}">${inner}</span>`;
    return dom`<div role="${isRow ? 'row' : 'column'}header" class="${
      isRow ? 'row' : 'column'
    }-head" style="grid-area: ${i + 2} / ${j + 2}">${this.focusable(head, i, j)}</div>`;
  }

  /** @type {(i: number, j: number, count: number, total: number) => HTMLElement} */
  cell(i, j, count, total) {
    const { classes, opens } = this.data, [is, said] = [classes[i], classes[j]];
    const what = i === j ? `${is[1]} recognised` : `${is[1]} taken for ${said[1]}`;
    const share = percent(count / Math.max(1, total)), kind = i === j ? 'right' : 'wrong';
    const attributes = [
      count ? `cell ${kind}` : 'cell none',
      `${what}: ${number(count)}`,
      count ? `${what}\n${number(count)} of ${number(total)} (${share})` : what,
      `grid-area: ${i + 2} / ${j + 2}; --share: ${(total ? count / total : 0).toFixed(3)}`,
    ];
    const [name, label, title, style] = attributes;
    const inner = [
      dom`<b>${number(count)}</b>`,
      count && classes.length <= SHARES_UP_TO ? dom`<small>${share}</small>` : null,
    ];
    const open = (/** @type {MouseEvent} */ event) =>
      this.open({ true: is[0], said: said[0] }, event);
    const node = opens
      ? dom`<button role="gridcell" class="${name}" aria-label="${label}" title="${title}"
          style="${style}" onclick=${open}>${inner}</button>`
      : dom`<div role="gridcell" class="${name}" aria-label="${label}" title="${title}"
          style="${style}">${inner}</div>`;
    return this.focusable(node, i, j);
  }

  /** Where the grid is too large to be seen at once, what is confused most leads into it. */
  drawWorst() {
    const { classes, cells, opens } = this.data;
    const confused = this.isMany ? cells.filter(([i, j]) => i !== j) : [];
    const worst = confused.sort((a, b) => b[2] - a[2]).slice(0, 5);
    fill(
      this.find('.worst'),
      worst.map(([i, j, count]) => {
        const text = `${number(count)} × ${classes[i][1]} taken for ${classes[j][1]}`;
        const cell = { true: classes[i][0], said: classes[j][0] };
        return opens
          ? dom`<button class="pill" onclick=${(event) => this.open(cell, event)}>${text}</button>`
          : dom`<span class="pill">${text}</span>`;
      }),
    );
  }

  /** Names too wide for their column stand below their dot, or where that is too narrow, upright. */
  fit() {
    const { classes } = this.data;
    if (!classes.length) return;
    const column = this.isMany ? 22 : (this.host.clientWidth - 110) / classes.length;
    const text = 8 * Math.min(14, Math.max(...classes.map(([, name]) => name.length)));
    this.grid.classList.toggle('stacked', text + 28 > column && text + 4 <= column);
    this.grid.classList.toggle('upright', text + 4 > column);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.key === 'Escape' && this.judged.cell) {
      event.preventDefault();
      this.close();
      return;
    }
    const { at } = /** @type {HTMLElement} */ (event.target).dataset, step = ARROWS[event.key];
    if (!at || !step) return;
    event.preventDefault();
    this.walk(nextCell(at, step, this.data.classes.length, this.nodes)).focus();
  }

  /** @param {string} key makes this the one cell that the Tab key reaches */
  walk(key) {
    const before = this.nodes.get(this.at), node = /** @type {HTMLElement} */ (this.nodes.get(key));
    if (before) before.tabIndex = -1;
    this.at = key;
    node.tabIndex = 0;
    return node;
  }

  /** @param {Opened} cell the key of what it opens from: -1 where a side is not asked for, a heading */
  keyOfCell({ true: is, said }) {
    const { classes } = this.data;
    return keyOf(
      classes.findIndex((one) => one[0] === is),
      classes.findIndex((one) => one[0] === said),
    );
  }

  markOpen() {
    const { cell } = this.judged, key = cell && this.keyOfCell(cell);
    for (const [other, node] of this.nodes) {
      node.classList.toggle('open', other === key);
      if (other === key) node.setAttribute('aria-expanded', 'true');
      else node.removeAttribute('aria-expanded');
    }
  }

  /** @type {(cell: Opened, event: MouseEvent) => void} */
  open(cell, event) {
    const { at } = /** @type {HTMLElement} */ (event.currentTarget).dataset;
    if (at) this.walk(at);
    const now = this.judged.cell;
    if (now && now.true === cell.true && now.said === cell.said) return this.close();
    this.judged.open(cell);
    this.markOpen();
    if (!at) this.reveal(this.nodes.get(this.keyOfCell(cell)));
    const title = this.find('.panel h3');
    title.scrollIntoView({ block: 'nearest' });
    if (!event.detail) title.focus({ preventScroll: true }); // by keyboard: go on from there
  }

  /** @param {HTMLElement | undefined} node is brought into the middle, without moving the page */
  reveal(node) {
    const scroll = this.find('.scroll');
    if (!node || !this.isMany) return;
    const [cell, frame] = [node.getBoundingClientRect(), scroll.getBoundingClientRect()];
    scroll.scrollBy(
      cell.left + cell.width / 2 - frame.left - frame.width / 2,
      cell.top + cell.height / 2 - frame.top - frame.height / 2,
    );
  }

  close() {
    const key = this.judged.cell ? this.keyOfCell(this.judged.cell) : '';
    const wasWithin = this.find('.panel').contains(this.active);
    this.judged.close();
    this.markOpen();
    if (wasWithin && this.nodes.has(key)) this.walk(key).focus({ preventScroll: true });
  }
}

/**
 * The next cell that is drawn that way, or the same where there is none.
 * @param {string} at
 * @param {[number, number]} step
 * @param {number} n classes
 * @param {{has: (key: string) => boolean}} drawn
 */
export function nextCell(at, [down, right], n, drawn) {
  let [i, j] = at.split(',').map(Number);
  for (i += down, j += right; i >= -1 && j >= -1 && i < n && j < n; i += down, j += right) {
    if (drawn.has(keyOf(i, j))) return keyOf(i, j);
  }
  return at;
}

export default mounting('matrix', Matrix);
