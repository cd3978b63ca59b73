// What a drop leaves to say where it happened: how far it is, a question that only its owner can
// answer, how it was read, and how the names in a zip were read. A place is a set's id, or 'new'.
import { dom, fill, fillBar, icon, keepingFocus, shownName } from './dom.js';
import { ended, number } from './wording.js';
/** @import { Names, NamesRead, Question } from './data.js' */
/** @import { Sets } from './sets.js' */
/** @typedef {Names & {isBusy?: boolean}} Reading */

const SHOWN_CLASSES = 5, SHOWN_NAMES = 3, LONGEST_NAME = 40;

/** What is said at one place. */
class Place {
  text = '';
  /** @type {number | null} */
  share = null;
  /** @type {string[]} */
  lines = [];
  /** @type {Reading[]} */
  names = [];
  /** @type {Question & {answer: (depth: number | null) => void} | null} */
  question = null;
  /** @type {(() => unknown) | null} */
  again = null;
  /** @type {Promise<number | null>} */
  turn = Promise.resolve(null);

  /** What is drawn anew where it changes, as against the text and the progress. */
  get shape() {
    const { question, lines, names, share, text, again } = this;
    return JSON.stringify([question?.sentence, lines, names, share === null, !text, !again]);
  }
}

export class Places {
  /** @param {Sets} sets */
  constructor(sets) {
    this.sets = sets;
    /** @type {Map<string, Place>} */
    this.places = new Map();
  }

  /** @param {string} key */
  of(key) {
    const place = this.places.get(key) ?? new Place();
    this.places.set(key, place);
    return place;
  }

  /** @param {string} key */
  node(key) {
    return /** @type {HTMLElement | null} */ (
      this.sets.host.querySelector(`[data-place="${key}"]`)
    );
  }

  /** @type {(key: string, what: Partial<Place>) => void} */
  say(key, what) {
    Object.assign(this.of(key), what);
    this.draw(key);
  }

  /**
   * Asks where the drop happened how its folders are meant: which are the classes, or null where it
   * is left. One question at a time: a second drop waits for its turn.
   * @param {string} key
   * @param {Question} question
   */
  ask(key, question) {
    const place = this.of(key);
    place.turn = place.turn.then(() =>
      new Promise((answered) => {
        const answer = (/** @type {number | null} */ depth) => {
          const wasWithin = this.node(key)?.contains(this.sets.active);
          answered(depth);
          this.say(key, { question: null });
          if (wasWithin) this.node(key)?.focus({ preventScroll: true });
        };
        this.say(key, { question: { ...question, answer } });
        const box = /** @type {HTMLElement | null | undefined} */ (
          this.node(key)?.querySelector('.question')
        );
        box?.focus({ preventScroll: true });
        box?.scrollIntoView({ block: 'nearest' });
      })
    );
    return place.turn;
  }

  /** Draws all of them; what was to be said in a set that is gone by now is said beneath all sets. */
  drawAll() {
    for (const [key, place] of this.places) {
      if (this.node(key) || place.share !== null || place.question) continue;
      this.places.delete(key);
      const lines = [place.text, ...place.lines].filter(Boolean).map(ended);
      if (lines.length) Object.assign(this.of('new'), { lines });
    }
    for (const key of this.places.keys()) this.draw(key);
  }

  /** @param {string} key anew only where more than the progress has changed, under the pointer */
  draw(key) {
    const node = this.node(key), place = this.of(key);
    if (!node) return;
    if (node.dataset.shape !== place.shape) {
      node.dataset.shape = place.shape;
      keepingFocus(node, () => this.fill(node, key, place));
    }
    const bar = /** @type {HTMLElement | null} */ (node.querySelector('.bar'));
    const text = node.querySelector('.sum span');
    if (text) text.textContent = place.text;
    if (bar) fillBar(bar, place.share ?? 0);
  }

  /** @type {(node: HTMLElement, key: string, place: Place) => void} */
  fill(node, key, place) {
    const isTold = Boolean(place.lines.length || place.names.length), isSent = place.share === null;
    const dismiss = () =>
      this.say(key, { text: '', share: null, lines: [], names: [], again: null });
    node.classList.toggle('said', Boolean(place.question) || isTold);
    fill(
      node,
      place.question && drawQuestion(key, place.question),
      !isSent && dom`<div class="bar" role="progressbar" aria-label="Sent"><i></i></div>`,
      place.text && dom`<p class="sum" role="status"><span></span>${
        place.again &&
        dom`<button class="text" data-key="g${key}" onclick=${place.again}>Ask again</button>`
      }</p>`,
      place.lines.length > 0 && dom`<div class="lines" role="status">
        <ul>${place.lines.map((line) => dom`<li>${line}</li>`)}</ul></div>`,
      place.names.map((reading) => this.names(key, reading)),
      isTold && isSent && dom`<button class="icon dismiss" data-key="k${key}" title="Dismiss"
        aria-label="Dismiss what was said of this drop" onclick=${dismiss}>${
        icon('cross')
      }</button>`,
    );
  }

