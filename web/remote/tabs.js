/**
 * What stands below the pictures: the screens, or the clips. Edge: the page.
 */

import { leaveFocus, setAttribute, setHidden, the } from "./dom.js";

export class Tabs {
  /** @param {HTMLElement} root @param {(name: string) => void} onchosen */
  constructor(root, onchosen) {
    this.list = the(root, "#tabs");
    this.tabs = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("[role=tab]")]);
    this.root = root;
    for (const tab of this.tabs) {
      leaveFocus(tab);
      tab.addEventListener("click", () => {
        this.choose(tab);
        onchosen(tab.id);
      });
    }
    this.list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = this.tabs[(this.tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true") + step + this.tabs.length) % this.tabs.length];
      event.preventDefault();
      if (next === undefined || next.offsetParent === null) return;
      next.focus();
      next.click();
    });
  }

  /** @param {HTMLElement} chosen */
  choose(chosen) {
    for (const tab of this.tabs) {
      const on = tab === chosen;
      setAttribute(tab, "aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      setHidden(the(this.root, `#${tab.getAttribute("aria-controls")}`), !on);
      for (const part of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll(`[data-tab="${tab.id}"]`))) part.classList.toggle("elsewhere", !on);
    }
  }
}
