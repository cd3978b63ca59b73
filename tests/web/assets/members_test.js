import assert from 'node:assert/strict';
import { folded, Members } from '../../../featclass/web/assets/members.js';
/** @import { PictureRow, SetData } from '../../../featclass/web/assets/data.js' */
/** @import { Sets } from '../../../featclass/web/assets/sets.js' */

const CLICK = /** @type {MouseEvent} */ ({ shiftKey: false, ctrlKey: false, metaKey: false });
const CTRL = /** @type {MouseEvent} */ ({ ...CLICK, ctrlKey: true });

/** @type {(id: number, ...pictures: number[]) => SetData} */
const set = (id, ...pictures) => ({
  ...{ id, name: `${id}`, left_out: 0, count: pictures.length, version: 1, rejected: [] },
  pictures: pictures.map((one) => /** @type {PictureRow} */ ([one, '', `${one}.png`, null])),
});

/** The pictures of sets, with what is done to them noted. */
function given() {
  /** @type {object[]} */
  const done = [];
  const sets = { draw: () => {}, act: (/** @type {object} */ what) => done.push(what) };
  return { done, members: new Members(/** @type {Sets} */ (/** @type {unknown} */ (sets))) };
}

Deno.test('a set shows its pictures, or one less and how many more there are', () => {
  assert.deepEqual([0, 3, 14, 15, 900].map(folded), [0, 3, 14, 13, 13]);
});

Deno.test('pictures are picked in one set at a time', () => {
  const { members } = given(), [first, second] = [set(1, 11, 12), set(2, 21, 22)];
  members.pick(first, 11, CLICK);
  members.pick(first, 12, CTRL);
  members.pick(second, 22, CTRL);
  assert.deepEqual([members.picking.set, [...members.picking.picked]], [2, [22]]);
});

Deno.test('what something was done to is picked no more, and the next click picks one', () => {
  const { done, members } = given(), only = set(1, 11, 12, 13);
  members.pick(only, 11, CTRL);
  members.act({ do: 'remove pictures', pictures: [11] });
  assert.equal(members.picking.picked.size, 0);
  members.pick(only, 12, CLICK);
  members.pick(only, 13, CLICK);
  assert.deepEqual(done, [{ do: 'remove pictures', pictures: [11] }]);
  assert.deepEqual([...members.picking.picked], [13]);
});

Deno.test('all pictures that are unfolded can be picked', () => {
  const { members } = given(), only = set(1, 11, 12);
  members.unfolded.set(1, { version: 1, pictures: set(1, 11, 12, 13).pictures });
  members.pick(only, 11, CLICK);
  members.pick(only, 13, /** @type {MouseEvent} */ ({ ...CLICK, shiftKey: true }));
  assert.deepEqual([...members.picking.picked].sort(), [11, 12, 13]);
});
