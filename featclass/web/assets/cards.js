// A picture tried: its card with bars and neighbours, and "Right?" beneath it. Of one that is unlike
// all sets no bars are shown: their shares would say how sure it is, which it is not.
import { dom, dot, icon, noDot, shownName, styleOf } from './dom.js';
import { offered } from './offered.js';
import { addWhy } from './why.js';
import { percent, UNLIKE } from './wording.js';
/** @import { Bar, NeighbourRow, TargetRow, TriedPicture } from './data.js' */
/** @import { Hole } from './dom.js' */
/** @import { Gone } from './tried.js' */
/** @import { Tryout } from './tryout.js' */
/** @typedef {TargetRow | null} Answer a set, or null for none of these */
/** @typedef {{key: string, about: string, isFew: boolean, isSmall?: boolean, isUnlike?: boolean}} Choosing */

export const ANSWERS = 5;
const MENU_SEARCHED_FROM = 12;
const NONE = 'None of these';

/** @param {HTMLElement} button in its card */
const rootOf = (button) => /** @type {ShadowRoot} */ (button.getRootNode());

export class Cards {
  /** @param {Tryout} tryout */
  constructor(tryout) {
    this.tryout = tryout;
    /** @type {string | null} the picture whose menu of classes is open, and whose new name */
    this.menu = null;
    /** @type {string | null} */
    this.naming = null;
    /** @type {string | null} the neighbour that is large */
    this.near = null;
    this.typed = '';
  }

  get data() {
    return this.tryout.data;
  }

  close() {
    Object.assign(this, { menu: null, naming: null, near: null, typed: '' });
  }

  /** @param {object} change */
  set(change) {
    Object.assign(this, change);
    this.tryout.draw();
  }

  /** @param {string | null | undefined} name */
  colourOf(name) {
    return this.data.colours[name ?? ''] || 'var(--quiet)';
  }

  /**
   * @param {TriedPicture} result
   * @param {boolean} isFirst whether it stands large
   */
  card(result, isFirst) {
    const { id, name, kind } = result, gone = this.tryout.tried.went.get(id);
    const remove = !gone && dom`<button class="icon" title="Remove" aria-label="Remove ${name}"
      data-key="x${id}" onclick=${() => this.tryout.act({ do: 'remove picture', picture: id })}>
      ${icon('cross')}</button>`;
    if (kind === 'rejected') {
      return dom`<article class="result rejected${isFirst ? ' first' : ''}" tabindex="-1"
        data-key="c${id}" data-id="${id}"><div class="said"><b>${name}</b>
        <p>Could not be used: ${
        result.rejected || 'it cannot be read'
      }</p></div>${remove}</article>`;
    }
    const isWaiting = kind === 'waiting', isUnlike = kind === 'unknown';
    const right = gone ? this.whereTo(result, gone) : !isWaiting && this.right(result, isFirst);
    const said = isWaiting ? dom`<p class="verdict waiting">${this.data.waiting}</p>` : [
      this.verdict(result),
      isUnlike ? null : result.bars?.map((bar) => this.bar(bar)),
      this.neighbours(result),
    ];
    const marks = { first: isFirst, stale: this.data.stale, unknown: isUnlike, gone };
    const image = this.tryout.picture(result.digest, name, { size: isFirst ? 480 : 160 });
    image.title ||= name;
    const card = dom`<article class="${styleOf('result', marks)}" tabindex="-1" data-key="c${id}"
      data-id="${id}" aria-label="Prediction for ${name}">
      ${image}
      <div class="said">${said}${!isFirst && right}</div>${isFirst && right}${remove}</article>`;
    addWhy(this.tryout.base, result, card);
    return card;
  }

  /** @param {TriedPicture} result */
  verdict({ kind, label }) {
    const tag = dom`<span class="tag" title="${this.data.doubtful}">doubtful</span>`;
    return dom`<p class="verdict">${kind === 'unknown' ? UNLIKE : 'Looks like '}
      <b>${label}</b>${kind === 'doubtful' && [' ', tag]}</p>`;
  }

