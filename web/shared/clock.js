/**
 * The room clock as a page knows it: its own monotonic clock, an offset and a drift, from round trips. Pure.
 *
 * A ping leaves at `sent` and its answer comes in at `got` (own clock); it was received at `received` and answered at
 * `replied` (room clock). No message arrives before it left, so each round trip gives two bounds that hold on any
 * network: offset ≤ received − sent, offset ≥ replied − got. Queues only ever widen them, and each way on its own: the
 * lowest upper bound and the highest lower bound of the last minutes may come from different pings. The truth lies
 * between the two; the middle is taken, as in NTP (RFC 5905 §8), which assumes that the quickest way there takes as
 * long as the quickest way back. Where it does not, the middle is wrong by half the difference, and nothing that is
 * measured between two machines can tell.
 *
 * Two clocks drift apart. Their drift is the median slope (Theil and Sen) between the low points of spans of time, of
 * both ways together: a queue that stands one way for minutes bends fewer than half of these slopes.
 *
 * What is read (`at`) never runs faster or slower than the estimate by more than `SLEW`, a fifth of what an ear can
 * tell. Only a step is followed at once: bounds that cannot both be true, or both bounds moved the same way, which no
 * queue does. It means another presenter, a machine that slept, or a clock that was set.
 */

/** How far two machines' clocks may run apart, seconds per second: quartz is specified at 20 … 50 millionths each. */
const DRIFT = 100e-6;
/** How well the drift can be known at best: it changes with the temperature by about so much in some minutes. */
const WANDER = 2e-6;
/** Seconds of one span, and how many are remembered: four minutes hold a quick way in each direction on any network. */
const SPAN = 8;
const SPANS = 32;
/** Seconds between two low points at least, so that their slope means something. */
const APART = 12;
/** Slopes before their median is believed. */
const SLOPES = 12;
/** An old bound gives way to a new one as if the drift might be wrong by so many times what is thought. */
const RATHER_NEW = 2;
/** Round trips that are looked at together for a step, before they count among the low points; at one ping a second. */
const YOUNG = 5;
/** Seconds. Both bounds moved by more the same way is a step. */
const STEP = 0.002;
/** Seconds per second: a correction of at most this is 0.9 cents of pitch; people tell 5 cents apart at best. */
const SLEW = 500e-6;
/** Seconds. More is not crept up to for minutes; the follower of the picture has bounds of its own. */
const SLEWED = 0.03;
/** Seconds after the first round trip in which nothing stands on this clock yet and corrections are made at once. */
const SETTLING = 1;
/** Round trips of which the quickest is told. */
const RECENT = 16;
/** Both clocks are read at the granularity of 0.1 ms (without isolation), twice each. */
const GRAIN = 0.0005;

/**
 * @typedef {object} RoundTrip  all in seconds
 * @property {number} sent      own clock
 * @property {number} received  room clock
 * @property {number} replied   room clock
 * @property {number} got       own clock
 */

/** @typedef {{at: number, offset: number}} Bound  of the offset, at a reading of the own clock */
/** @typedef {{upper: Bound, lower: Bound}} Pair */

export class RoomClock {
  /** The low points of each span, the latest last. @type {Array<Pair & {span: number}>} */
  #low = [];
  /** Round trips not yet among them, the latest last. @type {Pair[]} */
  #young = [];
  /** @type {number[]} */
  #rtts = [];
  /** Own clock at the first round trip since the last step. */
  #since = NaN;
  /** Own clock at the last one. */
  #last = NaN;
  /** The estimate at #last. */
  #offset = 0;
  /** How wrong it may have been then: half the distance of the bounds. */
  #doubt = Infinity;
  /** What is read minus the estimate, at #last. */
  #rest = 0;
  /** Room clock against own clock, seconds per second, and how wrong that may be. */
  drift = 0;
  skew = DRIFT;
  /** Steps seen. */
  steps = 0;

