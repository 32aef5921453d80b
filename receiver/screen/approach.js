/**
 * How a player gets onto a frame, or onto the anchor in time: what is quickest, and how long it will take. Pure.
 * All times in seconds; `start` and `stop` of frames and positions of players in MSE time.
 * @module
 */

/** @typedef {import("./frames.js").Frame} Frame */

export const LIMITS = {
  /** Later than this a start is not worth it: come in further on. */
  late: 0.1,
  /** A player that stands although it should move, with less than this of what comes next, has run dry. */
  dry: 0.1,
  /** Frames this little ahead are reached by playing on; further ones by a seek. */
  step: 0.3,
  /** A player that runs this near to a place need not be exchanged for another one: it is there in a moment. */
  near: 0.5,
  /** A frame comes onto the display up to this much before the player's clock is in its interval (measured: 16 ms). */
  early: 0.05,
  /** Before the recording's own end it is enough to stop this much earlier: nothing comes after it. */
  hold: 0.008,
  /** After this a step is given up. */
  stepping: 0.6,
  /** After a seek the browser should tell within this which frame is on the display. */
  told: 0.3,
  /** If it does not, or tells of another one, the place is sought again; each time twice as long is waited, up to: */
  doublings: 4,
  /** Slowest and quickest playback when stepping; Chromium knows none slower. */
  slowest: 0.0625, quickest: 2,
  /** The time in which the next frame should come, and for which it should then stand before the one behind it does. */
  reach: 0.02, stand: 0.04,
  /** How late a player starts before that was measured (these are Chromium's here), and at most. */
  startSilent: 0.008, startSound: 0.065, startMost: 0.4,
  /** What a seek takes in any case, and for each frame from the keyframe on (Chromium without a GPU, 1080p). */
  seek: 0.05, frame: 0.006,
  /** Bounds of what seeks may take longer than that. */
  quick: 0.3, slow: 10,
  /** Rates further from 1 than this keep the pitch of voices; nearer, keeping it breaks the sound (Chromium 156). */
  pitch: 0.06,
};

/**
 * What the players of a page learn of the machine they run on.
 */
export class Learned {
  /** How late an element starts to play: without a sound track, and with one. */
  #start = { silent: LIMITS.startSilent, sound: LIMITS.startSound };
  /** How much longer than expected seeks take: a factor. */
  #slow = 1;

  /** @param {boolean} sound */
  start(sound) {
    return this.#start[sound ? "sound" : "silent"];
  }

  /**
   * @param {boolean} sound
   * @param {number} late  How late playback was although it began as early as believed necessary.
   */
  started(sound, late) {
    const better = Math.min(LIMITS.startMost, Math.max(0, this.start(sound) + 0.7 * late));
    this.#start[sound ? "sound" : "silent"] = better;
  }

  /** @param {number} frames  How many have to be decoded. */
  seek(frames) {
    return this.#slow * (LIMITS.seek + LIMITS.frame * frames);
  }

  /**
   * Quick to believe that seeks take longer, slow to believe the contrary.
   * @param {number} expected
   * @param {number} took
   */
  sought(expected, took) {
    const ratio = took / expected;
    this.#slow = Math.min(LIMITS.slow, Math.max(LIMITS.quick, this.#slow * (ratio > 1 ? ratio : 0.9 + 0.1 * ratio)));
  }
}

/**
 * Whether a frame is so little ahead that playing on is quicker than a seek, which decodes all from the keyframe on.
 * @param {Frame} from  On the display now.
 * @param {Frame} to
 * @param {number} here  The player's clock.
 */
export function near(from, to, here) {
  const ahead = to.start > from.start && to.start - from.stop < LIMITS.step;
  return ahead && here >= from.start - LIMITS.early && here < to.stop - 1e-3;
}

/**
 * How far a player that runs is from a place: as `cast` counts it.
 * @param {number} off  Seconds.
 * @param {boolean} rest  It has to stop there.
 */
export function apart(off, rest) {
  if (Math.abs(off) > LIMITS.near) return 4;
  return rest ? 1 : 0;
}

/**
 * Playback rate while stepping: as usual up to the frame before, then so slow that the frame stands long enough to
 * stop on it.
 * @param {Frame} from  On the display now.
 * @param {Frame} to
 * @param {number} here  The player's clock.
 */
export function pace(from, to, here) {
  if (from.stop !== to.start) return 1;
  const way = Math.max(0.002, to.start - here);
  const rate = Math.min(way / LIMITS.reach, (to.stop - to.start) / LIMITS.stand, LIMITS.quickest);
  return Math.max(LIMITS.slowest, rate);
}

/**
 * How long before the end of a range playing has to stop so that its last frame stays up and nothing behind it comes:
 * frames come onto the display up to one refresh early, so the last one is up from before its time to before its end.
 * @param {Frame|null} last  The last frame before the end.
 * @param {boolean} more  The recording goes on behind the end.
 * @param {number} [rate]  Of playback: how much of the recording a refresh is.
 */
export function hold(last, more, rate = 1) {
  if (!more || last === null) return LIMITS.hold;
  return rate / 60 + Math.min((last.stop - last.start) / 2, 1 / 60);
}
