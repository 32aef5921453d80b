/**
 * The picture of what is on the screens, as something to be enlarged: buttons, keys, wheel, fingers. Edge: the page.
 *
 * It moves what everyone sees. What is under the finger stays there: the picture is moved here at once, the screens follow
 * within a tenth of a second, and their own picture takes its place when it comes.
 */

import { can, leaveFocus, make, setAttribute, setCan, setHidden, setText, the } from "./dom.js";
import { contained, meanwhile, middleOf, percent, pointAt, sameView, scaleOf, shifted, stepped, tapped, zoomed } from "./zoom.js";

/** @typedef {import("./zoom.js").View} View */
/** @typedef {import("./room.js").Zoom} Zoom */
/** @typedef {import("./backdrop.js").Pictures} Pictures */

/** Seconds between two commands, and how long the picture here stands in for the screens' own after the last. */
const EVERY = 0.1, STANDS_IN = 0.8;
/** Seconds and pixels within which two taps are one tap twice; pixels that a finger may move in a tap. */
const TWICE = 0.35, NEARBY = 30, STILL = 8;
/** Seconds without turning after which a wheel begins anew: one that was turned elsewhere scrolls, and does not zoom. */
const TURNING = 0.3;
/** Of the part that is up: how far a key moves it. */
const KEY = 0.2;
/** Seconds after the last change until it is read out. */
const SAID = 0.6;

export class ZoomPad {
  /**
   * @param {HTMLElement} root
   * @param {Pictures} images
   * @param {(view: View | null) => Promise<boolean>} send false where it was refused
   * @param {() => number} now seconds, this page's clock
   */
  constructor(root, images, send, now) {
    this.images = images;
    this.send = send;
    this.now = now;
    this.pic = the(root, "#live-pic");
    this.image = /** @type {HTMLImageElement} */ (the(root, "#live-image"));
    this.line = the(root, "#live .line");
    this.tools = the(root, "#zoom");
    this.scale = the(root, "#zoom-scale");
    this.whole = the(root, "#zoom-whole");
    this.out = the(root, "#zoom-out");
    this.in = the(root, "#zoom-in");
    this.said = the(root, "#zoom-said");
    this.over = /** @type {HTMLImageElement} */ (make(root.ownerDocument, "img", { alt: "", hidden: "" }));
    this.frame = make(root.ownerDocument, "i");
    this.overview = the(root, "#overview");
    this.overview.append(this.over, this.frame);
    /** What the room is on. @type {Zoom} */
    this.zoom = { can: false, leaves: false, key: "", view: null, aspect: null, picture: null };
    /** What is meant here and not known to be carried out yet; undefined: nothing. @type {View | null | undefined} */
    this.wish = undefined;
    /** A command is under way, or the time between two is not over. */
    this.busy = false;
    /** The part of which the picture was taken that is moved here meanwhile. @type {View | null | undefined} */
    this.basis = undefined;
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    /** The finger that may become a tap. @type {{x: number, y: number} | null} */
    this.tap = null;
    this.tapped = { at: -Infinity, x: 0, y: 0 };
    /** When the wheel was turned last, and whether that began here. */
    this.wheel = { at: -Infinity, here: false };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.letting = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.telling = undefined;
    /** @type {string | null} */
    this.told = null;
    this.listen(root.ownerDocument);
  }

  /** The picture here stands in for the screens' own: it is not to be exchanged. */
  get standsIn() {
    return this.basis !== undefined;
  }

  /** What is up, as far as it is known or meant here. @returns {View | null} */
  get view() {
    return this.wish === undefined ? this.zoom.view : this.wish;
  }

  get aspect() {
    const { over } = this;
    if (over.dataset.path !== undefined && over.dataset.path === this.zoom.picture && over.naturalHeight > 0) return over.naturalWidth / over.naturalHeight;
    return this.zoom.aspect ?? 16 / 9;
  }

