// What is worth a look: a line that opens a list of findings by kind, each with its pictures, why,
// and what to do about it. The list is fetched when it is opened, and again after every change.
const KINDS = {
  label: ['Perhaps in the wrong set', 'picture', 'pictures'],
  duplicates: ['Copies', 'group', 'groups'],
  shortcut: ['Give-aways', 'cue', 'cues'],
  outlier: ['Unlike all others', 'picture', 'pictures'],
  quality: ['Hard to see', 'picture', 'pictures'],
  balance: ['Sizes of the sets', 'finding', 'findings'],
};
const memory = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.findings');
  let state = memory.get(host);
  if (!state) {
    state = { open: false, kinds: null, shown: '', turn: 0, images: new Map(), busy: new Set(), problem: '' };
    memory.set(host, state);
    host.querySelector('.toggle').onclick = () => toggle(host, state);
    host.onkeydown = event => { if (event.key === 'Escape' && state.open) { toggle(host, state); host.querySelector('.toggle').focus(); } };
  }
  state.redraw = () => setTriggerValue('redraw', Date.now());
  state.data = data;
  drawToggle(host, state);
  if (state.open && data.shown !== state.shown) load(host, state);
  state.shown = data.shown;
}

const setOf = (state, id) => state.data.sets.find(one => one[0] === id);
const nameOf = (state, id) => setOf(state, id)?.[1] ?? (id !== null && id === state.data.none ? 'none of these' : 'a set that was removed');

function drawToggle(host, state) {
  const { line, ready } = state.data;
  const button = host.querySelector('.toggle');
  host.hidden = !line && !state.open;
  button.setAttribute('aria-expanded', String(state.open));
  button.replaceChildren(make('b', {}, 'Worth a look'), make('span', { class: 'quiet' }, line || (ready ? 'nothing any more' : 'looking again')));
  host.classList.toggle('stale', state.data.stale || !ready);
}

function toggle(host, state) {
  state.open = !state.open;
  drawToggle(host, state);
  draw(host, state);
  if (state.open) load(host, state);
}

async function load(host, state) {
  const turn = ++state.turn;
  let answer = null;
  try {
    const response = await fetch(`${state.data.base}/findings`);
    if (response.ok) answer = await response.json();
  } catch { /* said below */ }
  if (turn !== state.turn || !state.open) return;
  state.problem = answer ? '' : 'The findings could not be fetched. Close and open this to try once more.';
  // While the pictures are looked at anew there are none for a moment: the former ones stay.
  if (answer && (state.data.ready || answer.kinds.length || !state.kinds)) state.kinds = answer.kinds;
  draw(host, state);
}

async function act(host, state, finding, what) {
  state.busy.add(finding.key);
  draw(host, state);
  const problem = await perform(state.data.base, what, state.redraw);
  await load(host, state);
  state.busy.delete(finding.key);
  state.problem = problem || state.problem;
  draw(host, state);
}

function draw(host, state) {
  const list = host.querySelector('.found');
  list.hidden = !state.open;
  if (!state.open) { list.replaceChildren(); return; }
  const root = host.getRootNode(), focused = list.contains(root.activeElement) && root.activeElement;
  const [key, index] = focused ? [focused.dataset.key, [...list.querySelectorAll('article')].indexOf(focused.closest('article'))] : [];
  state.used = new Map();
  const kinds = state.kinds || [];
  const nothing = state.kinds && !kinds.some(kind => kind.items.length) ? 'Nothing is worth a look now.' : '';
  const note = make('p', { class: 'quiet note', role: 'status', tabindex: '-1' }, state.problem || nothing);
  list.replaceChildren(note, ...kinds.filter(kind => kind.items.length).map(kind => drawKind(host, state, kind)), drawFine(host, state, kinds));
  if (!focused) return;
  const articles = list.querySelectorAll('article'), next = articles[Math.min(Math.max(0, index), articles.length - 1)];
  const same = key && [...list.querySelectorAll('[data-key]')].find(node => node.dataset.key === key);
  // Where the finding at hand has left, the next one as a whole, or while all are looked at anew the
  // line above them: Enter does nothing there.
  (same || next || note).focus({ preventScroll: true });
}

function drawKind(host, state, { kind, total, items }) {
  const [title, one, many] = KINDS[kind];
  return make('section', { 'aria-label': title },
    make('header', {}, make('h3', {}, title), kind === 'balance' ? '' : make('span', { class: 'count' }, plural(total, one, many))),
    ...items.map(item => drawItem(host, state, kind, item)),
    total > items.length ? make('p', { class: 'quiet note' }, `and ${(total - items.length).toLocaleString('en')} more`) : '');
}

// What was said to be fine, to be taken back.
function drawFine(host, state, kinds) {
  const fine = kinds.flatMap(({ kind, fine }) => fine.map(item => [kind, item]));
  if (!fine.length) return '';
  const details = make('details', { class: 'fine', open: state.fineOpen, ontoggle: () => { state.fineOpen = details.open; } },
    make('summary', { class: 'quiet' }, `${plural(fine.length, 'finding is', 'findings are')} fine, as you said`),
    ...fine.map(([kind, item]) => drawItem(host, state, kind, item, true)));
  return details;
}

