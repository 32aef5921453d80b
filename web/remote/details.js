/**
 * What people say of an exhibit, as a form in its row: what it is for, from where and when it was received, what was noted,
 * and the error of the clock in the picture. Pure: nodes come in as arguments.
 */

import { clockTyped } from "./about.js";
import { make, setAttribute, setHidden, setText } from "./dom.js";
import { sentenceOf } from "./words.js";

/** @typedef {import("./about.js").About} About */
/** @typedef {{evidential: boolean, source: string, remark: string, received: number | null, camera_clock: {error: number, declared: string} | null}} Said */
/** @typedef {{shown: (unix: number) => string, typed: (text: string) => number | null}} Moments how a field for a day and a time has it */

export class Details {
  /**
   * @param {Document} doc
   * @param {string} id of the exhibit
   * @param {Moments} moments
   * @param {(said: Said) => Promise<void>} save rejects with a sentence in `detail`
   */
  constructor(doc, id, moments, save) {
    this.doc = doc;
    this.moments = moments;
    this.save = save;
    /** @type {About | null} */
    this.about = null;
    /** Somebody has changed a field and not saved yet: what comes in from elsewhere does not overwrite it. */
    this.touched = false;
    const field = (/** @type {Record<string, string>} */ more) => make(doc, "input", { type: "text", autocomplete: "off", ...more });
    this.evidential = make(doc, "input", { type: "checkbox" });
    this.source = field({ maxlength: "200", placeholder: "Who gave it, and how" });
    this.received = make(doc, "input", { type: "datetime-local" });
    this.remark = make(doc, "textarea", { rows: "2", maxlength: "2000" });
    this.clock = field({ placeholder: "2 min 3 s", "aria-describedby": `clock-said-${id}` });
    this.way = make(doc, "select", { "aria-label": "Ahead or behind" }, make(doc, "option", { value: "ahead" }, "ahead"), make(doc, "option", { value: "behind" }, "behind"));
    this.declared = field({ maxlength: "200", placeholder: "Name, and how it was found" });
    this.clockSaid = make(doc, "p", { class: "quiet", id: `clock-said-${id}` });
    this.said = make(doc, "p", { class: "said", role: "alert" });
    const labelled = (/** @type {string} */ text, /** @type {HTMLElement} */ node) => make(doc, "label", { class: "choice" }, make(doc, "span", {}, text), node);
    this.form = make(
      doc,
      "form",
      {},
      make(doc, "label", { class: "check" }, this.evidential, make(doc, "span", {}, "Evidence ", make(doc, "span", { class: "quiet" }, "off for a plan, a timetable, a summary"))),
      labelled("Received from", this.source),
      labelled("Received on", this.received),
      labelled("Remark, for this list only", this.remark),
      make(doc, "div", { class: "clock-error" }, labelled("The clock in the picture is", this.clock), this.way),
      labelled("Declared by", this.declared),
      this.clockSaid,
      make(doc, "button", { type: "submit", class: "plain small" }, "Save these details"),
      this.said,
    );
    this.node = make(doc, "details", { class: "about" }, make(doc, "summary", {}, "Details"), this.form);
    this.form.addEventListener("input", () => (this.touched = true));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.keep();
    });
  }

  /** @param {string} ref @param {About} about */
  show(ref, about) {
    setAttribute(/** @type {Element} */ (this.node.firstElementChild), "aria-label", `Details of ${ref}`);
    setText(this.clockSaid, [about.says, about.same].filter(Boolean).join(" "));
    setHidden(this.clockSaid, this.clockSaid.textContent === "");
    if (JSON.stringify(about) === JSON.stringify(this.about) || this.touched) return;
    this.about = about;
    this.evidential.checked = about.evidential;
    this.source.value = about.source;
    this.received.value = about.received === null ? "" : this.moments.shown(about.received);
    this.remark.value = about.remark;
    this.clock.value = about.clock;
    this.way.value = about.behind ? "behind" : "ahead";
    this.declared.value = about.declared;
  }

  async keep() {
    setText(this.said, "");
    const typed = clockTyped({ clock: this.clock.value, behind: this.way.value === "behind", declared: this.declared.value });
    const problem = "problem" in typed ? typed.problem : "";
    setAttribute(this.clock, "aria-invalid", problem === "" ? null : "true");
    if ("problem" in typed) {
      setText(this.said, problem);
      this.clock.focus();
      return;
    }
    const { value } = this.received;
    // What was not changed is not rounded to the minute that the field has.
    const same = this.about?.received != null && this.moments.shown(this.about.received) === value;
    try {
      await this.save({
        evidential: this.evidential.checked,
        source: this.source.value.trim(),
        remark: this.remark.value.trim(),
        received: same ? (this.about?.received ?? null) : value === "" ? null : this.moments.typed(value),
        camera_clock: typed.clock,
      });
      this.touched = false;
      this.about = null;
      this.node.open = false;
      /** @type {HTMLElement} */ (this.node.firstElementChild).focus();
    } catch (refused) {
      setText(this.said, sentenceOf(refused));
    }
  }
}
