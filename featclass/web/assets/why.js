// "Why?" under a prediction: a map over the picture of what spoke for a class, what against.
const WHY_FOR = [255, 176, 0], WHY_AGAINST = [91, 61, 245], WHY_STRONGEST = 0.8;
// What is open stays open when the results are drawn anew: by picture, of the newest prediction.
const explained = new Map();

// Adds the button to the drawing of one result. `frame` holds its picture, the first img in it, and
// may have an element .neighbours, or .said, for the button; `result` has digest, name, label and bars.
function why(base, result, frame) {
  const image = frame.querySelector('img');
  if (!result.bars || !image) return;
  const open = explained.get(result.digest), said = JSON.stringify(result.bars);
  const toggle = make('button', { class: 'text why', 'data-key': `why ${result.digest}` });
  const panel = make('div', { class: 'because', 'aria-live': 'polite', hidden: true });
  const view = { base, result, said, frame, image, toggle, panel, canvas: null, watch: null };
  toggle.onclick = () => explained.has(result.digest) ? hideWhy(view) : showWhy(view, result.label);
  // Beside what it resembles, where there is room, rather than on a line of its own.
  (frame.querySelector('.neighbours') || frame.querySelector('.said') || frame).append(toggle);
  frame.append(panel);
  toggleWhy(view, Boolean(open));
  for (const row of frame.querySelectorAll('.bar-row')) {
    row.addEventListener('click', () => {
      const label = row.querySelector('.label')?.title;
      if (label != null && explained.has(result.digest)) showWhy(view, label);
    });
  }
  if (!open) return;
  const label = result.bars.some(([name]) => name === open.label) ? open.label : result.label;
  if (open.answer && open.said === said) drawWhy(view, open.answer); else showWhy(view, label);
}

function toggleWhy({ toggle, result }, isOpen) {
  toggle.textContent = isOpen ? 'Hide why' : 'Why?';
  toggle.setAttribute('aria-expanded', String(isOpen));
  toggle.setAttribute('aria-label', `${toggle.textContent} ${result.label}: ${result.name}`);
}

function hideWhy(view) {
  explained.delete(view.result.digest);
  toggleWhy(view, false);
  view.frame.classList.remove('explained');
  view.watch?.disconnect();
  view.canvas?.remove();
  view.canvas = null;
  view.panel.hidden = true;
  view.panel.replaceChildren();
}

async function showWhy(view, label) {
  const { base, result, said, panel } = view;
  const mine = { label, said, answer: null };
  explained.set(result.digest, mine);
  toggleWhy(view, true);
  panel.hidden = false;
  if (!view.canvas) panel.replaceChildren(make('p', { class: 'quiet' }, 'Looking for what counts'));
  let problem = 'The explanation could not be fetched; press Why? to try once more.';
  try {
    const response = await fetch(`${base}/why/${result.digest}?label=${encodeURIComponent(label)}`, { headers: HEADERS });
    const body = await response.json();
    if (response.ok) mine.answer = body; else problem = body.error || problem;
  } catch { /* said below */ }
  if (explained.get(result.digest) !== mine) return;   // closed, or another class, meanwhile
  if (mine.answer) { drawWhy(view, mine.answer); return; }
  hideWhy(view);
  panel.hidden = false;
  panel.replaceChildren(make('p', { class: 'quiet' }, problem));
}

function drawWhy(view, answer) {
  const { result, frame, image, panel } = view;
  if (!view.canvas) {
    view.canvas = make('canvas', { class: 'heat', role: 'img' });
    frame.append(view.canvas);
    // A picture outlives its frame: it is moved into the next one when the results are drawn anew.
    view.watch = new ResizeObserver(() => view.canvas?.isConnected ? paintWhy(view) : view.watch.disconnect());
    view.watch.observe(image);
    if (!image.complete) image.addEventListener('load', () => paintWhy(view), { once: true });
  }
  view.answer = answer;
  const isCut = answer.box[0] > 0.01 || answer.box[1] > 0.01;
  frame.classList.add('explained');
  view.canvas.setAttribute('aria-label', `What spoke for ${answer.label}, and what against, in ${result.name}`);
  const chips = result.bars.map(([name]) => make('button', { class: 'chip', 'aria-pressed': String(name === answer.label),
    'aria-label': `What speaks for ${name}`, title: name, onclick: () => showWhy(view, name) }, shownName(name)));
  const focused = [...panel.querySelectorAll('.chip')].indexOf(frame.getRootNode().activeElement);
  panel.hidden = false;
  panel.replaceChildren(make('p', {}, answer.says),
    make('p', { class: 'key quiet' }, ...[['for', `for ${answer.label}`], ['against', 'against'], ...isCut ? [['unseen', 'not looked at']] : []]
      .map(([kind, words]) => make('span', {}, make('i', { class: kind }), words))),
    chips.length > 1 ? make('div', { class: 'chips', role: 'group', 'aria-label': 'Show what speaks for' }, ...chips) : '');
  if (focused >= 0) panel.querySelectorAll('.chip')[focused]?.focus();
  paintWhy(view);
}

// Where the whole upright picture lies within the canvas: thumbnails of long ones are cut at both
// ends, and the page may show only the middle of a thumbnail.
function placedWhy(image, aspect) {
  const { naturalWidth: nw, naturalHeight: nh, clientWidth: w, clientHeight: h } = image;
  const fit = getComputedStyle(image).objectFit, fits = [w / nw, h / nh];
  const scale = fit === 'cover' ? Math.max(...fits) : Math.min(...fits);
  const [x, y] = fit === 'fill' ? fits : [scale, scale];
  const whole = aspect > 1 ? [Math.max(nw, nh * aspect), nh] : [nw, Math.max(nh, nw / aspect)];
  const size = [whole[0] * x, whole[1] * y];
  return { left: (w - size[0]) / 2, top: (h - size[1]) / 2, width: size[0], height: size[1] };
}

function paintWhy({ canvas, image, answer, frame }) {
  if (!canvas || !image.naturalWidth || !image.clientWidth) return;
  const ratio = window.devicePixelRatio || 1, within = frame.getBoundingClientRect();
  const { left, top, width: w, height: h } = image.getBoundingClientRect();
  canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio);
  Object.assign(canvas.style, { left: `${left - within.left - frame.clientLeft}px`, top: `${top - within.top - frame.clientTop}px`,
    width: `${w}px`, height: `${h}px`, borderRadius: getComputedStyle(image).borderRadius });
  const pen = canvas.getContext('2d');
  pen.scale(canvas.width / w, canvas.height / h);
  const place = placedWhy(image, answer.aspect), [x0, y0, x1, y1] = answer.box;
  const box = [place.left + x0 * place.width, place.top + y0 * place.height, (x1 - x0) * place.width, (y1 - y0) * place.height];
  pen.fillStyle = 'rgb(16 14 28 / .6)';   // what the classifier does not look at
  pen.fillRect(0, 0, w, h);
  pen.clearRect(...box);
  pen.imageSmoothingEnabled = true; pen.imageSmoothingQuality = 'high';
  for (const [sign, colour] of [[1, WHY_FOR], [-1, WHY_AGAINST]]) {
    const cells = make('canvas', { width: answer.columns, height: answer.rows });
    const pixels = new ImageData(answer.columns, answer.rows);
    answer.values.forEach((value, i) => {
      const strength = Math.max(0, sign * value) ** 1.2;
      pixels.data.set([...colour, Math.round(255 * WHY_STRONGEST * strength)], 4 * i);
    });
    cells.getContext('2d').putImageData(pixels, 0, 0);
    pen.drawImage(cells, ...box);
  }
}
