// A picture tried: its card with bars and neighbours, and "Right?" beneath it. The right answer puts
// the picture into that set; its card stays, and says so, until something else is looked at. Of one
// that is unlike all sets no bars are shown: their shares would say how sure it is, which it is not.
const ANSWERS = 5, MENU_SEARCHED_FROM = 12;
// An answer like the sets, [id, name, colour, class], though it is no class.
const NONE = ['none', 'None of these', null, null], NONE_SAID = 'None of these, as you said';

// went: where each picture answered has gone; came: what is said of the last answer; items: the
// cards in their order; menu, naming: the picture whose menu of classes, or whose new name, is open.
const correcting = () => ({ went: new Map(), came: null, items: [], menu: null, naming: null, near: null, typed: '' });

const colourOf = (state, name) => state.data.colours[name] || 'var(--quiet)';
const setOf = (state, label) => state.data.sets.find(one => one[3] === label);

function dot(colour) {
  const mark = make('span', { class: 'dot' });
  mark.style.background = colour || 'var(--quiet)';
  return mark;
}
const dotOf = set => set === NONE ? make('span', { class: 'dot none' }) : dot(set[2]);

function picture(state, digest, name, size) {
  const key = `${size} ${digest}`;
  let image = state.images.get(key);
  if (!image) {   // moved, not made anew: a redraw must not flicker
    image = make('img', { decoding: 'async', loading: 'lazy', alt: name, title: name,
      src: `${state.data.base}/thumbnail/${digest}?size=${size}` });
    state.images.set(key, image);
  }
  return image;
}

// Draws anew; the field or button at hand keeps the focus, and a field what is typed in it.
function keepingFocus(host, draw) {
  const active = host.getRootNode().activeElement, within = active && host.contains(active);
  const key = within && active.dataset.key, card = within && active.closest('article')?.dataset.key;
  const typing = within && active.tagName === 'INPUT' ? [active.value, active.selectionStart, active.selectionEnd] : null;
  draw();
  if (!within || active === host.getRootNode().activeElement) return;
  const find = one => one && host.querySelector(`[data-key="${CSS.escape(one)}"]`);
  const again = find(key) || find(card) || host.querySelector('.result.first');
  again?.focus({ preventScroll: true });
  if (typing && again?.dataset.key === key) { again.value = typing[0]; again.setSelectionRange(typing[1], typing[2]); }
}

// Takes the items as they are now; those answered stay at their places until something new comes.
// Returns the id of the first that is new.
function meet(state, now, version) {
  const there = new Set(now.map(one => one.id)), before = new Set(state.items.map(one => one.id));
  const isBack = ({ act, since }, id) => act !== null && version > since && there.has(id);   // undone, wherever that was
  for (const [id, gone] of state.went) if (isBack(gone, id)) state.went.delete(id);
  if (state.came?.ids.some(id => isBack(state.came, id))) state.came = null;
  const fresh = before.size ? now.find(one => !before.has(one.id) && !state.went.has(one.id))?.id : undefined;
  if (fresh !== undefined) letGo(state);
  const met = now.filter(one => !state.went.has(one.id));
  state.items.forEach((one, i) => {
    if (state.went.has(one.id)) met.splice(met.findIndex(other => other.id === state.items[i - 1]?.id) + 1, 0, one);
  });
  state.items = met;
  return fresh;
}

function letGo(state) {
  const left = new Set([...state.went].filter(([, gone]) => gone.act !== null).map(([id]) => id));
  for (const id of left) state.went.delete(id);
  state.items = state.items.filter(one => !left.has(one.id));
}

