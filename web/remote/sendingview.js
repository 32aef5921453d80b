/**
 * Files that are being sent: their list, the pickers, and dropping them anywhere on the page. Edge: the page.
 */

import { follow, make, setAttribute, setHidden, setText, setTone, the } from "./dom.js";

/** @typedef {import("./upload.js").Line} Line */

/**
 * @typedef {object} Acts
 * @property {(list: FileList | null) => void} picked
 * @property {(data: DataTransfer) => void} dropped
 * @property {(data: DataTransfer | null) => boolean} hasFiles
 * @property {(id: number, type: "pause" | "go-on" | "cancel") => void} press
 * @property {(type: "pause" | "go-on") => void} pressAll
 */

export class SendingView {
  /** @param {HTMLElement} root @param {Acts} acts */
  constructor(root, acts) {
    this.root = root;
    this.acts = acts;
    this.part = the(root, "#sending");
    this.about = the(root, "#sending-about");
    this.said = the(root, "#sending-said");
    this.all = the(root, "#sending-all");
    this.list = the(root, "#sending-rows");
    this.over = the(root, "#drop");
    /** @type {Map<string, HTMLElement>} */
    this.nodes = new Map();
    this.acting = false;
    /** @type {((list: FileList | null) => void) | null} who asked for one file */
    this.asked = null;
    this.listen();
  }

  listen() {
    const { acts, root } = this;
    for (const kind of ["files", "folder"]) {
      const input = /** @type {HTMLInputElement} */ (the(root, `#${kind}-input`));
      the(root, `#${kind}-open`).addEventListener("click", () => this.acting && input.click());
      input.addEventListener("change", () => {
        acts.picked(input.files);
        input.value = "";
      });
    }
    const one = /** @type {HTMLInputElement} */ (the(root, "#file-input"));
    one.addEventListener("change", () => {
      this.asked?.(one.files);
      one.value = "";
    });
    this.all.addEventListener("click", () => acts.pressAll(this.all.dataset.does === "go-on" ? "go-on" : "pause"));
    const doc = root.ownerDocument;
    // A file that falls beside its place would otherwise be opened in the place of this page.
    doc.addEventListener("dragover", (event) => {
      if (!acts.hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = this.acting ? "copy" : "none";
      setHidden(this.over, !this.acting);
    });
    doc.addEventListener("dragleave", (event) => event.relatedTarget === null && setHidden(this.over, true));
    doc.addEventListener("drop", (event) => {
      setHidden(this.over, true);
      if (!acts.hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (this.acting && event.dataTransfer !== null) acts.dropped(event.dataTransfer);
    });
  }

  /** Lets somebody pick one file. @param {(list: FileList | null) => void} then */
  ask(then) {
    this.asked = then;
    /** @type {HTMLInputElement} */ (the(this.root, "#file-input")).click();
  }

  /** @param {ReadonlyArray<Line>} lines @param {string} summary @param {boolean} acting */
  show(lines, summary, acting) {
    this.acting = acting;
    setHidden(this.part, lines.length === 0);
    setText(this.about, summary);
    const pausing = lines.some((line) => line.can === "pause");
    setText(this.all, pausing ? "Pause all" : "Go on with all");
    setAttribute(this.all, "data-does", pausing ? "pause" : "go-on");
    setHidden(this.all, !lines.some((line) => line.can !== null && line.part !== null));
    // Said when it changes, and not with every byte.
    const troubles = lines.filter((line) => line.tone === "stop" || line.tone === "wait").map((line) => `${line.name}: ${line.says.replace(/^[\d.]+ \S+ of [\d.]+ \S+\. /u, "")}`);
    setText(this.said, troubles.slice(0, 3).join(" "));
    follow(this.list, this.nodes, lines, (line) => String(line.id), (line) => this.make(line), update);
  }

  /** @param {Line} line */
  make(line) {
    const doc = this.root.ownerDocument;
    const button = (/** @type {string} */ does) => {
      const node = make(doc, "button", { type: "button", class: "plain small", "data-does": does });
      node.addEventListener("click", () => this.acts.press(line.id, /** @type {"cancel"} */ (node.dataset.does)));
      return node;
    };
    return make(
      doc,
      "li",
      {},
      make(doc, "p", { class: "sending-name" }),
      make(doc, "progress", { max: "1" }),
      make(doc, "p", { class: "sending-says" }),
      make(doc, "div", { class: "row" }, button("pause"), button("cancel")),
    );
  }
}

/** @param {HTMLElement} node @param {Line} line */
const update = (node, line) => {
  const bar = /** @type {HTMLProgressElement} */ (the(node, "progress"));
  const [go, cancel] = node.querySelectorAll("button");
  setText(the(node, ".sending-name"), line.name);
  setText(the(node, ".sending-says"), line.says);
  setTone(the(node, ".sending-says"), line.tone);
  setHidden(bar, line.part === null);
  setAttribute(bar, "aria-label", line.name);
  if (line.part !== null && (bar.value !== line.part || !bar.hasAttribute("value"))) bar.value = line.part;
  setHidden(go, line.can === null);
  setText(go, line.can === "go-on" ? "Go on" : "Pause");
  setAttribute(go, "data-does", line.can ?? "pause");
  setAttribute(go, "aria-label", `${line.can === "go-on" ? "Go on with" : "Pause"} ${line.name}`);
  const over = line.tone === "good" || (line.can === "go-on" && line.part === null);
  setText(cancel, over ? "Take off this list" : "Cancel");
  setAttribute(cancel, "data-does", "cancel");
  setAttribute(cancel, "aria-label", `${over ? "Take off this list:" : "Cancel"} ${line.name}`);
};
