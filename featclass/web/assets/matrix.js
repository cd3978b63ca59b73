// The confusion matrix: a grid of cells to click or to walk with the arrows, and below it a panel
// with the pictures of the open one. What is open is known here only; the pictures are fetched when
// they are looked at, so that a run of the page carries none of them.
const FIRST = 12, MORE = 48, TEXT_UP_TO = 15, SHARES_UP_TO = 8;
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const memory = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.matrix');
  let state = memory.get(host);
  if (!state) {
    state = { cell: null, sort: 'doubtful', items: [], total: 0, turn: 0, images: new Map(), drawn: '', shown: '', at: '0,0' };
    memory.set(host, state);
    new ResizeObserver(() => fit(host, state)).observe(host);
    host.onkeydown = event => pressed(host, state, event);
  }
  state.redraw = () => setTriggerValue('redraw', Date.now());
  state.data = data;
  const drawn = JSON.stringify([data.classes, data.cells, data.opens]);
  if (drawn !== state.drawn) { state.drawn = drawn; drawCells(host, state); }
  host.classList.toggle('stale', data.stale);
  markOpen(state);
  if (state.cell && data.shown !== state.shown) load(host, state);
  state.shown = data.shown;
}

const keyOf = (i, j) => `${i},${j}`;
const classOf = (state, id) => state.data.classes.find(one => one[0] === id) || state.data.sets.find(one => one[0] === id);
const nameOf = (state, id) => classOf(state, id)?.[1] ?? 'a set that was removed';

function dot(colour) {
  const mark = make('span', { class: 'dot' });
  mark.style.background = colour || 'var(--quiet)';
  return mark;
}

// The grid

function drawCells(host, state) {
  const { classes, cells } = state.data;
  const n = classes.length, many = n > TEXT_UP_TO;
  const totals = classes.map(() => 0), counts = new Map();
  for (const [i, j, count] of cells) { totals[i] += count; counts.set(keyOf(i, j), count); }
  state.nodes = new Map();
  const row = (...children) => make('div', { role: 'row', class: 'line' }, ...children);
  const corner = make('span', { class: 'corner', 'aria-hidden': 'true' }, make('span', {}, 'taken for →'), make('span', {}, 'is ↓'));
  const rows = [row(corner, ...classes.map((one, j) => heading(host, state, one, -1, j)))];
  for (let i = 0; i < n; i++) {
    const line = [heading(host, state, classes[i], i, -1)];
    for (let j = 0; j < n; j++) {
      const count = counts.get(keyOf(i, j)) || 0;
      // Of very many cells nearly all are empty: those are left to the ground of the grid.
      if (count || !many) line.push(drawCell(host, state, i, j, count, totals[i]));
    }
    rows.push(row(...line));
  }
  const grid = host.querySelector('.cells');
  const focused = grid.contains(host.getRootNode().activeElement);
  grid.className = `cells${many ? ' many' : ''}`;
  grid.style.setProperty('--n', n);
  grid.style.setProperty('--high', `${[0, 72, 72, 66, 58, 50, 46][n] || Math.max(30, 50 - 2 * n)}px`);
  grid.replaceChildren(...rows);
  if (!state.nodes.has(state.at)) state.at = state.nodes.keys().next().value;
  state.nodes.get(state.at).tabIndex = 0;
  if (focused) state.nodes.get(state.at).focus({ preventScroll: true });
  drawWorst(host, state, many);
  fit(host, state);
}

function place(node, i, j) {
  node.style.gridArea = `${i + 2} / ${j + 2}`;
  return node;
}

function focusable(state, node, i, j) {
  node.tabIndex = -1;
  node.dataset.at = keyOf(i, j);
  state.nodes.set(keyOf(i, j), node);
  return node;
}

function heading(host, state, [id, name, colour], i, j) {
  const isRow = j < 0;
  const text = isRow ? `All pictures of ${name}` : `Everything taken for ${name}`;
  const inner = [dot(colour), shownName(name)];
  const button = state.data.opens
    ? make('button', { class: 'head', 'aria-label': text, title: `${name}\n${isRow ? 'Show all its pictures' : 'Show everything taken for it'}`,
      onclick: event => open(host, state, isRow ? { true: id } : { said: id }, event) }, ...inner)
    : make('span', { class: 'head', title: name }, ...inner);
  focusable(state, button, i, j);
  return place(make('div', { role: isRow ? 'rowheader' : 'columnheader', class: isRow ? 'row-head' : 'column-head' }, button), i, j);
}

