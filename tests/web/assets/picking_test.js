import assert from 'node:assert/strict';
import { between, pick } from '../../../featclass/web/assets/picking.js';

const IDS = [1, 2, 3, 4, 5], NO_KEY = { shiftKey: false, ctrlKey: false, metaKey: false };
const NONE = { picked: new Set(/** @type {number[]} */ ([])), anchor: null, isSeveral: false };

/** @type {(...clicks: [id: number, keys?: object][]) => number[]} */
function clicked(...clicks) {
  /** @type {import('../../../featclass/web/assets/picking.js').Picking} */
  let picking = NONE;
  for (const [id, keys] of clicks) picking = pick(picking, IDS, id, { ...NO_KEY, ...keys });
  return [...picking.picked].sort();
}
const CTRL = { ctrlKey: true }, SHIFT = { shiftKey: true };

Deno.test('a click picks one picture in place of another, and a second click none', () => {
  assert.deepEqual(clicked([1], [3]), [3]);
  assert.deepEqual(clicked([3], [3]), []);
});

Deno.test('with Ctrl one more is picked, and from then on with every click', () => {
  assert.deepEqual(clicked([1], [3, CTRL], [5]), [1, 3, 5]);
  assert.deepEqual(clicked([1], [3, CTRL], [1]), [3]);
});

Deno.test('with Shift all between are picked, in either direction', () => {
  assert.deepEqual(clicked([2], [4, SHIFT]), [2, 3, 4]);
  assert.deepEqual(clicked([4], [2, SHIFT]), [2, 3, 4]);
  assert.deepEqual(clicked([4, SHIFT]), [4]);
});

Deno.test('from a place that is none, the row begins at its first', () => {
  assert.deepEqual(between(IDS, -1, 1), [1, 2]);
});
