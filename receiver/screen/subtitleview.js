/**
 * Subtitles over the lower part of the picture. Edge: the page's elements.
 *
 * They lie under the black that covers the picture, so that a display which is black shows none.
 * @module
 */

import { setting } from "./subtitles.js";

/** Over the players and the decoded pictures, under the cover. */
const PLACE = {
  position: "absolute", left: "4%", right: "4%", bottom: "5%", zIndex: "3", display: "none", flexDirection: "column",
  alignItems: "center", gap: "0.12em", margin: "0", textAlign: "center", pointerEvents: "none",
  font: "600 5vh/1.25 Inter, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', system-ui, sans-serif", color: "#fff",
};
const LINE = { margin: "0", padding: "0.04em 0.4em", background: "rgba(0, 0, 0, 0.82)", overflowWrap: "anywhere" };

export class SubtitleView {
  #words = "";

  /**
   * @param {HTMLElement} root  Where the picture is.
   * @param {import("./subtitles.js").Subtitles} subtitles
   * @param {() => {id: string|null|undefined, media: number|null}} look  Which list is shown, and the moment of the frame
   *   that is on the display; null while it is black.
   */
  constructor(root, subtitles, look) {
    this.subtitles = subtitles;
    this.look = look;
    this.box = document.createElement("div");
    this.box.id = "subtitles";
    this.box.dir = "auto";
    Object.assign(this.box.style, PLACE);
    root.append(this.box);
  }

  /** What is said in the picture that is on the display. */
  draw() {
    const { id, media } = this.look();
    this.#show(this.subtitles.at(id, media));
  }

  /** @param {string[]} texts  None takes them away. */
  #show(texts) {
    const words = texts.join("\u0000");
    if (words === this.#words) return;
    this.#words = words;
    const { lines, size } = setting(texts);
    this.box.style.fontSize = `${size}vh`;
    this.box.style.display = texts.length === 0 ? "none" : "flex";
    this.box.replaceChildren(
      ...lines.map((text) => {
        const line = document.createElement("p");
        line.dir = "auto";
        line.textContent = text;
        Object.assign(line.style, LINE);
        return line;
      }),
    );
  }
}
