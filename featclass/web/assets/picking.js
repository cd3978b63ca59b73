// Picking several of a row of pictures, by mouse and keyboard.

/**
 * @typedef {object} Picking
 * @property {Set<number>} picked
 * @property {number | null} anchor from which Shift reaches
 * @property {boolean} isSeveral whether every click adds one
 */

/**
 * A click picks one picture; with Ctrl, or while several are being picked, one more; with Shift all
 * between.
 * @param {Picking} picking
 * @param {number[]} ids in their order
 * @param {number} id that was clicked
 * @param {{shiftKey: boolean, ctrlKey: boolean, metaKey: boolean}} keys
 * @returns {Picking}
 */
export function pick({ picked, anchor, isSeveral }, ids, id, { shiftKey, ctrlKey, metaKey }) {
  const several = isSeveral || shiftKey || ctrlKey || metaKey;
  const from = anchor === null ? -1 : ids.indexOf(anchor);
  let now = new Set(picked);
  if (shiftKey && from >= 0) now = new Set([...picked, ...between(ids, from, ids.indexOf(id))]);
  else if (!several) now = new Set(picked.has(id) && picked.size === 1 ? [] : [id]);
  else if (!now.delete(id)) now.add(id);
  return { picked: now, anchor: id, isSeveral: several };
}

/**
 * What lies from one place to another, in whatever order they are.
 * @template T
 * @param {T[]} row
 * @param {number} from
 * @param {number} to
 */
export const between = (row, from, to) =>
  row.slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1);
