// The camera: asked for, shown, switched, given back. Shared by "Try it" and the labelled sets.
import { dom, icon } from './dom.js';
import { said } from './server.js';
/** @typedef {(sentence: string) => void} Ended is told why a camera went away by itself */

export const NO_CAMERA_HERE = 'The browser lends its camera to https pages only. Choose or ' +
  'photograph a picture instead; whoever runs this server finds the https line in the README.';
/** Tells an open camera to close: a phone lends its camera once, and who had it gives it back. */
const YIELD = 'yield';
const cameras = new EventTarget();

/** @param {unknown} error */
function trouble(error) {
  const { name } = /** @type {Error} */ (error);
  if (name === 'NotFoundError') return 'No camera was found on this device.';
  if (name === 'NotReadableError') {
    return 'The camera is busy: close the program that uses it, then try again.';
  }
  return 'The camera may not be used: allow it in the browser’s address bar, then try again.';
}

export class Camera {
  /** @param {Ended} ended */
  constructor(ended) {
    this.ended = ended;
    this.video = /** @type {HTMLVideoElement} */ (
      dom`<video playsinline aria-label="Camera preview"></video>`
    );
    this.video.muted = true;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {string[]} */
    this.devices = [];
    this.isClosed = false;
    this.canvas = new OffscreenCanvas(1, 1);
    this.yielding = () => {
      this.close();
      ended('');
    };
  }

  /**
   * Throws an Error whose message is a sentence.
   * @param {string} [device]
   */
  async use(device) {
    this.release(); // first: many phones lend one at a time
    const which = device ? { deviceId: { exact: device } } : { facingMode: 'environment' };
    const video = { width: { ideal: 1280 }, height: { ideal: 720 }, ...which };
    const stream = await navigator.mediaDevices.getUserMedia({ video }).catch((error) => {
      throw new Error(trouble(error));
    });
    this.stream = stream;
    if (this.isClosed) return this.release();
    const [track] = stream.getVideoTracks();
    track.onended = () => {
      this.close();
      this.ended('The camera was taken away or unplugged.');
    };
    // As in a mirror, unless it looks away from the person.
    this.video.classList.toggle('mirrored', track.getSettings().facingMode !== 'environment');
    this.video.srcObject = stream;
    await this.play();
    if (!this.video.videoWidth && !this.isClosed) {
      await new Promise((ready) => this.video.onloadeddata = ready);
    }
    const all = await navigator.mediaDevices.enumerateDevices();
    this.devices = all.filter(({ kind }) => kind === 'videoinput').map((one) => one.deviceId);
  }

  /** Also after it was moved within the page, which pauses it. */
  async play() {
    await this.video.play().catch(() => {}); // refused where it is closed meanwhile
  }

  /** Uses the camera after this one. */
  next() {
    const now = this.stream?.getVideoTracks()[0].getSettings().deviceId ?? '';
    return this.use(this.devices[(this.devices.indexOf(now) + 1) % this.devices.length]);
  }

  release() {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
  }

  close() {
    this.isClosed = true;
    cameras.removeEventListener(YIELD, this.yielding);
    this.release();
    this.video.srcObject = null;
  }

  /** A button to go to the next camera, where there are several. */
  switcher() {
    if (this.devices.length < 2) return null;
    const button = /** @type {HTMLButtonElement} */ (
      dom`<button class="pill" title="Switch camera" aria-label="Switch camera">${
        icon('turn')
      }</button>`
    );
    button.onclick = async () => {
      button.disabled = true;
      try {
        await this.next();
      } catch (error) {
        this.close();
        this.ended(said(error));
      }
      button.disabled = false;
    };
    return button;
  }

  /**
   * The picture that it shows now, its shorter side `side` pixels at most, as a JPEG.
   * @param {number} side
   * @param {number} quality
   * @returns {Promise<Blob | null>}
   */
  photograph(side, quality) {
    const { canvas, video } = this;
    const scale = Math.min(1, side / Math.min(video.videoWidth, video.videoHeight));
    const width = Math.round(video.videoWidth * scale);
    const height = Math.round(video.videoHeight * scale);
    if (!width || !height) return Promise.resolve(null);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const options = { alpha: false, willReadFrequently: true };
    const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', options));
    pen.imageSmoothingQuality = 'medium';
    pen.drawImage(video, 0, 0, width, height);
    return canvas.convertToBlob({ type: 'image/jpeg', quality });
  }
}

/**
 * Opens a camera; throws an Error whose message is a sentence.
 * @param {Ended} ended
 */
export async function openCamera(ended) {
  if (matchMedia('(pointer: coarse)').matches) cameras.dispatchEvent(new Event(YIELD));
  const camera = new Camera(ended);
  await camera.use();
  cameras.addEventListener(YIELD, camera.yielding);
  return camera;
}

/** The moment, for the name of a file. */
export const stamp = () => new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-');
