/**
 * One seek bar: the playhead, what lies behind it, and beneath it what each screen holds. Edge: the page.
 *
 * It is a slider. A finger or the mouse drags a ghost and nothing moves before it lifts, so that nobody in the room sees the
 * search; keys move it in steps, gathered into one wish when they come quickly.
 */

import { clipTime, lengthOf, moved, nearest, outside } from "./clips.js";
import { follow, make, setAttribute, setCan, setText, setTone } from "./dom.js";
import { share, steps } from "./film.js";
import { leafName } from "./leaves.js";
import { capital, exact, short } from "./words.js";

/** Seconds that keys are gathered for before the bar asks for the place that they lead to. */
const GATHER = 0.15;
/** Seconds for each key. */
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
/** To the next place that stands out. @type {Record<string, 1 | -1>} */
const PLACES = { "[": -1, "]": 1 };

/** @typedef {import("./room.js").Bar} Bar */
/** @typedef {import("./backdrop.js").Backdrop} Backdrop */

export class Timebar {
  /**
   * @param {HTMLElement} slot
   * @param {string} label which picture it moves
   * @param {Backdrop} backdrop
   * @param {(to: number) => void} onseek
   */
  constructor(slot, label, backdrop, onseek) {
    const doc = slot.ownerDocument;
    this.slot = slot;
    this.backdrop = backdrop;
    this.onseek = onseek;
    this.come = make(doc, "span", { class: "come", "aria-hidden": "true" });
    this.head = make(doc, "span", { class: "head", "aria-hidden": "true" });
    this.veil = make(doc, "span", { class: "veil", "aria-hidden": "true" });
    this.sketch = make(doc, "span", { class: "sketch", "aria-hidden": "true" });
    this.ghost = make(doc, "span", { class: "ghost", "aria-hidden": "true", hidden: "" });
    this.track = make(
      doc,
      "div",
      { class: "track", role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "0", "aria-orientation": "horizontal" },
      backdrop.film,
      backdrop.wave,
      backdrop.marks,
      this.come,
      this.veil,
      this.sketch,
      this.head,
      this.ghost,
    );
    this.lanes = make(doc, "div", { class: "lanes", "aria-hidden": "true" });
    slot.append(this.track, this.lanes, backdrop.peek);
    /** @type {Map<string, HTMLElement>} */
    this.laneNodes = new Map();
    /** @type {Bar | null} */
    this.bar = null;
    this.can = false;
    /** @type {{pointer: number, exhibit: string | null, at: number} | null} */
    this.drag = null;
    /** @type {number | null} where the keys lead to */
    this.wish = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.width = 0;
    this.veiled = "";
    /** Seconds that the film is of. */
    this.length = 0;
    new ResizeObserver(() => this.measure()).observe(this.track);
    this.listen();
  }

