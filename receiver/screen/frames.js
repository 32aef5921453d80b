/**
 * Which frame is on at a time, from the rows of a manifest known so far. Pure.
 *
 * Frame n is on for `pts[n] ≤ t < pts[n+1]`. Times named `media` are seconds of media time; `start` and `stop` are
 * seconds of MSE time (media time plus the manifest's origin), since that is what the video element speaks.
 * @module
 */

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Track} Track */

/**
 * @typedef {object} Frame
 * @property {number} start  Seconds, MSE time.
 * @property {number} stop  Seconds, MSE time: when the next frame comes, or the end of the recording.
 * @property {number} media  Seconds, media time of its start.
 * @property {number|null} number  Counted from 0; null while rows before it are missing.
 */

/** Seconds. Chromium keeps times in whole microseconds and cuts off the rest; no two frames are as close as this. */
const ROUNDING = 2e-6;
/** Seconds. A frame's own time, gone through a few sums of floating point, is still in its interval. */
const EXACT = 1e-7;
/** Seconds into a frame where a seek aims, at most: far from both its edges, and near enough to its start to play from. */
const AIM = 0.025;

/**
 * Where a seek has to land so that exactly this frame is shown: the middle of its interval.
 * @param {Frame} frame
 * @returns {number} Seconds, MSE time.
 */
export function middle(frame) {
  return frame.start + Math.min((frame.stop - frame.start) / 2, AIM);
}

/**
 * Rows at their index, from rows in order that may have gaps between them.
 * @param {ReadonlyArray<Row>} rows
 * @returns {Array<Row|undefined>}
 */
export function placed(rows) {
  /** @type {Array<Row|undefined>} */
  const places = [];
  for (const row of rows) places[row.index] = row;
  return places;
}

/** Frames at most from one to another that count as a step: in a hurry some are passed over. */
const STEP = 3;

export class Frames {
  /** @type {number[]} Ticks, ascending. */
  #pts = [];
  /** @type {number[]} Ticks: where each frame ends. */
  #stops = [];
  /** Frames from the first row on without a gap. */
  #counted = 0;
  #known = 0;
  #last = false;

  /**
   * @param {Pick<Track, "timescale"|"first"|"cover">} track  A video track.
   * @param {[number, number]} origin  Seconds as numerator and denominator.
   */
  constructor(track, origin) {
    this.timescale = track.timescale;
    this.origin = origin[0] / origin[1];
    /** Seconds, MSE time: nothing is to be seen before. */
    this.first = Math.max(track.first, track.cover) / track.timescale;
  }

  /** Frames known. */
  get length() {
    return this.#pts.length;
  }

  /**
   * Takes in what is known now; cheap where nothing came.
   * @param {ReadonlyArray<Row|undefined>} rows  Of this track, at their index.
   * @param {boolean} complete  No row comes after the `count`th.
   * @param {number} count
   */
  update(rows, complete, count) {
    let known = 0;
    for (let index = 0; index < rows.length; index++) if (rows[index]) known++;
    this.#last = complete && rows.length >= count && rows[count - 1] !== undefined;
    if (known === this.#known) return;
    this.#known = known;
    this.#pts = [];
    this.#stops = [];
    this.#counted = 0;
    for (let index = 0; index < rows.length; ) {
      if (!rows[index]) {
        index++;
        continue;
      }
      const first = index === 0;
      const end = this.#run(rows, index);
      if (first) this.#counted = this.#pts.length;
      index = end;
    }
  }

  /**
   * Adds a run of rows without a gap; returns the index behind it.
   * @param {ReadonlyArray<Row|undefined>} rows
   * @param {number} index
   */
  #run(rows, index) {
    /** @type {number[]} */
    const run = [];
    let stop = 0;
    for (let row = rows[index]; row; row = rows[++index]) {
      for (const pts of row.pts) run.push(pts);
      stop = Math.max(stop, row.start + row.duration);
    }
    // Pictures of neighbouring fragments may interleave where frames are coded out of order.
    if (run.some((pts, at) => at > 0 && pts < /** @type {number} */ (run[at - 1]))) run.sort((a, b) => a - b);
    for (let at = 0; at < run.length; at++) {
      this.#pts.push(/** @type {number} */ (run[at]));
      this.#stops.push(run[at + 1] ?? stop);
    }
    return index;
  }

