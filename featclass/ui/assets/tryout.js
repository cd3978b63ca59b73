// "Try it": drop, paste, choose or photograph new pictures, and see what they look like.
const memory = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.tryout');
  let state = memory.get(host);
  if (!state) {
    state = { note: null, images: new Map(), shown: '', stream: null };
    memory.set(host, state);
    build(host, state);
  }
  state.redraw = () => setTriggerValue('redraw', Date.now());
  state.more = () => setTriggerValue('more', Date.now());
  state.act = async what => {
    host.querySelector('.note').textContent = await perform(data.base, what, state.redraw);
  };
  state.data = data;
  const shown = JSON.stringify(data);
  if (shown !== state.shown) { state.shown = shown; drawResults(host, state); }
  return () => { if (!host.isConnected) { stopCamera(state); document.removeEventListener('paste', state.paste); } };
}

function build(host, state) {
  const zone = host.querySelector('.zone');
  const take = items => send(host, state, items);
  droppable(host, take);
  zone.querySelector('.pick').onclick = () => choose(host, { accept: ACCEPT }, take);
  zone.querySelector('.camera').onclick = () => state.stream ? stopCamera(state, host) : startCamera(host, state);
  state.paste = event => {
    const files = [...(event.clipboardData?.files || [])].filter(file => file.type.startsWith('image/'));
    if (files.length && host.isConnected) {
      event.preventDefault();
      take(files.map((file, i) => ({ path: `pasted-${stamp()}${i ? '-' + i : ''}.png`, file })));
    }
  };
  document.addEventListener('paste', state.paste);
}

const stamp = () => new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-');

async function send(host, state, items) {
  if (!items.length) return;
  const note = host.querySelector('.note');
  const tell = (text, share) => { note.textContent = share == null ? text : `Sending ${text}`; };
  const sum = await upload(state.data.base, 'try', items, tell);
  tell(sum.error || sum.rejected || !sum.added ? summary(sum) : '', null);
  state.redraw();
}