// Puts pictures into a set, into a new one of the name given, or says that they are none of these.
async function answer(state, ids, set) {
  ids = ids.filter(id => !state.went.has(id));
  if (!ids.length) return;
  const isNew = typeof set === 'string', isNone = set === NONE, name = isNew ? set : set[1];
  const many = ids.length > 1 && plural(ids.length, 'picture', 'pictures');
  // Of what is none of these only the line that undoes everything tells: it concerns no picture of the sets.
  const came = isNone ? null : { ids, said: `Added ${many ? `${many} ` : ''}to ${name}`, act: null, since: state.data.version, was: state.data.score, done: false, text: '' };
  const gone = { name, isNone, colour: isNew ? null : set[2], act: null, since: state.data.version };
  if (!many) state.went.set(ids[0], gone);
  else Object.assign(state.gallery, { picked: new Set(), picking: false });
  Object.assign(state, { came, menu: null, naming: null, typed: '' });
  state.say('');
  state.draw();
  try {
    const what = isNone ? { do: 'none of these', pictures: ids } : { do: 'move', pictures: ids, ...isNew ? { 'new set': set } : { set: set[0] } };
    const { act, version } = await ask(`${state.data.base}/act`, { headers: JSON_BODY, body: JSON.stringify(what) });
    const done = { act: act ?? 0, since: version ?? state.data.version };
    Object.assign(gone, done);
    if (came) Object.assign(came, done, { done: true });
  } catch (error) {
    state.went.delete(ids[0]);
    state.came = null;
    state.say(error.message);
  }
  state.draw();
  state.redraw();
}

// Of an act is offered in one place at a time that it can be undone: in the line of the page first.
const mayOffer = act => Boolean(act) && globalThis.featclassOffered !== act;

async function takeBack(state, act) {
  const problem = await perform(state.data.base, { do: 'undo', act }, state.redraw);
  if (problem) state.say(problem);
  else if (state.came?.act === act) { state.came = null; state.draw(); }
}

// What came of the last answer: the score, as soon as the classifier has followed.
function drawCame(host, state) {
  const { came } = state, { score } = state.data, place = host.querySelector('.came');
  place.hidden = !came;
  if (!came) { place.replaceChildren(); return; }
  if (came.done && !came.text && score.current && score.key !== came.was.key) {
    const was = came.was.said ? ` (was ${came.was.said.replace(/ right$/, '')})` : '';
    came.text = `${came.said}${score.said ? `: now ${score.said}${was}` : ''}`;
  }
  const text = came.text || (came.done && score.current ? came.said : `${came.said} …`);
  const said = place.querySelector('span');
  const offers = mayOffer(came.act);
  if (said?.textContent === text && Boolean(place.querySelector('button')) === offers) return;
  place.replaceChildren(make('span', {}, text), offers ? make('button', { class: 'text', 'data-key': 'undo-came', 'aria-label': `Undo: ${came.said}`,
    onclick: () => takeBack(state, came.act) }, 'Undo') : '');
}

// The card

function bars(state, result) {
  return result.bars.map(([name, share]) => {
    const fill = make('i');
    fill.style.background = colourOf(state, name);
    fill.style.width = `${Math.max(1, Math.round(100 * share))}%`;
    return make('div', { class: 'bar-row', 'aria-label': `${name} ${percent(share)}` },
      shownName(name, { class: 'label', title: name }),
      make('span', { class: 'track' }, fill), make('span', { class: 'value' }, percent(share)));
  });
}

function neighbours(state, result) {
  if (!result.neighbours.length) return null;
  const isUnlike = result.kind === 'unknown';
  const row = isUnlike ? make('div', { class: 'neighbours nearest', role: 'group', 'aria-label': 'Nearest pictures' })
    : make('div', { class: 'neighbours' }, make('span', {}, 'Most like'));
  for (const [digest, name, label, similarity, here] of result.neighbours) {
    const key = `l${result.id} ${digest}`, open = state.near === key;
    const what = `${name}\n${label}, similarity ${similarity.toFixed(2)}`;
    const figure = make(here ? 'button' : 'span', { class: 'like', title: what, 'aria-label': what.replace('\n', ': '), 'data-key': key,
      'aria-expanded': here ? String(open) : null, onclick: here && (() => { state.near = open ? null : key; state.draw(); }) },
      here ? make('img', { src: `${state.data.base}/thumbnail/${digest}`, alt: '', decoding: 'async' }) : make('span', { class: 'absent' }, name));
    figure.style.borderColor = colourOf(state, label);
    row.append(figure);
    if (open) row.append(make('div', { class: 'nearby' }, make('img', { src: `${state.data.base}/thumbnail/${digest}?size=480`, alt: name, decoding: 'async' }),
      make('p', {}, dot(colourOf(state, label)), make('b', {}, label), ` similarity ${similarity.toFixed(2)}`, make('span', { class: 'quiet' }, name))));
  }
  return row;
}

