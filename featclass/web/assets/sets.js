// The labelled sets: names, thumbnails, adding, moving and removing; beneath them the pictures that are
// none of these. What the person does goes to our own routes; `redraw` only has the page drawn anew.
const VISIBLE = 14, PAGE = 240;
const memory = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.sets');
  let state = memory.get(host);
  if (!state) {
    state = { places: new Map(), open: new Map(), images: new Map(), names: new Map(), picked: new Set(), pickedIn: null, several: false, anchor: null, shown: '' };
    memory.set(host, state);
    window.addEventListener(BACK, () => { if (host.isConnected) goOn(state); });
    droppable(host, items => state.send('new', items));
  }
  state.redraw = () => setTriggerValue('redraw', Date.now());
  state.act = async what => {
    const problem = await perform(data.base, what, state.redraw);
    if (!problem) return;
    Object.assign(placeOf(state, String(what.set ?? 'new')), { text: sentence(problem), share: null });
    state.draw();
  };
  state.data = data;
  state.draw = () => { if (!state.recorder?.recording) draw(host, state); };   // a held button stays put
  state.send = (target, items) => send(host, state, target, items);
  const shown = JSON.stringify(data);
  if (shown !== state.shown) { state.shown = shown; state.draw(); }
  return () => { if (!host.isConnected) closeRecorder(state); };
}

// A name that was typed waits for the server where it is gone; nothing else is done later by itself.
async function renameSet(state, set, name) {
  state.names.set(set, name);
  const problem = isGone() ? LOST : await perform(state.data.base, { do: 'rename', set, name }, state.redraw);
  if (problem === LOST) return;
  state.names.delete(set);
  if (!problem) return;
  Object.assign(placeOf(state, String(set)), { text: sentence(problem), share: null });
  state.draw();
}

// The server is back: the names that waited are sent, and nobody need read any more that it was gone.
function goOn(state) {
  for (const [set, name] of [...state.names]) renameSet(state, set, name);
  for (const place of state.places.values()) if (place.text === sentence(LOST)) place.text = '';
  state.draw();
}

async function send(host, state, target, items) {
  if (!items.length) return;
  const key = String(target), place = placeOf(state, key);
  const tell = (text, share) => {
    Object.assign(place, { text, share, again: null });
    drawPlace(host, state, key);
  };
  Object.assign(place, { lines: [], names: [] });
  const how = (question, what) => { tell('', null); return askHow(host, state, key, question, what); };
  const sum = await upload(state.data.base, target, items, tell, { how });
  const made = sum.sets.length > 1 ? ` into ${sum.sets.length} sets` : '';
  tell(summary(sum) + made, null);
  Object.assign(place, { lines: sum.notes, names: sum.names, again: sum.left.length ? () => send(host, state, target, sum.left) : null });
  drawPlace(host, state, key);
  state.redraw();
}

function thumb(state, set, picture) {
  const [id, digest, name, leftOut] = picture;   // leftOut: why it does not count, or null
  let image = state.images.get(id);   // moved, not made anew: a redraw must not flicker
  if (!image || (image.dataset.lost && image.version !== set.version)) {   // it may have been added again
    image = make('img', { loading: 'lazy', decoding: 'async', alt: name, title: name,
      src: `${state.data.base}/thumbnail/${digest}` });
    image.version = set.version;
    image.addEventListener('lost', () => state.draw());
    state.images.set(id, image);
  }
  const out = leftOut !== null, isPicked = state.picked.has(id);
  const { lost } = image.dataset;   // why it cannot be shown
  image.title = [name, out ? `Left out${leftOut ? `: ${leftOut}` : ''}` : '', lost].filter(Boolean).join('\n');
  const pick = make('button', { class: 'pick', 'aria-expanded': String(isPicked), 'aria-label': `Move ${name} to another set${lost ? `. ${lost}` : ''}`,
    'data-key': `k${id}`, onclick: event => pickOne(state, set, id, event) }, image);
  return make('figure', { class: `${out ? 'out' : ''} ${isPicked ? 'picked' : ''}`.trim() }, pick, out ? make('button', {
    class: 'back', 'aria-label': `Take back ${name}, which was left out of ${set.name}`, title: 'Let it count again',
    'data-key': `b${id}`, onclick: () => state.act({ do: 'take back', picture: id }) }, 'left out') : null, make('button', {
    class: 'remove', 'aria-label': `Remove ${name} from ${set.name}`, title: 'Remove',
    'data-key': `p${id}`, onclick: () => state.act({ do: 'remove picture', picture: id }) },
    icon(ICONS.cross)));
}

