// What the page says in words and in numbers, the same everywhere.

/** Before the class that a picture unlike all of them is nearest to: no share is meant of it. */
export const UNLIKE = 'Unlike your sets. Nearest: ';

/** @param {number} n */
export const number = (n) => n.toLocaleString('en');

/** @type {(n: number, one: string, many: string) => string} */
export const plural = (n, one, many) => `${number(n)} ${n === 1 ? one : many}`;

/** @param {number} n */
export const pictures = (n) => plural(n, 'picture', 'pictures');

/**
 * A share in whole percent, as `sentences.percent` says it: "100 %" of all alone, "0 %" of none alone.
 * @param {number} share
 */
export function percent(share) {
  const whole = share < 1 ? Math.min(99, Math.round(100 * share)) : Math.round(100 * share);
  return `${share > 0 ? Math.max(1, whole) : whole} %`;
}

/** @param {string} text of which a file's name at its start stays as it is */
export const ended = (text) => text + (/[.!?]$/.test(text) ? '' : '.');

/** @param {string} text */
export const sentence = (text) => text[0].toUpperCase() + ended(text).slice(1);

/** @param {string} text a sentence, of which the clause is wanted that it consists of */
export const clause = (text) => text.replace(/[.!?]$/, '');

const LONG_NAME = 12, SHORTEST_END = 4, LONGEST_END = 9;

/**
 * The start and the end of a class's name that is long, else null: where room is short it is cut
 * between them, since names that are alike often differ at their end.
 * @param {string} name
 * @returns {[string, string] | null}
 */
export function halves(name) {
  const letters = lettersOf(name);
  if (letters.length <= LONG_NAME) return null;
  const end = endOf(letters);
  return [letters.slice(0, -end).join(''), letters.slice(-end).join('')];
}

/** @param {string[]} letters cut between words, where there are any: some scripts join letters */
function endOf(letters) {
  for (let end = LONGEST_END; end >= SHORTEST_END; end--) {
    if (letters[letters.length - end - 1] === ' ') return end;
  }
  return LONGEST_END;
}

/** @param {string} text what a reader takes for one letter is never divided: an emoji, an accent */
function lettersOf(text) {
  if (text.length <= LONG_NAME || !Intl.Segmenter) return [...text];
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}
