// @ts-nocheck: the list is about to be drawn by Streamlit
// A whole zip or folder: a line that opens; each batch shows its progress, what came of it, and
// what can be taken away. The browser asks the server how they go; the page is not drawn anew.
import { shownName } from './dom.js';
import { bodyOf, choose, droppable, isArchive, isZip } from './files.js';
import { ask, HEADERS } from './server.js';
import { percent, plural, sentence } from './wording.js';
const JSON_BODY = { 'Content-Type': 'application/json' };
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node[name] = value;
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
const EVERY = 1000, SOON = 200; // milliseconds; soon where somebody waits for an answer
const memory = new WeakMap();

export default function ({ parentElement, data }) {
  const host = parentElement.querySelector('.batches');
  let state = memory.get(host);
  if (!state) {
    state = {
      open: false,
      list: null,
      shown: '',
      turn: 0,
      drawn: new Map(),
      sending: null,
      removed: null,
      opened: new Set(),
    };
    memory.set(host, state);
    state.data = data;
    build(host, state);
    if (data.any) load(host, state);
  }
  state.data = data;
  if (state.list && data.shown !== state.shown) load(host, state);
  state.shown = data.shown;
  draw(host, state);
  return () => {
    if (!host.isConnected) clearTimeout(state.timer);
  };
}

function build(host, state) {
  host.querySelector('.toggle').onclick = () => {
    state.open = !state.open;
    draw(host, state);
    if (state.open) load(host, state);
  };
  host.onkeydown = (event) => {
    if (event.key !== 'Escape' || !state.open) return;
    state.open = false;
    draw(host, state);
    host.querySelector('.toggle').focus();
  };
  const zone = host.querySelector('.zone'), form = host.querySelector('form');
  droppable(zone, (items) => take(host, state, items));
  zone.querySelector('.pick').onclick = () =>
    choose(host, { accept: '.zip,application/zip' }, (items) => take(host, state, items));
  zone.querySelector('.halt').onclick = () => state.sending?.abort();
  form.onsubmit = async (event) => {
    event.preventDefault();
    const input = form.querySelector('input'), button = form.querySelector('button');
    if (!input.value.trim()) {
      input.focus();
      return;
    }
    button.disabled = true;
    tell(host, 'Looking into the folder');
    try {
      await ask(`${state.data.base}/batches/folder`, {
        headers: JSON_BODY,
        body: JSON.stringify({ folder: input.value.trim() }),
      });
      input.value = '';
      tell(host, '');
    } catch (error) {
      tell(host, sentence(error.message));
    }
    button.disabled = false;
    load(host, state);
  };
}

function tell(host, text, share) {
  host.querySelector('.zone .note').textContent = text;
  const bar = host.querySelector('.zone .bar');
  bar.hidden = share == null;
  bar.setAttribute('aria-valuenow', Math.round(100 * (share || 0)));
  bar.firstChild.style.width = `${Math.round(100 * (share || 0))}%`;
}

async function take(host, state, items) {
  const zips = items.filter((item) => isZip(item) || isArchive(item));
  if (!zips.length) {
    tell(host, 'Drop one zip of pictures here; loose pictures go to “Try it” above.');
    return;
  }
  if (state.sending) {
    tell(host, 'One zip is being sent already.');
    return;
  }
  for (const item of zips) {
    try {
      await send(host, state, item);
    } catch (error) {
      tell(host, sentence(error.message));
      break;
    }
  }
  load(host, state);
}

function send(host, state, item) {
  const halt = host.querySelector('.halt');
  return new Promise((yes, no) => {
    const request = state.sending = new XMLHttpRequest(); // fetch does not tell how much has been sent
    const end = () => {
      state.sending = null;
      halt.hidden = true;
    };
    request.open('POST', `${state.data.base}/batches/zip?name=${encodeURIComponent(item.path)}`);
    for (const [name, value] of Object.entries(HEADERS)) request.setRequestHeader(name, value);
    request.upload.onprogress = (e) =>
      tell(
        host,
        `Sending ${item.path}: ${megabytes(e.loaded)} of ${megabytes(e.total)} MB`,
        e.loaded / e.total,
      );
    request.upload.onload = () => {
      halt.hidden = true;
      tell(host, `Looking into ${item.path}`, 1);
    };
    request.onerror = () => {
      end();
      no(new Error('the connection to featclass was lost'));
    };
    request.onabort = () => {
      end();
      tell(host, `${item.path} was not sent.`);
      yes();
    };
    request.onload = () => {
      end();
      let body = {};
      try {
        body = JSON.parse(request.responseText);
      } catch { /* the status says enough */ }
      if (request.status === 200) {
        tell(host, '');
        yes();
      } else no(new Error(body.error || `the server answered ${request.status}`));
    };
    halt.hidden = false;
    request.send(bodyOf(item));
  });
}

