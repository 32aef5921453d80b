/**
 * The screens: each with its own small picture, and those that were found and wait for their code. Edge: the page.
 */

import { codeOf } from "./entry.js";
import { follow, make, setAttribute, setHidden, setText, setTone, setValue, the } from "./dom.js";
import { sentenceOf } from "./words.js";

/** @typedef {import("./tiles.js").Tile} Tile */
/** @typedef {import("./tiles.js").Found} Found */
/** @typedef {import("./room.js").View} View */
/** @typedef {import("./backdrop.js").Pictures} Pictures */

/**
 * @typedef {object} Acts
 * @property {(screen: string, code: string) => Promise<void>} pair rejects with a sentence in `detail`
 * @property {(address: string) => Promise<void>} add
 * @property {(screen: string, change: {name?: string, zone?: string, sound?: boolean, delay_ms?: number}) => Promise<void>} change
 * @property {(screen: string, level: number) => Promise<void>} volume
 * @property {(screen: string) => Promise<void>} remove
 */

export class Screens {
  /** @param {HTMLElement} root @param {Pictures} images @param {Acts} acts */
  constructor(root, images, acts) {
    this.doc = root.ownerDocument;
    this.images = images;
    this.acts = acts;
    this.list = the(root, "#tiles");
    this.found = the(root, "#found");
    this.empty = the(root, "#screens-empty");
    this.about = the(root, "#screens-about");
    this.form = /** @type {HTMLFormElement} */ (the(root, "#by-hand"));
    this.address = /** @type {HTMLInputElement} */ (the(root, "#by-hand-text"));
    this.opener = the(root, "#by-hand-open");
    this.said = make(this.doc, "p", { class: "said", role: "alert" });
    this.form.after(this.said);
    /** @type {Map<string, TileNode>} */
    this.tiles = new Map();
    /** @type {Map<string, FoundNode>} */
    this.others = new Map();
    this.opener.addEventListener("click", () => this.toggle(this.form.hidden));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.add();
    });
  }

  /** @param {boolean} open */
  toggle(open) {
    setHidden(this.form, !open);
    setAttribute(this.opener, "aria-expanded", String(open));
    setText(this.opener, open ? "Close" : "Add by address");
    setText(this.said, "");
    if (open) this.address.focus();
  }

  async add() {
    setText(this.said, "");
    try {
      await this.acts.add(this.address.value.trim());
      this.address.value = "";
      this.toggle(false);
    } catch (refused) {
      setText(this.said, sentenceOf(refused));
      this.address.focus();
    }
  }

  /** @param {View} view */
  show(view) {
    setText(this.about, view.screensAbout);
    setText(this.empty, view.watching ? "" : view.screensEmpty);
    setHidden(this.empty, view.watching || view.screensEmpty === "");
    setHidden(this.list, view.tiles.length === 0);
    setHidden(this.found, !view.clerk || view.found.length === 0);
    keep(this.list, this.tiles, view.tiles, (tile) => new TileNode(this.doc, tile, this.images, this.acts), (node, tile) => node.show(tile, view));
    keep(this.found, this.others, view.found, (found) => new FoundNode(this.doc, found, this.acts), (node, found) => node.show(found));
  }
}