  /** @param {Bar} bar */
  bar([name, share]) {
    const width = `width: ${Math.max(1, Math.round(100 * share))}%`;
    return dom`<div class="bar-row" aria-label="${name} ${percent(share)}">
      ${shownName(name, 'label', name)}<span class="track">
      <i style="background: ${this.colourOf(name)}; ${width}"></i></span>
      <span class="value">${percent(share)}</span></div>`;
  }

  /** @param {TriedPicture} result */
  neighbours({ id, kind, neighbours }) {
    if (!neighbours?.length) return null;
    const inner = neighbours.map((one) => this.neighbour(id, one));
    return kind === 'unknown'
      ? dom`<div class="neighbours nearest" role="group" aria-label="Nearest pictures">${inner}</div>`
      : dom`<div class="neighbours"><span>Most like</span>${inner}</div>`;
  }

  /** @type {(id: number, neighbour: NeighbourRow) => Hole} */
  neighbour(id, [digest, name, label, similarity, isHere]) {
    const key = `l${id} ${digest}`, isOpen = this.near === key;
    const how = `similarity ${similarity.toFixed(2)}`,
      border = `border-color: ${this.colourOf(label)}`;
    const about = `${name}: ${label}, ${how}`, title = `${name}\n${label}, ${how}`;
    const at = `${this.tryout.base}/thumbnail/${digest}`;
    if (!isHere) {
      return dom`<span class="like" title="${title}" aria-label="${about}" data-key="${key}"
        style="${border}"><span class="absent">${name}</span></span>`;
    }
    return [
      dom`<button class="like" title="${title}" aria-label="${about}" data-key="${key}"
        aria-expanded=${isOpen} style="${border}"
        onclick=${() => this.set({ near: isOpen ? null : key })}>
        <img src="${at}" alt="" decoding="async"></button>`,
      isOpen && dom`<div class="nearby"><img src="${at}?size=480" alt="${name}" decoding="async">
        <p>${dot(this.colourOf(label))}<b>${label}</b> ${how}
          <span class="quiet">${name}</span></p></div>`,
    ];
  }

  /** @type {(result: TriedPicture, gone: Gone) => HTMLElement} */
  whereTo({ id, name }, { act, colour, isNone, name: to }) {
    const hue = this.data.sets.find((one) => one[1] === to)?.[2] ?? colour, waits = act === null;
    const [mark, words, undone] = isNone
      ? [noDot(), waits ? 'None of these …' : 'None of these, as you said', 'is none of these']
      : [dot(hue), waits ? `to ${to} …` : `in ${to} now`, `to ${to}`];
    return dom`<div class="right">${mark}<span class="done">${words}</span>${
      offered.leaves(act) &&
      dom`<button class="text" data-key="u${id}" aria-label="Undo: ${name} ${undone}"
        onclick=${() => this.tryout.takeBack(act)}>Undo</button>`
    }</div>`;
  }

  /**
   * "Right?": yes, or which class it is, in one click; of many classes from a menu. "None of these" is
   * the first answer where it is unlike all sets, the last one elsewhere.
   * @param {TriedPicture} result
   * @param {boolean} isFirst
   */
  right({ id, name, kind, label }, isFirst) {
    const { sets } = this.data;
    if (!sets.length) return null;
    const isUnlike = kind === 'unknown';
    const likely = isUnlike ? undefined : sets.find((one) => one[3] === label);
    const others = sets.filter((one) => one !== likely);
    const choosing = {
      key: String(id),
      about: name,
      isFew: sets.length <= ANSWERS,
      isSmall: !isFirst,
      isUnlike,
    };
    return dom`<div class="right" role="group" aria-label="Right? ${name}">
      <span class="quiet">${likely ? 'Right?' : 'It is'}</span>
      ${likely && this.answerButton([id], likely, choosing, isFirst ? `Yes, ${likely[1]}` : 'Yes')}
      ${this.choices([id], others, choosing)}</div>`;
  }