function drawThumbs(state, set) {
  const grid = make('div', { class: 'thumbs' });
  const opened = state.open.get(set.id);
  const pictures = opened ? opened.pictures : set.pictures;
  for (const picture of pictures.slice(0, opened ? undefined : set.count > VISIBLE ? VISIBLE - 1 : VISIBLE)) grid.append(thumb(state, set, picture));
  const more = set.count - grid.childElementCount;
  if (more > 0) grid.append(make('button', { class: 'more', 'data-key': `m${set.id}`,
    'aria-label': `Show more pictures of ${set.name}`,
    onclick: () => showMore(state, set) }, `+${more.toLocaleString('en')}`));
  else if (opened && set.count > VISIBLE) grid.append(make('button', { class: 'more', 'data-key': `m${set.id}`,
    onclick: () => { state.open.delete(set.id); state.draw(); } }, 'fewer'));
  return grid;
}

const picturesOf = (state, set) => state.open.get(set.id)?.pictures ?? set.pictures;

// A click picks one picture; with Ctrl, or while several are being picked, one more; with Shift all between.
function pickOne(state, set, id, event) {
  if (state.pickedIn !== set.id) Object.assign(state, { pickedIn: set.id, picked: new Set(), anchor: null, several: false });
  const ids = picturesOf(state, set).map(([one]) => one), from = ids.indexOf(state.anchor);
  if (event.shiftKey || event.ctrlKey || event.metaKey) state.several = true;
  if (event.shiftKey && from >= 0) {
    const [first, last] = [from, ids.indexOf(id)].sort((one, other) => one - other);
    for (const between of ids.slice(first, last + 1)) state.picked.add(between);
  } else if (state.several) {
    if (!state.picked.delete(id)) state.picked.add(id);
  } else state.picked = new Set(state.picked.has(id) && state.picked.size === 1 ? [] : [id]);
  state.anchor = id;
  state.draw();
}

// Where the pictures that were clicked in this set may go instead; what is done to several is one act.
function drawPicked(state, set) {
  const all = picturesOf(state, set), picked = all.filter(([id]) => state.picked.has(id));
  if (!picked.length) return null;
  const ids = picked.map(([id]) => id), [[id, , only]] = picked, isNone = set === state.data.none, one = ids.length === 1;
  const name = one ? only : plural(ids.length, 'picture', 'pictures'), key = one ? id : 'several';
  const done = what => { Object.assign(state, { picked: new Set(), several: false }); state.act(what); };
  const which = one ? { picture: id } : { pictures: ids };
  const go = (mark, text, what, ...inner) => make('button', { class: 'pill', 'data-key': `${mark}${key}`, 'aria-label': `Move ${name} to ${text}`, title: text,
    onclick: () => done(what) }, ...inner);
  const text = (mark, words, does, label = words) => make('button', { class: 'text quiet', 'data-key': `${mark}${key}`, 'aria-label': label, onclick: does }, words);
  const others = state.data.sets.filter(other => other !== set), lost = one && state.images.get(id)?.dataset.lost;
  const group = make('div', { class: 'moves', role: 'group', 'aria-label': `Where ${name} ${one ? 'belongs' : 'belong'}` },
    lost ? make('p', { class: 'hint', role: 'status' }, lost) : null,
    make('p', { class: 'file', title: name }, make('b', {}, name), `${one ? ' shows' : ' show'}${isNone ? '' : ' instead'}`),
    ...others.map(other => go(`g${other.id}-`, other.name, { do: 'move', ...which, set: other.id }, dotOf(other.colour), shownName(other.name))),
    isNone ? null : go('gn', 'None of these', { do: 'none of these', ...which }, make('span', { class: 'dot none' }), 'None of these'));
  const more = make('div', { class: 'more-ways', role: 'group', 'aria-label': `What to do with ${name}` },
    isNone ? null : text('gl', 'Leave out', () => done({ do: 'leave out', ...which }), `Leave out ${name}`),
    text('gr', 'Remove', () => done({ do: 'remove pictures', pictures: ids }), `Remove ${name} that ${one ? 'is' : 'are'} picked`),
    state.several ? null : text('gm', 'Pick several', () => { state.several = true; state.draw(); }),
    ids.length < all.length && (state.several || !one) ? text('ga', `Pick all ${all.length.toLocaleString('en')} shown`, () => { state.picked = new Set(all.map(([each]) => each)); state.draw(); }) : null,
    one && !state.several ? null : text('gc', 'Pick none', () => { Object.assign(state, { picked: new Set(), several: false }); state.draw(); }));
  return make('div', { class: 'picked-of' }, group, more);
}