class TileNode {
  /** @param {Document} doc @param {Tile} tile @param {Pictures} images @param {Acts} acts */
  constructor(doc, tile, images, acts) {
    this.images = images;
    this.tile = tile;
    this.id = tile.id;
    this.image = make(doc, "img", { alt: "", hidden: "" });
    this.none = make(doc, "span", { class: "none" });
    this.name = make(doc, "b");
    this.zone = make(doc, "span", { class: "quiet" });
    this.shows = make(doc, "span", { class: "shows" });
    this.note = make(doc, "span", { class: "note", title: "The room's sound comes from here" }, "♪", make(doc, "span", { class: "unseen" }, " The room's sound comes from here."));
    this.holds = make(doc, "span", { class: "holds" });
    this.dayBar = make(doc, "progress", { max: "1", "aria-hidden": "true" });
    this.dayText = make(doc, "span");
    this.day = make(doc, "span", { class: "day" }, this.dayText, this.dayBar);
    this.problem = make(doc, "p", { class: "problem", "data-tone": "stop" });
    this.more = make(doc, "button", { type: "button", class: "more", "aria-expanded": "false" }, "⋯");
    this.newName = make(doc, "input", { type: "text", maxlength: "40", autocomplete: "off" });
    this.newZone = make(doc, "input", { type: "text", maxlength: "40", autocomplete: "off", list: "zone-names" });
    this.sound = make(doc, "input", { type: "checkbox" });
    this.level = make(doc, "input", { type: "range", min: "0", max: "100", step: "5" });
    const hint = `later-${tile.id}`;
    this.later = make(doc, "input", { type: "number", min: "-500", max: "500", step: "10", inputmode: "numeric", "aria-describedby": hint });
    this.undo = make(doc, "button", { type: "button", class: "plain small", hidden: "" });
    /** What it was before it was changed here. */
    this.before = 0;
    this.address = make(doc, "p", { class: "quiet" });
    this.said = make(doc, "p", { class: "said", role: "alert" });
    const forget = make(doc, "button", { type: "button", class: "plain small" }, "Forget this screen");
    const sure = make(doc, "button", { type: "button", class: "plain small stop", hidden: "" }, "Yes, forget it");
    const names = make(
      doc,
      "form",
      {},
      make(doc, "label", {}, "Name", this.newName),
      make(doc, "label", {}, "Who looks at it", this.newZone),
      make(doc, "button", { type: "submit", class: "plain small" }, "Save"),
    );
    this.tools = make(
      doc,
      "div",
      { class: "tools", hidden: "" },
      names,
      make(doc, "label", { class: "check" }, this.sound, "The room's sound comes from here"),
      make(doc, "label", {}, "Its own sound level", this.level),
      make(
        doc,
        "div",
        { class: "later" },
        make(doc, "label", {}, "Picture later by", this.later, "ms"),
        this.undo,
        make(doc, "p", { id: hint, class: "quiet" }, "Does another display lag behind this one? Make this one later. Minus is earlier. Its sound moves with it."),
      ),
      make(doc, "div", { class: "row" }, forget, sure),
      this.address,
      this.said,
    );
    this.node = make(
      doc,
      "li",
      { class: "tile" },
      make(doc, "span", { class: "small-pic" }, this.none, this.image),
      make(doc, "span", { class: "words" }, make(doc, "span", { class: "name" }, this.name, this.note, " ", this.zone), this.shows, this.holds, this.day),
      this.more,
      this.problem,
      this.tools,
    );
    this.more.addEventListener("click", () => this.open(this.tools.hidden));
    names.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.carry(acts.change(this.id, { name: this.newName.value.trim(), zone: this.newZone.value.trim() }), true);
    });
    this.sound.addEventListener("change", () => void this.carry(acts.change(this.id, { sound: this.sound.checked })));
    this.level.addEventListener("change", () => void this.carry(acts.volume(this.id, Number(this.level.value) / 100)));
    this.later.addEventListener("change", () => void this.delay(this.later.value === "" ? null : Math.round(Number(this.later.value)), acts));
    this.undo.addEventListener("click", () => {
      this.later.focus();
      this.later.value = String(this.before);
      void this.delay(this.before, acts);
    });
    forget.addEventListener("click", () => {
      sure.hidden = false;
      sure.focus();
    });
    sure.addEventListener("click", () => void this.carry(acts.remove(this.id)));
  }

  /** @param {boolean} open */
  open(open) {
    this.tools.hidden = !open;
    setAttribute(this.more, "aria-expanded", String(open));
    if (open) this.tools.scrollIntoView({ block: "nearest" });
  }

  /** @param {number | null} milliseconds @param {Acts} acts */
  async delay(milliseconds, acts) {
    if (milliseconds === null || Math.abs(milliseconds) > 500) {
      setText(this.said, "Type milliseconds, from -500 to 500.");
      return;
    }
    const before = this.tile.delay;
    await this.carry(acts.change(this.id, { delay_ms: milliseconds }));
    if (this.said.textContent !== "") return;
    // One step back, and back again.
    this.before = before;
    setHidden(this.undo, before === milliseconds);
    setText(this.undo, `Back to ${before} ms`);
  }

  /** @param {Promise<void>} doing @param {boolean} [close] */
  async carry(doing, close = false) {
    setText(this.said, "");
    try {
      await doing;
      if (close) {
        this.open(false);
        this.more.focus();
      }
    } catch (refused) {
      setText(this.said, sentenceOf(refused));
    }
  }

  /** @param {Tile} tile @param {View} view */
  show(tile, view) {
    this.tile = tile;
    setAttribute(this.node, "data-look", tile.look);
    setText(this.name, tile.name);
    setText(this.zone, tile.about);
    setText(this.shows, tile.shows);
    setHidden(this.note, !tile.sound);
    setText(this.holds, tile.holds.text);
    setTone(this.holds, tile.holds.tone);
    setHidden(this.day, tile.day === null);
    setText(this.dayText, tile.day?.text ?? "");
    setHidden(this.dayBar, tile.day === null || tile.day.share === 1);
    if (tile.day !== null && this.dayBar.value !== tile.day.share) this.dayBar.value = tile.day.share;
    setText(this.problem, tile.problem ?? "");
    setHidden(this.problem, tile.problem === null);
    setText(this.none, tile.look === "silent" ? "?" : "");
    this.images.put(this.image, tile.look === "live" ? tile.picture : null, true);
    setAttribute(this.image, "alt", tile.look === "live" ? `What ${tile.name} really shows` : "");
    setHidden(this.more, !view.clerk);
    setAttribute(this.more, "aria-label", `More about ${tile.name}`);
    setText(this.address, `At ${tile.address}`);
    setValue(this.newName, tile.name);
    setValue(this.newZone, tile.zone);
    if (this.sound.checked !== tile.sound) this.sound.checked = tile.sound;
    setValue(this.level, String(Math.round(tile.volume * 100)));
    setValue(this.later, String(tile.delay));
  }

  gone() {
    this.images.forget(this.image);
  }
}