function drawCell(host, state, i, j, count, total) {
  const { classes, opens } = state.data;
  const [is, said] = [classes[i], classes[j]];
  const what = i === j ? `${is[1]} recognised` : `${is[1]} taken for ${said[1]}`;
  const share = percent(count / Math.max(1, total));
  const kind = !count ? 'none' : i === j ? 'right' : 'wrong';
  const node = make(opens ? 'button' : 'div', { role: 'gridcell', class: `cell ${kind}`,
    'aria-label': `${what}: ${count.toLocaleString('en')}`,
    title: count ? `${what}\n${count.toLocaleString('en')} of ${total.toLocaleString('en')} (${share})` : what,
    onclick: opens && (event => open(host, state, { true: is[0], said: said[0] }, event)) },
    make('b', {}, count.toLocaleString('en')),
    count && classes.length <= SHARES_UP_TO ? make('small', {}, share) : null);
  node.style.setProperty('--share', (total ? count / total : 0).toFixed(3));
  return place(focusable(state, node, i, j), i, j);
}

// Where the grid is too large to be seen at once, what is confused most leads into it.
function drawWorst(host, state, many) {
  const worst = many ? state.data.cells.filter(([i, j]) => i !== j).sort((a, b) => b[2] - a[2]).slice(0, 5) : [];
  const { classes, opens } = state.data;
  host.querySelector('.worst').replaceChildren(...worst.map(([i, j, count]) => make(opens ? 'button' : 'span', { class: 'pill',
    onclick: opens && (event => open(host, state, { true: classes[i][0], said: classes[j][0] }, event)) },
    `${count.toLocaleString('en')} × ${classes[i][1]} taken for ${classes[j][1]}`)));
}

// Names too wide for their column stand below their dot, or where that is too narrow too, upright.
function fit(host, state) {
  const grid = host.querySelector('.cells'), classes = state.data?.classes || [];
  if (!classes.length) return;
  const column = grid.classList.contains('many') ? 22 : (host.clientWidth - 110) / classes.length;
  const text = 8 * Math.min(14, Math.max(...classes.map(([, name]) => name.length)));
  grid.classList.toggle('stacked', text + 28 > column && text + 4 <= column);
  grid.classList.toggle('upright', text + 4 > column);
}

function pressed(host, state, event) {
  if (event.key === 'Escape' && state.cell) { event.preventDefault(); close(host, state); return; }
  const at = event.target.dataset?.at, step = ARROWS[event.key];
  if (!at || !step) return;
  event.preventDefault();
  let [i, j] = at.split(',').map(Number);
  const n = state.data.classes.length;
  for (i += step[0], j += step[1]; i >= -1 && j >= -1 && i < n && j < n; i += step[0], j += step[1]) {
    if (state.nodes.has(keyOf(i, j))) { walk(state, keyOf(i, j)).focus(); return; }
  }
}

function walk(state, key) {
  state.nodes.get(state.at).tabIndex = -1;
  state.at = key;
  const node = state.nodes.get(key);
  node.tabIndex = 0;
  return node;
}

function keyOfOpen(state) {
  const { true: is, said } = state.cell;
  const row = state.data.classes.findIndex(one => one[0] === is), column = state.data.classes.findIndex(one => one[0] === said);
  return keyOf(row, column);   // -1 where it is not asked for: the heading
}

function markOpen(state) {
  const key = state.cell && keyOfOpen(state);
  for (const [other, node] of state.nodes) {
    node.classList.toggle('open', other === key);
    if (other === key) node.setAttribute('aria-expanded', 'true'); else node.removeAttribute('aria-expanded');
  }
}

// The panel

function open(host, state, cell, event) {
  const same = state.cell && state.cell.true === cell.true && state.cell.said === cell.said;
  const { at } = event.currentTarget.dataset;
  if (at) walk(state, at);
  if (same) { close(host, state); return; }
  Object.assign(state, { cell, items: [], total: null, menu: null, large: null, problem: '' });
  markOpen(state);
  drawPanel(host, state);
  load(host, state);
  if (!at) reveal(host, state.nodes.get(keyOfOpen(state)));
  const title = host.querySelector('.panel h3');
  title.scrollIntoView({ block: 'nearest' });
  if (!event.detail) title.focus({ preventScroll: true });   // opened by keyboard: go on from there
}

// Brings a cell of a grid that scrolls into the middle of it, without moving the page.
function reveal(host, node) {
  const scroll = host.querySelector('.scroll');
  if (!node || !scroll.querySelector('.many')) return;
  const [cell, frame] = [node.getBoundingClientRect(), scroll.getBoundingClientRect()];
  scroll.scrollBy(cell.left + cell.width / 2 - frame.left - frame.width / 2, cell.top + cell.height / 2 - frame.top - frame.height / 2);
}

