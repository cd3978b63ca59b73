// The pictures tried, in their order, and what a person has answered about them: an answered one stays
// at its place, and says where it went, until something else is looked at.
/** @typedef {{id: number}} One */
/** @typedef {{act: number | null, since: number}} Done the act, once it is done, and the first version that has it */
/** @typedef {Done & {name: string, isNone: boolean, colour: string | null}} Gone where a picture went */
/** @typedef {Done & {ids: number[], said: string, was: {key: string, said: string}, isDone: boolean, text: string}} Came what is said of the last answer */

/** @template {One} T */
export class Tried {
  /** @type {T[]} */
  items = [];
  /** @type {Map<number, Gone>} */
  went = new Map();
  /** @type {Came | null} */
  came = null;

  /**
   * Takes the items as they are now; those answered stay at their places until something new comes.
   * Returns the id of the first that is new.
   * @param {T[]} now
   * @param {number} version
   */
  meet(now, version) {
    const there = new Set(now.map(({ id }) => id));
    const before = new Set(this.items.map(({ id }) => id));
    // Undone, wherever that was.
    const isBack = (/** @type {Done} */ { act, since }, /** @type {number} */ id) =>
      act !== null && version > since && there.has(id);
    for (const [id, gone] of this.went) if (isBack(gone, id)) this.went.delete(id);
    const { came } = this;
    if (came?.ids.some((id) => isBack(came, id))) this.came = null;
    const isFresh = (/** @type {T} */ { id }) => !before.has(id) && !this.went.has(id);
    const fresh = before.size ? now.find(isFresh)?.id : undefined;
    if (fresh !== undefined) this.letGo();
    const met = now.filter(({ id }) => !this.went.has(id));
    this.items.forEach((one, i) => {
      if (!this.went.has(one.id)) return;
      const left = met.findIndex(({ id }) => id === this.items[i - 1]?.id);
      met.splice(left + 1, 0, one);
    });
    this.items = met;
    return fresh;
  }

  /** Takes away what was answered, where that has been done. */
  letGo() {
    const left = [...this.went].filter(([, { act }]) => act !== null).map(([id]) => id);
    for (const id of left) this.went.delete(id);
    this.items = this.items.filter(({ id }) => !left.includes(id));
  }
}
