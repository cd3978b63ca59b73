// The gallery of many pictures tried: filters with counts, an order, small tiles; one of them is
// open above, large. The tiles' rows come from a route of ours, so that no run of the page carries
// them, and only those that are scrolled to are in the document.
const CHUNK = 120, PAUSE = 900;
const SORTS = [['newest', 'Newest first'], ['doubtful', 'Most doubtful first'], ['certain', 'Most certain first'], ['class', 'By class']];
const KINDS = [['doubtful', 'Doubtful'], ['unknown', 'Unlike anything'], ['rejected', 'Unusable'], ['waiting', 'Waiting']];

const gallery = () => ({ rows: [], shown: [], stamp: '', filter: 'all', sort: 'newest', open: null, details: new Map(), picked: new Set(), picking: false,
  anchor: null, chunk: CHUNK, tiles: new Map(), loading: false, next: 0 });

const isSaid = row => row.kind === 'sure' || row.kind === 'doubtful';
const isShownBy = (filter, row) => filter === 'all' || row.kind === filter || (filter === `class ${row.label}` && isSaid(row));

async function loadRows(host, state) {
  const g = state.gallery;
  if (g.loading || g.stamp === state.data.stamp) return;
  g.loading = true;
  try {
    await new Promise(later => setTimeout(later, Math.max(0, g.next - Date.now())));
    g.next = Date.now() + PAUSE;
    const response = await fetch(`${state.data.base}/tried`);
    if (!response.ok) throw new Error();
    const { stamp, rows, version } = await response.json();
    g.stamp = stamp;
    takeRows(state, rows.map(([id, digest, name, kind, label, probability]) => ({ id, digest, name, kind, label, probability })), version);
    state.say('');
  } catch { g.stamp = state.data.stamp; state.say('The pictures could not be fetched. Load the page again to try once more.'); }
  g.loading = false;
  if (host.isConnected) state.draw();
}

function takeRows(state, rows, version) {
  const g = state.gallery, fresh = meet(state, rows, version);
  g.rows = state.items;
  const ids = new Set(g.rows.map(row => row.id));
  for (const kept of [g.picked, g.tiles, g.details]) for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
  if (fresh !== undefined) g.open = fresh;
}

// In the order chosen, of those that the filter lets through.
function arrange(state) {
  const g = state.gallery, order = Object.keys(state.data.colours);
  const last = row => (row.probability === null ? 1 : 0), unlike = row => (row.kind === 'unknown' ? 1 : 0);
  const by = {
    newest: () => 0,
    doubtful: (a, b) => last(a) - last(b) || unlike(b) - unlike(a) || a.probability - b.probability,
    certain: (a, b) => last(a) - last(b) || unlike(a) - unlike(b) || b.probability - a.probability,
    class: (a, b) => last(a) - last(b) || unlike(a) - unlike(b) || order.indexOf(a.label) - order.indexOf(b.label) || b.probability - a.probability,
  }[g.sort];
  g.shown = g.rows.filter(row => isShownBy(g.filter, row)).sort(by);
  // Pictures that are looked at anew may be let through again in a moment.
  if (!g.shown.length && g.filter !== 'all' && !g.rows.some(row => row.kind === 'waiting')) { g.filter = 'all'; arrange(state); return; }
  if (!g.rows.some(row => row.id === g.open)) g.open = g.shown[0]?.id ?? null;
}

// The open one

function openOne(host, state, id, { focus = false } = {}) {
  const g = state.gallery;
  Object.assign(g, { open: id, anchor: id });
  Object.assign(state, { menu: null, naming: null, near: null });
  state.draw();
  const card = host.querySelector('.result.first');
  if (focus) card?.focus({ preventScroll: true });
  card?.scrollIntoView({ block: 'nearest' });
  const tile = g.tiles.get(id), grid = host.querySelector('.tiles');
  if (tile && grid.contains(tile)) {   // within its own frame: the page stays where it is
    const top = tile.offsetTop - grid.offsetTop, low = top + tile.offsetHeight;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (low > grid.scrollTop + grid.clientHeight) grid.scrollTop = low - grid.clientHeight;
  }
}

