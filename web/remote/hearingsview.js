/**
 * The panel of the hearings: which there are, the one that is open, its list as a spreadsheet has it, and bundles. Edge: the
 * page.
 */

import { can, follow, leaveFocus, make, setAttribute, setCan, setHidden, setText, setTone, the } from "./dom.js";
import { calledOf, entriesOf, listView, titleOf } from "./hearings.js";
import { sentenceOf } from "./words.js";

/** @typedef {import("../shared/wire.js").Hearing} Hearing */
/** @typedef {import("../shared/wire.js").Listing} Listing */
/** @typedef {import("./hearings.js").Entry} Entry */
/** @typedef {{case: string, court: string, day: string, note: string}} Words */

/**
 * Each rejects with a sentence in `detail`.
 * @typedef {object} Acts
 * @property {() => Promise<void>} opened  the list has to be looked at anew
 * @property {(id: string) => Promise<void>} open
 * @property {(words: Words) => Promise<void>} add
 * @property {(id: string, words: Words) => Promise<void>} change
 * @property {(id: string) => Promise<void>} remove
 * @property {(id: string, file: File) => Promise<Listing & {note?: string}>} look  what a list would do
 * @property {(id: string, file: File) => Promise<void>} take
 * @property {(list: FileList | null) => void} bundle  one is sent here
 * @property {(id: string) => Promise<void>} callOff  one that is being checked
 */

export class HearingsView {
  /** @param {HTMLElement} root @param {string} base address of the API, with a slash at its end @param {Acts} acts */
  constructor(root, base, acts) {
    this.root = root;
    this.doc = root.ownerDocument;
    this.base = base;
    this.acts = acts;
    this.dialog = /** @type {HTMLDialogElement} */ (the(root, "#hearings"));
    this.opener = the(root, "#hearing-open");
    this.list = the(root, "#hearing-list");
    this.form = /** @type {HTMLFormElement} */ (the(root, "#hearing-form"));
    this.fields = ["case", "court", "day", "note"].map((name) => /** @type {HTMLInputElement} */ (the(root, `#hearing-${name}`)));
    this.said = the(root, "#hearing-said");
    this.sheet = the(root, "#list-look");
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    /** @type {ReadonlyArray<Hearing>} */
    this.hearings = [];
    /** @type {string | null} the one whose words are in the form; null for a new one */
    this.editing = null;
    /** @type {File | null} the list that was looked at */
    this.file = null;
    this.calls = the(root, "#bundle-call-off");
    /** Id of the bundle that is being checked. */
    this.checked = "";
    this.acting = false;
    /** @type {boolean | null} what the list was drawn for */
    this.drawn = null;
    this.listen();
  }