const isSettled = one => one.picture === null || one.left_out || one.set !== one.was;

function drawItem(host, state, kind, item, fine = false) {
  const across = kind === 'duplicates' && new Set(item.pictures.map(one => one.was)).size > 1;
  const settled = !fine && (kind === 'duplicates' ? item.pictures.filter(one => !isSettled(one)).length < 2 : item.pictures.length === 1 && isSettled(item.pictures[0]));
  const name = item.pictures.length === 1 ? item.pictures[0].name : item.about;
  const more = item.number - item.pictures.length;
  return make('article', { tabindex: '-1', class: `finding${settled ? ' settled' : ''}${item.pictures.length > 1 ? ' several' : ''}`, 'aria-label': name },
    make('div', { class: 'shown' }, ...item.pictures.map(one => drawPicture(host, state, kind, item, one, across && !fine)),
      more > 0 && item.pictures.length ? make('span', { class: 'quiet' }, `and ${more.toLocaleString('en')} more`) : ''),
    make('div', { class: 'said' }, item.pictures.length === 1 ? make('p', { class: 'file', title: name }, name) : '',
      make('p', { class: 'why' }, item.sentence),
      make('div', { class: 'acts' }, ...(fine ? [button(host, state, item, 'w', 'Not fine', name, { do: 'withdraw', key: item.key, about: item.about })] : mends(host, state, kind, item, name, settled, across)))));
}

function drawPicture(host, state, kind, item, one, alone) {
  const colour = setOf(state, one.set ?? one.was)?.[2];
  const figure = make('figure', { title: `${one.name}, ${nameOf(state, one.set ?? one.was)}`, class: isSettled(one) ? 'gone' : null }, thumb(state, one));
  if (item.pictures.length > 1) figure.style.outlineColor = colour || 'var(--line)';
  if (!alone) return figure;
  return make('div', { class: 'each' }, figure, make('span', { class: 'quiet' }, nameOf(state, one.set ?? one.was)),
    isSettled(one) ? make('span', { class: 'quiet' }, stands(state, one)) : button(host, state, item, `l${one.digest}`, 'Leave out', one.name, { do: 'leave out', picture: one.picture, reason: 'a copy' }));
}

function stands(state, one) {
  if (one.picture === null) return 'Removed';
  if (one.set !== null && one.set === state.data.none) return 'None of these';
  return one.left_out ? 'Left out' : `Moved to ${nameOf(state, one.set)}`;
}

// That it is fine comes first: what was found is a question. A mend stands out where it is certain.
function mends(host, state, kind, item, name, settled, across) {
  const [one] = item.pictures;
  if (settled) return [make('span', { class: 'done' }, kind === 'duplicates' ? 'One is kept' : stands(state, one))];
  const offered = [];
  const offer = (...how) => offered.push(button(host, state, item, ...how));
  const reason = { label: `looks like ${nameOf(state, item.suggested)}`, outlier: 'unlike all others', quality: 'hard to see' }[kind];
  const style = item.strong ? 'pill strong' : 'pill';
  offer('f', 'This is fine', name, { do: 'accept', key: item.key, about: item.about });
  if (kind === 'label' && setOf(state, item.suggested)) offer('m', `Move to ${nameOf(state, item.suggested)}`, name, { do: 'move', picture: one.picture, set: item.suggested }, style);
  if (kind === 'duplicates' && !across) {
    const others = item.pictures.filter(other => !isSettled(other)).slice(1).map(other => other.picture);
    offer('k', 'Keep one', name, { do: 'leave out', pictures: others, reason: 'a copy' }, style);
  }
  if (kind === 'outlier') offer('n', 'None of these', name, { do: 'none of these', pictures: [one.picture] });
  if (reason && one) offer('l', 'Leave out', name, { do: 'leave out', picture: one.picture, reason });
  return offered;
}

function button(host, state, item, key, text, name, what, style = 'pill') {
  const busy = state.busy.has(item.key);
  return make('button', { class: style, 'aria-disabled': busy ? 'true' : null, 'data-key': `${key} ${item.key}`,
    'aria-label': `${text}: ${name}`, onclick: () => busy || act(host, state, item, what) }, text);
}

function thumb(state, one) {
  const times = (state.used.get(one.digest) || 0) + 1;   // one picture may be in several findings
  state.used.set(one.digest, times);
  const key = `${one.digest} ${times}`;
  if (!state.images.has(key)) {   // moved, not made anew: a redraw must not flicker
    state.images.set(key, make('img', { src: `${state.data.base}/thumbnail/${one.digest}?size=160`, alt: one.name, loading: 'lazy', decoding: 'async' }));
  }
  return state.images.get(key);
}
