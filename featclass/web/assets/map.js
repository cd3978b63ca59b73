// The map: a point for each picture, close to its like. A lasso by mouse, a click or the keyboard
// picks pictures, to be moved or left out together. Fetched only once it is opened.
import { mounting, nameOf, Opening, setOf } from './component.js';
import { dom, dot, fill, shownName } from './dom.js';
import { Frame, isClick, isInside, nearest, nextPoint, STEPS } from './lasso.js';
import { number, pictures } from './wording.js';
/** @import { MapData, Point as Row } from './data.js' */
/** @import { Spot } from './lasso.js' */

const SHOWN = 48;

/** @param {Row} row */
const pointOf = ([id, digest, name, x, y, was, said, set, out]) => {
  const isSettled = out || set !== was; // nothing is to be done about it any more
  return { id, digest, name, x, y, said, set, out, isMistaken: said !== was && !isSettled };
};
/** @typedef {ReturnType<typeof pointOf>} Point */

/** @extends {Opening<MapData>} */
class PictureMap extends Opening {
  /** @type {Point[] | null} */
  points = null;
  /** @type {Set<string>} by digest */
  picked = new Set();
  /** @type {Spot[] | null} */
  lasso = null;
  /** @type {Point | null} */
  at = null;
  /** @type {Point | null} of whom the tip tells */
  told = null;
  isBusy = false;
  frame = new Frame(0);
  /** @type {HTMLCanvasElement} */
  canvas = this.find('canvas');

  /** @param {MapData} data */
  take(data) {
    this.data = data;
    this.host.hidden = !data.ready && !this.isOpen;
    this.host.classList.toggle('stale', data.stale || !data.ready);
    this.drawLine();
    if (this.isOpen && data.shown !== this.shown) this.load();
    else this.paint();
    this.shown = data.shown;
  }

  drawLine() {
    this.drawToggle('Map of the pictures', 'what is alike lies together');
  }

  draw() {
    this.drawLine();
    this.find('.inside').hidden = !this.isOpen;
    if (this.isOpen) this.drawPicked();
  }

  async load() {
    const answer = await this.newest('map');
    if (answer === undefined || !this.isOpen) return;
    this.problem = answer
      ? ''
      : 'The map could not be fetched. Close and open this to try once more.';
    // While the pictures are looked at anew there is no map for a moment: the former one stays.
    if (answer && (answer.points.length || !this.points)) {
      this.points = /** @type {Row[]} */ (answer.points).map(pointOf);
      const there = new Map(this.points.map((point) => [point.digest, point]));
      this.at = there.get(this.at?.digest ?? '') ?? null;
      this.picked = new Set([...this.picked].filter((digest) => there.has(digest)));
    }
    this.drawPicked();
  }

  /** @param {Point} point */
  colourOf(point) {
    return setOf(this.data, point.set)?.[2];
  }