function verdict(state, result) {
  const line = make('p', { class: 'verdict' }, result.kind === 'unknown' ? UNLIKE : 'Looks like ', make('b', {}, result.label));
  if (result.kind === 'doubtful') line.append(' ', make('span', { class: 'tag', title: state.data.doubtful }, 'doubtful'));
  return line;
}

// `first` where it stands large.
function drawResult(state, result, first) {
  const { id, name } = result, gone = state.went.get(id);
  const remove = gone ? '' : make('button', { class: 'icon', title: 'Remove', 'aria-label': `Remove ${name}`, 'data-key': `x${id}`,
    onclick: () => state.act({ do: 'remove picture', picture: id }) }, icon(ICONS.cross));
  if (result.kind === 'rejected') {
    return make('article', { class: `result rejected${first ? ' first' : ''}`, tabindex: '-1', 'data-key': `c${id}`, 'data-id': id }, make('div', { class: 'said' },
      make('b', {}, name), make('p', {}, `Could not be used: ${result.rejected || 'it cannot be read'}`)), remove);
  }
  const said = make('div', { class: 'said' });
  if (result.kind === 'waiting') said.append(make('p', { class: 'verdict waiting' }, state.data.waiting));
  else {
    said.append(verdict(state, result), ...result.bars && result.kind !== 'unknown' ? bars(state, result) : []);
    const like = result.neighbours && neighbours(state, result);
    if (like) said.append(like);
  }
  const right = result.kind === 'waiting' ? '' : gone ? whereTo(state, id, name, gone) : answers(state, result, first);
  if (!first) said.append(right);
  const kinds = { first, stale: state.data.stale, unknown: result.kind === 'unknown', gone };
  const card = make('article', { class: ['result', ...Object.keys(kinds).filter(kind => kinds[kind])].join(' '), tabindex: '-1', 'data-key': `c${id}`, 'data-id': id,
    'aria-label': `Prediction for ${name}` }, picture(state, result.digest, name, first ? 480 : 160), said, first ? right : '', remove);
  why(state.data.base, result, card);
  return card;
}

function whereTo(state, id, name, gone) {
  const colour = state.data.sets.find(one => one[1] === gone.name)?.[2] || gone.colour, waits = gone.act === null;
  const [mark, words, undone] = gone.isNone ? [dotOf(NONE), waits ? 'None of these …' : NONE_SAID, `${name} is none of these`]
    : [dot(colour), waits ? `to ${gone.name} …` : `in ${gone.name} now`, `${name} to ${gone.name}`];
  return make('div', { class: 'right' }, mark, make('span', { class: 'done' }, words),
    mayOffer(gone.act) ? make('button', { class: 'text', 'data-key': `u${id}`, 'aria-label': `Undo: ${undone}`, onclick: () => takeBack(state, gone.act) }, 'Undo') : '');
}

// "Right?": yes, or which class it is, in one click; of many classes from a menu. "None of these" is
// the first answer where it is unlike all sets, the last one elsewhere.
function answers(state, result, first) {
  const { sets } = state.data, { id, name } = result;
  if (!sets.length) return '';
  const isUnlike = result.kind === 'unknown', likely = isUnlike ? null : setOf(state, result.label);
  const row = make('div', { class: 'right', role: 'group', 'aria-label': `Right? ${name}` }, make('span', { class: 'quiet' }, likely ? 'Right?' : 'It is'));
  if (likely) row.append(answerButton(state, [id], likely, { key: id, text: first ? `Yes, ${likely[1]}` : 'Yes', about: name, isYes: true }));
  row.append(...choices(state, [id], sets.filter(one => one !== likely), { key: String(id), about: name, few: sets.length <= ANSWERS, small: !first, isUnlike }));
  return row;
}

// No answer stands out: what the classifier says is a question.
function answerButton(state, ids, set, { key, text, about, isYes = false }) {
  const digit = state.data.sets.indexOf(set) + 1;   // 0 for none of these
  return make('button', { class: 'pill', 'data-key': `a${key} ${set[0]}`, title: digit < 10 ? `${set[1]}\nKey ${digit}` : set[1],
    'aria-keyshortcuts': digit < 10 ? String(digit) : null,
    'aria-label': `${isYes ? 'Yes, ' : ''}${set[1]}: ${about}`, onclick: () => answer(state, ids, set) },
    isYes ? '' : dotOf(set), set === NONE ? make('span', { class: 'word' }, NONE[1]) : shownName(text || set[1]));
}

