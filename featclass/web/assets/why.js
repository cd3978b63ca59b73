// "Why?" under a prediction: a map over the picture of what spoke for a class, what against.
import { dom, fill, shownName } from './dom.js';
import { HEADERS } from './server.js';
/** @import { TriedPicture } from './data.js' */
/** @typedef {{label: string, says: string, aspect: number, box: [number, number, number, number], columns: number, rows: number, values: number[]}} Explained */

const FOR = [255, 176, 0], AGAINST = [91, 61, 245], STRONGEST = 0.8;
const NOT_LOOKED_AT = 'rgb(16 14 28 / .6)';
/**
 * What is open stays open when the results are drawn anew: by picture, of the newest prediction.
 * @type {Map<string, {label: string, said: string, answer: Explained | null}>}
 */
const explained = new Map();

class Why {
  /**
   * @param {string} base
   * @param {TriedPicture} result
   * @param {HTMLElement} frame
   * @param {HTMLImageElement} image
   */
  constructor(base, result, frame, image) {
    this.base = base;
    this.result = result;
    this.frame = frame;
    this.image = image;
    this.said = JSON.stringify(result.bars);
    this.label = result.label ?? '';
    /** @type {Explained | null} */
    this.answer = null;
    this.toggle = dom`<button class="text why" data-key="why ${result.digest}"></button>`;
    this.panel = dom`<div class="because" aria-live="polite" hidden></div>`;
    /** @type {HTMLCanvasElement | null} */
    this.canvas = null;
    /** @type {ResizeObserver | null} */
    this.watch = null;
    this.toggle.onclick = () => this.isOpen ? this.hide() : this.show(this.label);
    this.join();
  }

  get isOpen() {
    return explained.has(this.result.digest);
  }

  join() {
    const { frame, result } = this, open = explained.get(result.digest);
    // Beside what it resembles, where there is room, rather than on a line of its own.
    const place = frame.querySelector('.neighbours') ?? frame.querySelector('.said') ?? frame;
    place.append(this.toggle);
    frame.append(this.panel);
    this.drawToggle();
    for (const row of frame.querySelectorAll('.bar-row')) {
      const label = /** @type {HTMLElement | null} */ (row.querySelector('.label'))?.title;
      row.addEventListener('click', () => label != null && this.isOpen && this.show(label));
    }
    if (!open) return;
    if (open.answer && open.said === this.said) return this.draw(open.answer);
    this.show(result.bars?.some(([name]) => name === open.label) ? open.label : this.label);
  }

  drawToggle() {
    const text = this.isOpen ? 'Hide why' : 'Why?';
    this.toggle.textContent = text;
    this.toggle.setAttribute('aria-expanded', String(this.isOpen));
    this.toggle.setAttribute('aria-label', `${text} ${this.label}: ${this.result.name}`);
  }

  hide() {
    explained.delete(this.result.digest);
    this.drawToggle();
    this.frame.classList.remove('explained');
    this.watch?.disconnect();
    this.canvas?.remove();
    this.canvas = null;
    this.panel.hidden = true;
    fill(this.panel);
  }

  /** @param {string} label */
  async show(label) {
    const { digest } = this.result;
    /** @type {{label: string, said: string, answer: Explained | null}} */
    const mine = { label, said: this.said, answer: null };
    explained.set(digest, mine);
    this.drawToggle();
    this.panel.hidden = false;
    if (!this.canvas) fill(this.panel, dom`<p class="quiet">Looking for what counts</p>`);
    let problem = 'The explanation could not be fetched; press Why? to try once more.';
    try {
      const url = `${this.base}/why/${digest}?label=${encodeURIComponent(label)}`;
      const response = await fetch(url, { headers: HEADERS }), body = await response.json();
      if (response.ok) mine.answer = body;
      else problem = body.error || problem;
    } catch { /* said below */ }
    if (explained.get(digest) !== mine) return; // closed, or another class, meanwhile
    if (mine.answer) return this.draw(mine.answer);
    this.hide();
    this.panel.hidden = false;
    fill(this.panel, dom`<p class="quiet">${problem}</p>`);
  }