  /**
   * The frame that is on at a time. Past the end of the recording it is the last one.
   * @param {number} seconds  MSE time.
   * @returns {Frame|null}  null before the first frame, and where the rows are not known.
   */
  at(seconds) {
    return this.#checked(this.#find((seconds + EXACT) * this.timescale), seconds);
  }

  /**
   * The frame that the browser says is on the display.
   * @param {number} mediaTime  `requestVideoFrameCallback`'s: seconds, cut off to microseconds.
   * @returns {Frame|null}
   */
  shown(mediaTime) {
    return this.at(mediaTime + ROUNDING);
  }

  /**
   * @param {Frame} frame
   * @returns {Frame|null} The one after it.
   */
  after(frame) {
    const next = this.at(frame.stop);
    return next && next.start > frame.start ? next : null;
  }

  /**
   * @param {Frame} frame
   * @returns {Frame|null} The one before it.
   */
  before(frame) {
    const found = this.#find((frame.start + EXACT) * this.timescale) - 1;
    const pts = this.#pts[found];
    return pts === undefined || this.#stops[found] !== this.#pts[found + 1] ? null : this.#checked(found, pts / this.timescale);
  }

  /** Whether it is a step from one frame to another. @param {Frame} one @param {Frame} other */
  beside(one, other) {
    const apart = Math.abs(this.#find((one.start + EXACT) * this.timescale) - this.#find((other.start + EXACT) * this.timescale));
    return apart > 0 && apart <= STEP;
  }

  /** A frame's time in ticks of the track. @param {Frame} frame */
  tick(frame) {
    return Math.round(frame.start * this.timescale);
  }

  /**
   * A frame and its neighbours, up to where rows are missing.
   * @param {Frame} frame
   * @param {number} back  How many before it, at most.
   * @param {number} ahead  How many behind it, at most.
   * @returns {{ticks: number[], at: number}}  Their times, ascending, and where in them the frame itself is.
   */
  around(frame, back, ahead) {
    const found = this.#find((frame.start + EXACT) * this.timescale);
    let from = found, to = found;
    while (from > 0 && found - from < back && this.#stops[from - 1] === this.#pts[from]) from--;
    while (to < this.#pts.length - 1 && to - found < ahead && this.#stops[to] === this.#pts[to + 1]) to++;
    return { ticks: found < 0 ? [] : this.#pts.slice(from, to + 1), at: found - from };
  }

  /**
   * How many frames a decoder goes through from one time to another.
   * @param {number} from  Seconds, MSE time.
   * @param {number} to
   */
  between(from, to) {
    return Math.max(0, this.#find((to + EXACT) * this.timescale) - this.#find((from - EXACT) * this.timescale));
  }

  /**
   * @param {number} found
   * @param {number} seconds
   * @returns {Frame|null}
   */
  #checked(found, seconds) {
    const pts = this.#pts[found];
    const stop = this.#stops[found];
    if (pts === undefined || stop === undefined) return null;
    const final = this.#last && found === this.#pts.length - 1;
    if (!final && seconds * this.timescale > stop + 0.5) return null;
    const start = pts / this.timescale;
    return {
      start,
      stop: stop / this.timescale,
      media: start - this.origin,
      number: found < this.#counted ? found : null,
    };
  }

  /**
   * Index of the last frame at or before a time, -1 before the first.
   * @param {number} ticks
   */
  #find(ticks) {
    let low = 0;
    let high = this.#pts.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (/** @type {number} */ (this.#pts[mid]) <= ticks) low = mid + 1;
      else high = mid;
    }
    return low - 1;
  }
}