  /** @param {Document} doc */
  listen(doc) {
    const { pic } = this;
    for (const [id, act] of /** @type {[string, () => void][]} */ ([
      ["#zoom-in", () => this.step(1)], ["#zoom-out", () => this.step(-1)], ["#zoom-whole", () => this.reset()],
    ])) {
      const button = the(this.tools, id);
      leaveFocus(button);
      button.addEventListener("click", () => can(button) && act());
    }
    // A tap on a button is none on the picture.
    this.tools.addEventListener("pointerdown", (event) => event.stopPropagation());
    pic.addEventListener("pointerdown", (event) => this.touch(event));
    pic.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) pic.addEventListener(name, (event) => this.lift(/** @type {PointerEvent} */ (event)));
    doc.addEventListener("wheel", (event) => this.turn(event), { passive: false, capture: true });
    this.over.addEventListener("load", () => this.draw());
  }

  // What is asked for

  /** @param {1 | -1} way */
  step(way) {
    if (this.zoom.can) this.ask(zoomed(this.view, stepped(scaleOf(this.view, this.aspect), way), middleOf(this.view), this.aspect));
  }

  reset() {
    if (this.zoom.can) this.ask(null);
  }

  /** By the keyboard: so many parts to the right and down. @param {number} x @param {number} y @returns {boolean} there is a part to move */
  shift(x, y) {
    const { view } = this;
    if (!this.zoom.can || view === null) return false;
    this.ask(shifted(view, x * KEY * view[2], y * KEY * view[3]));
    return true;
  }

  /** @param {View | null} view @param {boolean} [held] by fingers: the picture goes with them */
  ask(view, held = false) {
    if (held && this.basis === undefined) this.basis = this.view;
    if (sameView(view, this.view) && !held) return;
    this.wish = view;
    this.draw();
    this.let();
    if (!this.busy) void this.go();
  }

  /** Sends what is meant, the last of it always, and not more often than the screens can follow. */
  async go() {
    this.busy = true;
    while (this.wish !== undefined && !sameView(this.wish, this.zoom.view)) {
      const { wish, zoom } = this;
      const [done] = await Promise.all([this.send(wish), new Promise((go) => setTimeout(go, EVERY * 1000))]);
      if (done && zoom.key === this.zoom.key) this.zoom = { ...this.zoom, view: wish };
      // Refused, or something else came up meanwhile: what was meant was not meant for that.
      if (!done || zoom.key !== this.zoom.key || (sameView(this.wish ?? null, wish) && this.fingers.size === 0)) break;
    }
    this.busy = false;
    if (this.fingers.size === 0) this.wish = undefined;
    this.draw();
  }

  /** After a while without another change the screens' own picture stands here again. */
  let() {
    clearTimeout(this.letting);
    if (this.fingers.size > 0) return;
    this.letting = setTimeout(() => {
      this.basis = undefined;
      this.image.style.transform = "";
    }, STANDS_IN * 1000);
  }

  // Fingers, mouse and wheel

  /** @param {{clientX: number, clientY: number}} event */
  place(event) {
    const box = this.pic.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  box() {
    return { width: this.pic.clientWidth, height: this.pic.clientHeight };
  }

  /** @param {PointerEvent} event */
  touch(event) {
    if (!this.zoom.can || event.button !== 0 || this.fingers.size > 1) return;
    const place = this.place(event);
    this.pic.setPointerCapture(event.pointerId);
    this.tap = this.fingers.size === 0 ? place : null;
    this.fingers.set(event.pointerId, place);
  }

  /** @param {PointerEvent} event */
  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (before === undefined || !this.zoom.can) return;
    const place = this.place(event);
    if (this.tap !== null && Math.hypot(place.x - this.tap.x, place.y - this.tap.y) < STILL) return;
    this.tap = null;
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, place);
    const { view, aspect } = this, box = this.box();
    const from = other ? half(before, other) : before, to = other ? half(place, other) : place;
    const spread = other ? Math.hypot(place.x - other.x, place.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y)) : 1;
    const point = pointAt(view, aspect, box, from.x, from.y);
    const closer = spread === 1 ? view : zoomed(view, scaleOf(view, aspect) * spread, point, aspect);
    const there = pointAt(closer, aspect, box, to.x, to.y);
    const next = shifted(closer, point[0] - there[0], point[1] - there[1]);
    if (next !== null || view !== null) this.ask(next, true);
  }

  /** @param {PointerEvent} event */
  lift(event) {
    const place = this.fingers.get(event.pointerId);
    if (place === undefined) return;
    this.fingers.delete(event.pointerId);
    const { tap } = this;
    this.tap = null;
    if (this.fingers.size > 0) return;
    if (tap === null) {
      this.let();
      if (!this.busy) void this.go();
      return;
    }
    const twice = this.now() - this.tapped.at < TWICE && Math.hypot(tap.x - this.tapped.x, tap.y - this.tapped.y) < NEARBY;
    this.tapped = twice ? { at: -Infinity, x: 0, y: 0 } : { at: this.now(), ...tap };
    if (twice && event.type === "pointerup") this.ask(tapped(this.view, pointAt(this.view, this.aspect, this.box(), tap.x, tap.y), this.aspect));
  }

  /** @param {WheelEvent} event */
  turn(event) {
    const over = event.target instanceof Node && this.pic.contains(event.target);
    const anew = this.now() - this.wheel.at > TURNING;
    this.wheel = { at: this.now(), here: anew ? over : this.wheel.here };
    if (!over || !this.wheel.here || !this.zoom.can) return;
    event.preventDefault();
    const { x, y } = this.place(event), { view, aspect } = this;
    // Two fingers on a pad come as a wheel with Ctrl, in smaller numbers.
    const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : event.ctrlKey ? 0.01 : 0.002));
    this.ask(zoomed(view, scaleOf(view, aspect) * factor, pointAt(view, aspect, this.box(), x, y), aspect), true);
  }

  // The page

  /** @param {Zoom} zoom */
  show(zoom) {
    if (zoom.key !== this.zoom.key) {
      this.wish = undefined;
      this.basis = undefined;
      this.image.style.transform = "";
      this.told = null;
    }
    this.zoom = zoom;
    setHidden(this.tools, !zoom.can);
    // On a picture they hide a part of it: what stands has a row with room for them, a recording's is full.
    const place = zoom.leaves ? this.line : this.pic;
    if (this.tools.parentElement !== place) place.append(this.tools);
    this.images.put(this.over, zoom.picture);
    this.draw();
  }

  draw() {
    const { view, aspect } = this, scale = scaleOf(view, aspect), box = this.box();
    setText(this.scale, percent(scale));
    // Whoever presses until it is whole again stays with these controls.
    if (view === null && [this.whole, this.out].some((one) => one === one.ownerDocument.activeElement)) this.in.focus();
    setHidden(this.whole, view === null);
    for (const one of [this.out, this.scale]) setHidden(one, view === null && !this.zoom.leaves);
    setCan(this.out, view !== null);
    setAttribute(this.pic, "data-zoomed", view === null ? null : "");
    setHidden(this.overview, view === null || this.over.dataset.path === undefined || !this.zoom.can);
    if (view !== null) {
      const [x, y, w, h] = view.map((number) => `${number * 100}%`);
      Object.assign(this.frame.style, { left: x, top: y, width: w, height: h });
      const place = contained(null, aspect, { width: 112, height: 84 });
      Object.assign(this.overview.style, { width: `${place.width}px`, height: `${place.height}px` });
    }
    if (this.basis !== undefined) this.image.style.transform = meanwhile(this.basis, view, aspect, box);
    this.tell(view === null ? "The whole picture is on the screens" : `Zoomed to ${percent(scale)}`);
  }

  /** For those who do not see it; not what there was when something came up. @param {string} words */
  tell(words) {
    if (this.told === words) return;
    const first = this.told === null;
    this.told = words;
    clearTimeout(this.telling);
    if (first && this.view === null) return void setText(this.said, "");
    this.telling = setTimeout(() => setText(this.said, words), SAID * 1000);
  }
}

/** @param {{x: number, y: number}} one @param {{x: number, y: number}} other */
const half = (one, other) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
