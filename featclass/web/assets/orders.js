// The order and the filters of the gallery of pictures tried.
/** @import { Kind } from './data.js' */

/**
 * A picture tried, in short.
 * @typedef {object} Row
 * @property {number} id
 * @property {string} digest
 * @property {string} name
 * @property {Kind} kind
 * @property {string | null} label
 * @property {number | null} probability
 */
/** @typedef {keyof typeof SORTS} Sort */

export const SORTS = {
  newest: 'Newest first',
  doubtful: 'Most doubtful first',
  certain: 'Most certain first',
  class: 'By class',
};

/** @type {[Kind, string][]} */
export const KINDS = [
  ['doubtful', 'Doubtful'],
  ['unknown', 'Unlike anything'],
  ['rejected', 'Unusable'],
  ['waiting', 'Waiting'],
];

/** @param {Row} row whether a class is said of it */
export const isSaid = ({ kind }) => kind === 'sure' || kind === 'doubtful';

/**
 * Whether a filter lets a picture through: 'all', a kind, or 'class ' and its name.
 * @param {string} filter
 * @param {Row} row
 */
export const isShownBy = (filter, row) =>
  filter === 'all' || row.kind === filter || (filter === `class ${row.label}` && isSaid(row));

/** @type {(row: Row) => number} */
const unsaid = ({ probability }) => probability === null ? 1 : 0;
/** @type {(row: Row) => number} */
const unlike = ({ kind }) => kind === 'unknown' ? 1 : 0;
/** @type {(row: Row) => number} */
const share = ({ probability }) => probability ?? 0;

/**
 * How two pictures are compared: those of which nothing is said come last.
 * @param {Sort} sort
 * @param {string[]} classes in their order
 * @returns {(a: Row, b: Row) => number}
 */
export function comparing(sort, classes) {
  if (sort === 'newest') return () => 0;
  if (sort === 'doubtful') {
    return (a, b) => unsaid(a) - unsaid(b) || unlike(b) - unlike(a) || share(a) - share(b);
  }
  const place = (/** @type {Row} */ { label }) =>
    sort === 'class' ? classes.indexOf(label ?? '') : 0;
  return (a, b) =>
    unsaid(a) - unsaid(b) || unlike(a) - unlike(b) || place(a) - place(b) || share(b) - share(a);
}
