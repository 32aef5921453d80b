/**
 * What a screen holds of an exhibit, from its own report. Pure.
 */

/** @typedef {import("../shared/wire.js").ScreenReport} ScreenReport */

/** Gaps between ranges smaller than this are rounding, seconds. */
const GAP = 0.05;

/**
 * Seconds of media that a screen holds beyond a moment, without a gap.
 * @param {ReadonlyArray<ReadonlyArray<number>>} held ranges in order
 * @param {number} at
 * @returns {number}
 */
export const ahead = (held, at) => {
  let end = at;
  for (const [from, to] of held) {
    if (from > end + GAP) break;
    if (to > end) end = to;
  }
  return end - at;
};

/**
 * Held from this moment to the end.
 * @param {ReadonlyArray<ReadonlyArray<number>>} held
 * @param {number} at
 * @param {number | null} duration
 * @returns {boolean}
 */
export const toTheEnd = (held, at, duration) => duration !== null && at + ahead(held, at) >= duration - GAP;
