// The learning curve: the score with its interval, and what is expected of the others.
import { dom } from './dom.js';
import { number, percent } from './wording.js';
/** @import { Step, Visit } from './visit.js' */

const HARDER = 'You were asked about the hardest pictures, so the score of the labelled ones may ' +
  'fall while the classifier gets better.';

/** @param {Visit} visit */
export function drawCurve(visit) {
  const { curve } = visit, scores = curve.flatMap(({ score }) => score ? [score] : []);
  const sums = curve.flatMap(({ expected }) => expected ? [expected] : []);
  if (!curve.length) return null;
  const score = scores.at(-1), last = curve[curve.length - 1].score;
  const isLower = last && last[0] / last[1] < scores[0][0] / scores[0][1];
  const expected = sums.map(([sum, of]) => percent(sum / of).replace(' ', '\u00a0'));
  const right = scores.map(([right, of]) => `${right} of ${of}`);
  return dom`<div class="grown"><div><p><b>${number(visit.answered)} answered</b></p>
    ${
    expected.length > 0 &&
    dom`<p><span class="mark expected"></span>${`Expected right on the others: ${expected.at(-1)}${
      was(expected)
    }`}</p>`
  }${
    score &&
    dom`<p class="quiet"><span class="mark score"></span>${`Labelled ones: ${right.at(-1)} right, ${
      interval(score)
    }${was(right)}`}</p>`
  }</div>${curve.length > 1 && chart(curve)}
    ${isLower && dom`<p class="quiet why-lower">${HARDER}</p>`}</div>`;
}

/** @param {string[]} told what is said of each step */
const was = (told) => told.length > 1 ? `, was ${told[0]}` : '';

/** @param {NonNullable<Step['score']>} score */
const interval = ([, , low, high]) =>
  `${Math.floor(100 * low + 1e-9)} to ${Math.ceil(100 * high - 1e-9)}\u00a0%`;

/** @param {Step[]} curve */
function chart(curve) {
  const most = curve[curve.length - 1].answered || 1, first = curve[0].answered;
  const x = (/** @type {Step} */ { answered }) =>
    (100 * (answered - first) / Math.max(1, most - first)).toFixed(1);
  const y = (/** @type {number} */ share) => (40 - 40 * share).toFixed(1);
  /** @type {(steps: Step[], share: (step: Step) => number | null) => string[]} */
  const spots = (steps, share) =>
    steps.flatMap((step) => {
      const value = share(step);
      return value === null ? [] : [`${x(step)},${y(value)}`];
    });
  const score = spots(curve, ({ score }) => score && score[0] / score[1]);
  const expected = spots(curve, ({ expected }) => expected && expected[0] / expected[1]);
  const band = [
    ...spots(curve, ({ score }) => score && score[3]),
    ...spots(curve.toReversed(), ({ score }) => score && score[2]),
  ];
  return dom`<svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img"
    aria-label="Learning curve over ${most} answers, from 0 to 100 %">
    <line class="edge" x1="0" x2="100" y1="40" y2="40"/><line class="edge" x1="0" x2="100" y1="0" y2="0"/>
    <polygon class="band" points="${score.length > 1 ? band.join(' ') : ''}"/>
    <polyline class="path" points="${score.length > 1 ? score.join(' ') : ''}"/>
    <polyline class="path expected" points="${
    expected.length > 1 ? expected.join(' ') : ''
  }"/></svg>`;
}