function go(host, state, by, { focus } = {}) {
  const g = state.gallery, at = g.shown.findIndex(row => row.id === g.open);
  const next = g.shown[at < 0 ? 0 : at + by];
  if (!next) return;
  while (g.shown.indexOf(next) >= g.chunk) g.chunk += CHUNK;
  openOne(host, state, next.id);
  if (focus === 'tile') g.tiles.get(next.id)?.focus({ preventScroll: true });
  else host.querySelector('.result.first')?.focus({ preventScroll: true });
}

// All that is said of a picture: sent along, or asked for; until it is here, what its row says.
function detailOf(state, row) {
  const g = state.gallery, known = g.details.get(row.id);
  if (state.went.has(row.id)) return known?.result || row;
  const sent = state.data.results.find(result => result.id === row.id);
  const mark = `${state.data.classifier} ${row.kind} ${row.label} ${row.probability}`;
  if (sent) g.details.set(row.id, { mark, result: sent });
  else if (known?.mark !== mark && row.label) fetchDetail(state, row.id, mark);
  return sent || known?.result || row;
}

async function fetchDetail(state, id, mark) {
  const g = state.gallery;
  g.details.set(id, { ...g.details.get(id), mark });
  let result = null;
  try {
    const response = await fetch(`${state.data.base}/tried/${id}`);
    if (response.ok) result = await response.json();
  } catch { /* asked for again with the next change */ }
  if (!result || g.details.get(id)?.mark !== mark) return;
  g.details.set(id, { mark, result });
  if (g.open === id) state.draw();
}

function drawOpen(host, state) {
  const g = state.gallery;
  arrange(state);
  const row = g.rows.find(one => one.id === g.open) || state.data.results[0];
  if (!row) return [];
  const card = drawResult(state, detailOf(state, row), true);
  const at = g.shown.findIndex(one => one.id === row.id);
  if (g.shown[at + 1]) detailOf(state, g.shown[at + 1]);   // so that it is here when it is asked for
  const button = (key, text, by, path) => make('button', { class: 'icon', 'data-key': key, 'aria-label': text, title: `${text}\nArrow keys`, disabled: !g.shown[at + by] || at < 0 && by < 0,
    onclick: () => { go(host, state, by); host.querySelector(`[data-key="${key}"]`)?.focus({ preventScroll: true }); } }, icon(path));
  card.prepend(make('nav', { class: 'steps', 'aria-label': 'Pictures tried' }, make('span', { class: 'file', title: row.name }, row.name),
    make('span', { class: 'count' }, at < 0 ? '' : `${(at + 1).toLocaleString('en')} of ${g.shown.length.toLocaleString('en')}`),
    button('previous', 'Previous picture', -1, 'M15 5l-7 7 7 7'), button('next', 'Next picture', 1, 'M9 5l7 7-7 7')));
  return [card];
}

// The gallery itself

function drawGallery(host, state, isGallery) {
  const place = host.querySelector('.gallery'), g = state.gallery;
  place.hidden = !isGallery;
  if (!isGallery) { Object.assign(g, { stamp: '', open: null, picking: false }); g.picked.clear(); return; }
  if (!place.firstChild) buildGallery(host, state, place);
  loadRows(host, state);
  drawChips(state, place.querySelector('.filters'));
  place.querySelector('.sort').value = g.sort;
  drawPicking(state, place.querySelector('.picking'));
  place.querySelector('.pick-many').setAttribute('aria-pressed', String(g.picking));
  drawTiles(host, state, place.querySelector('.tiles'));
}