async function startCamera(host, state) {
  const note = host.querySelector('.note');
  if (!navigator.mediaDevices) {
    // Browsers give the camera only to https pages and to this very machine.
    note.textContent = 'The browser lends its camera to https pages only. Choose or photograph a picture instead; whoever runs this server finds the https line in the README.';
    choose(host, { accept: 'image/*', capture: 'environment' }, items => send(host, state, items));
    return;
  }
  try {
    state.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: 'environment' } });
  } catch (error) {
    note.textContent = error.name === 'NotFoundError' ? 'No camera was found on this device.'
      : error.name === 'NotReadableError' ? 'The camera is busy: close the program that uses it, then try again.'
      : 'The camera may not be used: allow it in the browser’s address bar, then try again.';
    return;
  }
  note.textContent = '';
  const video = make('video', { muted: true, playsinline: true, 'aria-label': 'Camera preview' });
  video.muted = true; video.srcObject = state.stream;
  const shoot = make('button', { class: 'pill strong', disabled: true, onclick: () => {
    const canvas = make('canvas', { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext('2d').drawImage(video, 0, 0);
    canvas.toBlob(blob => blob && send(host, state, [{ path: `photo-${stamp()}.jpg`, file: blob }]), 'image/jpeg', 0.92);
  } }, 'Take picture');
  const close = make('button', { class: 'pill', onclick: () => stopCamera(state, host) }, 'Close camera');
  host.querySelector('.viewfinder').replaceChildren(video, make('div', { class: 'row' }, shoot, close));
  await video.play();
  if (!video.videoWidth) await new Promise(ready => { video.onloadeddata = ready; });
  shoot.disabled = false;   // before there is a frame there is nothing to take
  shoot.focus();
}

function stopCamera(state, host) {
  state.stream?.getTracks().forEach(track => track.stop());
  state.stream = null;
  host?.querySelector('.viewfinder').replaceChildren();
}

function picture(state, digest, name, size) {
  const key = `${size} ${digest}`;
  let image = state.images.get(key);
  if (!image?.isConnected || !image) {
    image = make('img', { decoding: 'async', loading: 'lazy', alt: name, title: name,
      src: `${state.data.base}/thumbnail/${digest}?size=${size}` });
    state.images.set(key, image);
  }
  return image;
}

function bars(result) {
  return result.bars.map(([name, colour, share]) => {
    const fill = make('i');
    fill.style.background = colour;
    fill.style.width = `${Math.max(1, Math.round(100 * share))}%`;
    return make('div', { class: 'bar-row', 'aria-label': `${name} ${percent(share)}` },
      make('span', { class: 'label', title: name }, name),
      make('span', { class: 'track' }, fill), make('span', { class: 'value' }, percent(share)));
  });
}

function neighbours(state, result) {
  if (!result.neighbours.length) return null;
  return make('div', { class: 'neighbours' }, make('span', {}, 'Most like'),
    ...result.neighbours.map(([digest, name, colour, here]) => {
      const figure = make('figure', { title: name },
        here ? make('img', { src: `${state.data.base}/thumbnail/${digest}`, alt: name, decoding: 'async' })
          : make('span', { class: 'absent' }, name));
      figure.style.borderColor = colour;
      return figure;
    }));
}

function drawResult(state, result, first) {
  const remove = make('button', { class: 'icon', title: 'Remove', 'aria-label': `Remove ${result.name}`,
    onclick: () => state.act({ do: 'remove picture', picture: result.id }) }, icon(ICONS.cross));
  if (result.rejected) {
    return make('article', { class: 'result rejected' }, make('div', { class: 'said' },
      make('b', {}, result.name), make('p', {}, `Could not be used: ${result.rejected}`)), remove);
  }
  const said = make('div', { class: 'said' });
  if (result.bars) {
    said.append(make('p', { class: 'verdict' }, result.known ? 'Looks like ' : 'Unlike anything in your sets; nearest is ',
      make('b', {}, result.label)), ...bars(result));
    const like = neighbours(state, result);
    if (like) said.append(like);
  } else said.append(make('p', { class: 'verdict waiting' }, result.waiting));
  const node = make('article', { class: `result${first ? ' first' : ''}${state.data.stale ? ' stale' : ''}${result.known === false ? ' unknown' : ''}`, 'aria-label': `Prediction for ${result.name}` },
    picture(state, result.digest, result.name, first ? 480 : 160), said, remove);
  why(state.data.base, result, node);
  return node;
}

function drawResults(host, state) {
  const { results, rejected, ready, more, working, share } = state.data;
  host.querySelector('.zone .what').textContent = ready
    ? 'Drop, paste or take a new picture' : 'Once two sets have pictures, try new ones here';
  const nodes = results.map((result, i) => drawResult(state, result, i === 0));
  for (const [name, reason] of rejected) nodes.unshift(make('article', { class: 'result rejected' },
    make('div', { class: 'said' }, make('b', {}, name), make('p', {}, `Could not be used: ${reason}`))));
  if (rejected.length) nodes.splice(rejected.length, 0, make('button', { class: 'text quiet',
    onclick: () => state.act({ do: 'dismiss', set: 'try' }) }, 'Dismiss'));
  if (results.length) nodes.push(make('div', { class: 'row end' },
    more ? make('button', { class: 'text', onclick: () => state.more() }, `Show ${more} earlier`) : null,
    make('button', { class: 'text quiet', onclick: () => state.act({ do: 'clear tried' }) }, 'Clear all')));
  const bar = make('i');
  bar.style.width = `${Math.round(100 * share)}%`;
  host.querySelector('.working').replaceChildren(...working ? [make('span', { role: 'status' }, working),
    make('div', { class: 'bar', role: 'progressbar', 'aria-label': 'Pictures looked at', 'aria-valuenow': Math.round(100 * share) }, bar)] : []);
  host.querySelector('.results').replaceChildren(...nodes);
}
