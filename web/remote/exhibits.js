/**
 * The running order, the field that finds in it, and the form that adds to it. Edge: the page.
 */

import { Choosing } from "./choosing.js";
import { Details } from "./details.js";
import { follow, leaveFocus, make, setAttribute, setCan, setHidden, setOptions, setText, setTone } from "./dom.js";
import { entryOf, linkOf, nextRef } from "./entry.js";
import { JoinLine } from "./joinline.js";
import { hasLeaves, placeIn } from "./leaves.js";
import { exact, sentenceOf } from "./words.js";

/** @typedef {import("./rows.js").Row} Row */
/** @typedef {import("./room.js").View} View */
/** @typedef {import("./backdrop.js").Pictures} Pictures */
/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */

/**
 * @typedef {object} Acts
 * @property {(exhibit: string, at: number | null, clip: string | null) => void} cue
 * @property {(wish: {url: string, ref: string, title: string, restricted: boolean}) => Promise<void>} add rejects with a sentence in `detail`
 * @property {(exhibit: string, url: string) => Promise<void>} relink
 * @property {(exhibit: string, files: string[]) => Promise<void>} take says which of the files behind its link are meant
 * @property {(exhibit: string, change: {ref?: string, title?: string, position?: number, restricted?: boolean, sound?: number, subtitles?: string | null} | import("./details.js").Said) => Promise<void>} change
 * @property {(exhibit: string) => Promise<void>} remove
 * @property {(exhibit: string, file: File) => Promise<void>} subtitle adds subtitles from a file; nothing is shown by that
 * @property {(exhibit: string, subtitles: string) => Promise<void>} unsubtitle removes such
 * @property {(exhibit: string, upload: string | null) => void} send lets a file be picked: the rest of that upload, or the file in the place of a link
 * @property {(upload: string) => boolean} sending it is being sent from here
 * @property {import("./details.js").Moments} moments
 * @property {(line: import("./joins.js").Line) => void} join the button of that line was pressed
 */

export class Exhibits {
  /** @param {HTMLElement} root @param {Pictures} images @param {Acts} acts */
  constructor(root, images, acts) {
    this.root = root;
    this.images = images;
    this.acts = acts;
    this.list = byId(root, "rows");
    this.empty = byId(root, "rows-empty");
    this.find = /** @type {HTMLFormElement} */ (byId(root, "find"));
    this.text = /** @type {HTMLInputElement} */ (byId(root, "find-text"));
    this.hint = byId(root, "find-hint");
    this.form = /** @type {HTMLFormElement} */ (byId(root, "add"));
    this.url = /** @type {HTMLInputElement} */ (byId(root, "add-url"));
    this.ref = /** @type {HTMLInputElement} */ (byId(root, "add-ref"));
    this.name = /** @type {HTMLInputElement} */ (byId(root, "add-name"));
    this.kept = /** @type {HTMLInputElement} */ (byId(root, "add-restricted"));
    this.said = byId(root, "add-problem");
    this.opener = byId(root, "add-open");
    this.edit = byId(root, "edit");
    /** @type {Map<string, RowNode>} */
    this.nodes = new Map();
    /** @type {ReadonlyArray<Exhibit>} */
    this.exhibits = [];
    /** @type {Exhibit | null} */
    this.ready = null;
    this.acting = false;
    this.first = true;
    this.listen();
  }

  listen() {
    this.text.addEventListener("input", () => this.read());
    this.find.addEventListener("submit", (event) => {
      event.preventDefault();
      this.enter();
    });
    this.opener.addEventListener("click", () => this.toggle(this.form.hidden));
    byId(this.root, "add-cancel").addEventListener("click", () => {
      this.toggle(false);
      this.opener.focus();
    });
    this.edit.addEventListener("click", () => {
      const on = this.edit.getAttribute("aria-pressed") !== "true";
      setAttribute(this.edit, "aria-pressed", String(on));
      setText(this.edit, on ? "Done editing" : "Edit the list");
      setAttribute(this.list, "data-edit", on ? "" : null);
      if (!on) for (const row of this.nodes.values()) row.open(false);
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.add();
    });
    this.list.addEventListener("keydown", (event) => this.walk(event));
  }

