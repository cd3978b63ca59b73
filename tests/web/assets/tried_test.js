import assert from 'node:assert/strict';
import { Tried } from '../../../featclass/web/assets/tried.js';

const some = (/** @type {number[]} */ ...ids) => ids.map((id) => ({ id }));
const idsOf = (/** @type {Tried<{id: number}>} */ tried) => tried.items.map(({ id }) => id);
const gone = { act: 5, since: 3, name: 'A', isNone: false, colour: null };

Deno.test('what was answered stays at its place until something new comes', () => {
  const tried = new Tried();
  tried.meet(some(1, 2, 3), 2);
  tried.went.set(2, { ...gone });
  assert.equal(tried.meet(some(1, 3), 3), undefined);
  assert.deepEqual(idsOf(tried), [1, 2, 3]);
  assert.equal(tried.meet(some(4, 1, 3), 4), 4);
  assert.deepEqual(idsOf(tried), [4, 1, 3]);
  assert.equal(tried.went.size, 0);
});

Deno.test('what is undone anywhere is back, and no more is said of it', () => {
  const tried = new Tried();
  tried.meet(some(1, 2), 2);
  tried.went.set(2, { ...gone });
  tried.came = {
    act: 5,
    since: 3,
    ids: [2],
    said: '',
    was: { key: '', said: '' },
    isDone: true,
    text: '',
  };
  tried.meet(some(1, 2), 3);
  assert.equal(tried.went.size, 1, 'the run before the act was done still has it');
  tried.meet(some(1, 2), 4);
  assert.deepEqual([tried.went.size, tried.came], [0, null]);
});

Deno.test('an answer that is under way is not let go of', () => {
  const tried = new Tried();
  tried.meet(some(1, 2), 2);
  tried.went.set(1, { ...gone, act: null });
  tried.went.set(2, { ...gone });
  tried.letGo();
  assert.deepEqual(idsOf(tried), [1]);
});
