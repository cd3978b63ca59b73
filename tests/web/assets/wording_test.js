import assert from 'node:assert/strict';
import {
  clause,
  halves,
  percent,
  pictures,
  sentence,
} from '../../../featclass/web/assets/wording.js';

Deno.test('of all alone 100 % is said, of none alone 0 %', () => {
  const shares = [0, 1e-9, 0.004, 0.5, 0.954, 0.99, 0.996, 299 / 300, 1];
  const said = ['0 %', '1 %', '1 %', '50 %', '95 %', '99 %', '99 %', '99 %', '100 %'];
  assert.deepEqual(shares.map(percent), said);
});

Deno.test('one picture is a picture, and thousands are told apart', () => {
  assert.deepEqual([0, 1, 2, 12345].map(pictures), [
    '0 pictures',
    '1 picture',
    '2 pictures',
    '12,345 pictures',
  ]);
});

Deno.test('a sentence begins large and ends, also where it asked', () => {
  assert.equal(sentence('that is no zip'), 'That is no zip.');
  assert.equal(sentence('is it?'), 'Is it?');
  assert.equal(clause('It is.'), 'It is');
});

Deno.test('only a long name is cut, between words where there are any', () => {
  assert.equal(halves('Flintstones'), null);
  assert.deepEqual(halves('Puddlewicks of the lake'), ['Puddlewicks of ', 'the lake']);
  assert.deepEqual(halves('Donaudampfschiff'), ['Donauda', 'mpfschiff']);
});

Deno.test('a name is cut between what a reader takes for one letter', () => {
  const family = '👨‍👩‍👧';
  const parts = halves(family.repeat(14));
  assert.equal(parts?.[1], family.repeat(9));
});
