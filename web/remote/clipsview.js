/**
 * The clips of the exhibit that is ready (or on the screens), and the form in which one is made: below the pictures, in the
 * place of the screens' list. Edge: the page.
 */

import { begun, changed, marked, missing, momentAt, spanOf, sumOf, taken, wishOf } from "./draft.js";
import { halfOf } from "./clips.js";
import { can, follow, leaveFocus, make, setAttribute, setCan, setHidden, setText, setTone, setValue, the } from "./dom.js";
import { still } from "./film.js";
import { sentenceOf, short } from "./words.js";

/** @typedef {import("./room.js").View} View */
/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {import("./clips.js").ClipLine} ClipLine */
/** @typedef {import("./backdrop.js").Pictures} Pictures */
/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {{name: string, ranges: Array<{start: number, stop: number, silent: boolean}>, agreed: string}} Wish */

/**
 * @typedef {object} Acts
 * @property {(exhibit: string, clip: string | null) => void} cue null: all of it
 * @property {(exhibit: string, at: number) => void} look moves the private picture, off any clip
 * @property {(exhibit: string, frame: number) => Promise<number | null>} timeOf when a picture comes up, exactly; null where nobody says so
 * @property {(exhibit: string, wish: Wish) => Promise<void>} add rejects with a sentence in `detail`
 * @property {(exhibit: string, clip: string, wish: Wish) => Promise<void>} change
 * @property {(exhibit: string, clip: string) => Promise<void>} remove
 * @property {(ref: string, name: string, undo: () => Promise<void>) => void} removed says so, with the way back
 * @property {() => void} changed the draft is another one
 */

/** Width of the small pictures of a part's ends, CSS pixels; twice as many are asked for. */
const THUMB = 96;

export class ClipsView {
  /** @param {HTMLElement} root @param {Pictures} images @param {Acts} acts */
  constructor(root, images, acts) {
    this.root = root;
    this.doc = root.ownerDocument;
    this.images = images;
    this.acts = acts;
    this.about = the(root, "#clips-about");
    this.none = the(root, "#clips-none");
    this.row = the(root, "#clips-row");
    this.list = the(root, "#clips-list");
    this.maker = the(root, "#clip-new");
    this.form = /** @type {HTMLFormElement} */ (the(root, "#clip-edit"));
    this.parts = the(root, "#clip-parts");
    this.name = /** @type {HTMLInputElement} */ (the(root, "#clip-name"));
    this.agreed = /** @type {HTMLTextAreaElement} */ (the(root, "#clip-agreed"));
    this.said = the(root, "#clip-said");
    this.problem = the(root, "#clip-problem");
    this.tab = the(root, "#clips-tab");
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    /** @type {Draft | null} */
    this.draft = null;
    /** @type {import("./room.js").ClipsOf | null} */
    this.of = null;
    /** @type {ReadonlyArray<Exhibit>} */
    this.exhibits = [];
    this.acting = false;
    this.drawn = "";
    /** @type {Promise<void>} the mark before this one: they count in the order of the presses */
    this.last = Promise.resolve();
    this.listen();
  }

  /** Somebody is making one: I and O mark, and the page is not to be loaded anew. */
  get making() {
    return this.draft !== null;
  }