const megabytes = (bytes) =>
  (bytes / 1e6).toLocaleString('en', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 });

async function load(host, state) {
  const turn = ++state.turn;
  clearTimeout(state.timer);
  let list = null, problem = '';
  try {
    const response = await fetch(`${state.data.base}/batches`);
    if (response.ok) list = (await response.json()).batches;
    else problem = 'The predictions could not be fetched.';
  } catch {
    problem = 'The connection to featclass was lost; trying again.';
  }
  if (turn !== state.turn) return;
  if (list) state.list = list;
  state.problem = problem;
  draw(host, state);
  const again = problem || state.list?.some((one) => one.running);
  const soon = state.list?.some((one) => one.stopping || one.phase === 'loading');
  if (again && host.isConnected) {
    state.timer = setTimeout(() => load(host, state), soon ? SOON : EVERY);
  }
}

async function act(host, state, one, what) {
  try {
    await ask(`${state.data.base}/batches/${one.id}/${what}`, {});
    if (what === 'remove') state.removed = one;
    if (what === 'bring-back' || what === 'delete') state.removed = null;
  } catch (error) {
    tell(host, sentence(error.message));
  }
  await load(host, state);
}

// The line

function inShort(state) {
  const list = state.list || [], running = list.filter((one) => one.running);
  if (running.length) {
    return running.length === 1 ? progress(running[0]) : `${running.length} running`;
  }
  const stopped = list.filter((one) => one.phase === 'stopped' || one.phase === 'failed').length;
  if (stopped) return `${stopped} stopped`;
  if (list.length > 1) return `${list.length} kept here`;
  return list.length ? `${list[0].name}: ${progress(list[0])}` : '';
}

function draw(host, state) {
  const toggle = host.querySelector('.toggle'), inside = host.querySelector('.inside');
  toggle.setAttribute('aria-expanded', String(state.open));
  const said = state.open ? '' : inShort(state);
  set(
    toggle,
    `said ${said}`,
    () => [make('b', {}, 'Predict a whole zip or folder'), make('span', { class: 'quiet' }, said)],
  );
  inside.hidden = !state.open;
  if (!state.open) return;
  const { ready, roots } = state.data;
  host.querySelector('.zone .what').textContent = ready
    ? 'Drop a zip with any number of pictures'
    : 'Once there are two sets to tell apart, whole zips can be predicted here';
  host.querySelector('.zone .pick').disabled = !ready;
  const form = host.querySelector('form');
  form.hidden = !ready || !roots.length;
  if (roots.length) {
    form.querySelector('input').placeholder = roots[0];
    form.querySelector('.hint').textContent = `On the server, in ${roots.join(' or ')}`;
  }
  host.querySelector('.problem').textContent = state.problem || '';
  drawRemoved(host, state);
  const cards = (state.list || []).map((one) => drawBatch(host, state, one));
  const list = host.querySelector('.cards');
  if (cards.length !== list.children.length || cards.some((card, i) => card !== list.children[i])) {
    list.replaceChildren(...cards);
  }
}

// Fills a node anew only where its content is another: what has the focus keeps it.
function set(node, key, children) {
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...children().filter((child) => child != null));
}

function drawRemoved(host, state) {
  const place = host.querySelector('.removed'), one = state.removed;
  place.hidden = !one;
  if (one) {
    set(
      place,
      one.id,
      () => [
        make(
          'span',
          { role: 'status' },
          `Removed ${one.name}, with what was uploaded, in 15 minutes for good.`,
        ),
        make('button', {
          class: 'text',
          'aria-label': `Undo: ${one.name} was removed`,
          onclick: () => act(host, state, one, 'bring-back'),
        }, 'Undo'),
        make('button', {
          class: 'text quiet',
          onclick: () => act(host, state, one, 'delete'),
        }, 'Delete now'),
      ],
    );
  }
}

// One batch

function progress(one) {
  if (one.stopping) return 'Stopping';
  if (one.phase === 'waiting') return 'Waiting for its turn';
  if (one.phase === 'loading') return 'Getting ready';
  if (one.phase === 'running') return one.words;
  const number = plural(one.done, 'picture', 'pictures');
  if (one.phase === 'done') return number;
  return `Stopped at ${one.done.toLocaleString('en')} of ${one.total.toLocaleString('en')}`;
}

