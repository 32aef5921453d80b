/**
 * The controls that turn pages, in the place of those that move a recording. Edge: the page.
 */

import { can, leaveFocus, setAttribute, setCan, setHidden, setText, setValue, the } from "./dom.js";
import { leafTyped } from "./leaves.js";

/** @typedef {import("./room.js").Side} Side */

export class PageKeys {
  /**
   * @param {ParentNode} root
   * @param {"ready" | "live"} name which picture it moves
   * @param {{by: (pages: number) => void, to: (leaf: number) => void}} acts
   */
  constructor(root, name, acts) {
    this.node = the(root, `#${name}-pages`);
    this.others = ["keys", "bar", "whose"].map((part) => the(root, `#${name}-${part}`));
    this.where = name === "ready" ? "in Ready, only you see it" : "on the screens";
    this.form = the(this.node, "form");
    this.field = /** @type {HTMLInputElement} */ (the(this.node, "input"));
    this.of = the(this.node, ".of");
    this.buttons = /** @type {HTMLElement[]} */ ([...this.node.querySelectorAll("button")]);
    this.count = 0;
    for (const button of this.buttons) {
      leaveFocus(button);
      button.addEventListener("click", () => can(button) && acts.by(Number(button.dataset.pages)));
    }
    this.field.addEventListener("focus", () => this.field.select());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const leaf = leafTyped(this.field.value, this.count);
      setAttribute(this.field, "aria-invalid", leaf === null ? "true" : null);
      if (leaf === null || !can(this.field)) return this.field.select();
      acts.to(leaf);
      this.field.blur();
    });
    this.field.addEventListener("blur", () => setAttribute(this.field, "aria-invalid", null));
  }

  /** @param {Side} side @param {boolean} acting */
  show({ leaf }, acting) {
    const [keys, ...around] = this.others;
    setHidden(this.node, leaf === null || leaf.count < 2);
    setHidden(keys, leaf !== null);
    // One picture alone has nothing to be moved to.
    for (const one of around) setHidden(one, leaf !== null && leaf.count < 2);
    if (leaf === null) return;
    this.count = leaf.count;
    setValue(this.field, String(leaf.number + 1));
    setText(this.of, `of ${leaf.count}`);
    this.field.readOnly = !acting;
    setCan(this.field, acting);
    for (const button of this.buttons) setCan(button, acting && leaf.number + Number(button.dataset.pages) >= 0 && leaf.number + Number(button.dataset.pages) < leaf.count);
    const [back, forward] = this.buttons;
    setText(back, `‹ ${leaf.noun}`);
    setAttribute(back, "aria-label", `‹ ${leaf.noun} back ${this.where}`);
    setText(forward, `${leaf.noun} ›`);
    setAttribute(forward, "aria-label", `${leaf.noun} › forward ${this.where}`);
  }
}
