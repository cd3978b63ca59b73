// Building the document: text is always text, never HTML.
import { halves } from './wording.js';

/** @typedef {(event: any) => unknown} Handler of which kind of event, its attribute says */
/** @typedef {Node | string | number | boolean | null | undefined | Handler | unknown[]} Hole lists of holes too */

const HOLE = /\uE000(\d+)\uE001/;
/** @type {WeakMap<TemplateStringsArray, HTMLTemplateElement>} */
const templates = new WeakMap();

/**
 * Makes an element from a template: holes are children, attributes or their parts, and handlers.
 * An attribute that is false or null is left out; a child that is false, null or '' is none.
 * @param {TemplateStringsArray} strings
 * @param {...Hole} holes
 * @returns {HTMLElement}
 */
export function dom(strings, ...holes) {
  const template = templates.get(strings) ?? parsed(strings);
  templates.set(strings, template);
  const root = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  // Before it joins the document: a picture would be fetched by the name of its hole.
  for (const element of [root, ...root.querySelectorAll('*')]) fillAttributes(element, holes);
  document.adoptNode(root);
  for (const text of textsIn(root)) {
    const parts = text.data.split(HOLE);
    if (parts.length === 1) continue;
    text.replaceWith(...children(parts.map((part, i) => i % 2 ? holes[Number(part)] : part)));
  }
  return root;
}

/** @param {TemplateStringsArray} strings of which line breaks and what surrounds them mean nothing */
function parsed(strings) {
  const template = document.createElement('template');
  template.innerHTML = strings.reduce((html, text, i) => `${html}\uE000${i - 1}\uE001${text}`)
    .trim();
  for (const text of textsIn(template.content)) text.data = text.data.replace(/\s*\n\s*/g, '');
  return template;
}

/**
 * @param {Node} root
 * @returns {Text[]}
 */
function textsIn(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  return texts;
}

/** @type {(element: Element, holes: Hole[]) => void} */
function fillAttributes(element, holes) {
  for (const { name, value } of [...element.attributes]) {
    const parts = value.split(HOLE);
    if (parts.length === 1) continue;
    const isWhole = parts.length === 3 && !parts[0] && !parts[2];
    const filled = parts.map((part, i) => i % 2 ? holes[Number(part)] ?? '' : part).join('');
    setAttribute(element, name, isWhole ? holes[Number(parts[1])] : filled);
  }
  if (element.localName === 'img') {
    element.addEventListener('error', () => tellLost(/** @type {HTMLImageElement} */ (element)));
  }
}

/** @type {(element: Element, name: string, value: Hole) => void} */
function setAttribute(element, name, value) {
  const isBoolean = typeof value === 'boolean' && !name.startsWith('aria-');
  if (value == null || value === false && isBoolean || typeof value === 'function') {
    element.removeAttribute(name);
  } else element.setAttribute(name, value === true && isBoolean ? '' : String(value));
  if (typeof value === 'function') Object.assign(element, { [name]: value });
}

/**
 * What can be put into the document, of what may be nothing.
 * @param {Hole[]} holes
 * @returns {(Node | string)[]}
 */
export function children(holes) {
  const flat = /** @type {Hole[]} */ (holes.flat(9));
  return flat.filter((hole) => hole != null && hole !== false && hole !== '')
    .map((hole) => hole instanceof Node ? hole : String(hole));
}

/**
 * The classes of an element.
 * @param {string} base what it always is
 * @param {Record<string, unknown>} marks of which those that hold are added
 */
export const styleOf = (base, marks) =>
  [base, ...Object.keys(marks).filter((name) => marks[name])].join(' ');

/**
 * Fills an element anew.
 * @param {Element} element
 * @param {...Hole} holes
 */
export const fill = (element, ...holes) => element.replaceChildren(...children(holes));

/**
 * @template {HTMLElement} [E=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector of what is always there
 * @returns {E}
 */
export function find(root, selector) {
  const element = /** @type {E | null} */ (root.querySelector(selector));
  if (!element) throw new Error(`The page has no ${selector}.`);
  return element;
}

/** @type {(bar: HTMLElement, share: number) => void} shows how much is done */
export function fillBar(bar, share) {
  const percent = Math.round(100 * share);
  bar.setAttribute('aria-valuenow', String(percent));
  find(bar, 'i').style.width = `${percent}%`;
}

/**
 * @param {ParentNode} root
 * @param {string | undefined} key
 * @returns {HTMLElement | null}
 */
export const keyed = (root, key) =>
  key ? root.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`) : null;

/**
 * A picture whose file is gone or damaged says so in its own place: the server's answer says why.
 * @param {HTMLImageElement} image
 */
async function tellLost(image) {
  const answer = await fetch(image.src).catch(() => null);
  const { error } = answer && !answer.ok ? await answer.json().catch(() => ({})) : {};
  if (!error || image.dataset.lost) return;
  image.dataset.lost = error;
  image.classList.add('lost');
  image.title = image.alt = `${image.alt}\n${error}`;
  image.dispatchEvent(new Event('lost'));
}

/**
 * A class's name, cut in its middle where it is long and room is short.
 * @param {string} name
 * @param {string} [kind]
 * @param {string | null} [title] of a short one
 */
export function shownName(name, kind = 'word', title = null) {
  const parts = halves(name);
  if (!parts) return dom`<span class="${kind}" dir="auto" title=${title}>${name}</span>`;
  return dom`<span class="${kind} cut" dir="auto" title="${name}">
    <span class="start">${parts[0]}</span><span class="last">${parts[1]}</span></span>`;
}

/** @param {string | null | undefined} colour */
export const dot = (colour) =>
  dom`<span class="dot" style="background: ${colour || 'var(--quiet)'}"></span>`;

/** The mark of what is none of the sets. */
export const noDot = () => dom`<span class="dot none"></span>`;

const PATHS = {
  plus: 'M12 5v14M5 12h14',
  cross: 'M6 6l12 12M18 6L6 18',
  folder: 'M3 7a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2z',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
  camera: 'M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7',
  turn: 'M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  left: 'M15 5l-7 7 7 7',
  right: 'M9 5l7 7-7 7',
};

/** @param {keyof typeof PATHS} name */
export const icon = (name) =>
  dom`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${PATHS[name]}"/></svg>`;

/**
 * Draws anew: what has the focus keeps it, a field what is typed in it. Where that has left, the
 * focus goes where `otherwise` says, by the place of the article and the key of what was in it.
 * @param {HTMLElement} within
 * @param {() => void} draw
 * @param {(index: number, card: string | undefined) => HTMLElement | null | undefined} [otherwise]
 */
export function keepingFocus(within, draw, otherwise = () => null) {
  const root = /** @type {Document | ShadowRoot} */ (within.getRootNode());
  const active = /** @type {HTMLElement | null} */ (root.activeElement);
  if (!active || !within.contains(active)) return draw();
  const card = active.closest('article'), { key } = active.dataset;
  const index = card ? [...within.querySelectorAll('article')].indexOf(card) : -1;
  const typed = active instanceof HTMLInputElement
    ? { text: active.value, from: active.selectionStart, to: active.selectionEnd }
    : null;
  draw();
  if (active === root.activeElement) return;
  const same = keyed(within, key);
  (same ?? otherwise(index, card?.dataset.key))?.focus({ preventScroll: true });
  if (!typed || !(same instanceof HTMLInputElement)) return;
  same.value = typed.text;
  same.setSelectionRange(typed.from, typed.to);
}
