// Of which act the line at the top of the page offers that it can be undone: one place at a time does.

class Offered extends EventTarget {
  /** @type {number | null} */
  act = null;

  /** @param {number | null} act is offered from now on; tells `change` */
  say(act) {
    document.body.classList.toggle('undo-over', act === null);
    this.act = act;
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Whether another place may offer it.
   * @param {number | null | undefined} act
   */
  leaves(act) {
    return Boolean(act) && this.act !== act;
  }
}

export const offered = new Offered();
