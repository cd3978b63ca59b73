// The map: a point for each picture, close to its like. A lasso by mouse, a click or the keyboard
// picks pictures, to be moved or left out together. Fetched only once it is opened.
const NEAR = 14, SHOWN = 48;
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const memory = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.map');
  let state = memory.get(host);
  if (!state) {
    state = { open: false, points: null, picked: new Set(), lasso: null, at: null, shown: '', turn: 0, busy: false, problem: '', images: new Map() };
    memory.set(host, state);
    host.querySelector('.toggle').onclick = () => toggle(host, state);
    listen(host, state, host.querySelector('canvas'));
    new ResizeObserver(() => paint(host, state)).observe(host);
  }
  state.redraw = () => setTriggerValue('redraw', Date.now());
  state.data = data;
  host.hidden = !data.ready && !state.open;
  host.classList.toggle('stale', data.stale || !data.ready);
  drawToggle(host, state);
  if (state.open && data.shown !== state.shown) load(host, state);
  else paint(host, state);
  state.shown = data.shown;
}

const setOf = (state, id) => state.data.sets.find(one => one[0] === id);
const nameOf = (state, id) => setOf(state, id)?.[1] ?? (id !== null && id === state.data.none ? 'none of these' : 'a set that was removed');
const isSettled = point => point.out || point.set !== point.was;

function drawToggle(host, state) {
  const button = host.querySelector('.toggle');
  button.setAttribute('aria-expanded', String(state.open));
  button.replaceChildren(make('b', {}, 'Map of the pictures'), make('span', { class: 'quiet' }, 'what is alike lies together'));
}

function toggle(host, state) {
  state.open = !state.open;
  drawToggle(host, state);
  host.querySelector('.inside').hidden = !state.open;
  if (state.open) { say(host, state); load(host, state); }
}

async function load(host, state) {
  const turn = ++state.turn;
  let answer = null;
  try {
    const response = await fetch(`${state.data.base}/map`);
    if (response.ok) answer = await response.json();
  } catch { /* said below */ }
  if (turn !== state.turn || !state.open) return;
  state.problem = answer ? '' : 'The map could not be fetched. Close and open this to try once more.';
  // While the pictures are looked at anew there is no map for a moment: the former one stays.
  if (answer && (answer.points.length || !state.points)) {
    state.points = answer.points.map(([id, digest, name, x, y, was, said, set, out]) => ({ id, digest, name, x, y, was, said, set, out }));
    state.at = state.points.find(point => point.digest === state.at?.digest) ?? null;
    const there = new Set(state.points.map(point => point.digest));
    for (const digest of state.picked) if (!there.has(digest)) state.picked.delete(digest);
  }
  paint(host, state);
  drawPicked(host, state);
}

// The canvas

function measure(host) {
  const width = Math.max(160, host.clientWidth), height = Math.round(Math.min(460, width * 0.85)), edge = 16;
  return { width, height, toX: x => edge + (x + 1) / 2 * (width - 2 * edge), toY: y => edge + (1 - y) / 2 * (height - 2 * edge) };
}