  listen() {
    const { root, acts } = this;
    this.opener.addEventListener("click", () => (this.dialog.open ? this.close() : this.open()));
    leaveFocus(this.opener);
    the(root, "#hearings-close").addEventListener("click", () => {
      this.close();
      this.opener.focus();
    });
    this.doc.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    the(root, "#hearing-new").addEventListener("click", () => this.edit(null));
    the(root, "#hearing-cancel").addEventListener("click", () => this.ended());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [name, court, day, note] = this.fields.map((field) => field.value.trim());
      const words = { case: name ?? "", court: court ?? "", day: day ?? "", note: note ?? "" };
      void this.carry(() => (this.editing === null ? acts.add(words) : acts.change(this.editing, words)), () => this.ended());
    });
    const list = /** @type {HTMLInputElement} */ (the(root, "#list-input"));
    the(root, "#list-take").addEventListener("click", () => this.acting && list.click());
    list.addEventListener("change", () => {
      const file = list.files?.[0] ?? null;
      list.value = "";
      if (file !== null) void this.looked(file);
    });
    const bundle = /** @type {HTMLInputElement} */ (the(root, "#bundle-input"));
    the(root, "#bundle-take").addEventListener("click", () => this.acting && bundle.click());
    bundle.addEventListener("change", () => {
      acts.bundle(bundle.files);
      bundle.value = "";
    });
    the(root, "#list-do").addEventListener("click", () => {
      const { file, at } = this;
      if (file !== null && at !== null && can(the(root, "#list-do"))) void this.carry(() => acts.take(at.id, file), () => this.forget("The list was taken."));
    });
    the(root, "#list-cancel").addEventListener("click", () => this.forget(""));
    this.calls.addEventListener("click", () => void this.carry(() => acts.callOff(this.checked)));
    for (const id of ["light", "bare"]) the(root, `#bundle-${id}`).addEventListener("change", () => this.links());
  }

  /** The hearing that is open. @returns {Hearing | null} */
  get at() {
    return this.hearings.find((one) => one.open) ?? null;
  }

  open() {
    setAttribute(this.opener, "aria-expanded", "true");
    setText(this.said, "");
    // Not modal: a modal one would keep fingers from the blank.
    this.dialog.show();
    the(this.dialog, "h2").focus();
    void this.carry(() => this.acts.opened());
  }

  close() {
    if (!this.dialog.open) return;
    setAttribute(this.opener, "aria-expanded", "false");
    this.dialog.close();
  }

  /**
   * @param {() => Promise<void>} act
   * @param {() => void} [then]
   */
  async carry(act, then = () => {}) {
    setText(this.said, "");
    try {
      await act();
      then();
    } catch (refused) {
      this.say(sentenceOf(refused), "stop");
    }
  }

  /** @param {string} text @param {"stop" | "good" | "quiet"} tone */
  say(text, tone) {
    setTone(this.said, tone);
    setText(this.said, text);
  }

  /** @param {Hearing | null} hearing null: a new one */
  edit(hearing) {
    this.editing = hearing?.id ?? null;
    const words = hearing === null ? ["", "", "", ""] : [hearing.case, hearing.court, hearing.day, hearing.note];
    this.fields.forEach((field, i) => (field.value = words[i] ?? ""));
    setText(the(this.root, "#hearing-form-title"), hearing === null ? "New hearing" : `Change ${calledOf(hearing)}`);
    setHidden(this.form, false);
    this.fields[0]?.focus();
  }

  ended() {
    setHidden(this.form, true);
    the(this.root, "#hearing-new").focus();
  }

  /** @param {File} file */
  async looked(file) {
    const { at } = this;
    if (at === null) return;
    await this.carry(async () => {
      const view = listView(await this.acts.look(at.id, file));
      this.file = view.act === null ? null : file;
      setText(the(this.root, "#list-name"), `${file.name}, not taken yet`);
      setText(the(this.root, "#list-sum"), view.sum);
      setTone(the(this.root, "#list-sum"), view.problems.length > 0 ? "stop" : "quiet");
      the(this.root, "#list-problems").replaceChildren(...view.problems.map((text) => make(this.doc, "li", {}, text)));
      the(this.root, "#list-rows").replaceChildren(...view.rows.map((row) => this.row(row)));
      setHidden(the(this.root, "#list-table"), view.rows.length === 0);
      setHidden(the(this.root, "#list-do"), view.act === null);
      setText(the(this.root, "#list-do"), view.act ?? "");
      setHidden(this.sheet, false);
      this.sheet.scrollIntoView({ block: "nearest" });
      the(this.root, "#list-name").focus();
    });
  }

  /** @param {ReturnType<typeof listView>["rows"][number]} row */
  row({ line, ref, title, does, tone }) {
    const last = make(this.doc, "td", {}, does);
    setTone(last, tone);
    return make(this.doc, "tr", {}, make(this.doc, "td", {}, line), make(this.doc, "td", {}, make(this.doc, "b", {}, ref)), make(this.doc, "td", {}, title), last);
  }

  /** @param {string} said */
  forget(said) {
    this.file = null;
    setHidden(this.sheet, true);
    this.say(said, "good");
    the(this.root, "#list-take").focus();
  }

  /** What becomes of a bundle that comes in. @param {import("./hearings.js").TakingView} view */
  bundle({ id, says, tone, part }) {
    const bar = /** @type {HTMLProgressElement} */ (the(this.root, "#bundle-bar"));
    setTone(the(this.root, "#bundle-said"), tone);
    setText(the(this.root, "#bundle-said"), says);
    setHidden(bar, part === null);
    if (part !== null) bar.value = part;
    this.checked = id;
    setHidden(this.calls, id === "");
  }

  /** Where the list and the bundle are saved from. */
  links() {
    const { at } = this;
    const on = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (the(this.root, `#bundle-${id}`)).checked;
    const without = [on("light") ? "media=0" : "", on("bare") ? "remarks=0" : ""].filter(Boolean).join("&");
    for (const [id, path] of [["list-save", "list"], ["bundle-save", `bundle${without && `?${without}`}`]]) {
      setAttribute(the(this.root, `#${id}`), "href", at === null ? null : `${this.base}hearings/${encodeURIComponent(at.id)}/${path}`);
    }
  }

  /** @param {ReadonlyArray<Hearing>} hearings @param {boolean} acting */
  show(hearings, acting) {
    this.acting = acting;
    const { name, rest } = titleOf(hearings);
    setText(the(this.root, "#hearing-name"), name);
    setText(the(this.root, "#hearing-rest"), rest);
    setAttribute(this.opener, "title", [name, rest].filter(Boolean).join(" · "));
    if (hearings === this.hearings && this.drawn === acting) return;
    this.hearings = hearings;
    this.drawn = acting;
    this.links();
    setText(the(this.root, "#open-title"), this.at === null ? "The open hearing" : calledOf(this.at));
    follow(this.list, this.nodes, entriesOf(hearings), (entry) => entry.id, (entry) => this.entry(entry), (node, entry) => this.draw(node, entry));
  }

  /** @param {Entry} made */
  entry({ id }) {
    const { doc } = this;
    const button = (/** @type {string} */ text, /** @type {() => void} */ act) => {
      const node = make(doc, "button", { type: "button", class: "plain small" }, text);
      node.addEventListener("click", () => can(node) && act());
      return node;
    };
    return make(
      doc,
      "li",
      {},
      make(doc, "p", { class: "hearing-name" }, make(doc, "b"), " ", make(doc, "span", { class: "quiet" })),
      make(doc, "p", { class: "quiet" }),
      make(
        doc,
        "div",
        { class: "row" },
        button("Open", () => void this.carry(() => this.acts.open(id))),
        button("Change", () => this.edit(this.hearings.find((one) => one.id === id) ?? null)),
        button("Remove", () => void this.carry(() => this.acts.remove(id))),
      ),
    );
  }

  /** @param {HTMLElement} node @param {Entry} entry */
  draw(node, entry) {
    const [open, change, remove] = node.querySelectorAll("button");
    setAttribute(node, "aria-current", entry.open ? "true" : null);
    setText(the(node, "b"), entry.name);
    setText(the(node, ".hearing-name span"), [entry.where, entry.open ? "open now" : ""].filter(Boolean).join(" · "));
    setText(the(node, "p + p"), [entry.holds, entry.note, entry.came].filter(Boolean).join(". "));
    const does = /** @type {const} */ ([[open, "Open", entry.canOpen], [change, "Change", true], [remove, "Remove", entry.canRemove]]);
    for (const [button, says, shown] of does) {
      if (button === undefined) continue;
      setAttribute(button, "aria-label", `${says} ${entry.name}`);
      setHidden(button, !shown);
      setCan(button, this.acting);
    }
  }
}
