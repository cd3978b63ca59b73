// What a person has answered in a visit, and what is left to ask; nothing here is drawn or sent.
/** @import { AskingData, QuestionRow, SetRow } from './data.js' */
/** @typedef {{picture: QuestionRow, set: number | null, isSkipped: boolean, act: number | null}} Given */
/** @typedef {{key: string, score: AskingData['score'], expected: AskingData['expected'], answered: number}} Step of the learning curve */

export class Visit {
  isOpen = false;
  /** @type {QuestionRow[] | null} */
  queue = null;
  isTouched = false;
  /** @type {Given[]} */
  given = [];
  /** @type {Set<number>} */
  skipped = new Set();
  /** @type {Step[]} */
  curve = [];
  said = '';
  /** Answers are sent one after the other. */
  sending = Promise.resolve();

  /** @param {QuestionRow} picture */
  isAnswered([id]) {
    return this.skipped.has(id) || this.given.some(({ picture }) => picture[0] === id);
  }

  /** How many were answered, whether or not that is done by now. */
  get answered() {
    return this.given.filter(({ isSkipped }) => !isSkipped).length;
  }

  /**
   * Takes the questions in a new order; the one that is being looked at stays first.
   * @param {QuestionRow[] | undefined} questions
   */
  take(questions) {
    const current = this.queue?.[0];
    const fresh = (questions ?? this.queue ?? []).filter((one) => !this.isAnswered(one));
    const stays = current && this.isTouched && !this.isAnswered(current);
    const first = stays ? fresh.find(([id]) => id === current[0]) ?? current : null;
    this.queue = [...first ? [first] : [], ...fresh.filter(([id]) => id !== first?.[0])];
    this.isTouched = true;
  }

  /**
   * Goes on to the next question.
   * @param {Omit<Given, 'picture' | 'act'>} how
   */
  give(how) {
    const picture = this.queue?.shift();
    if (!picture) return null;
    const given = { picture, act: null, ...how };
    this.given.push(given);
    if (how.isSkipped) this.skipped.add(picture[0]);
    return given;
  }

  /** Goes back to the question before. */
  takeBack() {
    const given = this.given.pop();
    if (!given) return null;
    const [id] = given.picture;
    this.skipped.delete(id);
    this.queue = [given.picture, ...(this.queue ?? []).filter((one) => one[0] !== id)];
    return given;
  }

  /** Asks about what was skipped once more. */
  again() {
    this.skipped.clear();
    this.given = this.given.filter(({ isSkipped }) => !isSkipped);
    this.said = '';
  }

  /**
   * Notes the score of every classifier that is current, by how many answers it knows.
   * @param {AskingData} data
   */
  follow({ key, score, expected, current }) {
    if (!current || !key || !score && !expected) return;
    const answered = this.given.filter(({ act }) => act !== null).length;
    const last = this.curve.at(-1), now = { key, score, expected, answered };
    if (last?.key === key) {
      Object.assign(last, { score, expected: expected ?? last.expected });
      return;
    }
    this.curve = [...this.curve.filter((one) => one.answered < answered), now];
  }
}

/**
 * The keys of each class: digits for the first nine, first letters where only one has it and no other
 * key is it.
 * @param {SetRow[]} sets
 */
export function keysOf(sets) {
  const letters = sets.map(([, name]) => name.trim().charAt(0).toLowerCase());
  const isFree = (/** @type {string} */ letter) =>
    /^\p{L}$/u.test(letter) && !'sz'.includes(letter) &&
    letters.filter((one) => one === letter).length === 1;
  return sets.map((_, i) => [
    ...i < 9 ? [String(i + 1)] : [],
    ...isFree(letters[i]) ? [letters[i]] : [],
  ]);
}
