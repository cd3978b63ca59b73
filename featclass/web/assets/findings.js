// What is worth a look: a line that opens a list of findings by kind, each with its pictures, why,
// and what to do about it. The list is fetched when it is opened, and again after every change.
import { mounting, nameOf, Opening, setOf } from './component.js';
import { dom, fill, keepingFocus } from './dom.js';
import { number, plural } from './wording.js';
/** @import { FindingsData, FoundPicture, Item, KindOfFindings } from './data.js' */
/** @import { Hole } from './dom.js' */

/** @type {Record<string, [title: string, one: string, many: string]>} */
const KINDS = {
  label: ['Perhaps in the wrong set', 'picture', 'pictures'],
  duplicates: ['Copies', 'group', 'groups'],
  shortcut: ['Give-aways', 'cue', 'cues'],
  outlier: ['Unlike all others', 'picture', 'pictures'],
  quality: ['Hard to see', 'picture', 'pictures'],
  balance: ['Sizes of the sets', 'finding', 'findings'],
};

/** @param {FoundPicture} one whether nothing is to be done about it any more */
const isSettled = (one) => one.picture === null || one.left_out || one.set !== one.was;

/** @extends {Opening<FindingsData>} */
class Findings extends Opening {
  /** @type {KindOfFindings[] | null} */
  kinds = null;
  /** @type {Set<string>} keys of findings */
  busy = new Set();
  isFineOpen = false;
  /** @type {Map<string, number>} how often each picture is drawn */
  used = new Map();
  list = this.find('.found');

  /** @param {FindingsData} data */
  take(data) {
    this.data = data;
    this.drawLine();
    if (this.isOpen && data.shown !== this.shown) this.load();
    this.shown = data.shown;
  }

  drawLine() {
    const { line, ready, stale } = this.data;
    this.host.hidden = !line && !this.isOpen;
    this.drawToggle('Worth a look', line || (ready ? 'nothing any more' : 'looking again'));
    this.host.classList.toggle('stale', stale || !ready);
  }

  async load() {
    const answer = await this.newest('findings');
    if (answer === undefined || !this.isOpen) return;
    this.problem = answer
      ? ''
      : 'The findings could not be fetched. Close and open this to try once more.';
    // While the pictures are looked at anew there are none for a moment: the former ones stay.
    if (answer && (this.data.ready || answer.kinds.length || !this.kinds)) {
      this.kinds = answer.kinds;
    }
    this.draw();
  }

  /** @type {(key: string, what: object) => Promise<void>} */
  async act(key, what) {
    if (this.busy.has(key)) return;
    this.busy.add(key);
    this.draw();
    const problem = await this.perform(what);
    await this.load();
    this.busy.delete(key);
    this.problem = problem || this.problem;
    this.draw();
  }

  draw() {
    const { list } = this;
    this.drawLine();
    list.hidden = !this.isOpen;
    if (!this.isOpen) return fill(list);
    // Where the finding at hand has left, the next one as a whole, or while all are looked at anew the
    // line above them: Enter does nothing there.
    keepingFocus(list, () => this.drawList(), (index) => {
      const articles = list.querySelectorAll('article');
      return articles[Math.min(Math.max(0, index), articles.length - 1)] ??
        list.querySelector('.note');
    });
  }

  drawList() {
    this.used.clear();
    const kinds = (this.kinds ?? []).filter(({ items }) => items.length);
    const nothing = this.kinds && !kinds.length ? 'Nothing is worth a look now.' : '';
    fill(
      this.list,
      dom`<p class="quiet note" role="status" tabindex="-1">${this.problem || nothing}</p>`,
      kinds.map((kind) => this.kind(kind)),
      this.fine(),
    );
  }

  /** @param {KindOfFindings} kind */
  kind({ kind, total, items }) {
    const [title, one, many] = KINDS[kind], more = total - items.length;
    const count = kind !== 'balance' &&
      dom`<span class="count">${plural(total, one, many)}</span>`;
    return dom`<section aria-label="${title}"><header><h3>${title}</h3>${count}</header>
      ${items.map((item) => this.item(kind, item))}
      ${more > 0 && dom`<p class="quiet note">and ${number(more)} more</p>`}</section>`;
  }

  /** What was said to be fine, to be taken back. */
  fine() {
    const fine = (this.kinds ?? []).flatMap(({ kind, fine }) =>
      fine.map((item) => this.item(kind, item, true))
    );
    const toggled = (/** @type {Event} */ event) => {
      this.isFineOpen = /** @type {HTMLDetailsElement} */ (event.currentTarget).open;
    };
    return fine.length > 0 && dom`<details class="fine" open=${this.isFineOpen} ontoggle=${toggled}>
      <summary class="quiet">${
      plural(fine.length, 'finding is', 'findings are')
    } fine, as you said</summary>
      ${fine}</details>`;
  }

