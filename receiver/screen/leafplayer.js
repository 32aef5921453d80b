/**
 * The leaves of one photograph or document on a canvas of the display's own pixels, kept on the leaf that the room is on.
 * Edge: the browser's decoder of pictures, a canvas.
 *
 * To the picture it is a player like any other. A leaf and the part of it that is asked for change together, and only once
 * they can be painted: until then what was there stays, whole.
 * @module
 */

import { allowance } from "./film.js";
import { Tally } from "./face.js";
import { leafOf, Leaves, leavesOf } from "./leaves.js";
import { painting } from "./view.js";

/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("./face.js").Given} Given */
/** @typedef {import("./frames.js").Frame} Frame */

/** Upright, as the file says it is to be looked at. @type {ImageBitmapOptions} */
const UPRIGHT = { imageOrientation: "from-image" };

export class LeafPlayer {
  /** @type {Scene|null} */
  #scene = null;
  /** One is up, or about to be, and another is held ready: each has half. */
  #leaves = /** @type {Leaves<ImageBitmap>} */ (
    new Leaves(allowance(/** @type {{deviceMemory?: number}} */ (navigator).deviceMemory) / 2)
  );
  /** Leaves that are being decoded. @type {Set<number>} */
  #decoding = new Set();
  /** The sharper part: which rendition, and its picture once that is decoded. */
  #detail = { rendition: /** @type {string|null} */ (null), picture: /** @type {ImageBitmap|null} */ (null), begun: false };
  /** What is on the canvas: the leaf, and all that makes a difference to how it is painted. */
  #painted = { leaf: -1, marks: "" };
  /** Where on the canvas the picture is. */
  #place = { x: 0, y: 0, width: 0, height: 0 };
  #turned = 0;
  #closed = false;
  /** @type {Frame|null} */
  presented = null;
  phase = /** @type {"still"|"failed"} */ ("still");
  playing = false;
  audible = false;
  skips = false;
  lost = false;
  late = 0;
  /** There is nothing that another decoder could run ahead of. */
  frames = null;
  part = null;
  hole = null;

  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    this.rendition = given.rendition;
    this.sound = given.sound;
    this.element = document.createElement("canvas");
    this.pen = this.element.getContext("2d", { alpha: false });
  }

  /** The rendition of the sharper part that is asked for. */
  get detail() { return this.#scene?.detail ?? null; }

  /** The sharper part that is on the canvas. @type {string|null} */
  get sharp() { return this.#detail.picture && this.#detail.rendition; }

  /** Whether it needs `tick` in short order. */
  get busy() { return this.#asked !== null && !this.before && !this.presentable; }

  /** Whether what is on the canvas is the leaf that is asked for. */
  get presentable() { return this.#asked !== null && this.#painted.leaf === this.#asked && !this.before; }

  /** Whether there is no picture where this stands: black. */
  get before() { return this.#asked !== null && this.#leaves.broken(this.#asked); }

  get decoding() { return this.#asked !== null && this.#decoding.has(this.#asked); }

  /** A problem's type. */
  get problem() { return this.before ? "leaf-undecodable" : null; }

  tally() {
    return Object.assign(new Tally(), { decoded: this.#turned });
  }

  mute() {}

  /** How far it is from what a scene asks for: see `cast`. @param {Scene} scene */
  distance(scene) {
    const leaf = this.#leaf(scene);
    if (leaf === null) return 4;
    if (this.#painted.leaf === leaf) return 0;
    if (this.#leaves.get(leaf)) return 1;
    return this.#decoding.has(leaf) ? 3 : 4;
  }

  /** @param {Scene} scene @returns {Frame|null} On which it rests. */
  rest(scene) {
    const leaf = this.#leaf(scene);
    return leaf === null ? null : frame(leaf);
  }

  /** Whether the canvas shows what a scene asks for. @param {Scene} scene */
  stands(scene) {
    const leaf = this.#leaf(scene);
    return leaf !== null && leaf === this.#painted.leaf && !this.#leaves.broken(leaf);
  }

  /** @param {Scene} scene  What to do from now on; idempotent. */
  follow(scene) {
    this.#scene = scene;
    this.tick();
  }

  stay() {}

  /** Something of this rendition, or of its sharper part, came into the vault. */
  arrived() {
    this.tick();
  }

  /** Brings the canvas nearer to what is asked: short, idempotent. */
  tick() {
    const scene = this.#scene, manifest = this.given.vault.manifest(this.rendition), leaf = this.#asked;
    if (this.#closed || scene === null || manifest === undefined || leaf === null) return;
    this.#leaves.aim(leaf, manifest.duration ?? Math.max(...manifest.counts));
    this.#sharpen(scene);
    this.#paint(scene, leaf);
    this.#work();
  }

  /** What of the canvas is picture. @returns {import("./face.js").Seen|null} */
  seen() {
    return this.#painted.leaf < 0 ? null : { source: this.element, ...this.#place };
  }

  close() {
    this.#closed = true;
    this.#leaves.clear();
    this.#detail.picture?.close();
    this.element.remove();
    // Gives back its memory at once: a display of four million pixels has 33 MB of it.
    this.element.width = this.element.height = 0;
  }

  get #asked() {
    return this.#scene && this.#leaf(this.#scene);
  }

  /** @param {Scene} scene */
  #leaf(scene) {
    const manifest = this.given.vault.manifest(this.rendition);
    return manifest && leavesOf(manifest) ? leafOf(scene, manifest) : null;
  }

  // Decoding

  #work() {
    for (;;) {
      const next = this.#leaves.next((leaf) => !this.#decoding.has(leaf) && this.#file(this.rendition, leaf) !== undefined);
      // Of those around, one at a time: the one asked for shall find a processor free.
      if (next === null || (next !== this.#asked && this.#decoding.size > 0)) return;
      void this.#decode(next);
    }
  }

  /** @param {number} leaf */
  async #decode(leaf) {
    const file = this.#file(this.rendition, leaf);
    if (file === undefined) return;
    this.#decoding.add(leaf);
    try {
      const picture = await createImageBitmap(new Blob([file]), UPRIGHT);
      if (this.#closed) return void picture.close();
      this.#leaves.take(leaf, picture);
    } catch {
      this.#leaves.spoil(leaf);
    } finally {
      this.#decoding.delete(leaf);
    }
    this.tick();
    if (leaf === this.#asked) this.given.onchange();
  }

  /** Gets the sharper part, where one is asked for. @param {Scene} scene */
  #sharpen({ detail }) {
    if (this.#detail.rendition !== detail) {
      this.#detail.picture?.close();
      this.#detail = { rendition: detail, picture: null, begun: false };
    }
    const asked = this.#detail, file = detail === null || asked.begun ? undefined : this.#file(detail, 0);
    if (file === undefined) return;
    asked.begun = true;
    createImageBitmap(new Blob([file]), UPRIGHT).then(
      (picture) => {
        if (this.#closed || this.#detail !== asked) return picture.close();
        asked.picture = picture;
        this.tick();
        return this.given.onchange();
      },
      () => {}, // The leaf itself is there: less sharp, and as true.
    );
  }

  /** A whole picture file. @param {string} rendition @param {number} leaf */
  #file(rendition, leaf) {
    const { vault } = this.given, track = leavesOf(vault.manifest(rendition));
    return track && vault.fragment(rendition, track.index, leaf);
  }

  // Painting

  /** @param {Scene} scene @param {number} leaf */
  #paint({ view }, leaf) {
    const picture = this.#leaves.get(leaf), { element, pen } = this;
    if (!picture || !pen) return;
    const [width, height] = [element.clientWidth, element.clientHeight].map((side) => Math.max(1, Math.round(side * devicePixelRatio)));
    const marks = JSON.stringify([leaf, view, this.sharp, width, height]);
    if (marks === this.#painted.marks) return;
    if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
    const { from, to } = painting(view, picture, { width, height });
    pen.imageSmoothingQuality = "high";
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, width, height);
    // Paper: what a picture leaves open would be black on black.
    pen.fillStyle = "#fff";
    pen.fillRect(to.x, to.y, to.width, to.height);
    if (this.#detail.picture) pen.drawImage(this.#detail.picture, to.x, to.y, to.width, to.height);
    else pen.drawImage(picture, from.x, from.y, from.width, from.height, to.x, to.y, to.width, to.height);
    const turned = this.#painted.leaf !== leaf;
    this.#painted = { leaf, marks };
    this.#place = to;
    this.presented = frame(leaf);
    if (!turned) return;
    this.#turned++;
    const { presented } = this;
    // The display has it with the page's next frame.
    requestAnimationFrame(() => this.#closed || this.given.onframe(this, this.given.clock.now(), presented));
  }
}

/** @param {number} leaf @returns {Frame} */
const frame = (leaf) => ({ start: leaf, stop: leaf + 1, media: leaf, number: leaf });
