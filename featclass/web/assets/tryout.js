// "Try it": drop, paste, choose or photograph new pictures, see what they look like, and say what they
// are. What is answered goes into that set; of many pictures the gallery shows the rest.
import { NO_CAMERA_HERE, openCamera, stamp } from './camera.js';
import { Cards } from './cards.js';
import { Component, mounting } from './component.js';
import { dom, fill, fillBar, keepingFocus, keyed, noDot } from './dom.js';
import { ACCEPT, choose, droppable } from './files.js';
import { Gallery, STEPS } from './gallery.js';
import { Live } from './live.js';
import { offered } from './offered.js';
import { act, get, said } from './server.js';
import { Tried } from './tried.js';
import { upload } from './upload.js';
import { View } from './view.js';
import { pictures } from './wording.js';
/** @import { Camera } from './camera.js' */
/** @import { Answer } from './cards.js' */
/** @import { TriedPicture, TriedRow, TryoutData } from './data.js' */
/** @import { Item } from './files.js' */

/** @type {{base: string, tried: Tried<TriedPicture>, view: View}} */
let seen = { base: '', tried: new Tried(), view: new View() };

/**
 * Where Streamlit builds the page anew, what was answered in this workspace is still there to undo,
 * and the gallery as it was.
 * @param {TryoutData} data
 */
function seenIn({ base }) {
  if (seen.base !== base) seen = { base, tried: new Tried(), view: new View() };
  return seen;
}

/** @extends {Component<TryoutData>} */
export class Tryout extends Component {
  tried = seenIn(this.data).tried;
  cards = new Cards(this);
  gallery = new Gallery(this, seenIn(this.data).view);
  /** @type {Camera | null} */
  camera = null;
  /** @type {Live | null} */
  live = null;
  isOpening = false;
  button = this.find('.camera');
  gone = new AbortController();

  listen() {
    const { host, gone: { signal } } = this;
    const take = (/** @type {Item[]} */ items) => this.send(items);
    this.button.onclick = () => this.camera ? this.stopCamera() : this.startCamera();
    this.find('.zone .pick').onclick = () => choose(host, { accept: ACCEPT }, take);
    droppable(host, take);
    host.onkeydown = (event) => this.pressed(event);
    document.addEventListener('paste', (event) => this.pasted(event), { signal });
    offered.addEventListener('change', () => this.draw(), { signal });
  }

  leave() {
    this.stopCamera();
    this.gone.abort();
  }

  /** @param {string} text */
  say(text) {
    this.find('.note').textContent = text;
  }

  /** @param {object} what */
  async act(what) {
    this.say(await this.perform(what));
  }

  // Bringing pictures

  /** @param {ClipboardEvent} event */
  pasted(event) {
    const files = [...event.clipboardData?.files ?? []].filter(({ type }) =>
      type.startsWith('image/')
    );
    if (!files.length || !this.host.isConnected) return;
    event.preventDefault();
    const path = (/** @type {number} */ i) => `pasted-${stamp()}${i ? `-${i}` : ''}.png`;
    this.send(files.map((file, i) => ({ path: path(i), file })));
  }

  /** @param {Item[]} items */
  async send(items) {
    if (!items.length) return null;
    const tell = (/** @type {string} */ text) => this.say(`Sending ${text}`);
    const sum = await upload(this.base, 'try', items, tell);
    const text = sum.error || sum.rejected || !sum.added ? sum.text : '';
    this.say([text, ...sum.notes].filter(Boolean).join('. '));
    this.redraw();
    return sum;
  }

  /** The camera says what it sees all the time; nothing is kept but what is taken with the button. */
  async startCamera() {
    if (!navigator.mediaDevices) {
      // Browsers give the camera only to https pages and to this very machine.
      this.say(NO_CAMERA_HERE);
      const attributes = { accept: 'image/*', capture: 'environment' };
      return choose(this.host, attributes, (items) => this.send(items));
    }
    if (this.isOpening) return;
    this.isOpening = true;
    const ended = (/** @type {string} */ sentence) => {
      this.stopCamera();
      this.say(sentence);
    };
    try {
      const camera = this.camera = await openCamera(ended);
      if (!this.host.isConnected) return this.stopCamera();
      this.say('');
      this.drawCamera(camera);
    } catch (error) {
      this.say(said(error));
    } finally {
      this.isOpening = false;
    }
  }

