/**
 * Random numbers that are the same in every run, for properties. Pure.
 */

/** mulberry32. @param {number} seed @returns {() => number} 0 … 1 */
export const chance = (seed) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** @param {() => number} random @param {number} below */
export const whole = (random, below) => Math.floor(random() * below);
