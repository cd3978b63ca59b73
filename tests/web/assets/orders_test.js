import assert from 'node:assert/strict';
import { comparing, isShownBy } from '../../../featclass/web/assets/orders.js';
/** @import { Row, Sort } from '../../../featclass/web/assets/orders.js' */

/** @type {(name: string, kind: Row['kind'], label?: string | null, probability?: number | null) => Row} */
const row = (name, kind, label = null, probability = null) => ({
  id: 0,
  digest: '',
  name,
  kind,
  label,
  probability,
});
const ROWS = [
  row('waits', 'waiting'),
  row('sure', 'sure', 'B', 0.98),
  row('stray', 'unknown', 'A', 0.7),
  row('doubtful', 'doubtful', 'A', 0.55),
  row('surest', 'sure', 'A', 0.99),
];
/** @type {(sort: Sort) => string} */
const sorted = (sort) =>
  ROWS.toSorted(comparing(sort, ['A', 'B'])).map(({ name }) => name).join(' ');

Deno.test('the newest first is the order in which they come', () => {
  assert.equal(sorted('newest'), 'waits sure stray doubtful surest');
});

Deno.test('what is unlike anything is most doubtful, and what waits comes last', () => {
  assert.equal(sorted('doubtful'), 'stray doubtful sure surest waits');
  assert.equal(sorted('certain'), 'surest sure doubtful stray waits');
});

Deno.test('by class they stand in the order of the sets, the surest first', () => {
  assert.equal(sorted('class'), 'surest doubtful sure stray waits');
});

Deno.test('the filter of a class lets through only what is said to be one', () => {
  const through = (/** @type {string} */ filter) =>
    ROWS.filter((one) => isShownBy(filter, one)).map(({ name }) => name).join(' ');
  assert.equal(through('class A'), 'doubtful surest');
  assert.equal(through('unknown'), 'stray');
  assert.equal(through('all'), 'waits sure stray doubtful surest');
});