  /**
   * How the names of a zip were read where it does not say; another choice renames its sets.
   * @param {string} key
   * @param {Reading} reading
   */
  names(key, reading) {
    const { zip, kept, readings } = reading;
    const choose = (/** @type {Event} */ event) =>
      this.rename(key, reading, /** @type {HTMLSelectElement} */ (event.currentTarget).value);
    const keep = kept.length > 1
      ? 'were here before and keep their names'
      : 'was here before and keeps its name';
    const options = readings.map((one) =>
      dom`<option value="${one.code}" selected=${one.code === reading.code}>${sample(one)}</option>`
    );
    return dom`<div class="names"><span>The names in ${zip} were read as</span>
      <select class="code" data-key="s${key} ${zip}" aria-label="How the names in ${zip} are read"
        disabled=${Boolean(reading.isBusy)} onchange=${choose}>${options}</select>
      ${kept.length > 0 && dom`<span class="quiet">${kept.join(', ')} ${keep}.</span>`}</div>`;
  }

  /**
   * Renames only sets that still bear the name which the zip gave them: what a person has named stays.
   * @param {string} key
   * @param {Reading} reading
   * @param {string} code
   */
  async rename(key, reading, code) {
    const namesIn = (/** @type {string} */ wanted) =>
      reading.readings.find((one) => one.code === wanted)?.names ?? [];
    const given = new Map(namesIn(reading.code));
    const here = new Map(this.sets.data.sets.map(({ id, name }) => [id, name]));
    const names = namesIn(code).filter(([id, name]) =>
      here.get(id) === given.get(id) && name !== here.get(id)
    );
    reading.isBusy = true;
    this.draw(key);
    const text = names.length ? await this.sets.perform({ do: 'rename', names }) : '';
    reading.isBusy = false;
    if (!text) reading.code = code;
    this.say(key, { text });
  }
}

/** @param {NamesRead} reading a few of the names that it makes */
function sample({ title, names }) {
  const few = names.slice(0, SHOWN_NAMES).map(([, name]) =>
    name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
  );
  return `${title}: ${few.join(', ')}${names.length > SHOWN_NAMES ? ' …' : ''}`;
}

/**
 * A few of many names, and how many more there are; all of them stand in the title.
 * @param {string[]} names
 * @param {number} total
 */
function fewNames(names, total) {
  const shown = total > SHOWN_CLASSES + 1 ? names.slice(0, SHOWN_CLASSES) : names;
  const parts = shown.map((name, i) => [ // a comma stays with its name
    dom`<span class="one">${shownName(name)}${i < shown.length - 1 && ','}</span>`,
    ' ',
  ]);
  return [parts, total > shown.length && `and ${number(total - shown.length)} more`];
}

/** @type {(key: string, question: NonNullable<Place['question']>) => HTMLElement} */
function drawQuestion(key, { sentence, choices, answer }) {
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    answer(null);
  };
  const readings = choices.map(({ classes_at: depth, classes, number: total }) => {
    const few = classes.slice(0, SHOWN_CLASSES + 1).join(', ');
    const label = total ? `Sets: ${few}${total > SHOWN_CLASSES + 1 ? ' and more' : ''}` : null;
    return dom`<button class="reading" data-key="q${key} ${depth}" title="${classes.join('\n')}"
      aria-label=${label} onclick=${() => answer(depth)}>
      <b>${total ? 'Sets:' : 'All into this set'}</b><span>${
      fewNames(classes, total)
    }</span></button>`;
  });
  return dom`<section class="question" role="group" tabindex="-1" data-key="q${key}"
    aria-labelledby="question-${key}" onkeydown=${pressed}>
    <p id="question-${key}">${sentence}</p><div class="readings">${readings}</div>
    <button class="text quiet" data-key="q${key} leave" title="Escape"
      onclick=${() => answer(null)}>Leave it</button></section>`;
}
