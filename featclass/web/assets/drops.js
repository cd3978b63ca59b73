// What a drop leaves to say where it happened: how far it is, a question that only its owner can
// answer, how it was read, and how the names in a zip were read. A place is a set's id, or 'new'.
const SHOWN_CLASSES = 5, SHOWN_NAMES = 3;

function placeOf(state, key) {
  if (!state.places.has(key)) state.places.set(key, { text: '', share: null, lines: [], names: [], question: null, again: null, turn: Promise.resolve() });
  return state.places.get(key);
}

// A few of many names, and how many more there are; all of them stand in the title.
function fewNames(names, most, number = names.length) {
  const shown = number > most + 1 ? names.slice(0, most) : names;
  // A comma stays with its name.
  const parts = shown.flatMap((name, i) => [make('span', { class: 'one' }, shownName(name), i < shown.length - 1 ? ',' : ''), ' ']);
  return [...parts, number > shown.length ? `and ${(number - shown.length).toLocaleString('en')} more` : ''];
}

// Asks where the drop happened how its folders are meant; resolves to the depth of the classes, or
// to null where it is left. One question at a time: a second drop waits for its turn.
function askHow(host, state, key, question, what) {
  const place = placeOf(state, key);
  place.turn = place.turn.then(() => new Promise(answered => {
    place.question = { ...question, what, answered: depth => {
      place.question = null;
      const within = host.querySelector(`[data-place="${key}"]`)?.contains(host.getRootNode().activeElement);
      answered(depth);
      drawPlace(host, state, key);
      if (within) host.querySelector(`[data-place="${key}"]`)?.focus({ preventScroll: true });
    } };
    drawPlace(host, state, key);
    const box = host.querySelector(`[data-place="${key}"] .question`);
    box?.focus({ preventScroll: true });
    box?.scrollIntoView({ block: 'nearest' });
  }));
  return place.turn;
}

function drawQuestion(key, { sentence, choices, answered }) {
  const id = `question-${key}`;
  const readings = choices.map(({ classes_at: depth, classes, number }) => make('button', { class: 'reading', 'data-key': `q${key} ${depth}`,
    title: classes.join('\n'), 'aria-label': number ? `Sets: ${classes.slice(0, SHOWN_CLASSES + 1).join(', ')}${number > SHOWN_CLASSES + 1 ? ' and more' : ''}` : null, onclick: () => answered(depth) },
    make('b', {}, number ? 'Sets:' : 'All into this set'), make('span', {}, ...fewNames(classes, SHOWN_CLASSES, number))));
  return make('section', { class: 'question', role: 'group', tabindex: '-1', 'data-key': `q${key}`, 'aria-labelledby': id,
    onkeydown: event => { if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); answered(null); } } },
    make('p', { id }, sentence), make('div', { class: 'readings' }, ...readings),
    make('button', { class: 'text quiet', 'data-key': `q${key} leave`, title: 'Escape', onclick: () => answered(null) }, 'Leave it'));
}

// How the names of a zip were read where it does not say; another choice renames the sets it made.
function drawNames(host, state, key, reading) {
  const { zip, readings } = reading;
  const select = make('select', { class: 'code', 'data-key': `s${key} ${zip}`, 'aria-label': `How the names in ${zip} are read`, onchange: () => rename(host, state, key, reading, select.value) },
    ...readings.map(({ code, title, names }) => {
      const few = names.slice(0, SHOWN_NAMES).map(([, name]) => name.length > 40 ? `${name.slice(0, 39)}…` : name);
      return make('option', { value: code }, `${title}: ${few.join(', ')}${names.length > SHOWN_NAMES ? ' …' : ''}`);
    }));
  select.value = reading.code;
  select.disabled = Boolean(reading.busy);
  return make('div', { class: 'names' }, make('span', {}, `The names in ${zip} were read as`), select,
    reading.kept.length ? make('span', { class: 'quiet' }, `${reading.kept.join(', ')} ${reading.kept.length > 1 ? 'were here before and keep their names' : 'was here before and keeps its name'}.`) : null);
}

// Only sets that still bear the name which the zip gave them: what a person has named stays.
async function rename(host, state, key, reading, code) {
  const namesIn = wanted => reading.readings.find(one => one.code === wanted).names;
  const given = new Map(namesIn(reading.code));
  const here = new Map(state.data.sets.map(set => [set.id, set.name]));
  const names = namesIn(code).filter(([id, name]) => here.get(id) === given.get(id) && name !== here.get(id));
  reading.busy = true;
  drawPlace(host, state, key);
  const problem = names.length ? await perform(state.data.base, { do: 'rename', names }, state.redraw) : '';
  reading.busy = false;
  if (!problem) reading.code = code;
  placeOf(state, key).text = problem;
  drawPlace(host, state, key);
}

function dismiss(host, state, key) {
  Object.assign(placeOf(state, key), { text: '', share: null, lines: [], names: [], again: null });
  drawPlace(host, state, key);
}

// Anew only where more than the progress has changed: a button is not taken away under the pointer.
function drawPlace(host, state, key) {
  const node = host.querySelector(`[data-place="${key}"]`);
  if (!node) return;
  const place = placeOf(state, key), root = host.getRootNode();
  const shape = JSON.stringify([place.question?.sentence, place.lines, place.names, place.share === null, !place.text, !place.again]);
  if (node.dataset.shape !== shape) {
    const focused = node.contains(root.activeElement) && root.activeElement.dataset.key;
    node.dataset.shape = shape;
    fillPlace(host, state, key, node);
    if (focused) [...node.querySelectorAll('[data-key]')].find(one => one.dataset.key === focused)?.focus({ preventScroll: true });
  }
  const bar = node.querySelector('.bar'), text = node.querySelector('.sum span');
  if (text) text.textContent = place.text;
  if (!bar) return;
  bar.setAttribute('aria-valuenow', Math.round(100 * place.share));
  bar.firstChild.style.width = `${Math.round(100 * place.share)}%`;
}

function fillPlace(host, state, key, node) {
  const place = placeOf(state, key), told = place.lines.length || place.names.length;
  node.classList.toggle('said', Boolean(place.question || told));
  const parts = [
    place.question && drawQuestion(key, place.question),
    place.share !== null && make('div', { class: 'bar', role: 'progressbar', 'aria-label': 'Sent' }, make('i')),
    place.text && make('p', { class: 'sum', role: 'status' }, make('span'),
      place.again ? make('button', { class: 'text', 'data-key': `g${key}`, onclick: place.again }, 'Ask again') : null),
    place.lines.length && make('div', { class: 'lines', role: 'status' }, make('ul', {}, ...place.lines.map(line => make('li', {}, line)))),
    ...place.names.map(reading => drawNames(host, state, key, reading)),
    told && place.share === null && make('button', { class: 'icon dismiss', 'data-key': `k${key}`, title: 'Dismiss',
      'aria-label': 'Dismiss what was said of this drop', onclick: () => dismiss(host, state, key) }, icon(ICONS.cross))];
  node.replaceChildren(...parts.filter(Boolean));
}
