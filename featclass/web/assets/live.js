// What the camera sees, said all the time: one frame is under way, the newest follows when its
// answer is there, so that frames never queue. Nothing is kept, here or on the server.
import { dom, fill, shownName } from './dom.js';
import { Smoothed } from './smoothing.js';
import { percent, UNLIKE } from './wording.js';
/** @import { Camera } from './camera.js' */
/** @import { NoPicture, NotYet, Seen } from './data.js' */

const MOST_LIVE_BARS = 6, FIRST_SIDE = 256;
const REST = 500, LOOKING = 200, PATIENCE = 15000; // milliseconds
const RATED = 2000, SAID_EVERY = 1000;
const AGAIN = [500, 1000, 2000, 4000, 8000];
const FINAL = [1009, 4404]; // closed for a reason that another try would meet again

export class Live {
  /**
   * @param {Camera} camera
   * @param {string} base
   * @param {() => Record<string, string>} colours of the classes, in the order of the sets
   */
  constructor(camera, base, colours) {
    this.camera = camera;
    this.base = base;
    this.colours = colours;
    this.said = dom`<p class="verdict waiting">Looking</p>`;
    this.rows = dom`<div class="rows"></div>`;
    this.pace = dom`<p class="pace"></p>`;
    this.spoken = dom`<span class="unseen" role="status"></span>`;
    this.node = dom`<section class="live" aria-label="Live prediction">
      ${this.said}${this.rows}${this.pace}${this.spoken}</section>`;
    this.smoothed = new Smoothed();
    /** @type {Map<string, {node: HTMLElement, fill: HTMLElement, value: HTMLElement}>} */
    this.drawn = new Map();
    this.order = '';
    this.side = FIRST_SIDE;
    /** @type {[at: number, took: number][]} of the last frames */
    this.times = [];
    this.paced = 0;
    this.announced = 0;
    this.told = '';
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.pending = undefined;
    this.tries = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    this.isClosed = false;
    this.isOver = false;
    this.isBusy = false;
    this.isFresh = true;
    this.sent = 0;
    this.notBefore = 0;
    this.turned = () => this.turn();
    document.addEventListener('visibilitychange', this.turned);
    this.socket = this.connect();
    const { video } = camera;
    // Also without new frames being told of: a video out of sight.
    this.looking = setInterval(() => this.lookAgain(), LOOKING);
    const follow = () => {
      if (this.isClosed) return;
      this.look();
      video.requestVideoFrameCallback(follow);
    };
    video.requestVideoFrameCallback(follow);
  }

  close() {
    this.isClosed = true;
    clearInterval(this.looking);
    clearTimeout(this.pending);
    document.removeEventListener('visibilitychange', this.turned);
    this.socket.close();
  }

  // The socket

  /** @returns {WebSocket} */
  connect() {
    this.isBusy = false;
    clearTimeout(this.retry);
    const scheme = location.protocol.replace('http', 'ws');
    const socket = new WebSocket(`${scheme}//${location.host}${this.base}/live`);
    socket.onopen = () => this.step();
    socket.onmessage = ({ data }) => {
      this.isBusy = false;
      this.tries = 0;
      this.answer(JSON.parse(data));
      this.step();
    };
    socket.onclose = ({ code, reason }) => {
      if (this.isClosed || socket !== this.socket) return;
      this.isOver = FINAL.includes(code);
      if (this.isOver) return this.wait(reason);
      if (document.hidden) return; // it waits a minute for a frame: opened again once it is seen
      this.node.classList.add('lost');
      this.pace.textContent = 'The connection was lost; trying again.';
      const after = AGAIN[Math.min(this.tries++, AGAIN.length - 1)];
      this.retry = setTimeout(() => this.isClosed || this.connect(), after);
    };
    this.socket = socket;
    return socket;
  }

  turn() {
    if (document.hidden) this.pace.textContent = 'Paused';
    else if (this.socket.readyState === WebSocket.CLOSED && !this.isOver) this.connect();
    else this.look();
  }

  look() {
    this.isFresh = true;
    this.step();
  }

  lookAgain() {
    if (this.isBusy && performance.now() - this.sent > PATIENCE) this.socket.close();
    else this.look();
  }