function buildGallery(host, state, place) {
  const g = state.gallery;
  const sort = make('select', { class: 'sort', 'aria-label': 'Sort', 'data-key': 'sort', onchange: () => { g.sort = sort.value; look(host, state); } },
    ...SORTS.map(([value, text]) => make('option', { value }, text)));
  const tiles = make('div', { class: 'tiles', role: 'group', 'aria-label': 'Pictures tried' });
  place.replaceChildren(make('div', { class: 'filters', role: 'group', 'aria-label': 'Show' }),
    make('div', { class: 'tools' }, sort, make('button', { class: 'pill pick-many', 'data-key': 'pick', title: 'Pick several to put into a set at once\nShift and click picks all between', onclick: () => {
      g.picking = !g.picking; if (!g.picking) g.picked.clear(); state.draw(); } }, 'Select')),
    make('div', { class: 'picking', role: 'group', 'aria-label': 'Selected pictures' }), tiles);
  g.end = make('div', { class: 'end-of-tiles' });
  new IntersectionObserver(seen => {
    if (seen.some(one => one.isIntersecting) && g.chunk < g.shown.length) { g.chunk += CHUNK; drawTiles(host, state, tiles); }
  }, { root: tiles, rootMargin: '400px' }).observe(g.end);
}

// Another filter or order: from the start, without those that have gone to a set.
function look(host, state) {
  const g = state.gallery;
  letGo(state);
  g.rows = state.items;
  g.chunk = CHUNK;
  arrange(state);
  g.open = g.shown[0]?.id ?? g.open;
  host.querySelector('.tiles').scrollTop = 0;
  state.draw();
}

function drawChips(state, place) {
  const g = state.gallery, counts = new Map();
  const add = key => counts.set(key, (counts.get(key) || 0) + 1);
  for (const row of g.rows) {
    if (state.went.has(row.id)) continue;
    add('all');
    add(row.kind);
    if (isSaid(row)) add(`class ${row.label}`);
  }
  const chip = (filter, text, colour, title) => (counts.get(filter) || g.filter === filter || filter === 'all') && make('button', { class: 'filter', 'data-key': `chip ${filter}`, 'aria-pressed': String(g.filter === filter), title: title || text,
    onclick: event => { g.filter = g.filter === filter ? 'all' : filter; look(event.target.closest('.tryout'), state); } },
    colour ? dot(colour) : '', shownName(text), make('span', { class: 'count' }, (counts.get(filter) || 0).toLocaleString('en')));
  place.replaceChildren(...[chip('all', 'All'), ...Object.entries(state.data.colours).map(([name, colour]) => chip(`class ${name}`, name, colour)),
    ...KINDS.map(([kind, text]) => chip(kind, text, null, kind === 'doubtful' ? state.data.doubtful : ''))].filter(Boolean));
}

function drawPicking(state, place) {
  const g = state.gallery, { sets } = state.data, ids = [...g.picked];
  place.hidden = !(g.picking || ids.length);
  if (place.hidden) { place.replaceChildren(); return; }
  const free = g.shown.filter(row => !state.went.has(row.id));
  const all = make('button', { class: 'text', 'data-key': 'all', onclick: () => { g.picked = new Set(free.map(row => row.id)); state.draw(); } }, `Select all shown (${free.length.toLocaleString('en')})`);
  const done = make('button', { class: 'text quiet', 'data-key': 'none', onclick: () => { g.picked.clear(); g.picking = false; state.draw(); } }, 'Select none');
  const text = ids.length ? `${plural(ids.length, 'picture', 'pictures')} selected${sets.length ? ', put into' : ''}` : 'Click pictures to select them';
  const about = plural(ids.length, 'selected picture', 'selected pictures');
  const isUnlike = 2 * g.rows.filter(row => g.picked.has(row.id) && row.kind === 'unknown').length > ids.length;
  place.replaceChildren(make('div', { class: 'right' }, make('span', { class: 'selected', role: 'status' }, text),
    ...ids.length && sets.length ? choices(state, ids, sets, { key: 'picked', about, few: sets.length <= ANSWERS, isUnlike }) : []),
    make('div', { class: 'right' }, all, done));
}

function drawTiles(host, state, place) {
  const g = state.gallery, top = place.scrollTop;
  arrange(state);
  const nodes = g.shown.slice(0, g.chunk).map(row => tile(host, state, row));
  nodes.push(g.end);
  if (nodes.length !== place.children.length || nodes.some((node, i) => node !== place.children[i])) {
    place.replaceChildren(...nodes);
    place.scrollTop = top;
  }
}

