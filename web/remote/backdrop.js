/**
 * What lies on one seek bar besides the playhead: its film, the loudness, the places that stand out, and over it the small
 * picture of the place under the pointer. Edge: the page.
 *
 * With a contact sheet all pictures come from it; before there is one, single stills make the film. While somebody drags,
 * the sheet's picture stands there at once, and the very picture of that place follows as soon as the hand rests. All of
 * this is on this page only.
 */

import { follow, make, setAttribute, setHidden, setText } from "./dom.js";
import { moments, pages, share, still } from "./film.js";
import { beyond, here, laid, nearest, pictureAt, pictureOf, waved } from "./places.js";
import { exact } from "./words.js";

/** @typedef {import("./room.js").Bar} Bar */
/** @typedef {import("./places.js").Place} Place */
/** @typedef {import("./sheets.js").Held} Held */
/** @typedef {{put(node: HTMLImageElement, path: string | null, urgent?: boolean): void, forget(node: HTMLImageElement): void}} Pictures */
/** @typedef {{of(exhibit: string | null, file: string | null): Held | null}} Sheets */

/** CSS pixels of the film. */
const HEIGHT = 46;
/** Of a column of the waveform, with the space behind it. */
const COLUMN = 3;
const BAR = 2;
/** Of the row of places, and how far a finger may be from one to mean it. */
const ROW = 14;
const NEAR = 8;
/** Seconds that a hand rests before the very picture is asked for. */
const REST = 0.25;
/** Of the picture over the bar: two device pixels for each on good displays. */
const PEEK = 320;

