/**
 * Recordings whose players failed: what is wrong, and when another try is worth it. Pure; `now` is seconds of a clock that
 * only goes forward.
 * @module
 */

/** So many tries in so many seconds, and not at once: what cannot be decoded must not keep the page busy. */
const REPLACE = { times: 3, within: 60, pause: 1 };

export class Failures {
  /** @type {Map<string, {problem: string|null, times: number[]}>} */
  #known = new Map();

  /** @param {string} rendition @param {string|null} problem @param {number} now */
  add(rendition, problem, now) {
    const before = this.#known.get(rendition)?.times.slice(1 - REPLACE.times) ?? [];
    this.#known.set(rendition, { problem, times: [...before, now] });
  }

  /** Whether another player may be tried. @param {string} rendition @param {number} now */
  again(rendition, now) {
    const times = this.#known.get(rendition)?.times.filter((at) => now - at < REPLACE.within) ?? [];
    return times.length < REPLACE.times && now - (times.at(-1) ?? -Infinity) >= REPLACE.pause;
  }

  /** A problem's type. @param {string} rendition @returns {string|null} */
  problem(rendition) {
    return this.#known.get(rendition)?.problem ?? null;
  }
}
