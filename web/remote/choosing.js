/**
 * The files behind a link, where there are several and somebody has to say which are meant. Pure: nodes come in as
 * arguments.
 */

import { make, setHidden, setText } from "./dom.js";
import { sentenceOf } from "./words.js";

/** @typedef {{id: string, text: string}} FileChoice */

export class Choosing {
  /** @param {Document} doc @param {(files: string[]) => Promise<void>} take rejects with a sentence in `detail` */
  constructor(doc, take) {
    this.doc = doc;
    this.take = take;
    this.shown = "";
    this.legend = make(doc, "legend");
    this.list = make(doc, "div", { class: "files" });
    this.said = make(doc, "p", { class: "said", role: "alert" });
    this.node = make(
      doc,
      "form",
      { class: "choosing", hidden: "" },
      make(doc, "fieldset", {}, this.legend, this.list),
      make(doc, "button", { type: "submit", class: "plain" }, "Use these files"),
      this.said,
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.use();
    });
  }

  /** @param {string} ref @param {ReadonlyArray<FileChoice>} files none hides it @param {boolean} may */
  show(ref, files, may) {
    setHidden(this.node, files.length === 0 || !may);
    setText(this.legend, `Which files are meant? The first is ${ref}; each of the others becomes an exhibit of its own.`);
    const words = JSON.stringify(files);
    if (words === this.shown) return;
    this.shown = words;
    setText(this.said, "");
    this.list.replaceChildren(
      ...files.map(({ id, text }) => make(this.doc, "label", { class: "check" }, make(this.doc, "input", { type: "checkbox", value: id }), make(this.doc, "span", {}, text))),
    );
  }

  async use() {
    const boxes = /** @type {HTMLInputElement[]} */ ([...this.list.querySelectorAll("input")]);
    const files = boxes.filter((box) => box.checked).map((box) => box.value);
    setText(this.said, files.length === 0 ? "Choose at least one file." : "");
    if (files.length === 0) {
      boxes[0]?.focus();
      return;
    }
    try {
      await this.take(files);
    } catch (refused) {
      setText(this.said, sentenceOf(refused));
    }
  }
}
