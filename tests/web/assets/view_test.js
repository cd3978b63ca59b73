import assert from 'node:assert/strict';
import { View } from '../../../featclass/web/assets/view.js';
/** @import { Row } from '../../../featclass/web/assets/orders.js' */

const NO_KEY = { shiftKey: false, ctrlKey: false, metaKey: false };
const SHIFT = { ...NO_KEY, shiftKey: true }, NOBODY = new Set([0]);

/** @type {(id: number, kind: Row['kind'], label?: string | null) => Row} */
const row = (id, kind, label = null) => {
  return { id, digest: '', name: `${id}`, kind, label, probability: label ? 0.9 : null };
};

/** @param {Row[]} rows */
function viewOf(...rows) {
  const view = new View();
  view.take(rows);
  view.arrange(['A', 'B']);
  return view;
}
const some = () =>
  viewOf(row(1, 'sure', 'A'), row(2, 'doubtful', 'B'), row(3, 'unknown', 'A'), row(4, 'sure', 'B'));
const shown = (/** @type {View} */ view) => view.shown.map(({ id }) => id);
const picked = (/** @type {View} */ view) => [...view.picked].sort();

Deno.test('the first picture is open, until another is opened', () => {
  const view = some();
  assert.deepEqual([view.open, view.at], [1, 0]);
  view.open = 3;
  view.arrange(['A', 'B']);
  assert.deepEqual([view.open, view.at], [3, 2]);
});

Deno.test('where the open picture has gone, the first one is open', () => {
  const view = some();
  view.open = 3;
  view.take(view.rows.filter(({ id }) => id !== 3));
  view.arrange(['A', 'B']);
  assert.equal(view.open, 1);
});

Deno.test('a filter that lets nothing through is left, unless pictures are looked at anew', () => {
  const view = some();
  Object.assign(view, { filter: 'rejected' });
  view.arrange(['A', 'B']);
  assert.deepEqual([view.filter, shown(view)], ['all', [1, 2, 3, 4]]);
  view.take([row(1, 'waiting')]);
  Object.assign(view, { filter: 'class A' });
  view.arrange(['A', 'B']);
  assert.deepEqual([view.filter, shown(view)], ['class A', []]);
});

Deno.test('a filter counts what is left to answer, by class only what is said to be one', () => {
  const counts = some().counts(new Set([4]));
  assert.deepEqual(Object.fromEntries(counts), {
    all: 3,
    sure: 1,
    'class A': 1,
    doubtful: 1,
    'class B': 1,
    unknown: 1,
  });
});

Deno.test('a click picks one more, or lets go of it', () => {
  const view = some();
  view.click(2, NO_KEY, NOBODY);
  view.click(4, NO_KEY, NOBODY);
  assert.deepEqual([picked(view), view.isPicking], [[2, 4], true]);
  view.click(2, NO_KEY, NOBODY);
  view.click(4, NO_KEY, NOBODY);
  assert.deepEqual([picked(view), view.isPicking], [[], false]);
});

Deno.test('with Shift all from the open picture are picked, what was answered excepted', () => {
  const view = some();
  view.open = 4;
  view.click(2, SHIFT, new Set([3]));
  assert.deepEqual(picked(view), [2, 4]);
});

Deno.test('from a picture that the filter keeps back, Shift reaches from the first', () => {
  const view = some();
  view.anchor = 3;
  view.filter = 'class B';
  view.arrange(['A', 'B']);
  view.click(4, SHIFT, NOBODY);
  assert.deepEqual(picked(view), [2, 4]);
});

Deno.test('all that are shown are picked, and none of what was answered', () => {
  const view = some();
  view.pickAll(new Set([1]));
  assert.deepEqual(picked(view), [2, 3, 4]);
  view.pickNone();
  assert.deepEqual([picked(view), view.isPicking], [[], false]);
});

Deno.test('what has gone is picked and known no more', () => {
  const view = some();
  view.pickAll(NOBODY);
  for (const id of [1, 2]) view.details.set(id, { mark: '' });
  view.take([row(2, 'doubtful', 'B')]);
  assert.deepEqual([picked(view), [...view.details.keys()]], [[2], [2]]);
});