  listen() {
    this.maker.addEventListener("click", () => {
      const { exhibit, says } = this.of ?? { exhibit: null, says: "" };
      if (exhibit !== null && says === "" && can(this.maker)) this.begin(begun(exhibit));
    });
    for (const which of /** @type {const} */ (["in", "out"])) {
      const button = the(this.root, `#clip-${which}`);
      button.addEventListener("click", () => this.mark(which));
      leaveFocus(button);
    }
    this.name.addEventListener("input", () => this.draft !== null && this.put({ ...this.draft, name: this.name.value }));
    this.agreed.addEventListener("input", () => this.draft !== null && this.put({ ...this.draft, agreed: this.agreed.value }));
    the(this.root, "#clip-cancel").addEventListener("click", () => this.end());
    the(this.root, "#clip-remove").addEventListener("click", () => void this.remove());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.save();
    });
  }

  /** @param {Draft} draft */
  begin(draft) {
    this.name.value = draft.name;
    this.agreed.value = draft.agreed;
    setText(this.problem, "");
    this.put(draft);
    // The pictures stay in sight: only what marks has to be.
    the(this.root, "#clip-in").scrollIntoView({ block: "nearest" });
    the(this.root, "#clip-edit-title").focus({ preventScroll: true });
  }

  end() {
    this.draft = null;
    this.drawn = "";
    setText(this.problem, "");
    this.redraw();
    this.acts.changed();
    this.maker.focus();
  }

  /** @param {Draft} draft */
  put(draft) {
    this.draft = draft;
    this.redraw();
    this.acts.changed();
  }

  /** @param {"in" | "out"} which */
  mark(which) {
    const { draft, of } = this;
    if (draft === null || of === null || of.exhibit === null || !this.acting) return;
    const { exhibit, at, frame } = of;
    if (exhibit.id !== draft.exhibit) {
      this.put({ ...draft, said: `${exhibit.ref} is ready now. Make ${this.refOf(draft.exhibit)} ready again to go on with its clip.` });
      return;
    }
    const moment = momentAt(exhibit, { at, frame }, (number) => this.acts.timeOf(exhibit.id, number));
    this.last = this.last.then(async () => {
      const found = await moment;
      if (this.draft?.exhibit === exhibit.id) this.put(marked(this.draft, which, found));
    });
  }

  /** @param {string} id */
  refOf(id) {
    return this.exhibits.find((one) => one.id === id)?.ref ?? "it";
  }

  async save() {
    const { draft } = this;
    const exhibit = this.exhibits.find((one) => one.id === draft?.exhibit);
    if (draft === null || exhibit === undefined) return;
    const lacks = missing(draft, exhibit.clips);
    setText(this.problem, lacks);
    if (lacks !== "") return;
    try {
      if (draft.clip === null) await this.acts.add(draft.exhibit, wishOf(draft));
      else await this.acts.change(draft.exhibit, draft.clip, wishOf(draft));
      if (this.draft === draft) this.end();
    } catch (refused) {
      setText(this.problem, sentenceOf(refused));
    }
  }

  async remove() {
    const { draft } = this;
    const exhibit = this.exhibits.find((one) => one.id === draft?.exhibit);
    const clip = exhibit?.clips.find((one) => one.id === draft?.clip);
    if (draft === null || exhibit === undefined || clip === undefined) return;
    const { name, ranges, agreed } = clip;
    try {
      await this.acts.remove(exhibit.id, clip.id);
      this.end();
      this.acts.removed(exhibit.ref, name, () => this.acts.add(exhibit.id, { name, ranges, agreed }));
    } catch (refused) {
      setText(this.problem, sentenceOf(refused));
    }
  }

  /** @param {View} view @param {ReadonlyArray<Exhibit>} exhibits */
  show(view, exhibits) {
    this.of = view.clips;
    this.exhibits = exhibits;
    this.acting = view.acting;
    // The exhibit itself was taken away meanwhile.
    if (this.draft !== null && !exhibits.some((one) => one.id === this.draft?.exhibit)) this.draft = null;
    this.redraw();
  }

  redraw() {
    const { of, draft, acting } = this;
    if (of === null) return;
    const count = of.lines.length === 0 ? "" : ` ${of.lines.length - 1}`;
    setText(this.tab, `Clips${count}`);
    setText(this.about, of.says !== "" ? "" : `of ${of.exhibit?.ref ?? ""}: while one is on, nothing else can be shown`);
    setText(this.none, of.says);
    setHidden(this.none, of.says === "" || draft !== null);
    setCan(this.maker, acting && of.says === "");
    setHidden(this.row, draft !== null || of.says !== "");
    setHidden(this.list, of.lines.length === 0);
    follow(this.list, this.nodes, of.lines, (line) => `${of.exhibit?.id} ${line.id}`, (line) => this.entry(line), (node, line) => this.drawLine(node, line));
    setHidden(this.form, draft === null);
    if (draft !== null) this.drawDraft(draft);
  }

  /** @param {ClipLine} made */
  entry(made) {
    const { doc } = this;
    const cue = make(doc, "button", { type: "button", class: "plain clip" }, make(doc, "b"), make(doc, "span", { class: "quiet" }), make(doc, "span", { class: "agreed" }));
    leaveFocus(cue);
    cue.addEventListener("click", () => {
      if (this.of?.exhibit && can(cue)) this.acts.cue(this.of.exhibit.id, made.id === null ? null : made.name);
    });
    const more = make(doc, "button", { type: "button", class: "plain change" }, "⋯");
    more.addEventListener("click", () => {
      const exhibit = this.of?.exhibit;
      const clip = exhibit?.clips.find((one) => one.id === made.id);
      if (exhibit && clip !== undefined && can(more)) this.begin(taken(exhibit, clip));
    });
    more.hidden = made.id === null;
    return make(doc, "li", {}, cue, more);
  }

  /** @param {HTMLElement} node @param {ClipLine} line */
  drawLine(node, { name, time, agreed, says, ready, live }) {
    const [cue, more] = node.children;
    const [called, length, mark] = cue?.children ?? [];
    if (cue === undefined || more === undefined || called === undefined || length === undefined || mark === undefined) return;
    setText(called, name);
    setText(length, time);
    setText(mark, agreed === "" ? "" : "agreed");
    setAttribute(node, "data-place", live ? "live" : ready ? "ready" : null);
    setAttribute(cue, "aria-current", ready ? "true" : null);
    const words = [`Make ${name} ready: only you see it`, says, agreed === "" ? "" : `Agreed: ${agreed}`, live ? "It is on the screens" : ""];
    setAttribute(cue, "title", words.filter(Boolean).join(". "));
    setAttribute(more, "aria-label", `Change the clip ${name}`);
    setCan(cue, this.acting);
    setCan(more, this.acting);
  }

  /** @param {Draft} draft */
  drawDraft(draft) {
    const exhibit = this.exhibits.find((one) => one.id === draft.exhibit);
    if (exhibit === undefined) return;
    setText(the(this.root, "#clip-edit-title"), draft.clip === null ? `New clip of ${exhibit.ref}` : `Clip of ${exhibit.ref}`);
    setText(the(this.root, "#clip-sum"), sumOf(draft));
    setText(this.said, draft.said);
    setTone(this.said, "quiet");
    setValue(this.name, draft.name);
    setValue(this.agreed, draft.agreed);
    setHidden(the(this.root, "#clip-remove"), draft.clip === null);
    for (const which of ["in", "out"]) setCan(the(this.root, `#clip-${which}`), this.acting);
    const drawn = JSON.stringify([draft.parts, draft.moving, exhibit.id]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const focused = this.doc.activeElement?.getAttribute("data-key") ?? "";
    for (const image of this.parts.querySelectorAll("img")) this.images.forget(image);
    this.parts.replaceChildren(...draft.parts.map((_, n) => this.part(exhibit, draft, n)));
    if (focused !== "") /** @type {HTMLElement | null} */ (this.parts.querySelector(`[data-key="${focused}"]`))?.focus();
  }

  /** @param {Exhibit} exhibit @param {Draft} draft @param {number} n */
  part(exhibit, draft, n) {
    const { doc } = this;
    const part = /** @type {import("./draft.js").Part} */ (draft.parts[n]);
    const button = (/** @type {string} */ text, /** @type {"silent" | "remove" | "up" | "down" | "move"} */ what, /** @type {string} */ says, /** @type {boolean | null} */ pressed = null) => {
      const node = make(doc, "button", { type: "button", class: "plain small", "aria-label": says, "data-key": `${what} ${n}`, ...(pressed === null ? {} : { "aria-pressed": String(pressed) }) }, text);
      node.addEventListener("click", () => this.draft !== null && this.put(changed(this.draft, n, what)));
      return node;
    };
    const ends = /** @type {const} */ ([["first", part.start], ["last", Math.max(part.start, part.stop - halfOf(exhibit))]]).map(([which, at]) => {
      const node = make(doc, "button", { type: "button", class: "end", "aria-label": `Look at the ${which} picture of part ${n + 1} in Ready, only you see it`, "data-key": `${which} ${n}` });
      node.addEventListener("click", () => this.acting && this.acts.look(draft.exhibit, at));
      if (exhibit.video === null) node.textContent = which;
      else {
        const image = make(doc, "img", { alt: "", hidden: "" });
        node.append(image);
        this.images.put(image, still(exhibit.id, { t: Math.round(at * 1000) / 1000, width: 2 * THUMB }));
      }
      return node;
    });
    return make(
      doc,
      "li",
      draft.moving === n ? { "data-moving": "" } : {},
      ...ends,
      make(doc, "p", {}, `${n + 1}. ${spanOf(part)}`, make(doc, "span", { class: "quiet" }, short(part.stop - part.start))),
      make(
        doc,
        "div",
        { class: "row" },
        ...(exhibit.audio === null ? [] : [button(part.silent ? "No sound" : "Sound", "silent", `Part ${n + 1} without its sound`, part.silent)]),
        button("Adjust", "move", `Set the beginning or end of part ${n + 1} anew`, draft.moving === n),
        ...(draft.parts.length < 2 ? [] : [...(n > 0 ? [button("↑", "up", `Play part ${n + 1} one earlier`)] : []), ...(n < draft.parts.length - 1 ? [button("↓", "down", `Play part ${n + 1} one later`)] : [])]),
        button("Take out", "remove", `Take part ${n + 1} out`),
      ),
    );
  }
}
