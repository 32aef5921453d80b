/**
 * How long to wait before the next try. Pure.
 */

/**
 * Doubles from `first` to `most` seconds, then anything between half of that and all of it: many screens that lost the
 * same presenter must not come back in step.
 * @param {number} tries  failed tries so far, from 0
 * @param {number} chance  0 … 1, at random
 * @param {{first?: number, most?: number}} [bounds]  seconds
 */
export const wait = (tries, chance, { first = 0.25, most = 5 } = {}) =>
  Math.min(most, first * 2 ** Math.min(tries, 30)) * (0.5 + chance / 2);