// Buttons for a few sets, else a menu of all; at the end a new set. "None of these" comes first where
// the classifier would say so, else last.
function choices(state, ids, sets, { key, about, few, small = false, isUnlike = false }) {
  const draw = set => answerButton(state, ids, set, { key, about });
  const none = answerButton(state, ids, NONE, { key, about });
  const [before, after] = isUnlike ? [[none], []] : [[], [none]];
  const naming = state.naming === key, open = state.menu === key;
  const another = naming ? newSet(state, ids, about) : make('button', { class: small ? 'pill plus' : 'text quiet', 'data-key': `n${key}`, title: 'New set', 'aria-label': `New set: ${about}`,
    onclick: event => { Object.assign(state, { naming: key, menu: null, typed: '' }); const root = event.currentTarget.getRootNode(); state.draw(); root.querySelector('.naming').focus(); } }, small ? icon(ICONS.plus) : 'New set …');
  if (few) return [...before, ...sets.map(draw), ...after, another];
  const toggle = make('button', { class: 'pill', 'data-key': `m${key}`, 'aria-expanded': String(open), 'aria-label': `Another set: ${about}`,
    onclick: () => { Object.assign(state, { menu: open ? null : key, naming: null, typed: '' }); state.draw(); } }, 'It is …');
  if (!open) return [...before, toggle, ...after, another];
  const list = make('div', { class: 'others' }, ...sets.map(draw));
  const search = make('input', { class: 'search', type: 'search', placeholder: 'Find a set', 'aria-label': 'Find a set', 'data-key': `f${key}` });
  const narrow = () => sets.forEach((set, i) => { list.children[i].hidden = !set[1].toLowerCase().includes(search.value.trim().toLowerCase()); });
  search.value = state.typed;
  search.oninput = () => { state.typed = search.value; narrow(); };
  narrow();
  return [...before, toggle, ...after, another, sets.length >= MENU_SEARCHED_FROM ? search : '', list];
}

function newSet(state, ids, about) {
  const field = make('input', { class: 'naming', placeholder: 'Name of the new set', maxlength: 255, spellcheck: 'false', 'aria-label': `Name of the new set: ${about}`, 'data-key': 'naming' });
  const close = () => { Object.assign(state, { naming: null, typed: '' }); state.draw(); };
  const put = () => { if (field.value.trim()) answer(state, ids, field.value.trim()); else close(); };
  field.value = state.typed;
  field.oninput = () => { state.typed = field.value; };
  field.onkeydown = event => {
    if (event.key === 'Enter') put();
    if (event.key === 'Escape') close();
    event.stopPropagation();
  };
  return make('span', { class: 'field' }, field, make('button', { class: 'pill', 'data-key': 'put', onclick: put }, 'Add'));
}

// The keyboard: digits answer, 0 that it is none of these; arrows go on.

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

function pressed(host, state, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select, textarea')) return;
  const isGallery = !host.querySelector('.gallery').hidden;
  const set = event.key === '0' ? state.data.sets.length > 0 && NONE : /^[1-9]$/.test(event.key) && state.data.sets[event.key - 1];
  if (set) {
    event.preventDefault();
    if (isGallery) answerInGallery(host, state, set);
    else answerInList(host, state, event.target.closest?.('article'), set);
  } else if (isGallery) pressedInGallery(host, state, event);
  else if (STEPS[event.key] && event.target.closest('article')) {
    event.preventDefault();
    step(host, event.target.closest('article'), STEPS[event.key]);
  }
}

function step(host, card, by) {
  const cards = [...host.querySelectorAll('article[data-id]')];
  const next = cards[cards.indexOf(card) + by];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}

function answerInList(host, state, card, set) {
  const id = Number(card?.dataset.id), result = state.items.find(one => one.id === id);
  if (!result || !result.bars || state.went.has(id)) return;
  answer(state, [id], set);
  step(host, host.querySelector(`article[data-id="${id}"]`), 1);
}
