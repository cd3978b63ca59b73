// What a camera sees, smoothed, so that the winner does not flicker.
/** @import { Bar } from './data.js' */

const SMOOTHING = 300, STILL = 0.03; // milliseconds; share
const PAUSE = 2000, LEAST = 1e-4;

export class Smoothed {
  /** @type {Map<string, number>} by class */
  shares = new Map();
  isKnown = true;
  winner = '';
  #known = 1;
  #answered = -Infinity;

  /** Takes the next answer for the first one. */
  reset() {
    this.#answered = -Infinity;
    this.winner = '';
  }

  /**
   * An exponential moving average.
   * @param {{bars: Bar[], known: boolean}} seen
   * @param {number} now in milliseconds
   */
  take({ bars, known }, now) {
    const gap = now - this.#answered;
    const weight = gap > PAUSE ? 1 : 1 - Math.exp(-gap / SMOOTHING);
    this.#answered = now;
    const shares = new Map(bars);
    for (const name of this.shares.keys()) if (!shares.has(name)) shares.set(name, 0);
    for (const [name, share] of shares) {
      const before = this.shares.get(name) ?? share;
      const after = before + weight * (share - before);
      if (after < LEAST && !share) this.shares.delete(name);
      else this.shares.set(name, after);
    }
    this.#known += weight * (Number(known) - this.#known);
    if (weight === 1) this.isKnown = known;
    else if (Math.abs(this.#known - 0.5) > 0.1) this.isKnown = this.#known > 0.5;
    const [best, share] = [...this.shares].reduce((a, b) => b[1] > a[1] ? b : a);
    if (share > (this.shares.get(this.winner) ?? -1) + STILL) this.winner = best;
  }
}
