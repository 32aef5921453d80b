/**
 * Puts the card up and takes it away. Edge: the document.
 */

/** @typedef {import("./card.js").Card} Card */

const PARTS = /** @type {const} */ (["zone", "name", "code", "state", "address"]);

export class CardView {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Map<string, Element>} */
    this.parts = new Map();
    for (const part of PARTS) {
      const element = root.querySelector(`.${part}`);
      if (element !== null) this.parts.set(part, element);
    }
  }

  /** @param {Card | null} card */
  show(card) {
    if (card === null) {
      if (!this.root.hidden) this.root.hidden = true;
      return;
    }
    for (const part of PARTS) {
      const element = this.parts.get(part);
      if (element && element.textContent !== card[part]) element.textContent = card[part];
    }
    this.root.hidden = false;
  }
}
