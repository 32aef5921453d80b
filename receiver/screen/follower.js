/**
 * Keeps a playing clock on the room's anchor: gently and rarely. Pure.
 *
 * Readings of the error (anchor minus the player's own clock, seconds of media time; positive is late) come in one by
 * one. `told` is what the rate should have changed since: the integral of (rate - 1). A reading plus what was told up to
 * then is the error that there would be without any correction, and that stays the same while the player obeys; so the
 * median over a window is taken of these sums, and readings from before a change of rate remain good.
 * @module
 */

/** One table, since they only make sense together. */
export const LIMITS = {
  /** Seconds. Begin to correct beyond this: two screens within it are still within 5 ms of each other. */
  out: 0.0022,
  /** Seconds. Stop correcting within this. */
  in: 0.0007,
  /** Largest change of rate: not heard, not seen. */
  rate: 0.005,
  /** Smallest: Chromium does nothing at rates nearer to 1 than a thousandth. */
  least: 0.0015,
  /** Seconds in which an error is to be worked off, where the largest rate allows. */
  within: 0.8,
  /** Seconds. Beyond this one jump is better than half a minute of creeping. */
  jump: 0.1,
  /** Seconds between two jumps at least. A jump costs a machine that is short of time even more of it, so each one that
   * comes soon after another (within `calm` of when it might have) doubles this, up to `most`. */
  pause: 1, calm: 10, most: 8,
  /** Seconds after which a clock that did not move as told is not believed any more. */
  obey: 2,
  /** Readings: a median of fewer says nothing. */
  readings: 7,
  /** Seconds that a reading counts. */
  window: 0.6,
  /** Seconds between two decisions. */
  every: 0.2,
};

/**
 * @typedef {object} Verdict
 * @property {number} rate  Factor for the playback rate.
 * @property {boolean} jump  Go there at once.
 * @property {number|null} error  Seconds late, as far as is known.
 */

export class Follower {
  /** @type {Array<{at: number, sum: number}>} */
  #readings = [];
  #told = 0;
  #rate = 1;
  #toldAt = 0;
  #decided = -Infinity;
  #jumped = -Infinity;
  #pause = LIMITS.pause;
  /** @type {{at: number, told: number, sum: number}|null} Where the present correction began. */
  #begun = null;
  /** @type {number|null} Seconds late. */
  error = null;

  /**
   * Forgets the readings: after a start, a seek or a pause.
   * @param {number} now
   */
  reset(now) {
    this.#readings = [];
    this.#told = 0;
    this.#rate = 1;
    this.#toldAt = now;
    this.#decided = now;
    this.#begun = null;
    this.error = null;
  }

  /**
   * @param {number} now  Seconds, of any steady clock.
   * @param {number} error  Seconds late.
   * @returns {Verdict}
   */
  read(now, error) {
    this.#told += (now - this.#toldAt) * (this.#rate - 1);
    this.#toldAt = now;
    this.#readings.push({ at: now, sum: error + this.#told });
    while (this.#readings.length > 0 && now - /** @type {{at: number}} */ (this.#readings[0]).at > LIMITS.window) {
      this.#readings.shift();
    }
    if (this.#readings.length < LIMITS.readings || now - this.#decided < LIMITS.every) {
      return { rate: this.#rate, jump: false, error: this.error };
    }
    this.#decided = now;
    const sum = median(this.#readings.map((reading) => reading.sum));
    this.error = sum - this.#told;
    const jump = this.#decide(now, sum, this.error);
    return { rate: this.#rate, jump, error: this.error };
  }

  /**
   * @param {number} now
   * @param {number} sum
   * @param {number} error
   */
  #decide(now, sum, error) {
    const size = Math.abs(error);
    if (size > LIMITS.jump) return this.#jump(now);
    if (this.#begun === null) {
      if (size > LIMITS.out) {
        this.#begun = { at: now, told: this.#told, sum };
        this.#correct(error);
      }
      return false;
    }
    if (size <= LIMITS.in) {
      this.#begun = null;
      this.#rate = 1;
      return false;
    }
    if (now - this.#begun.at >= LIMITS.obey) {
      const told = this.#told - this.#begun.told;
      const refused = sum - this.#begun.sum;
      this.#begun = { at: now, told: this.#told, sum };
      // Less than a third of what was told was done, and it was enough to be measured.
      if (Math.abs(told) > 2 * LIMITS.out && refused / told > 0.67) return this.#jump(now);
    }
    this.#correct(error);
    return false;
  }

  /** @param {number} error */
  #correct(error) {
    const wanted = Math.min(LIMITS.rate, Math.max(LIMITS.least, Math.abs(error) / LIMITS.within));
    this.#rate = 1 + Math.sign(error) * wanted;
  }

  /** @param {number} now */
  #jump(now) {
    const since = now - this.#jumped;
    if (since < this.#pause) return false;
    this.#pause = since < this.#pause + LIMITS.calm ? Math.min(LIMITS.most, 2 * this.#pause) : LIMITS.pause;
    this.#jumped = now;
    this.#begun = null;
    this.#rate = 1;
    return true;
  }
}

/**
 * @param {number[]} values  Not empty.
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[half]);
  return sorted.length % 2 ? upper : (upper + /** @type {number} */ (sorted[half - 1])) / 2;
}