function paint(host, state) {
  if (!state.open || !host.isConnected) return;
  const canvas = host.querySelector('canvas'), ratio = window.devicePixelRatio || 1;
  const size = state.size = measure(host);
  canvas.width = size.width * ratio; canvas.height = size.height * ratio;
  canvas.style.height = `${size.height}px`;
  const pen = canvas.getContext('2d'), style = getComputedStyle(host), text = style.color;
  pen.scale(ratio, ratio);
  const points = state.points || [], radius = points.length > 800 ? 3 : points.length > 250 ? 4 : 5.5;
  for (const point of points) {
    const [x, y] = [size.toX(point.x), size.toY(point.y)], picked = state.picked.has(point.digest);
    pen.globalAlpha = point.out ? 0.2 : state.picked.size && !picked ? 0.35 : 0.85;
    pen.fillStyle = setOf(state, point.set)?.[2] || '#888';
    pen.beginPath(); pen.arc(x, y, picked ? radius + 1.5 : radius, 0, 7); pen.fill();
    if (point.said !== point.was && !isSettled(point)) {
      pen.strokeStyle = text; pen.lineWidth = 1.5;
      pen.beginPath(); pen.arc(x, y, radius + 2.5, 0, 7); pen.stroke();
    }
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = style.getPropertyValue('--accent') || text;
  if (state.at) { pen.lineWidth = 2.5; pen.beginPath(); pen.arc(size.toX(state.at.x), size.toY(state.at.y), radius + 5, 0, 7); pen.stroke(); }
  if (state.lasso?.length > 1) {
    pen.lineWidth = 1.5; pen.setLineDash([5, 4]); pen.beginPath();
    state.lasso.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath(); pen.stroke(); pen.globalAlpha = 0.08; pen.fillStyle = pen.strokeStyle; pen.fill();
  }
  drawTip(host, state);
}

function nearest(state, x, y) {
  let best = null, least = NEAR ** 2;
  for (const point of state.points || []) {
    const far = (state.size.toX(point.x) - x) ** 2 + (state.size.toY(point.y) - y) ** 2;
    if (far < least) [best, least] = [point, far];
  }
  return best;
}

function listen(host, state, canvas) {
  const where = event => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  canvas.onpointerdown = event => { if (event.button) return; state.lasso = [where(event)]; if (event.pointerType === 'mouse') canvas.setPointerCapture(event.pointerId); };
  canvas.onpointermove = event => {
    if (state.lasso && event.pointerType !== 'touch') { state.lasso.push(where(event)); state.at = null; paint(host, state); return; }
    const found = nearest(state, ...where(event));
    if (found !== state.at) { state.at = found; paint(host, state); }
  };
  canvas.onpointercancel = () => { state.lasso = null; paint(host, state); };
  canvas.onpointerleave = () => { if (!state.lasso) { state.at = null; paint(host, state); } };
  canvas.onpointerup = event => {
    const lasso = state.lasso;
    state.lasso = null;
    if (!lasso) return;
    const [x, y] = where(event), isClick = lasso.every(([a, b]) => Math.hypot(a - x, b - y) < 5);
    if (isClick) { state.at = nearest(state, x, y); pick(state, state.at); }
    else state.picked = new Set((state.points || []).filter(point => inside(state.size.toX(point.x), state.size.toY(point.y), lasso)).map(point => point.digest));
    paint(host, state); drawPicked(host, state);
  };
  canvas.onblur = () => { state.at = null; paint(host, state); };
  canvas.onkeydown = event => pressed(host, state, event);
}

function pick(state, point) {
  if (!point) { state.picked.clear(); return; }
  if (!state.picked.delete(point.digest)) state.picked.add(point.digest);
}

function inside(x, y, outline) {
  let within = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [[a, b], [c, d]] = [outline[i], outline[j]];
    if ((b > y) !== (d > y) && x < (c - a) * (y - b) / (d - b) + a) within = !within;
  }
  return within;
}

// The arrows go to the nearest point that way; Enter or the space bar picks it.
function pressed(host, state, event) {
  const step = STEPS[event.key], points = state.points || [];
  if (event.key === 'Escape') pick(state, null);
  else if ((event.key === 'Enter' || event.key === ' ') && state.at) pick(state, state.at);
  else if (step && points.length) {
    const from = state.at;
    const cost = point => {
      const [dx, dy] = [point.x - from.x, from.y - point.y], along = dx * step[0] + dy * step[1];
      return along > 1e-6 ? along + 2 * Math.abs(dx * step[1] - dy * step[0]) : Infinity;
    };
    const next = from ? points.reduce((best, point) => (cost(point) < cost(best) ? point : best), from) : points[0];
    if (!from || cost(next) < Infinity) state.at = next;
  } else return;
  event.preventDefault();
  paint(host, state); drawPicked(host, state);
}