  /** Somebody began to type elsewhere. @param {string} text */
  begin(text) {
    this.text.focus();
    if (text !== "") {
      this.text.value = text;
      this.read();
    }
  }

  /** What the field means now, said under it while one types. */
  read() {
    const link = linkOf(this.text.value);
    const { exhibit, matches, at, clip } = this.entry();
    const leaf = exhibit !== null && hasLeaves(exhibit);
    const from = at === null ? "" : leaf ? `, ${placeIn(exhibit, at)}` : ` from ${exact(at).replace(/\.000$/, "")}`;
    let hint = "";
    if (link !== null) hint = "A link. Enter opens the form to add it.";
    else if (exhibit !== null) hint = `Enter makes ${exhibit.ref}${clip === null ? "" : ` “${clip}”`} ready${from}. Nothing is shown.`;
    else if (matches.length > 1) hint = `${matches.map((one) => one.ref).slice(0, 4).join(", ")}${matches.length > 4 ? " …" : ""}: type more of it.`;
    else if (this.text.value.trim() !== "") hint = "No exhibit of that name.";
    setText(this.hint, hint);
    for (const [id, row] of this.nodes) row.mark(matches.length > 0 && !matches.some((one) => one.id === id));
  }

  entry() {
    return entryOf(this.text.value, this.exhibits, this.ready);
  }

  enter() {
    const link = linkOf(this.text.value);
    if (link !== null) {
      this.text.value = "";
      this.read();
      this.toggle(true, link);
      return;
    }
    const { exhibit, at, clip } = this.entry();
    if (exhibit === null || !this.acting) return;
    this.acts.cue(exhibit.id, at, clip);
    // The field keeps the focus: a second Enter makes the same thing ready, and never shows it.
    this.text.value = "";
    this.read();
    setText(this.hint, `${exhibit.ref} is being made ready.`);
  }

  /** @param {boolean} open @param {string} [link] */
  toggle(open, link) {
    setHidden(this.form, !open);
    setHidden(this.opener, open);
    setAttribute(this.opener, "aria-expanded", String(open));
    setText(this.said, "");
    if (!open) return;
    if (link !== undefined) this.url.value = link;
    if (this.ref.value === "") this.ref.value = nextRef(this.exhibits);
    (link === undefined ? this.url : this.ref).focus();
    this.form.scrollIntoView({ block: "nearest" });
  }

  async add() {
    const url = this.url.value.trim();
    if (url === "") {
      setText(this.said, "Paste the link first.");
      this.url.focus();
      return;
    }
    setText(this.said, "");
    try {
      const [ref, title] = [this.ref.value.trim(), this.name.value.trim()];
      await this.acts.add({ url, ref, title, restricted: this.kept.checked });
    } catch (refused) {
      setText(this.said, sentenceOf(refused));
      this.url.focus();
      return;
    }
    this.url.value = this.ref.value = this.name.value = "";
    this.kept.checked = false;
    this.toggle(false);
    this.opener.focus();
  }

  /** Up and down through the rows, as in any list. @param {KeyboardEvent} event */
  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || event.target instanceof HTMLInputElement) return;
    const buttons = [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(".cue"))];
    const here = buttons.findIndex((button) => button.closest("li")?.contains(/** @type {Node} */ (event.target)));
    const next = buttons[here + step];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  }

  /** @param {View} view @param {ReadonlyArray<Exhibit>} exhibits @param {ReadonlyArray<import("./joins.js").Line>} joins */
  show(view, exhibits, joins) {
    this.acting = view.acting;
    this.exhibits = exhibits;
    this.ready = view.ready.exhibit;
    if (this.first && !view.watching) {
      this.first = false;
      if (exhibits.length === 0) this.toggle(true);
    }
    setText(this.empty, view.rowsEmpty);
    setHidden(this.empty, view.rowsEmpty === "" || !this.form.hidden);
    setHidden(this.edit, exhibits.length === 0);
    const nodes = /** @type {Map<string, HTMLElement>} */ (new Map([...this.nodes].map(([id, row]) => [id, row.node])));
    follow(
      this.list,
      nodes,
      view.rows,
      (row) => row.id,
      (row) => {
        const made = new RowNode(this.root.ownerDocument, row, this.images, this.acts);
        this.nodes.set(row.id, made);
        return made.node;
      },
      (_, row) => this.nodes.get(row.id)?.show(row, view, view.rows.length),
    );
    for (const [id, row] of this.nodes) {
      row.joining.show(joins.find((line) => line.at === id) ?? null);
      if (nodes.has(id)) continue;
      row.gone();
      this.nodes.delete(id);
    }
  }
}

