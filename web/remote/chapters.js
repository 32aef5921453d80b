/**
 * The chapters of what a seek bar shows: a strip over it in which each can be pressed, and the list of them for keys and
 * for those who do not see. Edge: the page.
 */

import { make, setAttribute, setCan, setHidden, setText } from "./dom.js";
import { share } from "./film.js";

/** @typedef {import("./room.js").Bar} Bar */

export class Chapters {
  /**
   * @param {HTMLElement} slot of the seek bar
   * @param {string} label which picture they move
   * @param {(to: number) => void} onseek
   */
  constructor(slot, label, onseek) {
    this.onseek = onseek;
    const doc = slot.ownerDocument;
    this.strip = make(doc, "div", { class: "chapter-strip", "aria-hidden": "true", hidden: "" });
    this.summary = make(doc, "summary", {}, "Chapters");
    this.list = make(doc, "ol", { "aria-label": label });
    this.menu = make(doc, "details", { class: "chapters", hidden: "" }, this.summary, this.list);
    slot.prepend(this.strip);
    slot.append(this.menu);
    this.words = "";
    this.can = false;
  }

  close() {
    this.menu.open = false;
    this.summary.focus();
  }

  /** @param {number} to */
  go(to) {
    if (this.can) this.onseek(to);
  }

  /** @param {Bar} bar @param {boolean} acting */
  show({ exhibit, chapters, duration, at }, acting) {
    this.can = acting;
    const words = `${exhibit} ${duration} ${chapters.map(({ text, start }) => `${start} ${text}`).join("|")}`;
    if (words !== this.words) {
      this.words = words;
      this.menu.open = false;
      this.draw(chapters, duration);
    }
    setHidden(this.strip, chapters.length === 0);
    setHidden(this.menu, chapters.length === 0);
    const here = chapters.findLastIndex(({ start }) => start <= at + 1e-3);
    setText(this.summary, here < 0 ? "Chapters" : `Chapters: ${chapters[here]?.text ?? ""}`);
    [...this.list.querySelectorAll("button")].forEach((button, i) => {
      setAttribute(button, "aria-current", i === here ? "true" : null);
      setCan(button, acting);
    });
  }

  /** @param {Bar["chapters"]} chapters @param {number | null} duration */
  draw(chapters, duration) {
    const doc = this.list.ownerDocument;
    this.strip.replaceChildren(
      ...chapters.map(({ text, time, start, end }) => {
        const piece = make(doc, "i", { title: `${time} ${text}` });
        piece.style.left = `${share(start, duration) * 100}%`;
        piece.style.width = `${(share(end, duration) - share(start, duration)) * 100}%`;
        piece.addEventListener("click", () => this.go(start));
        return piece;
      }),
    );
    this.list.replaceChildren(
      ...chapters.map(({ text, time, start }) => {
        const button = make(doc, "button", { type: "button", class: "plain small" }, make(doc, "span", { class: "quiet" }, time), ` ${text}`);
        button.addEventListener("click", () => {
          this.go(start);
          this.close();
        });
        return make(doc, "li", {}, button);
      }),
    );
  }
}
