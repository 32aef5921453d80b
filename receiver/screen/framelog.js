/**
 * The last frames that came onto the display: the proof of display. Pure.
 * @module
 */

/** Frames remembered: two minutes at 60 in a second. */
const REMEMBERED = 7200;
/** Seconds in which the same frame is told of twice. */
const TWICE = 0.05;

export class FrameLog {
  /** Another frame is on the display. @type {() => void} */
  onadd = () => {};
  /** @type {Array<{clock: number, media_time: number}>} */
  #frames = [];

  /** @param {number} clock  Room clock, seconds. @param {number} media  Media time, seconds. */
  add(clock, media) {
    const last = this.#frames.at(-1);
    if (last?.media_time === media && clock - last.clock < TWICE) return;
    this.#frames.push({ clock, media_time: media });
    this.onadd();
    if (this.#frames.length > 2 * REMEMBERED) this.#frames = this.#frames.slice(-REMEMBERED);
  }

  /** @param {number} n */
  last(n) {
    return n > 0 ? this.#frames.slice(-n) : [];
  }
}
