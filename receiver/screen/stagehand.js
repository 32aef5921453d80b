/**
 * Which stage is carried out, and when. Pure.
 *
 * Within one path a lower revision than the last is late and ignored, also where another path was in use meanwhile; the
 * first one of a new path counts whatever its number, since another presenter counts its own. Until the room clock was measured on a path its anchors mean nothing,
 * so a stage waits for that; black does not wait, and counts as well where it comes over a path that is not in use any
 * more while the new one is still silent.
 */

import { turns } from "./turns.js";

/** @typedef {import("../../web/shared/wire.js").Stage} Stage */

/** Nothing, and nothing ready. @type {Stage} */
export const BLACK = {
  type: "stage", revision: 0, shown: null, cue: null, blank: true, volume: 1, sound: false, watch: false,
  card: null,
};

export class Stagehand {
  /** The stage that is carried out. @type {Stage | null} */
  applied = null;
  /** @type {Stage | null} */
  #waiting = null;
  /** Of the path in use. @type {object} */
  #path = {};
  /** The last revision, by path. @type {WeakMap<object, number>} */
  #lasts = new WeakMap();
  #timed = false;

  /** Another path is in use. @param {object} [path] */
  begin(path = {}) {
    this.#waiting = null;
    this.#path = path;
    this.#timed = false;
  }

  /** @param {Stage} stage @returns {Stage | null} what to carry out now */
  take(stage) {
    if (stage.revision < (this.#last ?? -Infinity)) return null;
    this.#lasts.set(this.#path, stage.revision);
    if (this.#timed) return (this.applied = stage);
    this.#waiting = stage;
    if (!stage.blank) return null;
    // A test card of an earlier path is nobody's any more.
    return (this.applied = { ...(this.applied ?? BLACK), blank: true, card: null });
  }

  /**
   * Black was said over a path before the one in use.
   * @returns {Stage | null} what to carry out now
   */
  blacken() {
    const { applied } = this;
    if (this.#last !== null || applied === null || (applied.blank && applied.card === null)) return null;
    return (this.applied = { ...applied, blank: true, card: null });
  }

  /** The room clock is known on this path. @returns {Stage | null} what to carry out now */
  timed() {
    this.#timed = true;
    const stage = this.#waiting;
    this.#waiting = null;
    if (stage !== null) this.applied = stage;
    return stage;
  }

  get #last() {
    return this.#lasts.get(this.#path) ?? null;
  }

  /** The room clock was measured on this path. */
  get isTimed() {
    return this.#timed;
  }

  /** Nothing is to be done here any more. */
  end() {
    this.begin();
    return (this.applied = BLACK);
  }

  /** A picture is up, blanked or not. */
  get on() {
    return this.applied !== null && this.applied.shown !== null;
  }
}

/**
 * Media time that a scene asks for, seconds.
 * @param {import("../../web/shared/wire.js").Scene} scene @param {number} clock  room clock
 */
export const wanted = (scene, clock) => {
  const { anchor, end } = turns(scene, clock).on.scene;
  return Math.max(0, Math.min(anchor.media + (clock - anchor.clock) * anchor.rate, end ?? Infinity));
};