/** One row: a button that makes it ready, and beside it what else can be done with it. */
class RowNode {
  /** @param {Document} doc @param {Row} row @param {Pictures} images @param {Acts} acts */
  constructor(doc, row, images, acts) {
    this.images = images;
    this.acts = acts;
    this.id = row.id;
    this.place = 0;
    /** Id of the subtitles that are shown, where they can be removed. */
    this.added = "";
    this.image = make(doc, "img", { alt: "", hidden: "" });
    this.badge = make(doc, "span", { class: "badge" });
    this.ref = make(doc, "b");
    this.title = make(doc, "span", { class: "title" });
    this.meta = make(doc, "span", { class: "meta" });
    this.cue = make(
      doc,
      "button",
      { type: "button", class: "cue" },
      make(doc, "span", { class: "thumb", "aria-hidden": "true" }, this.badge, this.image),
      make(doc, "span", { class: "words" }, make(doc, "span", { class: "name" }, this.ref, " ", this.title), this.meta),
    );
    this.more = make(doc, "button", { type: "button", class: "more", "aria-expanded": "false" }, "⋯");
    this.line = make(doc, "progress", { max: "1" });
    this.problem = make(doc, "p", { class: "problem" });
    this.notes = make(doc, "p", { class: "problem" });
    setTone(this.notes, "quiet");
    this.link = make(doc, "input", { type: "text", inputmode: "url", placeholder: "https://…", autocapitalize: "off", spellcheck: "false", autocomplete: "off" });
    this.linkSaid = make(doc, "p", { class: "said", role: "alert" });
    this.linkForm = make(doc, "form", { class: "relink" }, this.link, make(doc, "button", { type: "submit", class: "plain" }, "Use this link"), this.instead(doc, "Or upload the file"), this.linkSaid);
    this.choosing = new Choosing(doc, (files) => acts.take(this.id, files));
    this.rest = this.instead(doc, "Choose the file");
    /** @type {string | null} */
    this.upload = null;
    this.tools = this.makeTools(doc);
    this.joining = new JoinLine(doc, row.id, acts.join);
    this.node = make(doc, "li", {}, make(doc, "div", { class: "head-of-row" }, this.cue, this.more), this.line, this.problem, this.rest, this.choosing.node, this.linkForm, this.notes, this.tools, this.joining.node);
    leaveFocus(this.cue);
    this.cue.addEventListener("click", () => {
      if (this.cue.getAttribute("aria-disabled") !== "true") acts.cue(this.id, null, null);
    });
    this.more.addEventListener("click", () => this.open(this.tools.hidden));
    this.linkForm.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.relink();
    });
  }

  /** @param {Document} doc @param {string} text */
  instead(doc, text) {
    const node = make(doc, "button", { type: "button", class: "plain small" }, text);
    node.addEventListener("click", () => this.acts.send(this.id, this.upload));
    return node;
  }

  /** @param {Document} doc */
  makeTools(doc) {
    const button = (/** @type {string} */ text, /** @type {() => void} */ act) => {
      const node = make(doc, "button", { type: "button", class: "plain small" }, text);
      node.addEventListener("click", act);
      return node;
    };
    this.newRef = make(doc, "input", { type: "text", "aria-label": "Reference", maxlength: "40", autocomplete: "off" });
    this.newTitle = make(doc, "input", { type: "text", "aria-label": "Title", maxlength: "200", autocomplete: "off" });
    const names = make(doc, "form", { class: "rename" }, this.newRef, this.newTitle, make(doc, "button", { type: "submit", class: "plain small" }, "Save"));
    names.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.carry(this.acts.change(this.id, { ref: this.newRef?.value.trim() ?? "", title: this.newTitle?.value.trim() ?? "" }), true);
    });
    this.up = button("Move up", () => void this.carry(this.acts.change(this.id, { position: this.place - 1 })));
    this.downward = button("Move down", () => void this.carry(this.acts.change(this.id, { position: this.place + 1 })));
    this.renew = button("New link", () => {
      this.linkForm.hidden = false;
      this.link.focus();
    });
    this.remove = button("Remove", () => this.ask(true));
    this.sure = button("Yes, remove it", () => void this.carry(this.acts.remove(this.id)));
    this.keep = button("Keep it", () => this.ask(false));
    this.sure.classList.add("stop");
    this.sure.hidden = this.keep.hidden = true;
    this.restricted = make(doc, "input", { type: "checkbox" });
    this.restricted.addEventListener("change", () => void this.carry(this.acts.change(this.id, { restricted: this.restricted?.checked })));
    const restricted = make(
      doc,
      "label",
      { class: "check" },
      this.restricted,
      make(doc, "span", {}, "Restricted ", make(doc, "span", { class: "quiet" }, "sent to the screens only when it is made ready, and kept by none")),
    );
    this.sounds = make(doc, "select");
    this.sounds.addEventListener("change", () => void this.carry(this.acts.change(this.id, { sound: Number(this.sounds?.value) })));
    this.soundLabel = make(doc, "label", { class: "choice", hidden: "" }, make(doc, "span", {}, "Sound track"), this.sounds);
    this.subtitles = make(doc, "select");
    this.subtitles.addEventListener("change", () => void this.carry(this.acts.change(this.id, { subtitles: this.subtitles?.value || null })));
    this.subtitleLabel = make(doc, "label", { class: "choice", hidden: "" }, make(doc, "span", {}, "Subtitles on the screens"), this.subtitles);
    this.file = make(doc, "input", { type: "file", accept: ".srt,.vtt,text/vtt,application/x-subrip" });
    this.file.addEventListener("change", () => {
      const file = this.file?.files?.[0];
      if (file !== undefined) void this.carry(this.acts.subtitle(this.id, file)).then(() => (/** @type {HTMLInputElement} */ (this.file).value = ""));
    });
    const file = make(doc, "label", { class: "choice" }, make(doc, "span", {}, "Add subtitles ", make(doc, "span", { class: "quiet" }, "SRT or WebVTT")), this.file);
    this.unsubtitle = button("Remove these subtitles", () => void this.carry(this.acts.unsubtitle(this.id, this.added)));
    const inspect = make(doc, "a", { class: "plain small", target: "_blank", rel: "noopener", href: `/api/v1/exhibits/${encodeURIComponent(this.id)}/inspection/page` }, "Inspect the file");
    this.inspect = inspect;
    this.toolSaid = make(doc, "p", { class: "said", role: "alert" });
    this.details = new Details(doc, this.id, this.acts.moments, (said) => this.acts.change(this.id, said));
    return make(doc, "div", { class: "tools", hidden: "" }, names, this.details.node, restricted, this.soundLabel, this.subtitleLabel, this.unsubtitle, file, make(doc, "div", { class: "row" }, this.up, this.downward, this.renew, inspect, this.remove, this.sure, this.keep), this.toolSaid);
  }

  /** @param {boolean} sure */
  ask(sure) {
    if (this.remove === undefined || this.sure === undefined || this.keep === undefined) return;
    this.remove.hidden = sure;
    this.sure.hidden = this.keep.hidden = !sure;
    (sure ? this.keep : this.remove).focus();
  }

  /** @param {boolean} open */
  open(open) {
    this.tools.hidden = !open;
    setAttribute(this.more, "aria-expanded", String(open));
    if (open && this.newRef !== undefined && this.newTitle !== undefined) {
      this.newRef.value = this.ref.textContent ?? "";
      this.newTitle.value = this.title.textContent ?? "";
      this.tools.scrollIntoView({ block: "nearest" });
    }
  }

  /** @param {Promise<void>} doing @param {boolean} [close] */
  async carry(doing, close = false) {
    const said = /** @type {HTMLElement} */ (this.toolSaid);
    setText(said, "");
    try {
      await doing;
      if (close) {
        this.open(false);
        this.more.focus();
      }
    } catch (refused) {
      setText(said, sentenceOf(refused));
    }
  }

  async relink() {
    setText(this.linkSaid, "");
    const link = linkOf(this.link.value);
    if (link === null) {
      setText(this.linkSaid, "Paste the whole link, beginning with https://.");
      this.link.focus();
      return;
    }
    try {
      await this.acts.relink(this.id, link);
      this.link.value = "";
      this.linkForm.hidden = true;
      this.cue.focus();
    } catch (refused) {
      setText(this.linkSaid, sentenceOf(refused));
    }
  }

  /** Others match what is being typed, this one does not. @param {boolean} dim */
  mark(dim) {
    setAttribute(this.node, "data-dim", dim ? "" : null);
  }

  /** @param {Row} row @param {View} view @param {number} count */
  show(row, view, count) {
    const doc = this.node.ownerDocument;
    this.place = view.rows.indexOf(row);
    setAttribute(this.node, "data-place", row.place === "" ? null : row.place);
    setText(this.ref, row.ref);
    setText(this.title, row.title);
    setText(this.badge, row.badge);
    this.images.put(this.image, row.picture);
    const words = row.parts.map((part) => `${part.tone}${part.text}`).join(" · ");
    if (this.meta.dataset.words !== words) {
      this.meta.dataset.words = words;
      this.meta.replaceChildren(...row.parts.flatMap(({ text, tone }, i) => [...(i > 0 ? [" · "] : []), make(doc, "span", { "data-tone": tone }, text)]));
    }
    setCan(this.cue, view.acting && row.showable);
    setAttribute(this.cue, "aria-current", row.place === "" ? null : "true");
    setAttribute(this.cue, "title", view.watching ? null : row.showable ? `Make ${row.ref} ready: only you see it` : `${row.ref} cannot be made ready yet`);
    if (this.restricted !== undefined && this.restricted.checked !== row.restricted) this.restricted.checked = row.restricted;
    if (this.sounds !== undefined && this.soundLabel !== undefined) {
      setHidden(this.soundLabel, row.sounds.length === 0);
      setOptions(this.sounds, row.sounds);
    }
    if (this.subtitles !== undefined && this.subtitleLabel !== undefined && this.unsubtitle !== undefined) {
      setHidden(this.subtitleLabel, row.subtitles.length === 0);
      setOptions(this.subtitles, row.subtitles);
      this.added = row.added ?? "";
      setHidden(this.unsubtitle, row.added === null);
    }
    this.details?.show(row.ref, row.about);
    setHidden(this.more, view.watching);
    setAttribute(this.more, "aria-label", `More about ${row.ref}`);
    setHidden(this.line, !row.busy);
    setAttribute(this.line, "aria-label", row.coming);
    setAttribute(this.line, "title", row.coming);
    setAttribute(this.badge, "data-over", row.fetched === null ? null : "");
    if (row.fetched === null) this.line.removeAttribute("value");
    else if (this.line.value !== row.fetched) this.line.value = row.fetched;
    setText(this.problem, row.problem ?? "");
    setHidden(this.problem, row.problem === null);
    setTone(this.problem, row.needsLink ? "stop" : "wait");
    this.choosing.show(row.ref, row.files, !view.watching);
    this.upload = row.upload;
    setHidden(this.rest, view.watching || row.upload === null || this.acts.sending(row.upload) || row.problem === null);
    setAttribute(this.rest, "aria-label", `Choose the file of ${row.ref}`);
    setText(this.notes, row.notes);
    setHidden(this.notes, row.notes === "");
    setAttribute(this.link, "aria-label", `New link for ${row.ref}`);
    const asks = row.own && (row.needsLink || (!this.linkForm.hidden && this.node.contains(doc.activeElement)));
    setHidden(this.linkForm, view.watching || !asks);
    if (this.up !== undefined && this.downward !== undefined) {
      setHidden(this.up, this.place === 0);
      setHidden(this.downward, this.place === count - 1);
    }
    setHidden(/** @type {HTMLElement} */ (this.renew), row.needsLink || !row.own);
    setHidden(/** @type {HTMLElement} */ (this.inspect), !row.whole);
  }

  gone() {
    this.images.forget(this.image);
  }
}

/** @param {ParentNode} root @param {string} id @returns {HTMLElement} */
const byId = (root, id) => /** @type {HTMLElement} */ (root.querySelector(`#${id}`));
