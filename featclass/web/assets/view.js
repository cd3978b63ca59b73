// What of the pictures tried is looked at in the gallery: those that a filter lets through, in an
// order; one is open, several may be picked. Nothing here is drawn or fetched.
import { comparing, isSaid, isShownBy } from './orders.js';
import { pick } from './picking.js';
/** @import { TriedPicture } from './data.js' */
/** @import { Row, Sort } from './orders.js' */
/** @typedef {{has: (id: number) => boolean}} Went which were answered, and are there only to be undone */

/** It outlives the gallery, where the page is built anew. */
export class View {
  /** @type {Row[]} */
  rows = [];
  /** @type {Row[]} of the rows, as they stand */
  shown = [];
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

  /** @param {Row[]} rows in the place of those before; forgets what was known of others */
  take(rows) {
    this.rows = rows;
    const ids = new Set(rows.map(({ id }) => id));
    for (const kept of [this.picked, this.details]) {
      for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
    }
  }

  /** @param {string[]} classes in their order */
  arrange(classes) {
    const through = () => this.rows.filter((row) => isShownBy(this.filter, row));
    // Pictures that are looked at anew may be let through again in a moment.
    if (!through().length && !this.rows.some(({ kind }) => kind === 'waiting')) this.filter = 'all';
    this.shown = through().sort(comparing(this.sort, classes));
    if (!this.rows.some(({ id }) => id === this.open)) this.open = this.shown[0]?.id ?? null;
  }

  /** The place of the open one, -1 where the filter keeps it back. */
  get at() {
    return this.shown.findIndex(({ id }) => id === this.open);
  }

  /**
   * How many each filter lets through of what is left to answer.
   * @param {Went} went
   */
  counts(went) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const row of this.rows.filter(({ id }) => !went.has(id))) {
      for (const filter of ['all', row.kind, isSaid(row) && `class ${row.label}`]) {
        if (filter) counts.set(filter, (counts.get(filter) || 0) + 1);
      }
    }
    return counts;
  }

  /**
   * Picks a picture that was clicked, or all up to it; what was answered is none to pick.
   * @param {number} id
   * @param {{shiftKey: boolean, ctrlKey: boolean, metaKey: boolean}} keys
   * @param {Went} went
   */
  click(id, keys, went) {
    const ids = this.shown.map((row) => row.id), from = this.anchor ?? this.open;
    const anchor = ids.find((one) => one === from) ?? ids[0];
    const { picked } = pick({ picked: this.picked, anchor, isSeveral: true }, ids, id, keys);
    this.picked = new Set([...picked].filter((one) => !went.has(one)));
    this.anchor = id;
    this.isPicking = this.picked.size > 0;
  }

  /** @param {Went} went picks all that are shown */
  pickAll(went) {
    this.picked = new Set(this.shown.map(({ id }) => id).filter((id) => !went.has(id)));
  }

  pickNone() {
    this.picked.clear();
    this.isPicking = false;
  }
}