  listen() {
    const { track } = this;
    track.addEventListener("pointerdown", (event) => {
      if (!this.can || event.button !== 0) return;
      track.setPointerCapture(event.pointerId);
      this.drag = { pointer: event.pointerId, exhibit: this.bar?.exhibit ?? null, at: this.place(event) };
      this.follow(event);
    });
    track.addEventListener("pointermove", (event) => {
      if (this.drag?.pointer === event.pointerId) this.follow(event);
      else if (this.drag === null && event.pointerType === "mouse" && this.bar?.duration != null) this.backdrop.look(this.place(event));
    });
    track.addEventListener("pointerleave", () => {
      if (this.drag === null) this.backdrop.look(null);
    });
    track.addEventListener("pointerup", (event) => {
      if (this.drag?.pointer !== event.pointerId) return;
      const { exhibit, at } = this.drag;
      this.let();
      // Another exhibit came under the finger meanwhile: this place was not meant for it.
      if (this.can && exhibit === this.bar?.exhibit) this.onseek(at);
    });
    for (const name of ["pointercancel", "lostpointercapture"]) track.addEventListener(name, () => this.let());
    track.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !this.can || this.bar === null) return;
      const step = /** @type {Record<string, number>} */ (STEPS)[event.key];
      const end = this.bar.leaf ? this.bar.leaf.count - 1 : (this.bar.duration ?? this.bar.prepared);
      const { ranges, half } = this.bar;
      if (step !== undefined) this.wish = this.by(this.wish ?? this.bar.at, step * (event.shiftKey ? 10 : 1));
      else if (PLACES[event.key] !== undefined) this.wish = this.backdrop.next(this.wish ?? this.bar.at, PLACES[event.key]) ?? this.wish;
      else if (event.key === "Home") this.wish = ranges[0]?.start ?? 0;
      else if (event.key === "End") this.wish = ranges.length > 0 ? ranges[ranges.length - 1].stop - half : end;
      else return;
      event.preventDefault();
      if (this.wish === null) return;
      this.wish = nearest(ranges, Math.min(end, Math.max(0, this.wish)), half);
      this.draw();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), GATHER * 1000);
    });
    track.addEventListener("blur", () => this.ask());
  }

  /** Steps of keys lead over the seams of a clip. @param {number} at @param {number} seconds */
  by(at, seconds) {
    const { ranges, half } = /** @type {Bar} */ (this.bar);
    return ranges.length > 0 ? moved(ranges, at, seconds, half) : at + seconds;
  }

  ask() {
    clearTimeout(this.timer);
    const { wish } = this;
    this.wish = null;
    if (wish !== null && this.can) this.onseek(wish);
  }

  /** @param {PointerEvent} event @returns {number} seconds under the finger */
  place(event) {
    const box = this.track.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (this.bar?.duration ?? 0);
    // A page is a place as wide as all the others.
    if (this.bar?.leaf) return Math.min(this.bar.leaf.count - 1, Math.floor(at));
    // What a clip leaves out cannot be meant while it is on.
    return nearest(this.bar?.ranges ?? [], this.backdrop.meant(at, event.clientY - box.top), this.bar?.half ?? 0);
  }

  /** @param {PointerEvent} event */
  follow(event) {
    if (this.drag === null) return;
    this.drag.at = this.place(event);
    this.backdrop.look(this.drag.at, true);
    this.draw();
  }

  let() {
    this.drag = null;
    this.backdrop.look(null);
    this.draw();
  }

  measure() {
    const { width } = this.track.getBoundingClientRect();
    if (Math.abs(width - this.width) < 1) return;
    this.width = width;
    if (this.bar !== null) this.backdrop.show(this.bar, this.length, width);
  }

  /** @param {Bar} bar @param {boolean} acting */
  show(bar, acting) {
    this.length = bar.grows ? steps(bar.prepared) : (bar.duration ?? 0);
    if (bar.exhibit !== this.bar?.exhibit) {
      this.wish = null;
      this.backdrop.look(null);
    }
    this.bar = bar;
    this.can = acting && bar.exhibit !== null && bar.duration !== null;
    this.backdrop.show(bar, this.length, this.width);
    this.draw();
  }

  draw() {
    const { bar, track } = this;
    if (bar === null) return;
    setCan(track, this.can);
    setAttribute(track, "data-empty", bar.exhibit === null ? "" : null);
    const { duration, leaf } = bar;
    const at = leaf ? (this.wish ?? leaf.number) : (this.wish ?? bar.at);
    setAttribute(track, "aria-valuemin", leaf ? "1" : "0");
    setAttribute(track, "aria-valuemax", String(Math.round((duration ?? 0) * 1000) / 1000));
    setAttribute(track, "aria-valuenow", String(leaf ? at + 1 : Math.round(at * 10) / 10));
    const clip = clipTime(bar.ranges, at);
    const place = leaf ? `${this.named(at)} of ${leaf.count}` : clip === null ? `${short(at)} of ${short(duration ?? 0)}` : `${short(clip)} of ${short(lengthOf(bar.ranges))} of the clip; ${short(at)} in the recording`;
    const says = duration === null ? "nothing here" : [place, this.backdrop.here(at), bar.says].filter(Boolean).join("; ");
    setAttribute(track, "aria-valuetext", says);
    setAttribute(track, "data-leaves", leaf ? "" : null);
    this.head.style.left = `${share(at, duration) * 100}%`;
    this.head.style.width = leaf ? `max(6px, ${100 / leaf.count}%)` : "";
    this.backdrop.film.style.width = `${share(this.length, duration) * 100}%`;
    this.drawVeil(bar);
    this.come.style.left = `${duration === null ? 100 : share(bar.prepared, duration) * 100}%`;
    this.ghost.hidden = this.drag === null;
    if (this.drag !== null) {
      const where = share(this.drag.at, duration);
      this.ghost.style.left = `${where * 100}%`;
      setText(this.ghost, leaf ? this.named(this.drag.at) : this.backdrop.held === null ? exact(this.drag.at).slice(0, -2) : "");
      setAttribute(this.ghost, "data-side", where > 0.85 ? "left" : where < 0.15 ? "right" : null);
    }
    this.drawLanes(bar);
  }

  /** What the clip that is on leaves out is dimmed. @param {Bar} bar */
  drawVeil({ ranges, duration }) {
    const pieces = outside(ranges, duration);
    const veiled = JSON.stringify([pieces, duration]);
    if (veiled === this.veiled) return;
    this.veiled = veiled;
    this.veil.replaceChildren(...pieces.map(([from, to]) => this.piece(from, to, duration)));
  }

  /**
   * Parts of a clip that is being made; nothing is kept out by them.
   * @param {ReadonlyArray<{start: number, stop: number}>} parts
   * @param {number | null} from where one begins whose end is not marked yet
   */
  draft(parts, from) {
    const duration = this.bar?.duration ?? null;
    this.sketch.replaceChildren(...parts.map(({ start, stop }) => this.piece(start, stop, duration)), ...(from === null ? [] : [this.piece(from, from, duration)]));
  }

  /** @param {number} from @param {number} to @param {number | null} duration */
  piece(from, to, duration) {
    const piece = make(this.slot.ownerDocument, "i");
    piece.style.left = `${share(from, duration) * 100}%`;
    piece.style.width = `${(share(to, duration) - share(from, duration)) * 100}%`;
    return piece;
  }

  /** @param {number} at @returns {string} "Page 3" */
  named(at) {
    return this.bar?.leaf ? capital(leafName({ ...this.bar.leaf, number: at })) : "";
  }

  /** @param {Bar} bar */
  drawLanes(bar) {
    const doc = this.slot.ownerDocument;
    follow(
      this.lanes,
      this.laneNodes,
      bar.lanes,
      (lane) => lane.name,
      ({ name }) => make(doc, "div", { class: "lane", title: `What ${name} holds` }),
      (node, lane) => {
        setTone(node, lane.whole ? "good" : "wait");
        while (node.children.length > lane.held.length) node.lastElementChild?.remove();
        lane.held.forEach(([from, to], i) => {
          const piece = /** @type {HTMLElement} */ (node.children[i] ?? node.appendChild(make(doc, "i")));
          piece.style.left = `${share(from, bar.duration) * 100}%`;
          piece.style.width = `${(share(to, bar.duration) - share(from, bar.duration)) * 100}%`;
        });
      },
    );
  }
}
