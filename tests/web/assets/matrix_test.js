import assert from 'node:assert/strict';
import { nextCell } from '../../../featclass/web/assets/matrix.js';

const DRAWN = new Set(['0,0', '0,1', '1,1', '2,2', '-1,0', '-1,1', '-1,2', '0,-1', '1,-1', '2,-1']);

Deno.test('an arrow goes over cells that are not drawn', () => {
  assert.equal(nextCell('1,-1', [0, 1], 3, DRAWN), '1,1');
  assert.equal(nextCell('2,2', [-1, 0], 3, DRAWN), '-1,2');
});

Deno.test('an arrow stays where there is no cell that way', () => {
  assert.equal(nextCell('2,2', [0, 1], 3, DRAWN), '2,2');
  assert.equal(nextCell('-1,0', [-1, 0], 3, DRAWN), '-1,0');
});