function tile(host, state, row) {
  const g = state.gallery, gone = state.went.get(row.id);
  let node = g.tiles.get(row.id);
  if (!node) {
    node = make('button', { class: 'tile', 'data-key': `t${row.id}`, onclick: event => clicked(host, state, row.id, event) },
      make('img', { src: `${state.data.base}/thumbnail/${row.digest}`, alt: '', loading: 'lazy', decoding: 'async' }),
      make('span', { class: 'check', title: 'Select' }, icon('M5 12.5l4.5 4.5L19 7.5')), make('span', { class: 'tag' }));
    g.tiles.set(row.id, node);
  }
  const share = row.probability === null || row.kind === 'unknown' ? '' : percent(row.probability);
  const word = gone ? gone.isNone ? 'none of these' : `in ${gone.name}` : { waiting: '…', rejected: 'unusable', unknown: 'unlike anything' }[row.kind] || row.label;
  const colour = gone ? gone.colour || 'var(--quiet)' : isSaid(row) ? colourOf(state, row.label) : 'var(--quiet)';
  const kinds = { open: g.open === row.id, picked: g.picked.has(row.id), doubtful: row.kind === 'doubtful', unknown: row.kind === 'unknown', gone };
  const said = [word, row.label, gone ? '' : share, colour, ...Object.keys(kinds).filter(kind => kinds[kind])].join('\n');
  if (node.dataset.said === said) return node;
  node.dataset.said = said;
  node.className = ['tile', ...Object.keys(kinds).filter(kind => kinds[kind])].join(' ');
  node.style.setProperty('--class', colour);
  const more = gone ? gone.isNone ? ', as you said' : ' now' : { doubtful: `${share && ` ${share}`}, doubtful`, unknown: `, nearest ${row.label}` }[row.kind] ?? (share && ` ${share}`);
  const text = `${row.name}: ${word}${more}`;
  node.title = text.replace(': ', '\n');
  node.setAttribute('aria-label', `${kinds.picked ? 'Selected: ' : ''}${text}`);
  node.setAttribute('aria-current', String(kinds.open));
  node.querySelector('.tag').replaceChildren(shownName(word), make('b', {}, gone ? '' : share));
  return node;
}

function clicked(host, state, id, event) {
  const g = state.gallery, isPick = g.picking || event.ctrlKey || event.metaKey || event.target.closest('.check');
  const toggle = one => { if (g.picked.has(one)) g.picked.delete(one); else if (!state.went.has(one)) g.picked.add(one); };
  if (event.shiftKey) {
    const [from, to] = [g.anchor ?? g.open, id].map(one => g.shown.findIndex(row => row.id === one)).sort((a, b) => a - b);
    for (const row of g.shown.slice(Math.max(0, from), to + 1)) if (!state.went.has(row.id)) g.picked.add(row.id);
  } else if (isPick) toggle(id);
  else { openOne(host, state, id); return; }
  g.anchor = id;
  g.picking = g.picked.size > 0;
  state.draw();
}

function answerInGallery(host, state, set) {
  const g = state.gallery, row = g.shown.find(one => one.id === g.open);
  if (g.picked.size) { answer(state, [...g.picked], set); return; }
  if (!row || row.kind === 'waiting' || row.kind === 'rejected' || state.went.has(row.id)) return;
  answer(state, [row.id], set);
  go(host, state, 1);
}

function pressedInGallery(host, state, event) {
  const g = state.gallery, onTile = event.target.closest('.tile');
  if (event.key === 'Escape' && (g.picked.size || g.picking)) { g.picked.clear(); g.picking = false; state.draw(); return; }
  let by = STEPS[event.key];
  if (!by || event.shiftKey) return;
  if (!onTile && event.key.match(/Up|Down/)) return;   // the page scrolls
  event.preventDefault();
  if (onTile && event.key.match(/Up|Down/)) by *= columns(host);
  if (onTile) g.open = Number(onTile.dataset.key.slice(1));
  go(host, state, by, { focus: onTile ? 'tile' : 'card' });
}

function columns(host) {
  const tiles = [...host.querySelectorAll('.tile')], first = tiles[0]?.offsetTop;
  return Math.max(1, tiles.findIndex(node => node.offsetTop > first));
}
