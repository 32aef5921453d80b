/**
 * The line under files that look like one recording: what is said, and one button. Pure: nodes come in as arguments.
 */

import { can, make, setAttribute, setCan, setHidden, setText } from "./dom.js";

/** @typedef {import("./joins.js").Line} Line */

export class JoinLine {
  /** @param {Document} doc @param {string} id of the exhibit that it stands under @param {(line: Line) => void} press */
  constructor(doc, id, press) {
    /** @type {Line | null} */
    this.line = null;
    // Heard once when it turns up, and again when what was asked for is done.
    this.text = make(doc, "p", { id: `join-${id}`, role: "status" });
    this.button = make(doc, "button", { type: "button", class: "plain small", "aria-describedby": `join-${id}` });
    this.said = make(doc, "p", { class: "said", role: "alert" });
    this.node = make(doc, "div", { class: "join", hidden: "" }, this.text, this.button, this.said);
    this.button.addEventListener("click", () => {
      if (this.line !== null && can(this.button)) press(this.line);
    });
  }

  /** @param {Line | null} line */
  show(line) {
    this.line = line;
    setHidden(this.node, line === null);
    setText(this.text, line?.text ?? "");
    setText(this.button, line?.label ?? "");
    setText(this.said, line?.said ?? "");
    setCan(this.button, line !== null && !line.doing);
    setAttribute(this.node, "aria-busy", line?.doing ? "true" : null);
  }
}
