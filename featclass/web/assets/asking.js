// Label the most useful ones: a line that opens one question after the other, a key for each class.
// An answer moves the picture into the set at once, or says that it is none of these; the order is
// asked anew when the classifier has followed. What was skipped counts for this visit.
import { mounting, Opening } from './component.js';
import { drawCurve } from './curve.js';
import { dom, dot, fill, keepingFocus, noDot, shownName } from './dom.js';
import { act, said } from './server.js';
import { keysOf, Visit } from './visit.js';
import { percent, pictures, UNLIKE } from './wording.js';
/** @import { AskingData, QuestionRow } from './data.js' */
/** @import { Given } from './visit.js' */

const FEW_LEFT = 3, MOST_IMAGES = 60, MOST_SKIPPED = 1000;
const COUNTED = 'The questions could not be fetched. Close and open this to try once more.';
/**
 * By workspace, and not by element: where the page is built anew, a person goes on where they were.
 * @type {Map<string, Visit>}
 */
const visits = new Map();

/** @param {AskingData} data */
function visitOf({ base }) {
  const visit = visits.get(base) ?? new Visit();
  visits.set(base, visit);
  return visit;
}

/** @param {AskingData} data what the order of the questions follows from */
const orderOf = ({ classifier, busy, sets }) => `${classifier} ${busy} ${sets.map(([id]) => id)}`;

/** @extends {Opening<AskingData>} */
class Asking extends Opening {
  visit = visitOf(this.data);
  isOpen = this.visit.isOpen;
  order = '';
  isNew = true;
  panel = this.find('.panel');

  /** @param {AskingData} data */
  take(data) {
    this.data = data;
    this.visit.follow(data);
    const shown = JSON.stringify(data);
    if (shown === this.shown) return;
    this.shown = shown;
    // Anew for another classifier, and once more when it has seen all; before, where nothing is left.
    const isAnother = orderOf(data) !== this.order || !this.visit.queue?.length;
    if (this.isOpen && data.current && isAnother) this.load();
    this.draw();
    if (this.isOpen && this.isNew && document.activeElement === document.body) this.focus();
    this.isNew = false;
  }

  focus() {
    this.panel.focus({ preventScroll: true });
  }

  toggle() {
    super.toggle();
    this.visit.isOpen = this.isOpen;
    if (this.isOpen) this.focus();
  }

  async load() {
    const { visit } = this;
    this.order = orderOf(this.data);
    await visit.sending;
    const away = [...visit.skipped].slice(-MOST_SKIPPED).join(',');
    const answer = await this.newest(`questions?without=${away}`);
    if (answer === undefined || !this.isOpen) return;
    if (!answer) visit.said = COUNTED;
    visit.take(answer?.questions);
    this.draw();
  }

  // Answering

  /**
   * The next question does not wait for the answer.
   * @param {number | null} set or none of these
   * @param {string} name
   */
  answer(set, name) {
    const given = this.visit.give({ set, isSkipped: false });
    if (!given) return;
    this.visit.said = `${given.picture[2]}: ${name}.`;
    this.focus(); // the next Enter answers nothing
    this.visit.sending = this.visit.sending.then(() => this.send(given));
    this.goOn();
  }

  /** @param {Given} given */
  async send(given) {
    const { visit } = this, [picture, , name] = given.picture;
    const what = given.set === null
      ? { do: 'none of these', pictures: [picture] }
      : { do: 'move', picture, set: given.set };
    try {
      given.act = (await act(this.base, what)).act ?? null;
    } catch (error) {
      visit.given = visit.given.filter((one) => one !== given);
      visit.said = `The answer for ${name} was not kept: ${said(error)}`;
      this.order = '';
      this.draw();
    }
    this.redraw();
  }

  skip() {
    const given = this.visit.give({ set: null, isSkipped: true });
    if (!given) return;
    this.visit.said = `Skipped ${given.picture[2]}.`;
    this.goOn();
  }

  goOn() {
    if ((this.visit.queue?.length ?? 0) < FEW_LEFT || !this.data.key) this.load();
    this.draw();
  }

  back() {
    const { visit } = this, given = visit.takeBack();
    if (!given) return;
    visit.said = `Back to ${given.picture[2]}.`;
    if (!given.isSkipped) visit.sending = visit.sending.then(() => this.undo(given));
    this.draw();
  }

