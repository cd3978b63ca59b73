// The camera: asked for, shown, switched, given back. Shared by "Try it" and the labelled sets.
const NO_CAMERA_HERE = 'The browser lends its camera to https pages only. Choose or photograph a picture instead; whoever runs this server finds the https line in the README.';
const CAMERA_ICON = 'M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7';
const SWITCH_ICON = 'M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5';

const cameraTrouble = error =>
  error.name === 'NotFoundError' ? 'No camera was found on this device.'
    : error.name === 'NotReadableError' ? 'The camera is busy: close the program that uses it, then try again.'
    : 'The camera may not be used: allow it in the browser’s address bar, then try again.';

// Opens a camera; throws an Error whose message is a sentence. `ended(sentence)` is called where
// the camera goes away by itself.
async function openCamera(ended) {
  // A phone lends its camera once: who had it gives it back.
  if (matchMedia('(pointer: coarse)').matches) document.dispatchEvent(new Event('featclass-camera'));
  const video = make('video', { playsinline: true, 'aria-label': 'Camera preview' });
  video.muted = true;
  const camera = { video, stream: null, devices: [], closed: false };
  const release = () => camera.stream?.getTracks().forEach(track => { track.onended = null; track.stop(); });
  camera.use = async device => {
    release();   // first: many phones lend one at a time
    const which = device ? { deviceId: { exact: device } } : { facingMode: 'environment' };
    try {
      camera.stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, ...which } });
    } catch (error) { throw new Error(cameraTrouble(error)); }
    if (camera.closed) { release(); return; }
    const [track] = camera.stream.getVideoTracks();
    track.onended = () => { camera.close(); ended('The camera was taken away or unplugged.'); };
    // As in a mirror, unless it looks away from the person.
    video.classList.toggle('mirrored', track.getSettings().facingMode !== 'environment');
    video.srcObject = camera.stream;
    await video.play().catch(() => {});   // refused where it is closed meanwhile
    if (!video.videoWidth && !camera.closed) await new Promise(ready => { video.onloadeddata = ready; });
    const found = await navigator.mediaDevices.enumerateDevices();
    camera.devices = found.filter(each => each.kind === 'videoinput').map(each => each.deviceId);
  };
  camera.next = () => {
    const now = camera.stream.getVideoTracks()[0].getSettings().deviceId;
    return camera.use(camera.devices[(camera.devices.indexOf(now) + 1) % camera.devices.length]);
  };
  const yielding = () => { camera.close(); ended(''); };
  camera.close = () => {
    camera.closed = true;
    document.removeEventListener('featclass-camera', yielding);
    release();
    video.srcObject = null;
  };
  await camera.use();
  document.addEventListener('featclass-camera', yielding);
  return camera;
}

// A button to go to the next camera, where there are several.
function switcher(camera, failed) {
  if (camera.devices.length < 2) return null;
  const button = make('button', { class: 'pill', title: 'Switch camera', 'aria-label': 'Switch camera', onclick: async () => {
    button.disabled = true;
    try { await camera.next(); } catch (error) { camera.close(); failed(error.message); }
    button.disabled = false;
  } }, icon(SWITCH_ICON));
  return button;
}

// The picture that a camera shows now, its shorter side `side` pixels at most, as a JPEG.
async function photograph(video, canvas, side, quality) {
  const scale = Math.min(1, side / Math.min(video.videoWidth, video.videoHeight));
  const width = Math.round(video.videoWidth * scale), height = Math.round(video.videoHeight * scale);
  if (!width || !height) return null;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  pen.imageSmoothingQuality = 'medium';
  pen.drawImage(video, 0, 0, width, height);
  if (canvas.convertToBlob) return canvas.convertToBlob({ type: 'image/jpeg', quality });
  return new Promise(done => canvas.toBlob(done, 'image/jpeg', quality));
}

const newCanvas = () => window.OffscreenCanvas ? new OffscreenCanvas(1, 1) : make('canvas');
