import assert from 'node:assert/strict';
import { Smoothed } from '../../../featclass/web/assets/smoothing.js';
/** @import { Bar } from '../../../featclass/web/assets/data.js' */

/** @type {(share: number) => {bars: Bar[], known: boolean}} */
const seen = (share) => ({ bars: [['A', share], ['B', 1 - share]], known: true });

Deno.test('the first answer is said as it is', () => {
  const smoothed = new Smoothed();
  smoothed.take(seen(0.2), 5000);
  assert.deepEqual([smoothed.winner, smoothed.shares.get('B')], ['B', 0.8]);
});

Deno.test('one frame that says another class does not change the winner, many do', () => {
  const smoothed = new Smoothed();
  smoothed.take(seen(0.9), 5000);
  smoothed.take(seen(0.1), 5050);
  assert.equal(smoothed.winner, 'A');
  for (let now = 5100; now < 6000; now += 50) smoothed.take(seen(0.1), now);
  assert.equal(smoothed.winner, 'B');
});

Deno.test('whether it is known changes only when it is clear', () => {
  const smoothed = new Smoothed();
  smoothed.take(seen(0.9), 5000);
  smoothed.take({ ...seen(0.9), known: false }, 5100);
  assert.ok(smoothed.isKnown);
  for (let now = 5200; now < 6500; now += 100) {
    smoothed.take({ ...seen(0.9), known: false }, now);
  }
  assert.ok(!smoothed.isKnown);
});
