/**
 * The display itself: players' elements exactly over each other, one of them in front, the mark, and the black cover over
 * all. Edge: the page's elements.
 *
 * Black is made by the cover alone: it needs no player and no decoder to answer.
 * @module
 */

import { moved, part } from "./view.js";

/** @typedef {import("./face.js").Face} Face */
/** @typedef {import("./face.js").Seen} Seen */
/** @typedef {import("./view.js").View} View */

/** Of everything that shows pictures: all lie exactly over each other. */
const FILLING = {
  position: "absolute", inset: "0", width: "100%", height: "100%", objectFit: "contain", background: "#000",
  transformOrigin: "0 0",
};

/** Of an element whose picture is seen whole. */
const UNCUT = { transform: "none", clipPath: "none" };

/** Where it is read, and hides little; under the black. */
const MARK = {
  position: "absolute", left: "2vw", bottom: "2vh", margin: "0", padding: "0.4em 0.8em", zIndex: "3", display: "none",
  background: "#000", color: "#ffd54a", font: "600 2.2vh sans-serif",
};

export class Display {
  #cover = document.createElement("div");
  /** Says that the picture stands where it could not be decoded. */
  #mark = document.createElement("p");
  /** It is black. */
  covered = true;
  /** The part of the picture in front which fills the display. @type {View|null} */
  view = null;

  /**
   * @param {HTMLElement} root  Filled by the picture; it has the size of the display.
   * @param {HTMLCanvasElement} film  Decoded pictures, over the players.
   */
  constructor(root, film) {
    this.root = root;
    this.film = film;
    Object.assign(film.style, { ...FILLING, zIndex: "3" });
    this.#mark.textContent = "Picture missing";
    Object.assign(this.#mark.style, MARK);
    root.append(film, this.#cover, this.#mark);
    if (getComputedStyle(root).position === "static") root.style.position = "relative";
    root.style.overflow = "hidden";
    root.style.background = "#000";
    Object.assign(this.#cover.style, { position: "absolute", inset: "0", background: "#000", zIndex: "4" });
  }

  /** @param {HTMLElement} element  Of a new player: unseen. */
  add(element) {
    Object.assign(element.style, { ...FILLING, zIndex: "0", opacity: "0" });
    this.root.append(element);
  }

  /** @param {HTMLElement} element  In front from now on. */
  raise(element) {
    element.style.zIndex = "2";
    element.style.opacity = "1";
  }

  /** @param {HTMLElement} element */
  lower(element) {
    Object.assign(element.style, { ...UNCUT, zIndex: "0", opacity: "0" });
  }

  /** @param {boolean} shown */
  mark(shown) {
    this.#mark.style.display = shown ? "block" : "none";
  }

  /** @param {boolean} covered */
  black(covered) {
    if (covered === this.covered) return;
    this.covered = covered;
    this.#cover.style.display = covered ? "block" : "none";
  }

  /** @param {View|null} view @param {Face|null} up  Whose picture is in front. */
  crop(view, up) {
    this.view = view;
    const video = up && "video" in up ? up.video : null;
    // Leaves are painted where they belong.
    const cut = view && video ? moved(view, { width: video.videoWidth, height: video.videoHeight },
      { width: this.root.clientWidth, height: this.root.clientHeight }) : UNCUT;
    for (const element of [video, this.film]) {
      if (element && (cut !== UNCUT || element.style.transform !== "none")) Object.assign(element.style, cut);
    }
  }

  /**
   * @param {Face|null} up  Whose picture is in front.
   * @param {boolean} film  A decoded picture is in front of it.
   * @param {number} maxWidth  Pixels.
   * @returns {Promise<{blob: Blob, width: number, height: number}|null>} A JPEG of what is on the display; null while
   *   it is black.
   */
  async still(up, film, maxWidth) {
    const own = film ? { source: this.film, ...part(this.view, this.film) } : up?.seen(this.view);
    const seen = this.covered ? null : own;
    if (!seen) return null;
    const scale = Math.min(1, maxWidth / seen.width, maxWidth / seen.height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(seen.width * scale));
    canvas.height = Math.max(1, Math.round(seen.height * scale));
    const pen = canvas.getContext("2d"), { width, height } = canvas;
    if (pen) pen.imageSmoothingQuality = "high";
    pen?.drawImage(seen.source, seen.x, seen.y, seen.width, seen.height, 0, 0, width, height);
    /** @type {Blob|null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.7));
    return blob && { blob, width, height };
  }
}
