/**
 * The places of what is ready that stand out, as a list: a finger finds there what is too small for it on the bar. It moves
 * the private picture only. Edge: the page.
 */

import { follow, leaveFocus, make, setAttribute, setCan, setHidden, setText, the } from "./dom.js";
import { where } from "./places.js";
import { counted } from "./words.js";

/** @typedef {import("./room.js").View} View */
/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./backdrop.js").Sheets} Sheets */

export class PlacesList {
  /** @param {HTMLElement} root @param {Sheets} sheets @param {(to: number) => void} onseek */
  constructor(root, sheets, onseek) {
    this.doc = root.ownerDocument;
    this.sheets = sheets;
    this.onseek = onseek;
    this.opener = the(root, "#places-open");
    this.panel = /** @type {HTMLDialogElement} */ (the(root, "#places"));
    this.title = the(root, "#places-title");
    this.list = the(root, "#places-list");
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    this.acting = false;
    leaveFocus(this.opener);
    this.opener.addEventListener("click", () => this.open(!this.panel.open));
    the(root, "#places-close").addEventListener("click", () => {
      this.open(false);
      this.opener.focus();
    });
    this.panel.addEventListener("close", () => setAttribute(this.opener, "aria-expanded", "false"));
  }

  /** @param {boolean} open */
  open(open) {
    // Not modal: nothing may stand between a finger and the blank.
    if (open && !this.panel.open) this.panel.show();
    if (!open && this.panel.open) this.panel.close();
    setAttribute(this.opener, "aria-expanded", String(open));
  }

  /** @param {View} view */
  show(view) {
    const { bar, exhibit } = view.ready;
    this.acting = view.acting;
    const places = this.sheets.of(bar.exhibit, bar.sheet)?.places ?? [];
    setHidden(this.opener, places.length === 0 || view.watching);
    setAttribute(this.opener, "aria-label", `${counted(places.length, "place that stands out", "places that stand out")} in Ready, only you see it`);
    setText(this.opener, String(places.length));
    if (places.length === 0) {
      this.open(false);
      return;
    }
    setText(this.title, `What stands out in ${exhibit?.ref ?? ""}`);
    follow(
      this.list,
      this.nodes,
      places,
      (place) => `${bar.exhibit} ${place.kind} ${place.at} ${place.until}`,
      (place) => this.entry(place),
      (node) => setCan(/** @type {Element} */ (node.firstElementChild), view.acting),
    );
  }

  /** @param {Place} place */
  entry(place) {
    const mark = make(this.doc, "i", { "data-kind": place.kind, "aria-hidden": "true" });
    const button = make(this.doc, "button", { type: "button" }, mark, make(this.doc, "b", {}, where(place)), make(this.doc, "span", {}, place.says));
    button.addEventListener("click", () => {
      if (this.acting) this.onseek(place.at);
    });
    return make(this.doc, "li", {}, button);
  }
}
