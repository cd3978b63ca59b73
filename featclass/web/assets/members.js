// The pictures in the sets: the first of each, or as many as are unfolded; which are picked, and
// where those may go instead.
import { dom, dot, icon, noDot, shownName, styleOf } from './dom.js';
import { pick } from './picking.js';
import { get } from './server.js';
import { number, pictures } from './wording.js';
/** @import { PictureRow, SetData } from './data.js' */
/** @import { Hole } from './dom.js' */
/** @import { Picking } from './picking.js' */
/** @import { Sets } from './sets.js' */
/** @typedef {{set: SetData, all: PictureRow[], picked: PictureRow[]}} Picked what is picked, of all that are shown */

const VISIBLE = 14, PAGE = 240;
/** @returns {Picking & {set: number | null}} */
const nothing = () => ({ set: null, picked: new Set(), anchor: null, isSeveral: false });

/**
 * How many pictures of a set stand there until it is unfolded: the button for the rest takes a place.
 * @param {number} count
 */
export const folded = (count) => count > VISIBLE ? VISIBLE - 1 : count;

export class Members {
  /** @type {Map<number | null, {version: number, pictures: PictureRow[]}>} by set */
  unfolded = new Map();
  picking = nothing();

  /** @param {Sets} sets */
  constructor(sets) {
    this.sets = sets;
  }

  /** @param {SetData} set */
  of(set) {
    return this.unfolded.get(set.id)?.pictures ?? set.pictures;
  }

  /** @param {SetData} set */
  draw(set) {
    const { id, count, name } = set, isUnfolded = this.unfolded.has(id);
    const shown = this.of(set).slice(0, isUnfolded ? undefined : folded(count));
    const fold = () => {
      this.unfolded.delete(id);
      this.sets.draw();
    };
    const more = shown.length < count
      ? dom`<button class="more" data-key="m${id}" aria-label="Show more pictures of ${name}"
          onclick=${() => this.unfold(set)}>+${number(count - shown.length)}</button>`
      : isUnfolded && count > VISIBLE &&
        dom`<button class="more" data-key="m${id}" onclick=${fold}>fewer</button>`;
    return dom`<div class="thumbs">${
      shown.map((picture) => this.thumb(set, picture))
    }${more}</div>`;
  }

  /** @type {(set: SetData, picture: PictureRow) => HTMLElement} */
  thumb(set, picture) {
    const { sets } = this, [id, , name, leftOut] = picture;
    const image = this.image(set, picture), { lost } = image.dataset;
    const isOut = leftOut !== null, isPicked = this.picking.picked.has(id);
    const why = isOut && `Left out${leftOut ? `: ${leftOut}` : ''}`;
    image.title = [name, why, lost].filter(Boolean).join('\n');
    const back = isOut && dom`<button class="back" title="Let it count again" data-key="b${id}"
      aria-label="Take back ${name}, which was left out of ${set.name}"
      onclick=${() => sets.act({ do: 'take back', picture: id })}>left out</button>`;
    return dom`<figure class="${styleOf('thumb', { out: isOut, picked: isPicked })}">
      <button class="pick" aria-expanded=${isPicked} data-key="k${id}"
        aria-label="Move ${name} to another set${lost ? `. ${lost}` : ''}"
        onclick=${(event) => this.pick(set, id, event)}>${image}</button>${back}
      <button class="remove" aria-label="Remove ${name} from ${set.name}" title="Remove"
        data-key="p${id}" onclick=${() => sets.act({ do: 'remove picture', picture: id })}>
        ${icon('cross')}</button></figure>`;
  }

  /** @type {(set: SetData, picture: PictureRow) => HTMLImageElement} */
  image(set, [id, digest, name]) {
    const { sets } = this, at = { size: null, place: id }, version = String(set.version);
    let image = sets.picture(digest, name, at);
    if (image.dataset.lost && image.dataset.version !== version) {
      sets.forget(digest, at); // it may have been added again
      image = sets.picture(digest, name, at);
    }
    if (!image.dataset.version) image.addEventListener('lost', () => sets.draw());
    image.dataset.version ??= version;
    return image;
  }

  // Those that are unfolded

  /** @param {SetData} set */
  async unfold({ id, version }) {
    const known = this.unfolded.get(id)?.pictures ?? [];
    const answer = await get(`${this.sets.base}/sets/${id}?from=${known.length}&count=${PAGE}`);
    if (!answer) return;
    this.unfolded.set(id, { version, pictures: [...known, ...answer.pictures] });
    this.sets.draw();
  }

