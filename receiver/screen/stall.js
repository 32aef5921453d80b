/**
 * Notices that a picture which should move stands still, and for how long in all. Pure.
 * @module
 */

/** Seconds. Two thresholds: a clock that hangs this long has stalled; it must run this long to be called moving again. */
export const LIMITS = { stalled: 0.15, moving: 0.05 };

export class Stall {
  /** Cumulative. */
  count = 0;
  /** Cumulative, of the stalls that are over. */
  #seconds = 0;
  stalled = false;
  /** @type {number|null} Position when it last moved. */
  #position = null;
  /** Since when the position is the same. */
  #since = 0;
  /** Position at which the stall began. */
  #stuck = 0;

  /**
   * @param {number} now  Seconds.
   * @param {number|null} position  Of the player, seconds; null where it need not move.
   * @returns {boolean} Whether it stands still though it should not.
   */
  poll(now, position) {
    if (position === null) {
      this.#end(now);
      this.#position = null;
      return false;
    }
    if (this.#position === null || Math.abs(position - this.#position) > 1e-4) {
      if (this.#position === null) this.#stuck = position;
      this.#position = position;
      if (!this.stalled) this.#since = now;
      if (this.stalled && Math.abs(position - this.#stuck) >= LIMITS.moving) {
        this.#end(now);
        this.#since = now;
      }
    } else if (!this.stalled && now - this.#since >= LIMITS.stalled) {
      this.stalled = true;
      this.#stuck = position;
      this.count++;
    }
    return this.stalled;
  }

  /**
   * Cumulative, the present stall included.
   * @param {number} now
   */
  seconds(now) {
    return this.#seconds + (this.stalled ? Math.max(0, now - this.#since) : 0);
  }

  /** @param {number} now */
  #end(now) {
    if (!this.stalled) return;
    this.#seconds += Math.max(0, now - this.#since);
    this.stalled = false;
  }
}