class FoundNode {
  /** @param {Document} doc @param {Found} found @param {Acts} acts */
  constructor(doc, found, acts) {
    this.name = make(doc, "b");
    this.zone = make(doc, "span", { class: "quiet where" });
    const id = `code-${found.id}`;
    this.code = make(doc, "input", { id, type: "text", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "12", placeholder: "0000 0000" });
    this.button = make(doc, "button", { type: "submit", class: "main small" }, "Pair");
    this.said = make(doc, "p", { class: "said", role: "alert" });
    this.label = make(doc, "label", { for: id }, "Code on the screen");
    const form = make(doc, "form", { class: "pairing", autocomplete: "off" }, this.label, this.code, this.button);
    this.node = make(doc, "li", { class: "tile found-tile" }, make(doc, "span", { class: "words" }, make(doc, "span", { class: "name" }, this.name), this.zone), form, this.said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.pair(found.id, acts);
    });
  }

  /** @param {string} id @param {Acts} acts */
  async pair(id, acts) {
    const code = codeOf(this.code.value);
    if (code.length !== 8) {
      setText(this.said, "Type all eight digits of the code that stands on the screen.");
      this.code.focus();
      return;
    }
    setText(this.said, "");
    setText(this.button, "Pairing");
    this.button.disabled = true;
    try {
      await acts.pair(id, code);
    } catch (refused) {
      setText(this.said, sentenceOf(refused));
      this.code.select();
      this.code.focus();
    } finally {
      setText(this.button, "Pair");
      this.button.disabled = false;
    }
  }

  /** @param {Found} found */
  show(found) {
    setText(this.name, found.name);
    setText(this.zone, [found.zone, found.address].filter(Boolean).join(" · "));
    if (found.problem !== null && this.said.textContent === "") setText(this.said, found.problem);
  }

  gone() {}
}

/**
 * @template {{id: string}} T
 * @template {{node: HTMLElement, gone(): void}} N
 * @param {HTMLElement} list
 * @param {Map<string, N>} kept
 * @param {ReadonlyArray<T>} items
 * @param {(item: T) => N} create
 * @param {(node: N, item: T) => void} update
 */
const keep = (list, kept, items, create, update) => {
  const nodes = new Map([...kept].map(([id, { node }]) => [id, node]));
  follow(
    list,
    nodes,
    items,
    (item) => item.id,
    (item) => {
      const made = create(item);
      kept.set(item.id, made);
      return made.node;
    },
    (_, item) => update(/** @type {N} */ (kept.get(item.id)), item),
  );
  for (const [id, node] of kept) {
    if (nodes.has(id)) continue;
    node.gone();
    kept.delete(id);
  }
};