  /** @param {SetData} set of which what is unfolded is out of date: as many are fetched anew */
  async unfoldAgain({ id, version }) {
    const before = this.unfolded.get(id);
    if (!before || before.version === version) return;
    before.version = version;
    const count = Math.max(before.pictures.length, VISIBLE);
    const answer = await get(`${this.sets.base}/sets/${id}?from=0&count=${count}`);
    if (!answer) return;
    this.unfolded.set(id, { version, pictures: answer.pictures });
    this.sets.draw();
  }

  // Those that are picked

  /** @type {(set: SetData, id: number, event: MouseEvent) => void} */
  pick(set, id, event) {
    const before = this.picking.set === set.id ? this.picking : nothing();
    this.picking = { set: set.id, ...pick(before, this.of(set).map(([one]) => one), id, event) };
    this.sets.draw();
  }

  /** @param {object} change */
  change(change) {
    Object.assign(this.picking, change);
    this.sets.draw();
  }

  /** @param {SetData} set where the pictures picked in it may go instead; several go in one act */
  drawPicked(set) {
    const all = this.of(set), picked = all.filter(([id]) => this.picking.picked.has(id));
    if (!picked.length) return null;
    return dom`<div class="picked-of">${this.moves({ set, all, picked })}
      ${this.ways({ set, all, picked })}</div>`;
  }

  /** @type {(what: {do: string, [key: string]: unknown}) => void} */
  act(what) {
    Object.assign(this.picking, { picked: new Set(), isSeveral: false });
    this.sets.act(what);
  }

  /** @param {Picked} of */
  moves({ set, picked }) {
    const { sets, none } = this.sets.data;
    const { name, key, which } = named(picked), isOne = picked.length === 1;
    const lost = isOne && this.image(set, picked[0]).dataset.lost, isNone = set === none;
    /** @type {(mark: string, text: string, what: {do: string}, inner: Hole) => HTMLElement} */
    const go = (mark, text, what, inner) =>
      dom`<button class="pill" data-key="${mark}${key}" aria-label="Move ${name} to ${text}"
        title="${text}" onclick=${() => this.act({ ...what, ...which })}>${inner}</button>`;
    const others = sets.filter((other) => other !== set).map((other) => {
      const what = { do: 'move', set: other.id };
      return go(`g${other.id}-`, other.name, what, [dot(other.colour), shownName(other.name)]);
    });
    const said = `${isOne ? ' shows' : ' show'}${isNone ? '' : ' instead'}`;
    const toNone = { do: 'none of these' };
    return dom`<div class="moves" role="group"
      aria-label="Where ${name} ${isOne ? 'belongs' : 'belong'}">
      ${lost && dom`<p class="hint" role="status">${lost}</p>`}
      <p class="file" title="${name}"><b>${name}</b>${said}</p>${others}
      ${!isNone && go('gn', 'None of these', toNone, [noDot(), 'None of these'])}</div>`;
  }

  /** @param {Picked} of */
  ways({ set, all, picked }) {
    const { name, key, which, ids } = named(picked);
    const isOne = picked.length === 1, { isSeveral } = this.picking;
    /** @type {(mark: string, words: string, does: () => void, label?: string) => HTMLElement} */
    const way = (mark, words, does, label = words) =>
      dom`<button class="text quiet" data-key="${mark}${key}" aria-label="${label}"
        onclick=${does}>${words}</button>`;
    const leaveOut = () => this.act({ do: 'leave out', ...which });
    const remove = () => this.act({ do: 'remove pictures', pictures: ids });
    const pickAll = () => this.change({ picked: new Set(all.map(([id]) => id)) });
    const pickNone = () => this.change({ picked: new Set(), isSeveral: false });
    const isMore = picked.length < all.length && (isSeveral || !isOne);
    return dom`<div class="more-ways" role="group" aria-label="What to do with ${name}">${[
      set !== this.sets.data.none && way('gl', 'Leave out', leaveOut, `Leave out ${name}`),
      way('gr', 'Remove', remove, `Remove ${name} that ${isOne ? 'is' : 'are'} picked`),
      !isSeveral && way('gm', 'Pick several', () => this.change({ isSeveral: true })),
      isMore && way('ga', `Pick all ${number(all.length)} shown`, pickAll),
      (!isOne || isSeveral) && way('gc', 'Pick none', pickNone),
    ]}</div>`;
  }
}

/**
 * Pictures as a sentence names them, the key of their buttons, and how an act names them.
 * @param {PictureRow[]} picked one or more
 */
function named(picked) {
  const [[id, , name]] = picked, ids = picked.map(([one]) => one);
  return ids.length === 1
    ? { name, key: String(id), which: { picture: id }, ids }
    : { name: pictures(ids.length), key: 'several', which: { pictures: ids }, ids };
}
