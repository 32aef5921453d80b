/**
 * The panel of the checks: to begin them, to follow them, to read what they found, and to set displays up by test cards.
 * Edge: the page.
 */

import { can, follow, leaveFocus, make, setAttribute, setCan, setHidden, setText, setTone, the } from "./dom.js";

/** @typedef {import("./checks.js").ChecksView} ChecksView */
/** @typedef {import("./checks.js").Result} Result */

/**
 * @typedef {object} Acts
 * @property {() => void} opened  it has to be filled
 * @property {(until: number | null) => void} checkCase  until: Unix time
 * @property {() => void} checkRoom
 * @property {() => void} cancel
 * @property {(screen: string, up: boolean) => void} card  up: it is up there now
 */

export class ChecksPanel {
  /** @param {HTMLElement} root @param {Acts} acts */
  constructor(root, acts) {
    this.doc = root.ownerDocument;
    this.acts = acts;
    this.dialog = /** @type {HTMLDialogElement} */ (the(root, "#checks"));
    this.opener = the(root, "#checks-open");
    this.caseButton = the(root, "#check-case");
    this.roomButton = the(root, "#check-room");
    this.until = /** @type {HTMLInputElement} */ (the(root, "#check-until"));
    this.bar = /** @type {HTMLProgressElement} */ (the(root, "#check-bar"));
    this.results = the(root, "#check-results");
    this.cards = the(root, "#cards");
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    /** @type {Map<string, {row: HTMLElement, button: HTMLElement, says: HTMLElement}>} */
    this.rows = new Map();
    this.drawn = "";
    this.opener.addEventListener("click", () => (this.dialog.open ? this.close() : this.open()));
    the(root, "#checks-close").addEventListener("click", () => this.close());
    this.caseButton.addEventListener("click", () => can(this.caseButton) && acts.checkCase(this.#moment()));
    this.roomButton.addEventListener("click", () => can(this.roomButton) && acts.checkRoom());
    the(root, "#check-cancel").addEventListener("click", () => acts.cancel());
    this.doc.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    leaveFocus(this.opener);
  }

  open() {
    if (this.until.value === "") this.until.value = tomorrow();
    setAttribute(this.opener, "aria-expanded", "true");
    // Not modal: a modal one would keep fingers from the blank.
    this.dialog.show();
    this.acts.opened();
    the(this.dialog, "h2").focus();
  }

  close() {
    if (!this.dialog.open) return;
    setAttribute(this.opener, "aria-expanded", "false");
    this.dialog.close();
  }

  /** @param {ChecksView} view */
  show(view) {
    if (!this.dialog.open) return;
    const part = (/** @type {string} */ id) => the(this.dialog, id);
    setCan(this.caseButton, view.can);
    setCan(this.roomButton, view.can && view.roomNote === "");
    setText(part("#check-room-note"), view.roomNote);
    setHidden(part("#check-running"), view.running === null);
    if (view.running !== null) {
      setText(part("#check-doing"), `${view.running.name}: ${view.running.doing}`);
      if (this.bar.value !== view.running.part) this.bar.value = view.running.part;
    }
    setText(part("#check-said"), view.said);
    setText(part("#check-word"), view.word);
    setText(part("#cards-note"), view.cardsNote);
    setHidden(part("#cards-part"), view.cards.length === 0);
    this.#showCards(view.cards);
    // Written anew only where it says something else: who reads it is not thrown back to its beginning.
    const drawn = JSON.stringify(view.results);
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      this.results.replaceChildren(...view.results.map((result) => this.#result(result)));
    }
    setHidden(part("#check-print"), view.results.length === 0);
  }

  /** @param {ChecksView["cards"]} cards */
  #showCards(cards) {
    follow(
      this.cards,
      this.nodes,
      cards,
      ({ id }) => id,
      ({ id }) => {
        const button = make(this.doc, "button", { type: "button", class: "plain small" });
        const says = make(this.doc, "span", { class: "quiet" });
        const row = make(this.doc, "li", {}, button, says);
        this.rows.set(id, { row, button, says });
        button.addEventListener("click", () => {
          if (can(button)) this.acts.card(id, button.getAttribute("aria-pressed") === "true");
        });
        return row;
      },
      (_, { id, name, up, can: able, says }) => {
        const row = this.rows.get(id);
        if (row === undefined) return;
        setText(row.button, up ? `Take the test card down from ${name}` : `Test card on ${name}`);
        setAttribute(row.button, "aria-pressed", String(up));
        setCan(row.button, able);
        setText(row.says, says);
      },
    );
  }

  /** @param {Result} result */
  #result({ kind, name, when, says, tone, groups, looked }) {
    const { doc } = this;
    const title = `result-${kind}-title`;
    const sum = make(doc, "p", { class: "sum" }, says);
    setTone(sum, tone);
    return make(
      doc,
      "section",
      { class: "result", "aria-labelledby": title },
      make(doc, "h3", { id: title }, name, " ", make(doc, "span", { class: "quiet" }, when)),
      sum,
      ...groups.flatMap((group) => {
        const head = make(doc, "h4", {}, group.words);
        setTone(head, group.tone);
        const list = make(
          doc,
          "ul",
          { class: "findings" },
          ...group.findings.map((one) => make(doc, "li", {}, make(doc, "p", {}, one.says), make(doc, "p", { class: "quiet" }, one.do))),
        );
        return [head, list];
      }),
      make(
        doc,
        "details",
        {},
        make(doc, "summary", {}, "What was looked at"),
        make(
          doc,
          "dl",
          {},
          ...looked.flatMap((one) => [make(doc, "dt", {}, one.name), make(doc, "dd", {}, `${one.says.join("; ") || "nothing to be said of it"}.`)]),
        ),
      ),
    );
  }

  /** @returns {number | null} what stands in the field, as Unix time */
  #moment() {
    const moment = new Date(this.until.value).getTime() / 1000;
    return Number.isFinite(moment) ? moment : null;
  }
}

/** What the field for a day and a time says at first: the end of tomorrow's sitting. */
const tomorrow = () => {
  const day = new Date();
  day.setDate(day.getDate() + 1);
  const [year, month, date] = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${year}-${month}-${date}T17:00`;
};