  /**
   * No answer stands out: what the classifier says is a question.
   * @param {number[]} ids
   * @param {Answer} set
   * @param {{key: string, about: string}} of
   * @param {string} [yes] what is said where it is what the classifier says
   */
  answerButton(ids, set, { key, about }, yes) {
    const digit = set ? this.data.sets.indexOf(set) + 1 : 0, hasKey = digit < 10;
    const name = set ? set[1] : NONE;
    const word = set ? shownName(yes ?? name) : dom`<span class="word">${name}</span>`;
    return dom`<button class="pill" data-key="a${key} ${set ? set[0] : 'none'}"
      title="${hasKey ? `${name}\nKey ${digit}` : name}"
      aria-keyshortcuts=${hasKey ? String(digit) : null}
      aria-label="${yes ? 'Yes, ' : ''}${name}: ${about}"
      onclick=${() => this.tryout.answer(ids, set)}>
      ${!yes && (set ? dot(set[2]) : noDot())}${word}</button>`;
  }

  /**
   * Buttons for a few sets, else a menu of all; at the end a new set. "None of these" comes first where
   * the classifier would say so, else last.
   * @param {number[]} ids
   * @param {TargetRow[]} sets
   * @param {Choosing} choosing
   */
  choices(ids, sets, choosing) {
    const { key, about, isFew, isUnlike } = choosing, isOpen = this.menu === key;
    const none = this.answerButton(ids, null, choosing);
    const draw = () => sets.map((set) => this.answerButton(ids, set, choosing));
    const toggle = () => this.set({ menu: isOpen ? null : key, naming: null, typed: '' });
    const menu = () =>
      dom`<button class="pill" data-key="m${key}" aria-expanded=${isOpen}
        aria-label="Another set: ${about}" onclick=${toggle}>It is …</button>`;
    return [
      isUnlike && none,
      isFew ? draw() : menu(),
      !isUnlike && none,
      this.naming === key ? this.newSet(ids, about) : this.newSetButton(choosing),
      !isFew && isOpen && this.searched(key, sets, draw()),
    ];
  }

  /** @type {(key: string, sets: TargetRow[], buttons: HTMLElement[]) => Hole} */
  searched(key, sets, buttons) {
    const list = dom`<div class="others">${buttons}</div>`;
    const search = /** @type {HTMLInputElement} */ (
      dom`<input class="search" type="search" placeholder="Find a set" aria-label="Find a set"
        data-key="f${key}">`
    );
    const narrow = () =>
      sets.forEach(([, name], i) => {
        buttons[i].hidden = !name.toLowerCase().includes(search.value.trim().toLowerCase());
      });
    search.value = this.typed;
    search.oninput = () => {
      this.typed = search.value;
      narrow();
    };
    narrow();
    return [sets.length >= MENU_SEARCHED_FROM && search, list];
  }

  /** @param {Choosing} choosing */
  newSetButton({ key, about, isSmall }) {
    const open = (/** @type {MouseEvent} */ event) => {
      const root = rootOf(/** @type {HTMLElement} */ (event.currentTarget));
      this.set({ naming: key, menu: null, typed: '' });
      /** @type {HTMLElement | null} */ (root.querySelector('.naming'))?.focus();
    };
    return dom`<button class="${isSmall ? 'pill plus' : 'text quiet'}" data-key="n${key}"
      title="New set" aria-label="New set: ${about}" onclick=${open}>
      ${isSmall ? icon('plus') : 'New set …'}</button>`;
  }

  /** @type {(ids: number[], about: string) => HTMLElement} */
  newSet(ids, about) {
    const field = /** @type {HTMLInputElement} */ (
      dom`<input class="naming" placeholder="Name of the new set" maxlength="255" data-key="naming"
        spellcheck="false" aria-label="Name of the new set: ${about}">`
    );
    const close = () => this.set({ naming: null, typed: '' });
    const put = () => {
      const name = field.value.trim();
      if (name) this.tryout.answer(ids, name);
      else close();
    };
    field.value = this.typed;
    field.oninput = () => {
      this.typed = field.value;
    };
    field.onkeydown = (event) => {
      if (event.key === 'Enter') put();
      if (event.key === 'Escape') close();
      event.stopPropagation();
    };
    return dom`<span class="field">${field}
      <button class="pill" data-key="put" onclick=${put}>Add</button></span>`;
  }
}