function close(host, state) {
  const key = keyOfOpen(state);
  const within = host.querySelector('.panel').contains(host.getRootNode().activeElement);
  state.cell = null;
  markOpen(state);
  drawPanel(host, state);
  if (within && state.nodes.has(key)) walk(state, key).focus({ preventScroll: true });
}

async function load(host, state, count = Math.max(FIRST, state.items.length)) {
  const turn = ++state.turn;
  const asked = new URLSearchParams({ sort: state.sort, count: String(count) });
  for (const side of ['true', 'said']) if (state.cell[side] != null) asked.set(side, state.cell[side]);
  let answer = null;
  try {
    const response = await fetch(`${state.data.base}/judged?${asked}`);
    if (response.ok) answer = await response.json();
  } catch { /* said below */ }
  if (turn !== state.turn || !state.cell) return;   // another cell is open by now
  state.problem = answer ? '' : 'The pictures could not be fetched. Open the cell again to try once more.';
  if (answer) Object.assign(state, { items: answer.pictures, total: answer.total });
  drawPanel(host, state);
}

async function act(host, state, item, what) {
  item.busy = true;
  state.menu = null;
  drawPanel(host, state);
  const problem = await perform(state.data.base, { picture: item.picture, ...what }, state.redraw);
  if (!state.cell) return;
  await load(host, state);
  if (problem) { state.problem = problem; drawPanel(host, state); }
}

function panelTitle(state) {
  const { true: is, said } = state.cell;
  if (said == null) return ['All of ', dot(classOf(state, is)?.[2]), nameOf(state, is)];
  const as = [dot(classOf(state, said)?.[2]), nameOf(state, said)];
  if (is == null) return ['Taken for ', ...as];
  return is === said ? [...as, ' recognised'] : [dot(classOf(state, is)?.[2]), nameOf(state, is), ' taken for ', ...as];
}

function drawPanel(host, state) {
  const panel = host.querySelector('.panel');
  const focused = panel.contains(host.getRootNode().activeElement) && host.getRootNode().activeElement;
  const [key, index] = focused ? [focused.dataset.key, [...panel.querySelectorAll('article')].indexOf(focused.closest('article'))] : [];
  panel.hidden = !state.cell;
  state.used = new Map();
  if (!state.cell) { panel.replaceChildren(); return; }
  const known = state.total !== null;
  panel.replaceChildren(
    make('header', {}, make('h3', { tabindex: '-1' }, ...panelTitle(state)),
      make('span', { class: 'count' }, known ? plural(state.total, 'picture', 'pictures') : ''),
      make('button', { class: 'icon', 'data-key': 'close', 'aria-label': 'Close these pictures', title: 'Close',
        onclick: () => close(host, state) }, icon(ICONS.cross))),
    make('p', { class: 'quiet note', role: 'status' }, state.problem || (known && !state.total ? 'No picture is here now.' : '')),
    state.total > 1 ? sorts(host, state) : '',
    ...state.items.map(item => drawItem(host, state, item)),
    state.total > state.items.length && known ? make('button', { class: 'text', 'data-key': 'more',
      onclick: () => load(host, state, state.items.length + MORE) }, `Show ${Math.min(MORE, state.total - state.items.length)} more`) : '');
  if (!focused) return;
  // Where the picture at hand has left, the next one takes its place, where Enter only enlarges it.
  const next = panel.querySelectorAll('article')[Math.max(0, index)]?.querySelector('.zoom');
  const same = key && panel.querySelector(`[data-key="${key}"]`);
  (same || index >= 0 && next || panel.querySelector('h3')).focus({ preventScroll: true });
}

function sorts(host, state) {
  const choice = (sort, text) => make('button', { class: 'choice', 'aria-pressed': String(state.sort === sort), 'data-key': sort,
    onclick: () => { state.sort = sort; load(host, state, FIRST); } }, text);
  return make('div', { class: 'choices', role: 'group', 'aria-label': 'Sort' }, choice('doubtful', 'Most doubtful'), choice('typical', 'Most typical'));
}

function thumb(state, digest, name, size = 160) {
  const times = (state.used.get(digest) || 0) + 1;   // one picture may be near to several
  state.used.set(digest, times);
  const key = `${digest} ${size} ${times}`;
  if (!state.images.has(key)) {   // moved, not made anew: a redraw must not flicker
    state.images.set(key, make('img', { src: `${state.data.base}/thumbnail/${digest}?size=${size}`, alt: name, loading: 'lazy', decoding: 'async' }));
  }
  return state.images.get(key);
}

