/**
 * Stretches of recordings that no decoder here could make a picture of: left out from then on, and said. Pure.
 *
 * Times are seconds on MSE time. A stretch is a whole GOP, since nothing in it can be decoded without what comes before.
 * @module
 */

/**
 * @typedef {object} Hole
 * @property {number} track
 * @property {number} first  Index of its first fragment.
 * @property {number} start
 * @property {number} stop
 */

/** Holes of one recording; with more it is the recording that cannot be decoded. */
export const HOLES_MOST = 20;

export class Holes {
  /** By rendition, by start. @type {Map<string, Hole[]>} */
  #known = new Map();

  /**
   * @param {string} rendition
   * @param {Hole | null} hole
   * @returns {boolean}  Whether that explains what went wrong: it is a new one, and they are few.
   */
  add(rendition, hole) {
    const known = this.of(rendition);
    if (hole === null || known.length >= HOLES_MOST || this.has(rendition, hole.track, hole.first)) return false;
    this.#known.set(rendition, [...known, hole].sort((one, other) => one.start - other.start));
    return true;
  }

  /** @param {string} rendition @returns {ReadonlyArray<Hole>} */
  of(rendition) {
    return this.#known.get(rendition) ?? [];
  }

  /** @param {string} rendition @param {number} track @param {number} first */
  has(rendition, track, first) {
    return this.of(rendition).some((hole) => hole.track === track && hole.first === first);
  }

  /**
   * The hole in which a time lies, together with those that it touches.
   * @param {string} rendition
   * @param {number} at
   * @returns {{start: number, stop: number} | null}
   */
  around(rendition, at) {
    return this.spans(rendition).find(({ start, stop }) => start <= at && at < stop) ?? null;
  }

  /** Without overlap, by time. @param {string} rendition @returns {{start: number, stop: number}[]} */
  spans(rendition) {
    /** @type {{start: number, stop: number}[]} */
    const spans = [];
    for (const { start, stop } of this.of(rendition)) {
      const last = spans.at(-1);
      if (last !== undefined && start <= last.stop + SEAM) last.stop = Math.max(last.stop, stop);
      else spans.push({ start, stop });
    }
    return spans;
  }
}

/** Seconds between two holes that are one: rounding. */
const SEAM = 0.002;