  /** @param {Camera} camera */
  drawCamera(camera) {
    this.live = new Live(camera, this.base, () => this.data.colours);
    const shoot = dom`<button class="pill strong"
      onclick=${() => this.shoot(camera)}>Take picture</button>`;
    const none = this.data.sets.length > 0 && dom`<button class="pill"
      title="Take this picture, and say that it is none of your sets"
      onclick=${() => this.shootNone(camera)}>${noDot()}None of these</button>`;
    fill(
      this.find('.viewfinder'),
      camera.video,
      this.live.node,
      dom`<div class="row">${shoot}${none}${camera.switcher()}
        <button class="pill" onclick=${() => this.stopCamera()}>Close camera</button></div>`,
    );
    this.button.setAttribute('aria-pressed', 'true');
    camera.play();
    shoot.focus({ preventScroll: true });
  }

  stopCamera() {
    this.live?.close();
    this.camera?.close();
    this.live = this.camera = null;
    fill(this.find('.viewfinder'));
    this.button.removeAttribute('aria-pressed');
  }

  /** @param {Camera} camera */
  async shoot(camera) {
    const file = await camera.photograph(Infinity, 0.92);
    const sum = file && await this.send([{ path: `photo-${stamp()}.jpg`, file }]);
    return sum && (sum.added || sum.copies) ? file : null; // else why is said by now
  }

  /** @param {Camera} camera what it sees now is taken and answered in one */
  async shootNone(camera) {
    const file = await this.shoot(camera);
    if (!file) return;
    // Other pictures may arrive at the same time.
    const [answer, digest] = await Promise.all([get(`${this.base}/tried`), digestOf(file)]);
    const rows = /** @type {TriedRow[]} */ (answer?.rows ?? []);
    const id = rows.find((row) => row[1] === digest)?.[0];
    if (id !== undefined) return this.answer([id], null);
    this.say(
      'The picture was taken, but what it is could not be said. Say it beneath the picture.',
    );
  }

  // Answering

  /**
   * Puts pictures into a set, into a new one of the name given, or says that they are none of these.
   * @param {number[]} all
   * @param {Answer | string} set
   */
  async answer(all, set) {
    const { tried, data } = this, ids = all.filter((id) => !tried.went.has(id));
    if (!ids.length) return;
    const isNew = typeof set === 'string', isNone = set === null, isOne = ids.length === 1;
    const name = isNew ? set : set ? set[1] : 'none of these';
    const since = data.version, colour = isNew || isNone ? null : set[2];
    const gone = { name, isNone, colour, act: null, since };
    const about = { ids, act: null, since, was: data.score, isDone: false, text: '' };
    // Of what is none of these, which concerns no set, only the line that undoes everything tells.
    const came = isNone ? null : {
      ...about,
      said: `Added ${isOne ? '' : `${pictures(ids.length)} `}to ${name}`,
    };
    tried.came = came;
    if (isOne) tried.went.set(ids[0], gone);
    else this.gallery.view.pickNone();
    this.cards.close();
    this.say('');
    this.draw();
    const to = isNew ? { 'new set': set } : { set: set?.[0] };
    const what = isNone ? { do: 'none of these' } : { do: 'move', ...to };
    try {
      const { act: number = 0, version = this.data.version } = await act(this.base, {
        ...what,
        pictures: ids,
      });
      Object.assign(gone, { act: number, since: version });
      if (came) Object.assign(came, { act: number, since: version, isDone: true });
    } catch (error) {
      tried.went.delete(ids[0]);
      tried.came = null;
      this.say(said(error));
    }
    this.draw();
    this.redraw();
  }

  /** @param {number | null} number of the act */
  async takeBack(number) {
    const problem = await this.perform({ do: 'undo', act: number });
    if (problem) this.say(problem);
    else if (this.tried.came?.act === number) {
      this.tried.came = null;
      this.draw();
    }
  }

  // Drawing

  draw() {
    keepingFocus(
      this.host,
      () => this.drawAll(),
      (_, card) => keyed(this.host, card) ?? this.host.querySelector('.result.first'),
    );
  }

