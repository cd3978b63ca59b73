// What all parts of the page share: asking the routes, building the DOM, saying numbers.
const HEADERS = { 'X-Featclass': '1' };
const JSON_BODY = { 'Content-Type': 'application/json' };

// Whether the page has lost its server, as Streamlit marks it, and the event of its coming back.
const CONNECTION = 'data-test-connection-state', BACK = 'featclass-back';
const isGone = () => (document.querySelector('.stApp')?.getAttribute(CONNECTION) ?? 'CONNECTED') !== 'CONNECTED';
const LOST = 'the connection to featclass was lost';

// Of an answer, whether trying again would meet it again; and of a refusal, the clause it consists of.
const isRefusal = status => status === 400 || status === 413;
const clause = text => text.replace(/[.!?]$/, '');

// Sends a request to our routes; every failure becomes a sentence.
async function ask(url, options) {
  let response, body = {};
  try { response = await fetch(url, { method: 'POST', ...options, headers: { ...HEADERS, ...options.headers } }); }
  catch { throw new Error(LOST); }
  try { body = await response.json(); } catch { /* not JSON: the status says enough */ }
  if (!response.ok) throw Object.assign(new Error(body.error || `the server answered ${response.status}`), { refused: isRefusal(response.status) });
  return body;
}

// Does what the person did, on the server, then has the page drawn anew. Not through Streamlit's
// trigger itself: of two in quick succession, it may deliver only the second.
async function perform(base, what, redraw) {
  try {
    await ask(`${base}/act`, { headers: JSON_BODY, body: JSON.stringify(what) });
    return '';
  } catch (error) {
    return error.message;
  } finally { redraw(); }
}

const plural = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

// A share in whole percent, as `sentences.percent` says it: "100 %" of all alone, "0 %" of none alone.
function percent(share) {
  const whole = share < 1 ? Math.min(99, Math.round(100 * share)) : Math.round(100 * share);
  return `${share > 0 ? Math.max(1, whole) : whole} %`;
}

// Before the class that a picture unlike all of them is nearest to: no share is meant of it.
const UNLIKE = 'Unlike your sets. Nearest: ';

// A small DOM builder; text is always text, never HTML.
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node[name] = value;
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  if (tag === 'img') node.addEventListener('error', () => tellLost(node));
  node.append(...children.filter(child => child != null));
  return node;
}

// A picture whose file is gone or damaged says so in its own place: the server's answer says why.
async function tellLost(image) {
  const answer = await fetch(image.src).catch(() => null);
  const { error } = answer && !answer.ok ? await answer.json().catch(() => ({})) : {};
  if (!error || image.dataset.lost) return;
  image.dataset.lost = error;
  image.classList.add('lost');
  image.title = image.alt = `${image.alt}\n${error}`;
  image.dispatchEvent(new Event('lost'));
}

// A class's name. A long one is cut in its middle where room is short: names that are alike often
// differ at their end. Between words, where there are any: letters of some scripts are joined.
const LONG_NAME = 12, SHORTEST_END = 4, LONGEST_END = 9;
function shownName(name, { class: kind = 'word', ...attributes } = {}) {
  const letters = lettersOf(name);
  if (letters.length <= LONG_NAME) return make('span', { class: kind, dir: 'auto', ...attributes }, name);
  return make('span', { class: `${kind} cut`, dir: 'auto', title: name, ...attributes },
    make('span', { class: 'start' }, letters.slice(0, -endOf(letters)).join('')), make('span', { class: 'last' }, letters.slice(-endOf(letters)).join('')));
}

function endOf(letters) {
  for (let end = LONGEST_END; end >= SHORTEST_END; end--) if (letters[letters.length - end - 1] === ' ') return end;
  return LONGEST_END;
}

const isCut = name => lettersOf(name).length > LONG_NAME;

// What a reader takes for one letter is never divided: an emoji of several parts, an accent.
function lettersOf(text) {
  if (text.length <= LONG_NAME || !Intl.Segmenter) return [...text];
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

function icon(path) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24'); svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  line.setAttribute('d', path); svg.append(line);
  return svg;
}
const ICONS = {
  plus: 'M12 5v14M5 12h14', cross: 'M6 6l12 12M18 6L6 18',
  folder: 'M3 7a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
};
