// Pictures recorded into a set while a button is held. Those of one hold are a burst: the server
// keeps them together when it judges itself, since they show nearly the same.
import { NO_CAMERA_HERE, openCamera, stamp } from './camera.js';
import { dom } from './dom.js';
import { choose } from './files.js';
import { said } from './server.js';
import { upload } from './upload.js';
import { pictures } from './wording.js';
/** @import { Camera } from './camera.js' */
/** @import { Sent } from './files.js' */
/** @import { Sets } from './sets.js' */
/** @import { Sum } from './upload.js' */

const PER_SECOND = 4, MOST_OF_BURST = 240, SENT_TOGETHER = 8, RECORDED_SIDE = 720;
const HOLD = 'Hold to record';

/** What is recorded in one hold. */
class Burst {
  key = crypto.randomUUID();
  at = stamp();
  taken = 0;
  /** @type {Sent[]} */
  frames = [];
  /** @type {Promise<void>[]} */
  shots = [];
  /** @type {Sum[]} */
  sums = [];
  sending = Promise.resolve();
}

/** The camera in the card of a set. */
export class Recorder {
  /**
   * @param {Sets} sets
   * @param {number} set
   */
  constructor(sets, set) {
    this.sets = sets;
    this.set = set;
    /** @type {Camera | null} */
    this.camera = null;
    /** @type {HTMLElement | null} */
    this.node = null;
    /** Whether frames of it are under way; a button that is held stays put. */
    this.isRecording = false;
    /** @type {Burst | null} */
    this.burst = null;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.timer = undefined;
    this.held = new AbortController();
    /** @type {HTMLElement | null} the button */
    this.hold = null;
    this.count = dom`<span class="counted" role="status"></span>`;
  }

  /** @param {string} text */
  tell(text) {
    this.sets.places.say(String(this.set), { text, share: null });
  }

  async open() {
    const { sets } = this;
    if (!navigator.mediaDevices) {
      sets.recorder = null;
      this.tell(NO_CAMERA_HERE);
      const attributes = { accept: 'image/*', capture: 'environment' };
      return choose(sets.host, attributes, (items) => sets.send(this.set, items));
    }
    const ended = (/** @type {string} */ sentence) => {
      if (sets.recorder === this) {
        sets.closeRecorder();
        sets.draw();
      }
      this.tell(sentence);
    };
    try {
      const camera = await openCamera(ended);
      if (sets.recorder !== this || !sets.host.isConnected) return camera.close();
      this.show(camera);
    } catch (error) {
      ended(said(error));
    }
  }

  close() {
    this.stop();
    this.camera?.close();
  }

  /** @param {Camera} camera */
  show(camera) {
    const { sets } = this, hold = this.hold = this.drawHold();
    const close = () => {
      sets.closeRecorder();
      sets.draw();
    };
    this.camera = camera;
    this.node = dom`<div class="recorder">${camera.video}
      <div class="row">${hold}${this.count}${camera.switcher()}
        <button class="pill" data-key="hc${this.set}" onclick=${close}>Close camera</button></div>
      <p class="hint">${
      'Turn it, come closer, change the background: pictures that differ teach most. ' +
      'Hold once more elsewhere for a second burst.'
    }</p></div>`;
    this.tell('');
    sets.draw();
    hold.focus({ preventScroll: true });
  }

  drawHold() {
    const isKey = (/** @type {KeyboardEvent} */ { key }) => key === ' ' || key === 'Enter';
    const hold = dom`<button class="pill strong hold" data-key="h${this.set}"
      aria-label="Hold to record into ${this.sets.nameOf(this.set)}">${HOLD}</button>`;
    hold.onpointerdown = ({ button }) => button === 0 && this.start();
    hold.oncontextmenu = (event) => event.preventDefault(); // what a phone makes of a long touch
    hold.onkeydown = (event) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat) this.start();
    };
    hold.onkeyup = (event) => isKey(event) && this.stop();
    hold.onblur = () => this.stop();
    return hold;
  }

  start() {
    if (this.burst || this.camera?.isClosed) return;
    const burst = this.burst = new Burst();
    this.isRecording = true;
    this.hold?.classList.add('recording');
    this.hold?.replaceChildren('Recording');
    this.tell('');
    const shoot = () => burst.shots.push(this.shoot(burst));
    this.timer = setInterval(shoot, 1000 / PER_SECOND);
    shoot();
    this.held = new AbortController();
    const { signal } = this.held, stop = () => this.stop();
    for (const kind of ['pointerup', 'pointercancel', 'blur']) {
      globalThis.addEventListener(kind, stop, { signal });
    }
    document.addEventListener('visibilitychange', stop, { signal });
  }

  async stop() {
    const { burst } = this;
    if (!burst) return;
    this.burst = null;
    clearInterval(this.timer);
    this.held.abort();
    this.hold?.classList.remove('recording');
    this.hold?.replaceChildren(HOLD);
    await Promise.all(burst.shots);
    this.deliver(burst);
    await burst.sending;
    this.isRecording = this.burst !== null;
    this.count.textContent = '';
    this.sets.draw();
    this.tell(recorded(burst.sums));
    this.sets.redraw();
  }

  /** @param {Burst} burst */
  async shoot(burst) {
    const place = ++burst.taken;
    this.count.textContent = pictures(place);
    if (place >= MOST_OF_BURST) this.stop();
    const file = await this.camera?.photograph(RECORDED_SIDE, 0.9).catch(() => null);
    if (!file) return;
    const path = `burst-${burst.at}-${String(place).padStart(3, '0')}.jpg`;
    burst.frames.push({ path, file });
    if (burst.frames.length >= SENT_TOGETHER) this.deliver(burst);
  }

  /** @param {Burst} burst sends what there is of it, one portion after the other */
  deliver(burst) {
    const items = burst.frames.splice(0), { base } = this.sets;
    if (!items.length) return;
    burst.sending = burst.sending.then(async () => {
      burst.sums.push(await upload(base, this.set, items, () => {}, { burst: burst.key }));
    });
  }
}

/** @param {Sum[]} sums of the portions of one burst */
function recorded(sums) {
  const total = (/** @type {'added' | 'copies' | 'rejected'} */ key) =>
    sums.reduce((n, sum) => n + sum[key], 0);
  const parts = [`${pictures(total('added'))} added`];
  if (total('copies')) parts.push(`${total('copies')} already there`);
  if (total('rejected')) parts.push(`${total('rejected')} could not be used`);
  const lost = sums.find((sum) => sum.error);
  if (lost) parts.push(lost.unfinished('Record once more'));
  return parts.join(', ');
}