  async step() {
    const now = performance.now(), isOpen = () => this.socket.readyState === WebSocket.OPEN;
    if (this.isClosed || this.isBusy || !this.isFresh || document.hidden) return;
    if (now < this.notBefore || !isOpen()) return;
    Object.assign(this, { isBusy: true, isFresh: false, sent: now });
    const frame = await this.camera.photograph(this.side, 0.8).catch(() => null);
    if (this.isClosed || !frame || !isOpen()) this.isBusy = false;
    else this.socket.send(frame);
  }

  // What is said

  /** @param {Seen | NotYet | NoPicture} seen */
  answer(seen) {
    this.node.classList.remove('lost');
    if ('bars' in seen) {
      this.side = seen.side;
      this.smoothed.take(seen, performance.now());
      this.draw();
      this.count(seen.stale);
      return;
    }
    this.notBefore = performance.now() + REST;
    this.wait('waiting' in seen ? seen.waiting : 'The last frame could not be used.');
  }

  /** @param {string} sentence why nothing is said now */
  wait(sentence) {
    this.said.className = 'verdict waiting';
    this.said.textContent = sentence;
    this.smoothed.reset();
    this.order = '';
    this.drawn.clear();
    fill(this.rows);
    this.pace.textContent = '';
    this.announce(sentence);
  }

  /** @param {boolean} isStale */
  count(isStale) {
    const now = performance.now(), { times } = this;
    this.announce(this.said.textContent ?? '');
    times.push([now, now - this.sent]);
    while (now - times[0][0] > RATED) times.shift();
    if (now - this.paced < SAID_EVERY || times.length < 3) return;
    this.paced = now;
    const rate = (times.length - 1) / (now - times[0][0]) * 1000;
    const middle = times.map(([, took]) => took).sort((a, b) => a - b)[times.length >> 1];
    this.pace.textContent =
      `${Math.round(rate)} a second, ${Math.round(middle)} ms from frame to bars` +
      (isStale ? '; learning from your last change' : '');
  }

  draw() {
    const { isKnown, winner, shares } = this.smoothed, colours = this.colours();
    const verdict = isKnown ? 'Looks like ' : UNLIKE, isWaiting = this.said.matches('.waiting');
    if (this.said.textContent !== verdict + winner || isWaiting) {
      this.said.className = 'verdict';
      fill(this.said, verdict, dom`<b>${winner}</b>`);
    }
    this.node.classList.toggle('unknown', !isKnown);
    const shown = this.rowsOf(shares, Object.keys(colours)), order = JSON.stringify(shown);
    if (order !== this.order) {
      this.order = order;
      fill(this.rows, shown.map((name) => this.row(name, colours[name] || '#888')));
    }
    for (const name of shown) {
      const row = this.drawn.get(name), share = shares.get(name) ?? 0;
      if (!row) continue;
      // Of what is unlike all sets no share is meant; the rows stay, so that nothing jumps.
      row.fill.style.transform = `scaleX(${isKnown ? Math.max(0.01, share).toFixed(3) : 0})`;
      const text = isKnown ? percent(share) : '';
      if (row.value.textContent !== text) row.value.textContent = text;
      row.node.classList.toggle('winner', isKnown && name === winner);
    }
  }

  /**
   * The classes to show; rows keep their places.
   * @param {Map<string, number>} shares
   * @param {string[]} order
   */
  rowsOf(shares, order) {
    const place = (/** @type {string} */ name) =>
      order.includes(name) ? order.indexOf(name) : order.length;
    const best = [...shares].sort((a, b) => b[1] - a[1]).slice(0, MOST_LIVE_BARS);
    return best.map(([name]) => name).sort((a, b) => place(a) - place(b));
  }

  /** @type {(name: string, colour: string) => HTMLElement} */
  row(name, colour) {
    const fill = dom`<i style="background: ${colour}"></i>`;
    const value = dom`<span class="value"></span>`;
    const node = dom`<div class="bar-row">${shownName(name, 'label', name)}
      <span class="track">${fill}</span>${value}</div>`;
    this.drawn.set(name, { node, fill, value });
    return node;
  }

  /** @param {string} text for who cannot see the bars, where it has changed, once a second at most */
  announce(text) {
    clearTimeout(this.pending);
    if (text === this.told) return;
    const say = () => {
      this.announced = performance.now();
      this.told = text;
      this.spoken.textContent = text;
    };
    const after = Math.max(0, this.announced + SAID_EVERY - performance.now());
    this.pending = setTimeout(say, after);
  }
}