  /** @param {Explained} answer */
  draw(answer) {
    const { frame, panel, result } = this;
    this.answer = answer;
    const canvas = this.canvas ?? this.lay();
    frame.classList.add('explained');
    const about = `What spoke for ${answer.label}, and what against, in ${result.name}`;
    canvas.setAttribute('aria-label', about);
    const bars = result.bars ?? [], root = /** @type {ShadowRoot} */ (frame.getRootNode());
    const chips = bars.map(([name]) =>
      dom`<button class="chip" aria-pressed=${name === answer.label} title="${name}"
        aria-label="What speaks for ${name}" onclick=${() => this.show(name)}>
        ${shownName(name)}</button>`
    );
    const focused = [...panel.querySelectorAll('.chip')].indexOf(
      /** @type {Element} */ (root.activeElement),
    );
    const isCut = answer.box[0] > 0.01 || answer.box[1] > 0.01;
    panel.hidden = false;
    fill(
      panel,
      dom`<p>${answer.says}</p>`,
      dom`<p class="key quiet"><span><i class="for"></i>for ${answer.label}</span>
        <span><i class="against"></i>against</span>
        ${isCut && dom`<span><i class="unseen"></i>not looked at</span>`}</p>`,
      chips.length > 1 && dom`<div class="chips" role="group" aria-label="Show what speaks for">
        ${chips}</div>`,
    );
    chips[focused]?.focus();
    this.paint();
  }

  /** Lays the canvas over the picture. */
  lay() {
    const canvas = this.canvas = /** @type {HTMLCanvasElement} */ (
      dom`<canvas class="heat" role="img"></canvas>`
    );
    this.frame.append(canvas);
    // A picture outlives its frame: it is moved into the next one when the results are drawn anew.
    this.watch = new ResizeObserver(() =>
      this.canvas?.isConnected ? this.paint() : this.watch?.disconnect()
    );
    this.watch.observe(this.image);
    if (!this.image.complete) {
      this.image.addEventListener('load', () => this.paint(), { once: true });
    }
    return canvas;
  }

  paint() {
    const { canvas, image, answer, frame } = this;
    if (!canvas || !answer || !image.naturalWidth || !image.clientWidth) return;
    const ratio = globalThis.devicePixelRatio || 1, within = frame.getBoundingClientRect();
    const { left, top, width, height } = image.getBoundingClientRect();
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    Object.assign(canvas.style, {
      left: `${left - within.left - frame.clientLeft}px`,
      top: `${top - within.top - frame.clientTop}px`,
      width: `${width}px`,
      height: `${height}px`,
      borderRadius: getComputedStyle(image).borderRadius,
    });
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    pen.scale(canvas.width / width, canvas.height / height);
    const { objectFit } = getComputedStyle(image), [x0, y0, x1, y1] = answer.box;
    const place = placed(image, objectFit, answer.aspect);
    /** @type {[number, number, number, number]} */
    const box = [
      place.left + x0 * place.width,
      place.top + y0 * place.height,
      (x1 - x0) * place.width,
      (y1 - y0) * place.height,
    ];
    pen.fillStyle = NOT_LOOKED_AT;
    pen.fillRect(0, 0, width, height);
    pen.clearRect(...box);
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(cells(answer, 1, FOR), ...box);
    pen.drawImage(cells(answer, -1, AGAINST), ...box);
  }
}

/**
 * What speaks one way, a pixel for each cell.
 * @param {Explained} answer
 * @param {1 | -1} sign
 * @param {number[]} colour
 */
function cells({ columns, rows, values }, sign, colour) {
  const canvas = document.createElement('canvas'), pixels = new ImageData(columns, rows);
  Object.assign(canvas, { width: columns, height: rows });
  values.forEach((value, i) => {
    const strength = Math.max(0, sign * value) ** 1.2;
    pixels.data.set([...colour, Math.round(255 * STRONGEST * strength)], 4 * i);
  });
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  return canvas;
}

/**
 * Where the whole upright picture lies within the canvas: thumbnails of long ones are cut at both
 * ends, and the page may show only the middle of a thumbnail.
 * @param {{naturalWidth: number, naturalHeight: number, clientWidth: number, clientHeight: number}} image
 * @param {string} fit as of CSS
 * @param {number} aspect of the whole picture
 */
export function placed(image, fit, aspect) {
  const { naturalWidth: nw, naturalHeight: nh, clientWidth: w, clientHeight: h } = image;
  const fits = [w / nw, h / nh];
  const scale = fit === 'cover' ? Math.max(...fits) : Math.min(...fits);
  const [x, y] = fit === 'fill' ? fits : [scale, scale];
  const whole = aspect > 1 ? [Math.max(nw, nh * aspect), nh] : [nw, Math.max(nh, nw / aspect)];
  const [width, height] = [whole[0] * x, whole[1] * y];
  return { left: (w - width) / 2, top: (h - height) / 2, width, height };
}

/**
 * Adds the button to the drawing of one result.
 * @param {string} base
 * @param {TriedPicture} result
 * @param {HTMLElement} frame holds its picture, the first img in it, and a place for the button
 */
export function addWhy(base, result, frame) {
  const image = frame.querySelector('img');
  if (result.bars && image) new Why(base, result, frame, image);
}