  /** At least one round trip was measured. */
  get known() {
    return this.#rtts.length > 0;
  }

  /** Seconds to add to the own clock to get the room clock, as of the last round trip; null while unknown. */
  get offset() {
    return this.known ? this.#offset + this.#rest : null;
  }

  /** Seconds; the quickest of the last round trips. */
  get rtt() {
    return this.known ? Math.min(...this.#rtts) : null;
  }

  /** Room clock at a reading of the own clock, seconds. The own clock itself while nothing is known. @param {number} own */
  at(own) {
    return this.known ? own + this.#estimate(own) + this.#left(own) : own;
  }

  /** How wrong it may be at a reading of the own clock, seconds. @param {number} own */
  uncertainty(own) {
    if (!this.known) return Infinity;
    return this.#doubt + this.skew * Math.max(0, own - this.#last) + GRAIN + Math.abs(this.#left(own));
  }

  /**
   * @param {RoundTrip} trip
   * @returns {boolean} the trip is possible (answers do not come before questions)
   */
  add({ sent, received, replied, got }) {
    const rtt = got - sent - (replied - received);
    if (!(rtt >= -GRAIN && got >= sent && replied >= received)) return false;
    const pair = { upper: { at: sent, offset: received - sent }, lower: { at: got, offset: replied - got } };
    const before = this.known ? this.at(got) - got : NaN;
    const step = !this.known || this.#impossible(pair, got);
    if (step) this.#forget(got);
    this.#young.push(pair);
    this.#rtts.push(Math.max(0, rtt));
    if (this.#rtts.length > RECENT) this.#rtts.shift();
    const moved = !step && this.#moved(got);
    if (moved) this.#start(got);
    if (this.#young.length > YOUNG) this.#settle(/** @type {Pair} */ (this.#young.shift()), got);
    this.#judge(got);
    const rest = before - this.#offset;
    const atOnce = step || moved || got - this.#since < SETTLING || Math.abs(rest) > SLEWED;
    this.#rest = atOnce ? 0 : rest;
    return true;
  }

  /** @param {number} own */
  #estimate(own) {
    return this.#offset + this.drift * (own - this.#last);
  }

  /** What is left to correct. @param {number} own */
  #left(own) {
    return Math.sign(this.#rest) * Math.max(0, Math.abs(this.#rest) - SLEW * Math.max(0, own - this.#last));
  }

  /** Whether no offset fits both the bounds known and these. @param {Pair} pair @param {number} now */
  #impossible(pair, now) {
    const { upper, lower } = this.#bounds([...this.#low, ...this.#young], now);
    const highest = upper.offset + this.skew * (now - upper.at) + GRAIN;
    const lowest = lower.offset - this.skew * (now - lower.at) - GRAIN;
    return this.#carried(pair.upper, now) < lowest || this.#carried(pair.lower, now) > highest;
  }

  /** Whether both bounds of the last round trips lie on one side of those before. @param {number} now */
  #moved(now) {
    if (this.#low.length < 2 || this.#young.length < YOUNG) return false;
    const then = this.#bounds(this.#low, now);
    const here = this.#bounds(this.#young, now);
    const [up, low] = [here.upper.offset - then.upper.offset, here.lower.offset - then.lower.offset];
    // How much wider the low points of a span are than the lowest of all, in the middle: that is what jitter does.
    const usual =
      middle(this.#low.map((one) => this.#carried(one.upper, now) - then.upper.offset)) +
      middle(this.#low.map((one) => then.lower.offset - this.#carried(one.lower, now)));
    const enough = STEP + usual + this.skew * (now - Math.min(then.upper.at, then.lower.at));
    return Math.min(up, low) > enough || Math.max(up, low) < -enough;
  }

  /** Another clock: what was measured before is worth nothing. @param {number} now */
  #forget(now) {
    if (this.known) this.#start(now);
    else this.#since = now;
    this.#young = [];
    this.#rtts = [];
  }

  /** Keeps the last round trips alone. @param {number} now */
  #start(now) {
    this.steps += 1;
    this.#since = now;
    this.#low = [];
    this.drift = 0;
    this.skew = DRIFT;
  }

  /** Counts a round trip among the low points. @param {Pair} pair @param {number} now */
  #settle({ upper, lower }, now) {
    const span = Math.floor(lower.at / SPAN);
    const last = this.#low.at(-1);
    if (last?.span === span) {
      if (this.#carried(upper, now) < this.#carried(last.upper, now)) last.upper = upper;
      if (this.#carried(lower, now) > this.#carried(last.lower, now)) last.lower = lower;
      return;
    }
    this.#low.push({ span, upper, lower });
    this.#low = this.#low.filter((one) => one.span > span - SPANS);
  }

  /** The estimate from all that is remembered. @param {number} now */
  #judge(now) {
    const known = [...this.#low, ...this.#young];
    const [drift, skew] = [this.drift, this.skew];
    this.#slope();
    let { upper, lower } = this.#bounds(known, now);
    if (upper.offset < lower.offset) {
      // Bounds that cross belie the new slope, not each other.
      [this.drift, this.skew] = [drift, skew];
      ({ upper, lower } = this.#bounds(known, now));
    }
    this.#offset = (upper.offset + lower.offset) / 2;
    const aged = this.skew * (now - upper.at + now - lower.at);
    this.#doubt = (Math.max(0, upper.offset - lower.offset) + aged) / 2;
    this.#last = now;
  }

  /** The drift, once there is enough to tell it from. */
  #slope() {
    const slopes = [];
    for (const way of /** @type {const} */ (["upper", "lower"])) {
      for (let to = this.#low.length - 1; to > 0; to -= 1) {
        for (let from = 0; from < to; from += 1) {
          const [one, other] = [this.#low[from][way], this.#low[to][way]];
          if (other.at - one.at >= APART) slopes.push((other.offset - one.offset) / (other.at - one.at));
        }
      }
    }
    if (slopes.length < SLOPES) return;
    const drift = Math.min(DRIFT, Math.max(-DRIFT, middle(slopes)));
    // The spread of the median of n slopes that hang together (n is pairs, their points are about its root).
    const spread = middle(slopes.map((one) => Math.abs(one - drift))) / Math.sqrt(Math.sqrt(slopes.length));
    const skew = Math.min(DRIFT, WANDER + 3 * spread);
    this.drift = drift;
    this.skew = skew;
  }

  /**
   * The closest bounds of the offset now; an old one counts as wider by what the drift may have done since.
   * @param {ReadonlyArray<Pair>} pairs  not empty @param {number} now
   */
  #bounds(pairs, now) {
    let [highest, lowest] = [Infinity, -Infinity];
    let [upper, lower] = [pairs[0].upper, pairs[0].lower];
    for (const pair of pairs) {
      const above = this.#carried(pair.upper, now) + RATHER_NEW * this.skew * (now - pair.upper.at);
      const below = this.#carried(pair.lower, now) - RATHER_NEW * this.skew * (now - pair.lower.at);
      if (above < highest) [highest, upper] = [above, pair.upper];
      if (below > lowest) [lowest, lower] = [below, pair.lower];
    }
    return {
      upper: { at: upper.at, offset: this.#carried(upper, now) },
      lower: { at: lower.at, offset: this.#carried(lower, now) },
    };
  }

  /** A bound as the drift has moved it. @param {Bound} bound @param {number} now */
  #carried({ at, offset }, now) {
    return offset + this.drift * (now - at);
  }
}

/** @param {number[]} values  not empty; put in order */
const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/**
 * Seconds until the next ping: a few in a row on a new path, so that the first stage is on time; then one a second.
 * @param {number} sent  pings sent on this path
 */
export const untilPing = (sent) => (sent < 8 ? 0.06 : 1);