  paint() {
    if (!this.isOpen || !this.host.isConnected) return;
    const { canvas, at, lasso, points } = this, ratio = globalThis.devicePixelRatio || 1;
    this.frame = new Frame(this.host.clientWidth);
    canvas.width = this.frame.width * ratio;
    canvas.height = this.frame.height * ratio;
    canvas.style.height = `${this.frame.height}px`;
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const style = getComputedStyle(this.host), many = points?.length ?? 0;
    const radius = many > 800 ? 3 : many > 250 ? 4 : 5.5;
    const circle = (/** @type {Point} */ point, /** @type {number} */ size) => {
      pen.beginPath();
      pen.arc(...this.frame.spot(point), size, 0, 7);
    };
    pen.scale(ratio, ratio);
    pen.strokeStyle = style.color;
    pen.lineWidth = 1.5;
    for (const point of points ?? []) {
      const isPicked = this.picked.has(point.digest);
      pen.globalAlpha = point.out ? 0.2 : this.picked.size && !isPicked ? 0.35 : 0.85;
      pen.fillStyle = this.colourOf(point) || '#888';
      circle(point, isPicked ? radius + 1.5 : radius);
      pen.fill();
      if (!point.isMistaken) continue;
      circle(point, radius + 2.5);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = pen.fillStyle = style.getPropertyValue('--accent') || style.color;
    if (lasso) this.paintLasso(pen, lasso);
    if (at) {
      pen.lineWidth = 2.5;
      circle(at, radius + 5);
      pen.stroke();
    }
    this.drawTip();
  }

  /** @type {(pen: CanvasRenderingContext2D, lasso: Spot[]) => void} */
  paintLasso(pen, lasso) {
    pen.setLineDash([5, 4]);
    pen.beginPath();
    for (const spot of lasso) pen.lineTo(...spot);
    pen.closePath();
    pen.stroke();
    pen.globalAlpha = 0.08;
    pen.fill();
    pen.globalAlpha = 1;
    pen.setLineDash([]);
  }

  listen() {
    super.listen();
    new ResizeObserver(() => this.paint()).observe(this.host);
    const { canvas } = this;
    /** @type {(event: MouseEvent) => Spot} */
    const spotOf = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.onpointerdown = (event) => {
      if (event.button) return;
      this.lasso = [spotOf(event)];
      if (event.pointerType === 'mouse') canvas.setPointerCapture(event.pointerId);
    };
    canvas.onpointermove = (event) => {
      if (this.lasso && event.pointerType !== 'touch') {
        this.lasso.push(spotOf(event));
        this.at = null;
        this.paint();
      } else this.lookAt(nearest(this.points ?? [], this.frame, spotOf(event)));
    };
    canvas.onpointerup = (event) => {
      if (this.lasso) this.choose([...this.lasso, spotOf(event)]);
    };
    canvas.onpointercancel = () => {
      this.lasso = null;
      this.paint();
    };
    canvas.onpointerleave = () => {
      if (!this.lasso) this.lookAt(null);
    };
    canvas.onblur = () => this.lookAt(null);
    canvas.onkeydown = (event) => this.moved(event);
  }

  /** @param {Point | null} point */
  lookAt(point) {
    if (point === this.at) return;
    this.at = point;
    this.paint();
  }

  /** @param {Spot[]} line */
  choose(line) {
    this.lasso = null;
    const points = this.points ?? /** @type {Point[]} */ ([]);
    if (isClick(line)) {
      this.at = nearest(points, this.frame, line[line.length - 1]);
      this.pick(this.at);
    } else {
      const within = points.filter((point) => isInside(this.frame.spot(point), line.slice(0, -1)));
      this.picked = new Set(within.map((point) => point.digest));
    }
    this.drawPicked();
  }

  /** @param {Point | null} point or none at all */
  pick(point) {
    if (!point) this.picked.clear();
    else if (!this.picked.delete(point.digest)) this.picked.add(point.digest);
  }

  /** The map's Escape lets go of what is picked, and closes nothing. */
  pressed() {}

  /** @param {KeyboardEvent} event */
  moved(event) {
    const step = STEPS[event.key];
    if (event.key === 'Escape') this.pick(null);
    else if ((event.key === 'Enter' || event.key === ' ') && this.at) this.pick(this.at);
    else if (step && this.points?.length) this.at = nextPoint(this.points, this.at, step);
    else return;
    event.preventDefault();
    this.drawPicked();
  }

  /** @param {Point} point */
  describe(point) {
    const set = nameOf(this.data, point.set);
    if (point.out) return `${set}, left out`;
    return point.isMistaken ? `${set}, taken for ${nameOf(this.data, point.said)}` : set;
  }

  drawTip() {
    const tip = this.find('.tip'), { at, frame } = this;
    tip.hidden = !at || this.lasso !== null;
    if (!at || tip.hidden) {
      this.told = null;
      return fill(tip);
    }
    if (this.told !== at) {
      this.told = at; // once only: what is filled anew is read out anew
      fill(
        tip,
        this.picture(at.digest, at.name, { place: 'tip' }),
        dom`<span class="word">${at.name}</span>`,
        dom`<span class="quiet">${this.describe(at)}</span>`,
      );
    }
    const [x, y] = frame.spot(at), isLow = y > frame.height / 2;
    tip.style.left = `${Math.min(Math.max(0, x - 66), frame.width - 132)}px`;
    tip.style.top = `${isLow ? y - 14 : y + 14}px`;
    tip.style.transform = isLow ? 'translateY(-100%)' : 'none';
  }

  get note() {
    if (this.problem) return this.problem;
    if (!this.points) return 'Laying the pictures out …';
    if (!this.points.length) return 'There is no map of these pictures.';
    const how = matchMedia('(pointer: coarse)').matches
      ? 'Tap pictures to pick them.'
      : 'Draw round pictures to pick them, or click one.';
    return `${how} Those with a ring were taken for another set.`;
  }

  drawPicked() {
    this.paint();
    this.find('.note').textContent = this.note;
    const panel = this.find('.picked');
    const points = (this.points ?? []).filter((point) => this.picked.has(point.digest));
    panel.hidden = !points.length;
    if (!points.length) return fill(panel);
    const ids = points.map((point) => point.id), more = points.length - SHOWN;
    const others = this.data.sets.filter(([id]) => points.some((point) => point.set !== id));
    fill(
      panel,
      dom`<p class="note" role="status">${pictures(points.length)} picked</p>`,
      dom`<div class="few">${
        points.slice(0, SHOWN).map((point) =>
          dom`<figure title="${point.name}, ${this.describe(point)}"
            style="outline-color: ${this.colourOf(point) || 'var(--line)'}">
            ${this.picture(point.digest, point.name)}</figure>`
        )
      }${more > 0 && dom`<span class="quiet">and ${number(more)} more</span>`}</div>`,
      dom`<div class="acts"><span class="quiet">Move to</span>${
        others.map(([id, name, colour]) =>
          this.button(`Move to ${name}`, { do: 'move', pictures: ids, set: id }, [
            dot(colour),
            shownName(name),
          ])
        )
      }${this.button('None of these', { do: 'none of these', pictures: ids })}
        ${this.button('Leave out', { do: 'leave out', pictures: ids, reason: '' })}
        <button class="text quiet" onclick=${() => {
        this.pick(null);
        this.drawPicked();
      }}>Pick none</button></div>`,
    );
  }

  /** @type {(text: string, what: object, inner?: import('./dom.js').Hole) => HTMLElement} */
  button(text, what, inner = text) {
    return dom`<button class="pill" aria-disabled=${this.isBusy || null} aria-label="${text}"
      onclick=${() => this.act(what)}>${inner}</button>`;
  }

  /** @param {object} what */
  async act(what) {
    if (this.isBusy) return;
    this.isBusy = true;
    this.drawPicked();
    const problem = await this.perform(what);
    this.isBusy = false;
    if (!problem) this.picked.clear();
    await this.load();
    this.problem = problem || this.problem;
    this.drawPicked();
  }
}

export default mounting('map', PictureMap);
