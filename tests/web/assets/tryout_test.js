import assert from 'node:assert/strict';
import { answerOf } from '../../../featclass/web/assets/tryout.js';
import { placed } from '../../../featclass/web/assets/why.js';
/** @import { TargetRow } from '../../../featclass/web/assets/data.js' */

/** @type {TargetRow[]} */
const SETS = [[7, 'A', '#888', 'A'], [9, 'B', '#888', null]];

Deno.test('a digit answers with the set at its place, 0 that it is none of these', () => {
  assert.equal(answerOf('2', SETS), SETS[1]);
  assert.equal(answerOf('0', SETS), null);
});

Deno.test('a key that no set has answers nothing, and 0 nothing where there are no sets', () => {
  assert.deepEqual(['3', 'a', 'Enter'].map((key) => answerOf(key, SETS)), Array(3).fill(undefined));
  assert.equal(answerOf('0', []), undefined);
});

Deno.test('a long picture whose thumbnail is cut reaches beyond the canvas at both ends', () => {
  const image = { naturalWidth: 160, naturalHeight: 160, clientWidth: 80, clientHeight: 80 };
  assert.deepEqual(placed(image, 'cover', 2), { left: -40, top: 0, width: 160, height: 80 });
  assert.deepEqual(placed(image, 'cover', 0.5), { left: 0, top: -40, width: 80, height: 160 });
});

Deno.test('a picture that is shown whole fills the canvas as it does', () => {
  const image = { naturalWidth: 200, naturalHeight: 100, clientWidth: 100, clientHeight: 100 };
  assert.deepEqual(placed(image, 'contain', 2), { left: 0, top: 25, width: 100, height: 50 });
  assert.deepEqual(placed(image, 'fill', 2), { left: 0, top: 0, width: 100, height: 100 });
});