function dotOf(colour) {
  const dot = make('span', { class: 'dot' });
  dot.style.background = colour;
  return dot;
}

async function showMore(state, set) {
  const known = state.open.get(set.id)?.pictures || [];
  const response = await fetch(`${state.data.base}/sets/${set.id}?from=${known.length}&count=${PAGE}`);
  if (!response.ok) return;
  const { pictures } = await response.json();
  state.open.set(set.id, { version: set.version, pictures: [...known, ...pictures] });
  state.draw();
}

function drawRejected(state, key, rejected) {
  if (!rejected.length) return null;
  const list = make('ul', {}, ...rejected.map(([name, reason]) =>
    make('li', {}, make('b', {}, name), ` ${reason}`)));
  const title = `${plural(rejected.length, 'file', 'files')} could not be used`;
  return make('details', { class: 'rejected', open: rejected.length <= 4 },
    make('summary', {}, title), list,
    make('button', { class: 'text', 'data-key': `d${key}`,
      onclick: () => state.act({ do: 'dismiss', set: key }) }, 'Dismiss'));
}

function drawSet(state, set, host) {
  const name = make('input', { class: 'name', value: set.name, maxlength: 255, spellcheck: 'false',
    'aria-label': `Name of the set ${set.name}`, 'data-key': `n${set.id}` });
  name.value = state.names.get(set.id) ?? set.name;
  name.onkeydown = e => {
    if (e.key === 'Enter') name.blur();
    if (e.key === 'Escape') { name.value = set.name; name.blur(); }
  };
  name.onblur = () => {
    if (state.drawing) return;   // a redraw takes the field away; the person did not leave it
    const wanted = name.value.trim();
    if (wanted && wanted !== set.name) renameSet(state, set.id, wanted);
    else name.value = set.name;
  };
  name.onfocus = () => state.names.delete(set.id);   // it is being typed still
  const card = make('section', { class: 'card', 'aria-label': `Set ${set.name}` },
    make('header', {}, dotOf(set.colour), make('span', { class: 'named' }, name, isCut(set.name) ? shownName(set.name, { class: 'shown', 'aria-hidden': 'true' }) : null),
      make('span', { class: 'count' }, plural(set.count, 'picture', 'pictures') + (set.left_out ? `, ${set.left_out.toLocaleString('en')} left out` : '')),
      make('button', { class: 'icon', title: 'Remove this set', 'aria-label': `Remove the set ${set.name}`,
        'data-key': `r${set.id}`, onclick: () => state.act({ do: 'remove set', set: set.id, seen: set.version }) },
        icon(ICONS.trash))),
    set.count ? drawThumbs(state, set)
      : make('p', { class: 'hint' }, 'Drop pictures here: a handful is enough.'),
    drawPicked(state, set),
    make('footer', {},
      make('button', { class: 'text', 'data-key': `a${set.id}`, 'aria-label': `Add pictures to ${set.name}`,
        onclick: () => choose(host, { accept: ACCEPT }, items => state.send(set.id, items)) },
        icon(ICONS.plus), 'Add pictures'),
      make('button', { class: 'text quiet', 'data-key': `f${set.id}`, 'aria-label': `Add a folder to ${set.name}`,
        onclick: () => choose(host, { webkitdirectory: true }, items => state.send(set.id, items)) },
        icon(ICONS.folder), 'Folder'),
      make('button', { class: 'text quiet', 'data-key': `c${set.id}`, 'aria-label': `Record pictures into ${set.name}`,
        onclick: () => openRecorder(host, state, set) }, icon(CAMERA_ICON), 'Camera'),
      make('div', { class: 'place', tabindex: '-1', 'data-place': String(set.id) })),
    state.recorder?.set === set.id ? state.recorder.node : null,
    drawRejected(state, set.id, set.rejected));
  droppable(card, items => state.send(set.id, items));
  return card;
}