  drawAll() {
    const { results, rejected, total, version, most } = this.data, { tried } = this;
    this.drawZone();
    const isGallery = total + tried.went.size > most;
    if (!isGallery) tried.meet(results, version);
    this.drawCame();
    const dismiss = () => this.act({ do: 'dismiss', set: 'try' });
    const refused = rejected.map(([name, reason]) =>
      dom`<article class="result rejected"><div class="said"><b>${name}</b>
        <p>Could not be used: ${reason}</p></div></article>`
    );
    fill(
      this.find('.results'),
      refused,
      refused.length > 0 && dom`<button class="text quiet" data-key="dismiss"
        onclick=${dismiss}>Dismiss</button>`,
      isGallery
        ? this.gallery.drawOpen()
        : tried.items.map((result, i) => this.cards.card(result, i === 0)),
    );
    this.gallery.draw(isGallery);
    const clear = () => this.act({ do: 'clear tried' });
    fill(
      this.find('.after'),
      total > 0 && dom`<button class="text quiet" data-key="clear" onclick=${clear}>
        Clear all</button>`,
    );
  }

  drawZone() {
    const { ready, working, share } = this.data;
    this.find('.zone .what').textContent = ready
      ? 'Drop, paste or take a new picture'
      : 'Once there are two sets to tell apart, try new ones here';
    const bar =
      dom`<div class="bar" role="progressbar" aria-label="Pictures looked at"><i></i></div>`;
    fillBar(bar, share);
    fill(this.find('.working'), working && [dom`<span role="status">${working}</span>`, bar]);
  }

  /** What came of the last answer: the score, as soon as the classifier has followed. */
  drawCame() {
    const { came } = this.tried, { score } = this.data, place = this.find('.came');
    place.hidden = !came;
    if (!came) return fill(place);
    if (came.isDone && !came.text && score.current && score.key !== came.was.key) {
      const was = came.was.said ? ` (was ${came.was.said.replace(/ right$/, '')})` : '';
      came.text = `${came.said}${score.said ? `: now ${score.said}${was}` : ''}`;
    }
    const isKnown = came.isDone && score.current, offers = offered.leaves(came.act);
    const text = came.text || (isKnown ? came.said : `${came.said} …`);
    const now = place.querySelector('span')?.textContent;
    if (now === text && Boolean(place.querySelector('button')) === offers) return;
    fill(
      place,
      dom`<span>${text}</span>`,
      offers && dom`<button class="text" data-key="undo-came" aria-label="Undo: ${came.said}"
        onclick=${() => this.takeBack(came.act)}>Undo</button>`,
    );
  }

  // The keyboard: digits answer, 0 that it is none of these; arrows go on.

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target), { gallery } = this;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches('input, select, textarea')) return;
    const set = answerOf(event.key, this.data.sets), card = target.closest('article');
    if (set !== undefined) {
      event.preventDefault();
      if (gallery.isShown) gallery.answer(set);
      else this.answerCard(card, set);
    } else if (gallery.isShown) gallery.pressed(event);
    else if (STEPS[event.key] && card) {
      event.preventDefault();
      this.step(card, STEPS[event.key]);
    }
  }

  /** @type {(card: HTMLElement | null, by: number) => void} */
  step(card, by) {
    const cards = /** @type {HTMLElement[]} */ ([
      ...this.host.querySelectorAll('article[data-id]'),
    ]);
    const next = cards[cards.findIndex((one) => one === card) + by];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: 'nearest' });
  }

  /** @type {(card: HTMLElement | null, set: Answer) => void} */
  answerCard(card, set) {
    const { tried } = this, result = tried.items.find(({ id }) => String(id) === card?.dataset.id);
    if (!result?.bars || tried.went.has(result.id)) return;
    this.answer([result.id], set);
    this.step(keyed(this.host, `c${result.id}`), 1);
  }
}

/**
 * The answer that a key gives, null for none of these; undefined where it gives none.
 * @param {string} key
 * @param {import('./data.js').TargetRow[]} sets
 * @returns {Answer | undefined}
 */
export const answerOf = (key, sets) =>
  key === '0' && sets.length ? null : /^[1-9]$/.test(key) ? sets[Number(key) - 1] : undefined;

/** @param {Blob} blob of which the SHA-256 is wanted, by which the server knows a picture */
async function digestOf(blob) {
  const bytes = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export default mounting('tryout', Tryout);