function drawBatch(host, state, one) {
  let card = state.drawn.get(one.id);
  if (!card) {
    card = make(
      'article',
      { class: 'batch', 'aria-label': one.name },
      make(
        'header',
        {},
        make('h3', { title: one.name }, one.name),
        make('span', { class: 'count', role: 'status' }),
      ),
      make(
        'div',
        { class: 'bar', role: 'progressbar', 'aria-label': `Progress of ${one.name}` },
        make('i'),
      ),
      make('p', { class: 'problem' }),
      make('div', { class: 'counts' }),
      make('div', { class: 'acts' }),
      make(
        'details',
        { class: 'first' },
        make('summary', { class: 'quiet' }),
        make('div', { class: 'scroll' }),
      ),
    );
    state.drawn.set(one.id, card);
  }
  const share = one.total ? one.done / one.total : 0, bar = card.querySelector('.bar');
  card.querySelector('.count').textContent = progress(one);
  bar.hidden = one.phase === 'done';
  bar.setAttribute('aria-valuenow', Math.round(100 * share));
  bar.firstChild.style.width = `${100 * share}%`;
  card.querySelector('.problem').textContent = one.error ||
    (one.outdated && !one.running
      ? 'Your sets have changed since: these are the answers of the classifier before.'
      : '');
  const counts = [
    ...one.classes.map(([name, colour, sure, doubtful]) => [name, colour, sure, doubtful]),
    ...one.unknown ? [['None of these', null, one.unknown, 0]] : [],
    ...one.rejected ? [['Could not be used', null, one.rejected, 0]] : [],
  ];
  set(
    card.querySelector('.counts'),
    one.kept ? JSON.stringify(counts) : '',
    () => one.kept ? drawCounts(counts) : [],
  );
  set(
    card.querySelector('.acts'),
    JSON.stringify([
      one.running,
      one.stopping,
      one.phase,
      one.outdated,
      one.kept > 0,
      state.data.base,
    ]),
    () => acts(host, state, one),
  );
  const details = card.querySelector('details');
  details.hidden = !one.first.length;
  details.querySelector('summary').textContent = one.first.length < one.kept
    ? `The first ${one.first.length} results`
    : 'All results';
  set(details.querySelector('.scroll'), JSON.stringify(one.first), () => [drawTable(one)]);
  return card;
}

function drawCounts(counts) {
  const most = Math.max(1, ...counts.map(([, , sure, doubtful]) => sure + doubtful));
  return counts.map(([name, colour, sure, doubtful]) => {
    const said = `${(sure + doubtful).toLocaleString('en')}${
      doubtful ? `, ${doubtful.toLocaleString('en')} doubtful` : ''
    }`;
    const parts = [[sure, 'sure'], [doubtful, 'doubtful']].map(([number, kind]) => {
      const fill = make('i', { class: kind });
      fill.style.width = `${100 * number / most}%`;
      fill.style.setProperty('--hue', colour || 'var(--quiet)');
      return fill;
    });
    return make(
      'div',
      { class: 'bar-row', 'aria-label': `${name}: ${said}` },
      shownName(name, 'label', name),
      make('span', { class: 'track' }, ...parts),
      make('span', { class: 'value' }, said),
    );
  });
}

function acts(host, state, one) {
  const where = `${state.data.base}/batches/${one.id}`, made = [];
  const button = (text, what, style = 'pill') =>
    made.push(
      make('button', {
        class: style,
        'aria-label': `${text}: ${one.name}`,
        onclick: () => act(host, state, one, what),
      }, text),
    );
  const link = (text, file, style) =>
    made.push(
      make('a', {
        class: style,
        href: `${where}/${file}`,
        download: true,
        'aria-label': `${text}: ${one.name}`,
      }, text),
    );
  if (one.running) { if (!one.stopping) button('Cancel', 'cancel'); }
  else if (one.phase !== 'done') button('Resume', 'resume', 'pill strong');
  if (one.kept) {
    link(
      'Sorted zip',
      'sorted.zip',
      `pill${one.phase === 'done' && !one.outdated ? ' strong' : ''}`,
    );
    link('CSV', 'predictions.csv', 'pill');
  }
  if (one.outdated && !one.running) button('Predict again', 'again', 'pill strong');
  button('Remove', 'remove', 'text quiet');
  return made;
}

function drawTable(one) {
  const colours = new Map(one.classes.map(([name, colour]) => [name, colour]));
  return make(
    'table',
    {},
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        ...['Picture', 'Looks like', 'How sure'].map((text) => make('th', { scope: 'col' }, text)),
      ),
    ),
    make(
      'tbody',
      {},
      ...one.first.map((said) => {
        if (said.rejected) {
          return make(
            'tr',
            {},
            make('td', { title: said.path }, said.path),
            make('td', { colspan: 2, class: 'quiet' }, `could not be used: ${said.rejected}`),
          );
        }
        const dot = make('span', { class: 'dot' });
        dot.style.background = said.known ? colours.get(said.label) || '#888' : 'var(--line)';
        return make(
          'tr',
          {},
          make('td', { title: said.path }, said.path),
          make(
            'td',
            { title: said.label },
            dot,
            said.known ? shownName(said.label) : 'none of these',
          ),
          make(
            'td',
            { class: 'value' },
            said.known
              ? `${percent(said.probability)}${said.doubtful ? ', doubtful' : ''}`
              : `nearest ${said.label}`,
          ),
        );
      }),
    ),
  );
}