function describe(state, point) {
  const set = nameOf(state, point.set);
  if (point.out) return `${set}, left out`;
  return point.said !== point.was && !isSettled(point) ? `${set}, taken for ${nameOf(state, point.said)}` : set;
}

function drawTip(host, state) {
  const tip = host.querySelector('.tip'), point = state.at;
  tip.hidden = !point || !!state.lasso;
  if (tip.hidden) { tip.replaceChildren(); tip.dataset.of = ''; return; }
  if (tip.dataset.of !== point.digest) {
    tip.dataset.of = point.digest;
    tip.replaceChildren(thumb(state, point, 'tip'), make('span', { class: 'word' }, point.name), make('span', { class: 'quiet' }, describe(state, point)));
  }
  const [x, y] = [state.size.toX(point.x), state.size.toY(point.y)];
  tip.style.left = `${Math.min(Math.max(0, x - 66), state.size.width - 132)}px`;
  tip.style.top = y > state.size.height / 2 ? `${y - 14}px` : `${y + 14}px`;
  tip.style.transform = y > state.size.height / 2 ? 'translateY(-100%)' : 'none';
}

// What is picked

function say(host, state) {
  const n = state.points?.length;
  const touch = matchMedia('(pointer: coarse)').matches;
  const how = n ? (touch ? 'Tap pictures to pick them.' : 'Draw round pictures to pick them, or click one.') + ' Those with a ring were taken for another set.' : 'There is no map of these pictures.';
  host.querySelector('.note').textContent = state.problem || (state.points ? how : 'Laying the pictures out …');
}

function drawPicked(host, state) {
  say(host, state);
  const panel = host.querySelector('.picked'), points = (state.points || []).filter(point => state.picked.has(point.digest));
  panel.hidden = !points.length;
  if (!points.length) { panel.replaceChildren(); return; }
  const ids = points.map(point => point.id), busy = state.busy;
  const button = (text, what, ...inner) => make('button', { class: 'pill', 'aria-disabled': busy ? 'true' : null, 'aria-label': text,
    onclick: () => busy || act(host, state, what) }, ...(inner.length ? inner : [text]));
  const more = points.length - SHOWN;
  panel.replaceChildren(
    make('p', { class: 'note', role: 'status' }, `${plural(points.length, 'picture', 'pictures')} picked`),
    make('div', { class: 'few' }, ...points.slice(0, SHOWN).map(point => {
      const figure = make('figure', { title: `${point.name}, ${describe(state, point)}` }, thumb(state, point, 'few'));
      figure.style.outlineColor = setOf(state, point.set)?.[2] || 'var(--line)';
      return figure;
    }), more > 0 ? make('span', { class: 'quiet' }, `and ${more.toLocaleString('en')} more`) : ''),
    make('div', { class: 'acts' }, make('span', { class: 'quiet' }, 'Move to'),
      ...state.data.sets.filter(([id]) => points.some(point => point.set !== id)).map(([id, name, colour]) => {
        const mark = make('span', { class: 'dot' });
        mark.style.background = colour;
        return button(`Move to ${name}`, { do: 'move', pictures: ids, set: id }, mark, shownName(name));
      }),
      button('None of these', { do: 'none of these', pictures: ids }),
      button('Leave out', { do: 'leave out', pictures: ids, reason: '' }),
      make('button', { class: 'text quiet', onclick: () => { pick(state, null); paint(host, state); drawPicked(host, state); } }, 'Pick none')));
}

async function act(host, state, what) {
  state.busy = true;
  drawPicked(host, state);
  const problem = await perform(state.data.base, what, state.redraw);
  state.busy = false;
  if (!problem) state.picked.clear();
  await load(host, state);
  state.problem = problem || state.problem;
  drawPicked(host, state);
}

function thumb(state, point, where) {
  const key = `${where} ${point.digest}`;
  if (!state.images.has(key)) state.images.set(key, make('img', { src: `${state.data.base}/thumbnail/${point.digest}?size=160`, alt: point.name, decoding: 'async' }));
  return state.images.get(key);
}
