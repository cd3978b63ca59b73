// Files as a person gives them: dropped, chosen, in folders; and what they are by their names.

/**
 * A file by its path within what was given. A folder that holds nothing has no file, and a slash at
 * the end of its path.
 * @typedef {{path: string, file: Blob | null}} Item
 */
/** @typedef {Item & {file: Blob}} Sent what can be sent */

export const ACCEPT = 'image/*,.heic,.heif,.avif,.tif,.tiff,.pgm,.ppm,.zip';

/** @param {Item} item */
export const isZip = ({ path }) => /\.zip$/i.test(path) && !path.includes('/');

// Other archives and the parts of one: the server says what it is by its first bytes.
const OTHER_ARCHIVE =
  /\.(7z|rar|tar|t?gz|tbz2?|bz2|t?xz|zst|z\d\d|(zip|7z|rar)\.\d{2,3}|r\d\d|cab|iso|dmg)$/i;
const HEAD = 65536;

/** @param {Item} item */
export const isArchive = ({ path }) => OTHER_ARCHIVE.test(path) && !path.includes('/');

/** @type {(item: Item) => item is Sent} */
export const isSent = (item) => item.file !== null;

/** @param {Sent} item what is sent of it */
export const bodyOf = ({ path, file }) => OTHER_ARCHIVE.test(path) ? file.slice(0, HEAD) : file;

/**
 * @param {FileSystemEntry} entry
 * @param {string} prefix
 * @param {Item[]} items to which its files are added
 */
async function addEntry(entry, prefix, items) {
  const path = prefix + entry.name;
  if (entry.isFile) {
    const { file: read } = /** @type {FileSystemFileEntry} */ (entry);
    const file = await new Promise((yes, no) => read.call(entry, yes, no));
    items.push({ path: prefix + file.name, file });
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (let isFirst = true;; isFirst = false) {
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((yes, no) => reader.readEntries(yes, no));
    // A class without pictures, perhaps.
    if (!entries.length && isFirst) items.push({ path: `${path}/`, file: null });
    if (!entries.length) return;
    for (const inner of entries) await addEntry(inner, `${path}/`, items);
  }
}

/**
 * The entries must be taken out of the drop event before the first await: it is emptied after.
 * @param {DataTransfer} dropped
 */
async function itemsOf(dropped) {
  const entries = [...dropped.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  const loose = entries.length ? [] : [...dropped.files];
  /** @type {Item[]} */
  const items = loose.map((file) => ({ path: file.name, file }));
  for (const entry of entries) await addEntry(entry, '', items);
  return items;
}

/**
 * Opens the file dialog of the browser; a fresh input each time, so that the same file can be chosen
 * twice in a row.
 * @param {HTMLElement} host
 * @param {Record<string, string | boolean>} attributes
 * @param {(items: Item[]) => unknown} then
 */
export function choose(host, attributes, then) {
  for (const old of host.querySelectorAll('input.chooser')) old.remove();
  const input = document.createElement('input');
  Object.assign(input, { type: 'file', multiple: true, className: 'chooser' });
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'boolean') input.toggleAttribute(name, value);
    else input.setAttribute(name, value);
  }
  input.onchange = () =>
    then(
      [...input.files ?? []].map((file) => ({ path: file.webkitRelativePath || file.name, file })),
    );
  host.append(input);
  input.click();
}

// A file dropped beside a zone must not make the browser leave the page for it.
for (const kind of /** @type {const} */ (['dragover', 'drop'])) {
  globalThis.document?.addEventListener(kind, (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
}

/**
 * Marks a zone while files hover over it, and hands over what is dropped.
 * @param {HTMLElement} zone
 * @param {(items: Item[]) => unknown} then
 */
export function droppable(zone, then) {
  let depth = 0;
  const count = (/** @type {number} */ now) => {
    depth = Math.max(0, now);
    zone.classList.toggle('over', depth > 0);
  };
  /** @type {(kind: 'dragenter' | 'dragover' | 'dragleave' | 'drop', does: (event: DragEvent) => unknown) => void} */
  const on = (kind, does) =>
    zone.addEventListener(kind, (event) => {
      if (kind !== 'dragleave') event.preventDefault();
      event.stopPropagation();
      does(event);
    });
  on('dragenter', () => count(depth + 1));
  on('dragover', () => {});
  on('dragleave', () => count(depth - 1));
  on('drop', async ({ dataTransfer }) => {
    count(0);
    if (dataTransfer) then(await itemsOf(dataTransfer));
  });
}
