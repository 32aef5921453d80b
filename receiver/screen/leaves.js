/**
 * The leaves of a document or photograph: which one a scene asks for, and which are kept decoded around it. Pure.
 *
 * Media time is the leaf's number: leaf n is up for n ≤ t < n + 1. The one asked for is always kept; the next on the side
 * to which somebody turns, and then the one on the other side, as far as the bytes allowed for it go.
 * @module
 */

import { LEAVES } from "../../web/shared/wire.js";
import { ending } from "./scene.js";

/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("../../web/shared/wire.js").Track} Track */
/** @typedef {import("./face.js").Manifest} Manifest */

/** Bytes of a decoded pixel. */
const PIXEL = 4;
/** Leaves; a time is a float on the way. */
const ROUNDING = 1e-6;

/**
 * The track of leaves; undefined where a rendition has none, or nothing is known of it.
 * @param {Manifest|undefined} manifest
 * @returns {Track|undefined}
 */
export const leavesOf = (manifest) => manifest?.tracks.find(({ mime }) => mime === LEAVES);

/**
 * @param {Scene} scene
 * @param {Manifest} manifest
 * @returns {number} The leaf that is asked for.
 */
export function leafOf(scene, manifest) {
  const last = Math.ceil(ending(scene, manifest.duration) - ROUNDING) - 1;
  return Math.max(0, Math.min(Math.floor(scene.anchor.media + ROUNDING), last));
}

/** @template {{width: number, height: number, close(): void}} T  A decoded leaf. */
export class Leaves {
  /** @type {Map<number, T>} */
  #held = new Map();
  /** Cannot be decoded. @type {Set<number>} */
  #broken = new Set();
  /** There was no room for them beside the one asked for. @type {Set<number>} */
  #large = new Set();
  /** The one asked for, and those around it that are wanted with it. @type {number[]} */
  #wanted = [];

  /** @param {number} budget  Bytes of decoded leaves beside the one asked for. */
  constructor(budget) {
    this.budget = budget;
  }

  /**
   * @param {number} leaf  What is asked for from now on.
   * @param {number} count  Leaves that there are.
   */
  aim(leaf, count) {
    const before = this.#wanted[0];
    const step = before !== undefined && leaf < before ? -1 : 1;
    if (before !== leaf) this.#large.clear();
    const around = before === leaf ? this.#wanted.slice(1) : [leaf + step, leaf - step];
    this.#wanted = [leaf, ...around.filter((one) => one >= 0 && one < count)];
    if (before === leaf) return;
    for (const one of this.#broken) if (!this.#wanted.includes(one)) this.#broken.delete(one);
    for (const one of [...this.#held.keys()]) if (!this.#wanted.includes(one)) this.#drop(one);
    this.#shed();
  }

  /**
   * @param {(leaf: number) => boolean} open  Whether it can be decoded now.
   * @returns {number|null}  What to decode next: nothing else before the one asked for.
   */
  next(open) {
    for (const [place, leaf] of this.#wanted.entries()) {
      if (this.#held.has(leaf) || this.#broken.has(leaf) || this.#large.has(leaf)) continue;
      if (open(leaf)) return leaf;
      if (place === 0) return null;
    }
    return null;
  }

  /** It is decoded: kept, or closed. @param {number} leaf @param {T} picture */
  take(leaf, picture) {
    if (!this.#wanted.includes(leaf) || this.#held.has(leaf)) return picture.close();
    this.#held.set(leaf, picture);
    return this.#shed();
  }

  /** @param {number} leaf  It cannot be decoded. */
  spoil(leaf) {
    if (this.#wanted.includes(leaf)) this.#broken.add(leaf);
  }

  /** @param {number} leaf */
  get(leaf) {
    return this.#held.get(leaf);
  }

  /** @param {number} leaf */
  broken(leaf) {
    return this.#broken.has(leaf);
  }

  clear() {
    for (const leaf of [...this.#held.keys()]) this.#drop(leaf);
    this.#wanted = [];
  }

  /** Gives up what there is no room for beside what is wanted more. */
  #shed() {
    let bytes = 0;
    for (const leaf of this.#wanted.slice(1)) {
      const own = weight(this.#held.get(leaf));
      if (bytes + own <= this.budget) bytes += own;
      else {
        this.#drop(leaf);
        this.#large.add(leaf);
      }
    }
  }

  /** @param {number} leaf */
  #drop(leaf) {
    this.#held.get(leaf)?.close();
    this.#held.delete(leaf);
  }
}

/** Bytes. @param {{width: number, height: number}|undefined} picture */
const weight = (picture) => (picture ? picture.width * picture.height * PIXEL : 0);
