// Which points of the map a person means: those within a line drawn, the nearest, the next that way.
/** @typedef {{x: number, y: number}} Place from -1 to 1, y upwards */
/** @typedef {[number, number]} Spot in pixels, y downwards */

const NEAR = 14, STILL = 5, EDGE = 16; // pixels

/** The map within its canvas. */
export class Frame {
  /** @param {number} room pixels from left to right */
  constructor(room) {
    this.width = Math.max(160, room);
    this.height = Math.round(Math.min(460, this.width * 0.85));
  }

  /**
   * @param {Place} place
   * @returns {Spot}
   */
  spot({ x, y }) {
    return [
      EDGE + (x + 1) / 2 * (this.width - 2 * EDGE),
      EDGE + (1 - y) / 2 * (this.height - 2 * EDGE),
    ];
  }
}

/**
 * The point nearest to a spot, where one is near at all.
 * @template {Place} P
 * @param {P[]} points
 * @param {Frame} frame
 * @param {Spot} spot
 */
export function nearest(points, frame, [x, y]) {
  /** @type {P | null} */
  let best = null;
  let least = NEAR ** 2;
  for (const point of points) {
    const [px, py] = frame.spot(point), far = (px - x) ** 2 + (py - y) ** 2;
    if (far < least) [best, least] = [point, far];
  }
  return best;
}

/**
 * Whether a spot lies within an outline, by how often a ray from it crosses that.
 * @param {Spot} spot
 * @param {Spot[]} outline
 */
export function isInside([x, y], outline) {
  let within = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [a, b] = outline[i], [c, d] = outline[j];
    if ((b > y) !== (d > y) && x < (c - a) * (y - b) / (d - b) + a) within = !within;
  }
  return within;
}

/**
 * Whether a line drawn is no more than a click.
 * @param {Spot[]} line
 */
export const isClick = (line) => {
  const [x, y] = line[line.length - 1];
  return line.every(([a, b]) => Math.hypot(a - x, b - y) < STILL);
};

/** @type {Record<string, [number, number]>} */
export const STEPS = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/**
 * The nearest point that way, what lies aside counting double; the same where there is none.
 * @template {Place} P
 * @param {P[]} points
 * @param {P | null} from
 * @param {[number, number]} step
 */
export function nextPoint(points, from, [right, down]) {
  if (!from) return points[0];
  const cost = (/** @type {P} */ point) => {
    const dx = point.x - from.x, dy = from.y - point.y, along = dx * right + dy * down;
    return along > 1e-6 ? along + 2 * Math.abs(dx * down - dy * right) : Infinity;
  };
  return points.reduce((best, point) => cost(point) < cost(best) ? point : best, from);
}
