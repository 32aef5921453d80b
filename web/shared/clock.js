/**
 * The room clock as a page knows it: its own monotonic clock and an offset, from round trips. Pure.
 *
 * As in NTP (RFC 5905 §8): a ping leaves at `sent` and its answer comes in at `got` (own clock); it was received at
 * `received` and answered at `replied` (room clock). Then offset = (received − sent + replied − got) / 2, wrong by at
 * most half the round trip. The quickest of the recent round trips is believed, and less so as it grows older.
 */

/** How far two machines' clocks may run apart, seconds per second; quartz is specified at 20 … 50 millionths. */
const DRIFT = 50e-6;
/** Round trips remembered: at one ping a second, a quarter of a minute, in which one of them was quick. */
const WINDOW = 16;
/** Both clocks are read at the granularity of 0.1 ms (without isolation), twice each. */
const GRAIN = 0.0005;

/**
 * @typedef {object} RoundTrip  all in seconds
 * @property {number} sent      own clock
 * @property {number} received  room clock
 * @property {number} replied   room clock
 * @property {number} got       own clock
 */

/** @typedef {{offset: number, rtt: number, at: number}} Sample */

export class RoomClock {
  constructor() {
    /** @type {Sample[]} the latest last */
    this.samples = [];
    /** @type {Sample | null} */
    this.best = null;
  }

  /** At least one round trip was measured. */
  get known() {
    return this.best !== null;
  }

  /** Seconds to add to the own clock to get the room clock; null while unknown. */
  get offset() {
    return this.best === null ? null : this.best.offset;
  }

  /** Seconds; of the round trip that is believed. */
  get rtt() {
    return this.best === null ? null : this.best.rtt;
  }

  /** Room clock at a reading of the own clock, seconds. The own clock itself while nothing is known. @param {number} own */
  at(own) {
    return own + (this.best?.offset ?? 0);
  }

  /** How wrong it may be at a reading of the own clock, seconds. @param {number} own */
  uncertainty(own) {
    return this.best === null ? Infinity : doubt(this.best, own);
  }

  /**
   * @param {RoundTrip} trip
   * @returns {boolean} the trip is possible (answers do not come before questions)
   */
  add({ sent, received, replied, got }) {
    const rtt = got - sent - (replied - received);
    if (!(rtt >= -GRAIN && got >= sent && replied >= received)) return false;
    const sample = { offset: (received - sent + replied - got) / 2, rtt: Math.max(0, rtt), at: got };
    // Another presenter, or one of the machines slept: what was measured before is of another clock.
    if (this.best !== null && Math.abs(sample.offset - this.best.offset) > doubt(sample, got) + doubt(this.best, got)) {
      this.samples = [];
    }
    this.samples.push(sample);
    if (this.samples.length > WINDOW) this.samples.shift();
    this.best = this.samples.reduce((best, one) => (doubt(one, got) <= doubt(best, got) ? one : best));
    return true;
  }
}

/** @param {Sample} sample @param {number} own */
const doubt = (sample, own) => sample.rtt / 2 + DRIFT * Math.max(0, own - sample.at) + GRAIN;

/**
 * Seconds until the next ping: a few in a row on a new path, so that the first stage is on time; then one a second.
 * @param {number} sent  pings sent on this path
 */
export const untilPing = (sent) => (sent < 8 ? 0.06 : 1);
