import assert from 'node:assert/strict';
import { keysOf, Visit } from '../../../featclass/web/assets/visit.js';
/** @import { AskingData, QuestionRow, SetRow } from '../../../featclass/web/assets/data.js' */

/** @type {(id: number) => QuestionRow} */
const question = (id) => [id, `d${id}`, `${id}.png`, null, null];
/** @type {(names: string[]) => SetRow[]} */
const sets = (names) => names.map((name, i) => [i, name, '#888']);
const idsOf = (/** @type {Visit} */ visit) => (visit.queue ?? []).map(([id]) => id);

Deno.test('a class has its digit, and its first letter where no other key is it', () => {
  assert.deepEqual(keysOf(sets(['Dog', 'cat', 'Cow', 'snake', 'Zebra', '7up'])), [
    ['1', 'd'],
    ['2'],
    ['3'],
    ['4'],
    ['5'],
    ['6'],
  ]);
});

Deno.test('from the tenth class on there are letters only', () => {
  const keys = keysOf(sets([...'abcdefghij'].map((letter) => `${letter}x`)));
  assert.deepEqual(keys[8], ['9', 'i']);
  assert.deepEqual(keys[9], ['j']);
});

Deno.test('the question that is looked at stays while the others are put in another order', () => {
  const visit = new Visit();
  visit.take([1, 2, 3].map(question));
  visit.take([3, 2, 1, 4].map(question));
  assert.deepEqual(idsOf(visit), [1, 3, 2, 4]);
});

Deno.test('what was answered or skipped is not asked again in this visit', () => {
  const visit = new Visit();
  visit.take([1, 2, 3].map(question));
  visit.give({ set: 7, isSkipped: false });
  visit.give({ set: null, isSkipped: true });
  visit.take([1, 2, 3, 4].map(question));
  assert.deepEqual(idsOf(visit), [3, 4]);
  assert.equal(visit.answered, 1);
  visit.again();
  visit.take([1, 2, 3, 4].map(question));
  assert.deepEqual(idsOf(visit), [3, 2, 4]);
});

Deno.test('going back asks the last one once more, first of all', () => {
  const visit = new Visit();
  visit.take([1, 2].map(question));
  const given = visit.give({ set: 7, isSkipped: false });
  assert.equal(visit.takeBack(), given);
  assert.deepEqual(idsOf(visit), [1, 2]);
  assert.equal(visit.takeBack(), null);
});

Deno.test('the curve has one step for each number of answers', () => {
  const visit = new Visit();
  const data = (/** @type {Partial<AskingData>} */ more) => /** @type {AskingData} */ ({
    current: true,
    key: 'a',
    score: [1, 2, 0, 1],
    expected: null,
    ...more,
  });
  visit.follow(data({}));
  visit.follow(data({ key: 'b', score: [2, 2, 0, 1] }));
  assert.deepEqual(visit.curve.map(({ key }) => key), ['b']);
  visit.given = [{ picture: question(1), set: 7, isSkipped: false, act: 5 }];
  visit.follow(data({ key: 'c' }));
  visit.follow(data({ key: 'd', current: false }));
  assert.deepEqual(visit.curve.map(({ key, answered }) => [key, answered]), [['b', 0], ['c', 1]]);
  visit.given = [];
  visit.follow(data({ key: 'e' }));
  assert.deepEqual(visit.curve.map(({ key }) => key), ['e']);
});