function drawItem(host, state, item) {
  const large = state.large === item.digest;
  const zoom = make('button', { class: 'zoom', 'data-key': `z${item.digest}`, 'aria-label': `${large ? 'Shrink' : 'Enlarge'} ${item.name}`,
    onclick: () => { state.large = large ? null : item.digest; drawPanel(host, state); } }, thumb(state, item.digest, item.name, large ? 480 : 160));
  const said = make('p', { class: 'verdict' }, dot(classOf(state, item.said)?.[2]), make('b', {}, `${percent(item.probability)} ${nameOf(state, item.said)}`));
  if (item.said !== item.true) said.append(make('span', { class: 'quiet' }, `; own set ${percent(item.label_probability)}`));
  const settled = item.set !== item.true || item.left_out !== null;
  return make('article', { class: `judged${large ? ' large' : ''}${settled ? ' settled' : ''}`, 'aria-label': item.name }, zoom,
    make('div', { class: 'said' }, make('p', { class: 'file', title: item.name }, item.name), said, neighbours(state, item), acts(host, state, item)));
}

function neighbours(state, item) {
  if (!item.neighbours.length) return null;
  const tally = new Map();
  const figures = item.neighbours.map(([digest, name, id]) => {
    tally.set(id, (tally.get(id) || 0) + 1);
    const figure = make('figure', { title: `${name}, ${nameOf(state, id)}` }, thumb(state, digest, name));
    figure.style.borderColor = classOf(state, id)?.[2] || 'var(--line)';
    return figure;
  });
  return make('div', { class: 'neighbours' }, make('span', {}, 'Most like'), ...figures,
    make('span', { class: 'tally' }, [...tally].map(([id, count]) => nameOf(state, id) + (count > 1 ? ` ×${count}` : '')).join(', ')));
}

function acts(host, state, item) {
  // Not `disabled` while busy: that would take the focus away.
  const button = (key, text, what, style = 'pill') => make('button', { class: style, 'aria-disabled': item.busy ? 'true' : null, 'data-key': `${key}${item.digest}`,
    'aria-label': `${text}: ${item.name}`, onclick: () => item.busy || act(host, state, item, what) }, text);
  const row = make('div', { class: 'acts' });
  if (item.picture === null) row.append(make('span', { class: 'quiet' }, 'Removed'));
  else if (item.left_out !== null) row.append(make('span', { class: 'done' }, 'Left out'), button('b', 'Take back', { do: 'take back' }));
  else if (item.set !== null && item.set === state.data.none) row.append(make('span', { class: 'done' }, 'None of these'), button('b', `Back to ${nameOf(state, item.true)}`, { do: 'move', set: item.true }));
  else if (item.set !== item.true) row.append(make('span', { class: 'done' }, `Moved to ${nameOf(state, item.set)}`), button('b', `Back to ${nameOf(state, item.true)}`, { do: 'move', set: item.true }));
  else {
    const there = state.data.sets.some(([id]) => id === item.said);
    const others = state.data.sets.filter(([id]) => id !== item.set && id !== item.said);
    if (item.said !== item.true && there) row.append(button('m', `Move to ${nameOf(state, item.said)}`, { do: 'move', set: item.said }, item.strong ? 'pill strong' : 'pill'));
    const menu = state.menu === item.digest;
    row.append(make('button', { class: 'pill', 'data-key': `o${item.digest}`, 'aria-expanded': String(menu), 'aria-label': `Move ${item.name} to another set`,
      onclick: () => { state.menu = menu ? null : item.digest; drawPanel(host, state); } }, 'Move to …'));
    const reason = item.said !== item.true ? `taken for ${nameOf(state, item.said)}` : '';
    row.append(button('l', 'Leave out', { do: 'leave out', reason }));
    if (menu) row.append(make('div', { class: 'others' }, ...others.map(([id, name, colour]) => {
      const choice = make('button', { class: 'pill', 'aria-label': `Move ${item.name} to ${name}`, title: name, onclick: () => act(host, state, item, { do: 'move', set: id }) },
        dot(colour), shownName(name));
      return choice;
    }), make('button', { class: 'pill', 'aria-label': `${item.name} is none of these`, onclick: () => act(host, state, item, { do: 'none of these' }) },
      make('span', { class: 'dot none' }), 'None of these')));
  }
  return row;
}