  /** @param {Given} given */
  async undo(given) {
    try {
      if (given.act !== null) await act(this.base, { do: 'undo', act: given.act });
    } catch (error) {
      this.visit.said = `That could not be taken back: ${said(error)}`;
      this.draw();
    }
    this.redraw();
  }

  again() {
    this.visit.again();
    this.load();
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key, { sets } = this.data;
    // Letters mean something to the page as well: here they are answers.
    if (key.length === 1 && key !== ' ') event.stopPropagation();
    if (key === 'Escape') return this.close();
    if (event.repeat) return;
    const chosen = keysOf(sets).findIndex((keys) => keys.includes(key));
    if (chosen >= 0) this.answer(sets[chosen][0], sets[chosen][1]);
    else if (key === 's') this.skip();
    else if (key === '0') this.answer(null, 'none of these');
    else if (key === 'z' || key === 'Backspace') this.back();
    else return;
    event.preventDefault();
  }

  // Drawing

  draw() {
    const { panel, visit, isOpen, data: { count } } = this;
    this.host.hidden = !count && !isOpen;
    this.drawToggle(
      count ? `Label the most useful of ${pictures(count)}` : 'Label pictures',
      isOpen ? 'Close' : 'one key each',
    );
    panel.hidden = !isOpen;
    if (!isOpen) return fill(panel);
    const note = () => dom`<p class="note quiet" role="status">${visit.said}</p>`;
    keepingFocus(panel, () => fill(panel, this.question(), note(), drawCurve(visit)), () => panel);
  }

  question() {
    const [current, ...following] = this.visit.queue ?? [], { sets } = this.data;
    if (!current) return [dom`<p class="quiet note">${this.nothing}</p>`, this.ways(false)];
    for (const one of following.slice(0, 2)) this.image(one); // there when its turn comes
    const [, , name, label, chance] = current, keys = keysOf(sets);
    const would = chance === null ? UNLIKE + label : `It would say ${label}, ${percent(chance)}`;
    const classes = sets.map(([id, title, colour], i) =>
      dom`<button class="pill" title="${title}" data-key="c${id}"
        aria-keyshortcuts=${keys[i].join(' ') || null} onclick=${() => this.answer(id, title)}>
        ${dot(colour)}${shownName(title)}${
        keys[i].length > 0 && dom`<kbd aria-hidden="true">${keys[i][0].toUpperCase()}</kbd>`
      }</button>`
    );
    // None of these stands always at the same place, so that no class slides under the pointer.
    return [
      dom`<figure class="asked">${this.image(current)}</figure>`,
      dom`<div class="asked-of"><h3>Which is it?</h3>
        <span class="quiet" title="${name}">${label === null ? name : would}</span></div>`,
      dom`<div class="classes"><button class="pill none" data-key="none" aria-keyshortcuts="0"
        onclick=${() => this.answer(null, 'none of these')}>${noDot()}
        <span class="word">None of these</span><kbd aria-hidden="true">0</kbd></button>
        ${classes}</div>`,
      this.ways(true),
    ];
  }

  get nothing() {
    const { queue, skipped } = this.visit;
    if (queue === null) return 'Looking for the most useful ones.';
    if (skipped.size) return `Nothing is left but what you skipped (${skipped.size}).`;
    if (this.data.busy) return 'Looking at the pictures.';
    return 'Nothing is left to ask about: every picture is in a set, or in none of these.';
  }

  /** @param {boolean} isAsking */
  ways(isAsking) {
    const { given, skipped } = this.visit;
    /** @type {(key: string, text: string, shortcut: string, does: () => void, isOff?: boolean) => HTMLElement} */
    const way = (key, text, shortcut, does, isOff = false) =>
      dom`<button class="text quiet" data-key="${key}" aria-keyshortcuts="${shortcut}"
        disabled=${isOff} onclick=${does}>${text}
        <kbd aria-hidden="true">${shortcut.toUpperCase()}</kbd></button>`;
    return dom`<div class="ways">${isAsking && way('skip', 'Skip', 's', () => this.skip())}
      ${
      !isAsking && skipped.size > 0 && dom`<button class="text" data-key="again"
        onclick=${() => this.again()}>Ask about them again</button>`
    }${way('back', 'Back', 'z', () => this.back(), !given.length)}</div>`;
  }

  /** @param {QuestionRow} picture */
  image([, digest, name]) {
    const image = this.picture(digest, name, { size: 480, loading: 'eager' });
    if (this.images.size > MOST_IMAGES) this.images.delete([...this.images.keys()][0]);
    return image;
  }
}

export default mounting('asking', Asking);