// The set that is no class has no name to change and no colour.
function drawNone(state, set) {
  const card = make('section', { class: 'card none', 'aria-label': set.name },
    make('header', {}, make('span', { class: 'dot none' }), make('span', { class: 'named' }, make('b', {}, set.name)),
      make('span', { class: 'count' }, plural(set.count, 'picture', 'pictures')),
      set.count ? make('button', { class: 'icon', title: 'Remove all of these', 'aria-label': 'Remove all pictures that are none of these',
        'data-key': `r${set.id}`, onclick: () => state.act({ do: 'remove set', set: set.id, seen: set.version }) }, icon(ICONS.trash)) : null),
    make('p', { class: 'hint' }, 'Pictures you said show none of your sets. They teach featclass what to refuse.'),
    drawThumbs(state, set), drawPicked(state, set),
    make('footer', {}, make('div', { class: 'place', tabindex: '-1', 'data-place': String(set.id) })),
    drawRejected(state, set.id, set.rejected));
  droppable(card, items => state.send(set.id, items));
  return card;
}

async function unfoldAgain(state, set, shown) {
  const response = await fetch(`${state.data.base}/sets/${set.id}?from=0&count=${Math.max(shown, VISIBLE)}`);
  if (!response.ok) return;
  const { pictures } = await response.json();
  state.open.set(set.id, { version: set.version, pictures });
  state.draw();
}

// What was to be said in a set that somebody removed meanwhile is said beneath all sets.
function sayWhereSetsAreGone(host, state) {
  for (const [key, place] of state.places) {
    if (host.querySelector(`[data-place="${key}"]`) || place.share !== null || place.question) continue;
    state.places.delete(key);
    const lines = [place.text, ...place.lines].filter(Boolean).map(ended);
    if (lines.length) Object.assign(placeOf(state, 'new'), { lines });
  }
}

function draw(host, state) {
  const { sets, none } = state.data;
  for (const set of none ? [...sets, none] : sets) {
    const opened = state.open.get(set.id);
    if (opened && opened.version !== set.version) {
      opened.version = set.version;   // what is unfolded is out of date: as many are fetched anew
      unfoldAgain(state, set, opened.pictures.length);
    }
  }
  if (state.recorder && !state.data.sets.some(set => set.id === state.recorder.set)) closeRecorder(state);
  const root = host.getRootNode();
  const active = root.activeElement;
  const focused = active?.dataset?.key;
  const typing = focused?.startsWith('n') && active.tagName === 'INPUT'
    ? { value: active.value, start: active.selectionStart, end: active.selectionEnd } : null;
  const list = make('div', { class: 'list' }, ...sets.map(set => drawSet(state, set, host)));
  const end = make('div', { class: 'end' },
    make('button', { class: 'pill', 'data-key': 'new', onclick: () => state.act({ do: 'add set' }) },
      icon(ICONS.plus), 'Add a set'),
    make('button', { class: 'text quiet', 'data-key': 'folders',
      onclick: () => choose(host, { webkitdirectory: true }, items => state.send('new', items)) },
      icon(ICONS.folder), 'Folder of folders'),
    make('p', { class: 'hint' }, 'Drop a folder or a zip anywhere here: each subfolder becomes a set.'));
  state.drawing = true;
  host.replaceChildren(list, end, ...none ? [drawNone(state, none)] : [], make('div', { class: 'place tray', tabindex: '-1', 'data-place': 'new' }));
  state.drawing = false;
  state.recorder?.camera?.video.play().catch(() => {});   // moving it in the page has paused it
  sayWhereSetsAreGone(host, state);
  for (const key of state.places.keys()) drawPlace(host, state, key);
  const again = focused && host.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  if (!again) return;
  if (typing) again.value = typing.value;
  again.focus({ preventScroll: true });
  if (typing) again.setSelectionRange(typing.start, typing.end);
}