export class Backdrop {
  /** @param {HTMLElement} slot @param {Pictures} images @param {Sheets} sheets */
  constructor(slot, images, sheets) {
    const doc = slot.ownerDocument;
    this.doc = doc;
    this.images = images;
    this.sheets = sheets;
    this.film = make(doc, "span", { class: "film", "aria-hidden": "true" });
    this.wave = make(doc, "canvas", { class: "wave", "aria-hidden": "true", hidden: "" });
    this.marks = make(doc, "span", { class: "marks", "aria-hidden": "true", hidden: "" });
    this.exact = make(doc, "img", { alt: "", hidden: "" });
    this.small = make(doc, "span", { class: "peek-pic" }, this.exact);
    this.time = make(doc, "b");
    this.says = make(doc, "span", { class: "peek-says" });
    this.peek = make(doc, "div", { class: "peek", "aria-hidden": "true", hidden: "" }, this.small, this.time, this.says);
    /** @type {Map<string, HTMLElement>} */
    this.cells = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.ticks = new Map();
    /** @type {Held | null} */
    this.held = null;
    /** @type {Bar | null} */
    this.bar = null;
    this.width = 0;
    /** Seconds that the film is of. */
    this.length = 0;
    this.drawn = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @returns {ReadonlyArray<Place>} */
  get places() {
    return this.held?.places ?? [];
  }

  /** @param {Bar} bar @param {number} length seconds that the film is of @param {number} width CSS pixels */
  show(bar, length, width) {
    this.bar = bar;
    this.length = length;
    this.width = width;
    this.held = this.sheets.of(bar.exhibit, bar.sheet);
    const state = [bar.exhibit, length, bar.duration, bar.leaf?.count, Math.round(width), this.held?.url, this.held !== null].join(" ");
    if (state === this.drawn) return;
    this.drawn = state;
    this.drawFilm();
    this.drawWave();
    this.drawPlaces();
  }

  drawFilm() {
    const { bar, held, width, length } = this;
    const strip = held?.sheet.strip ?? null;
    // What has no picture of its own is seen best as its loudness alone.
    const bare = held !== null && strip === null && held.sheet.wave !== null;
    const leaf = bar?.leaf ?? null;
    const times = bar === null || bar.exhibit === null || bare ? [] : leaf === null ? moments(width, HEIGHT, length) : pages(width, HEIGHT, leaf.count);
    const half = length / Math.max(1, times.length) / 2;
    // While a sheet is on its way nothing is decoded for what it will show.
    const coming = held === null && bar?.sheet != null;
    const cells = times.map((t) => {
      const n = strip === null ? null : pictureOf(strip, t, half);
      const path = n === null && !coming ? still(bar?.exhibit ?? "", { ...(leaf === null ? { t } : { frame: t }), width: 160 }) : null;
      return { n, path, key: `${bar?.exhibit} ${t} ${n ?? ""}` };
    });
    for (const [key, cell] of this.cells) {
      if (!cells.some((wanted) => wanted.key === key)) this.images.forget(/** @type {HTMLImageElement} */ (cell.firstElementChild));
    }
    follow(
      this.film,
      this.cells,
      cells,
      ({ key }) => key,
      () => make(this.doc, "span", {}, make(this.doc, "img", { alt: "", hidden: "" })),
      (node, { path, n }) => {
        this.images.put(/** @type {HTMLImageElement} */ (node.firstElementChild), path);
        this.lay(node, n, (width * share(length, bar?.duration ?? null)) / Math.max(1, times.length), HEIGHT);
      },
    );
  }

  /** @param {HTMLElement} node @param {number | null} n which picture of the strip @param {number} width @param {number} height */
  lay(node, n, width, height) {
    const strip = this.held?.sheet.strip ?? null;
    const url = this.held?.url ?? null;
    if (strip === null || url === null || n === null) {
      node.style.backgroundImage = "";
      return;
    }
    const { size, position } = laid(strip, n, width, height);
    node.style.backgroundImage = `url(${url})`;
    node.style.backgroundSize = size;
    node.style.backgroundPosition = position;
  }

  drawWave() {
    const wave = this.held?.sheet.wave ?? null;
    setHidden(this.wave, wave === null);
    if (wave === null || this.width <= 0) return;
    const alone = this.held?.sheet.strip === null;
    setAttribute(this.wave, "data-alone", alone ? "" : null);
    const dense = this.doc.defaultView?.devicePixelRatio ?? 1;
    const height = alone ? HEIGHT : 18;
    this.wave.width = Math.round(this.width * dense);
    this.wave.height = Math.round(height * dense);
    const context = this.wave.getContext("2d");
    if (context === null) return;
    context.scale(dense, dense);
    context.fillStyle = alone ? "#a9b4bf" : "#ffffffd9";
    const reach = alone ? height / 2 - 7 : height - 2;
    waved(wave.peaks, Math.floor(this.width / COLUMN)).forEach((level, n) => {
      const high = Math.max(1, level * reach);
      if (alone) context.fillRect(n * COLUMN, height / 2 + 3 - high, BAR, 2 * high);
      else context.fillRect(n * COLUMN, height - high, BAR, high);
    });
  }

  drawPlaces() {
    const duration = this.bar?.duration ?? null;
    setHidden(this.marks, this.places.length === 0);
    follow(
      this.marks,
      this.ticks,
      this.places,
      ({ kind, at, until }) => `${kind} ${at} ${until}`,
      ({ kind }) => make(this.doc, "i", { "data-kind": kind }),
      (node, { at, until }) => {
        node.style.left = `${share(at, duration) * 100}%`;
        node.style.width = `${(share(until, duration) - share(at, duration)) * 100}%`;
      },
    );
  }

  /**
   * The place that a hand on the row of places means.
   * @param {number} at seconds under it
   * @param {number} below CSS pixels from the bar's upper edge
   * @returns {number} seconds: where that place begins, or `at`
   */
  meant(at, below) {
    const duration = this.bar?.duration ?? null;
    if (below < 0 || below > ROW || duration === null || this.width <= 0) return at;
    return nearest(this.places, at, (NEAR / this.width) * duration)?.at ?? at;
  }

  /** The next place that stands out. @param {number} at @param {1 | -1} way @returns {number | null} */
  next(at, way) {
    return beyond(this.places, at, way)?.at ?? null;
  }

  /** What stands out there, in words. @param {number} at @returns {string} */
  here(at) {
    const duration = this.bar?.duration ?? null;
    return duration === null || this.width <= 0 ? "" : here(this.places, at, (2 / this.width) * duration);
  }

  /**
   * The small picture over the bar; null takes it away.
   * @param {number | null} at seconds
   * @param {boolean} [search] a hand drags, and rests where it wants to see exactly what is there
   */
  look(at, search = false) {
    clearTimeout(this.timer);
    const { held, bar } = this;
    setHidden(this.peek, at === null || held === null);
    if (at === null || held === null || bar === null || bar.exhibit === null) {
      this.images.put(this.exact, null);
      return;
    }
    const { strip } = held.sheet;
    setHidden(this.small, strip === null);
    if (strip !== null) {
      const [wide, high] = [strip.width, strip.height];
      this.small.style.width = `${wide}px`;
      this.small.style.height = `${high}px`;
      this.lay(this.small, pictureAt(strip, at) ?? 0, wide, high);
    }
    setText(this.time, exact(at).slice(0, -2));
    const says = this.here(at);
    setText(this.says, says);
    setHidden(this.says, says === "");
    const half = (strip?.width ?? 110) / 2 + 6;
    const x = share(at, bar.duration) * this.width;
    this.peek.style.left = `${Math.min(Math.max(x, half), Math.max(half, this.width - half))}px`;
    this.images.put(this.exact, null);
    const { exhibit } = bar;
    if (!search || strip === null) return;
    this.timer = setTimeout(() => this.images.put(this.exact, still(exhibit, { t: Math.round(at * 1000) / 1000, width: PEEK }), true), REST * 1000);
  }
}
