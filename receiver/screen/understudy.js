/**
 * Where a second player should stand while the picture rests, so that what is asked next is there before it is asked:
 * a seek decodes all from the keyframe on, and playing on by a frame is a race against the frame behind it. Pure.
 *
 * Who steps goes on in the same direction; anybody else is taken to step forward next.
 * @module
 */

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./frames.js").Frames} Frames */

/** Seconds at rest before the understudy takes a place that a seek away was asked for: more seeks are likely to come. */
const CALM = 0.3;
/** The same after a step: what was asked for comes onto the display first. */
const MOMENT = 0.06;

export class Understudy {
  /** @type {-1|1} */
  #towards = 1;
  #from = 0;

  /**
   * Something else is asked for than before.
   * @param {Frame|null} before  On the display until now.
   * @param {Frame|null} asked
   * @param {number} now  Seconds.
   */
  asked(before, asked, now) {
    const forward = before !== null && asked !== null && before.stop === asked.start;
    const back = before !== null && asked !== null && asked.stop === before.start;
    this.#towards = back ? -1 : 1;
    this.#from = now + (forward || back ? MOMENT : CALM);
  }

  /** Seconds until it should move. @param {number} now */
  wait(now) {
    return Math.max(0, this.#from - now);
  }

  /**
   * The frame it should stand on.
   * @param {Frames} frames
   * @param {Frame} shown
   * @returns {Frame|null}  null where there is none: at the ends.
   */
  place(frames, shown) {
    return this.#towards > 0 ? frames.after(shown) : frames.before(shown);
  }
}