  /** @type {(kind: string, item: Item, isFine?: boolean) => HTMLElement} */
  item(kind, item, isFine = false) {
    const { pictures, key, about, sentence } = item, isOne = pictures.length === 1;
    const isCopies = kind === 'duplicates', left = pictures.filter((one) => !isSettled(one));
    const isAcross = isCopies && new Set(pictures.map(({ was }) => was)).size > 1;
    const isDone = !isFine && (isCopies ? left.length < 2 : isOne && !left.length);
    const name = isOne ? pictures[0].name : about, more = item.number - pictures.length;
    const style = `${isDone ? ' settled' : ''}${pictures.length > 1 ? ' several' : ''}`;
    const acts = isFine
      ? this.button(item, 'w', 'Not fine', name, { do: 'withdraw', key, about })
      : isDone
      ? dom`<span class="done">${isCopies ? 'One is kept' : this.stands(pictures[0])}</span>`
      : this.mends(kind, item, name, isAcross);
    return dom`<article tabindex="-1" class="finding${style}" aria-label="${name}">
      <div class="shown">${
      pictures.map((one) => isAcross && !isFine ? this.alone(item, one) : this.figure(item, one))
    }${
      more > 0 && pictures.length > 0 && dom`<span class="quiet">and ${number(more)} more</span>`
    }</div>
      <div class="said">${isOne && dom`<p class="file" title="${name}">${name}</p>`}
        <p class="why">${sentence}</p><div class="acts">${acts}</div></div></article>`;
  }

  /** @type {(item: Item, one: FoundPicture) => HTMLElement} */
  figure(item, one) {
    const id = one.set ?? one.was, colour = setOf(this.data, id)?.[2] ?? 'var(--line)';
    const place = (this.used.get(one.digest) || 0) + 1; // one may be in several findings
    this.used.set(one.digest, place);
    return dom`<figure title="${one.name}, ${nameOf(this.data, id)}"
      class=${isSettled(one) ? 'gone' : null}
      style=${item.pictures.length > 1 ? `outline-color: ${colour}` : null}>
      ${this.picture(one.digest, one.name, { place })}</figure>`;
  }

  /**
   * One of copies that stand in several sets, with what to do about it alone.
   * @param {Item} item
   * @param {FoundPicture} one
   */
  alone(item, one) {
    const { digest, name, picture } = one;
    const what = { do: 'leave out', picture, reason: 'a copy' };
    return dom`<div class="each">${this.figure(item, one)}
      <span class="quiet">${nameOf(this.data, one.set ?? one.was)}</span>${
      isSettled(one)
        ? dom`<span class="quiet">${this.stands(one)}</span>`
        : this.button(item, `l${digest}`, 'Leave out', name, what)
    }</div>`;
  }

  /** @param {FoundPicture} one */
  stands(one) {
    if (one.picture === null) return 'Removed';
    if (one.set !== null && one.set === this.data.none) return 'None of these';
    return one.left_out ? 'Left out' : `Moved to ${nameOf(this.data, one.set)}`;
  }

  /**
   * That it is fine comes first: what was found is a question. A mend stands out where it is certain.
   * @type {(kind: string, item: Item, name: string, isAcross: boolean) => Hole}
   */
  mends(kind, item, name, isAcross) {
    const { key, about, suggested, pictures, strong } = item, picture = pictures[0]?.picture;
    const style = strong ? 'pill strong' : 'pill', to = nameOf(this.data, suggested);
    const copies = pictures.filter((one) => !isSettled(one)).slice(1).map((one) => one.picture);
    /** @type {Record<string, string>} */
    const reasons = {
      label: `looks like ${to}`,
      outlier: 'unlike all others',
      quality: 'hard to see',
    };
    const move = { do: 'move', picture, set: suggested }, reason = reasons[kind];
    const keepOne = { do: 'leave out', pictures: copies, reason: 'a copy' };
    const none = { do: 'none of these', pictures: [picture] };
    return [
      this.button(item, 'f', 'This is fine', name, { do: 'accept', key, about }),
      kind === 'label' && setOf(this.data, suggested) &&
      this.button(item, 'm', `Move to ${to}`, name, move, style),
      kind === 'duplicates' && !isAcross &&
      this.button(item, 'k', 'Keep one', name, keepOne, style),
      kind === 'outlier' && this.button(item, 'n', 'None of these', name, none),
      reason && pictures.length > 0 &&
      this.button(item, 'l', 'Leave out', name, { do: 'leave out', picture, reason }),
    ];
  }

  /** @type {(item: Item, mark: string, text: string, name: string, what: object, style?: string) => HTMLElement} */
  button({ key }, mark, text, name, what, style = 'pill') {
    return dom`<button class="${style}" aria-disabled=${this.busy.has(key) || null}
      data-key="${mark} ${key}" aria-label="${text}: ${name}"
      onclick=${() => this.act(key, what)}>${text}</button>`;
  }
}

export default mounting('findings', Findings);
