import assert from 'node:assert/strict';
import {
  Frame,
  isClick,
  isInside,
  nearest,
  nextPoint,
  STEPS,
} from '../../../featclass/web/assets/lasso.js';
/** @import { Spot } from '../../../featclass/web/assets/lasso.js' */

const FRAME = new Frame(400);

Deno.test('the corners of the map lie within its canvas, upwards being less', () => {
  assert.deepEqual([FRAME.width, FRAME.height], [400, 340]);
  assert.deepEqual(FRAME.spot({ x: -1, y: 1 }), [16, 16]);
  assert.deepEqual(FRAME.spot({ x: 1, y: -1 }), [384, 324]);
});

Deno.test('a lasso holds what lies within it, also where it is bent inwards', () => {
  /** @type {Spot[]} */
  const outline = [[0, 0], [10, 0], [10, 10], [5, 3], [0, 10]];
  assert.ok(isInside([2, 2], outline) && isInside([9, 5], outline));
  assert.ok(!isInside([5, 8], outline) && !isInside([11, 2], outline));
});

Deno.test('a line that stays where it began is a click', () => {
  assert.ok(isClick([[10, 10], [12, 11], [11, 10]]));
  assert.ok(!isClick([[10, 10], [30, 10], [11, 10]]));
});

Deno.test('a point is meant where the pointer is near it, and none where all are far', () => {
  const [a, b] = [{ x: 0, y: 0 }, { x: 0.05, y: 0 }], [x, y] = FRAME.spot(b);
  assert.equal(nearest([a, b], FRAME, [x + 3, y]), b);
  assert.equal(nearest([a, b], FRAME, [x + 40, y]), null);
});

Deno.test('an arrow goes to the nearest point that way, and stays where there is none', () => {
  const [centre, right, up, aside] = [[0, 0], [0.3, 0], [0, 0.5], [0.2, 0.19]].map(([x, y]) => ({
    x,
    y,
  }));
  const points = [centre, up, aside, right];
  assert.equal(nextPoint(points, centre, STEPS.ArrowRight), right);
  assert.equal(nextPoint(points, centre, STEPS.ArrowUp), up);
  assert.equal(nextPoint(points, right, STEPS.ArrowRight), right);
  assert.equal(nextPoint(points, null, STEPS.ArrowUp), centre);
});
