/**
 * Decoded pictures around the one on which the room rests: which to keep, and what to decode next. Pure.
 *
 * Pictures are known by their presentation time in ticks of the track. The window lies around the frame asked for last,
 * further on the side to which somebody steps, and is bounded in bytes. A run of the decoder begins at a keyframe and
 * goes on from there; it is left only for another keyframe, and not for every step: half the window may be used up first.
 * @module
 */

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./frames.js").Frames} Frames */

/** Bytes of decoded pictures held at most, on a page whose machine has 4 GiB and more: 67 of 1080p in 4:2:0. */
export const FILM_MOST = 200 << 20;
/** Pictures held at most, however small they are: a window is filled in a moment. */
const PICTURES_MOST = 150;
/** Bytes for each GiB of the machine's memory. */
const PER_GIB = 50 << 20;
/** Pictures that may come out behind the window, since the decoder was given them already: they are kept. */
const SLACK = 6;
/** A window of fewer pictures than this is not worth a decoder. */
const FEWEST = 5;
/** Which part of the window lies before the frame asked for; for somebody who steps back, since that decodes anew. */
const BEFORE = 1 / 2, BACK = 2 / 3;
/** So many frames back, all in all, and the window leans that way, or forward again: to and fro moves nothing. */
const TURN = 4;
/** A keyframe is gone back to once so much of a side of the window is missing. */
const USED = 1 / 4;

/** @param {number|undefined} memory  GiB of the machine, as far as the browser tells it. */
export const allowance = (memory) => Math.min(FILM_MOST, Math.max(0.5, memory ?? 4) * PER_GIB);

/**
 * Where the decoder is.
 * @typedef {object} Run
 * @property {number} row  Index of the fragment that it is given now.
 * @property {number} reached  Ticks: the last picture that came out; before the first, less than its own.
 */

/**
 * The fragment of a tick, and the one with the keyframe from which it is decoded.
 * @param {ReadonlyArray<Row>} rows  Known ones of the track, ascending.
 * @param {number} tick
 * @returns {{entry: Row, row: Row}|null}  null where the rows on the way are not known.
 */
export function way(rows, tick) {
  let low = 0, high = rows.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (/** @type {Row} */ (rows[mid]).start <= tick) low = mid + 1;
    else high = mid;
  }
  const row = rows[low - 1];
  for (let at = low - 1; row && at >= 0; at--) {
    const entry = /** @type {Row} */ (rows[at]);
    if (entry.index !== row.index - (low - 1 - at)) return null;
    if (entry.keyframe) return { entry, row };
  }
  return null;
}

/** @template {{close(): void}} T  A decoded picture. */
export class Film {
  /** @type {Map<number, T>} By tick. */
  #held = new Map();
  /** Ticks of the window, ascending. @type {number[]} */
  #window = [];
  /** Where in it the frame asked for is. */
  #centre = 0;
  /** How many behind the window are kept too. @type {Set<number>} */
  #kept = new Set();
  /** The decoder passed them and gave none: they are not asked for again. @type {Set<number>} */
  #lost = new Set();
  /** Somebody steps back. */
  #back = false;
  /** Frames gone forward (to `TURN`) or back (to `-TURN`). */
  #gone = 0;
  #filling = false;
  /** Pictures at most. */
  #most;
  /** @type {{frames: Frames, frame: Frame}|null} */
  #aim = null;

  /**
   * @param {number} budget  Bytes.
   * @param {number} each  Bytes of a picture.
   */
  constructor(budget, each) {
    this.budget = budget;
    this.#most = Math.min(PICTURES_MOST, Math.floor(budget / each));
  }

  /** Whether a window is worth it. */
  get worth() {
    return this.#most >= FEWEST + SLACK;
  }

  /** Pictures held. */
  get size() {
    return this.#held.size;
  }

  /** @param {number} tick @returns {T|undefined} */
  picture(tick) {
    return this.#held.get(tick);
  }

  /** Whether a tick lies in the window: it is there, or on its way. @param {number} tick */
  reaches(tick) {
    return this.#aim !== null && this.#window.includes(tick) && !this.#lost.has(tick);
  }

  /** Pictures turned out to be of another size. @param {number} each  Bytes. */
  measure(each) {
    const most = Math.min(PICTURES_MOST, Math.floor(this.budget / each));
    if (most === this.#most) return;
    this.#most = most;
    this.#lay();
  }

  /**
   * Lays the window around a frame. After a jump all that is outside is closed at once; after a step it stays until its
   * place is needed, since whoever turns round wants it again.
   * @param {Frames} frames
   * @param {Frame} frame
   */
  aim(frames, frame) {
    const place = this.#window.indexOf(frames.tick(frame));
    this.#gone = place < 0 ? 0 : Math.max(-TURN, Math.min(TURN, this.#gone + place - this.#centre));
    if (place < 0 || this.#gone === TURN) this.#back = false;
    else if (this.#gone === -TURN) this.#back = true;
    this.#aim = { frames, frame };
    this.#lay();
    if (place < 0) this.#shed(0);
  }

  #lay() {
    if (this.#aim === null) return;
    const { frames, frame } = this.#aim;
    const whole = Math.max(1, this.#most - SLACK);
    const back = Math.floor((whole - 1) * (this.#back ? BACK : BEFORE));
    const around = frames.around(frame, back, whole - 1 - back + SLACK);
    this.#kept = new Set(around.ticks);
    this.#window = around.ticks.slice(0, around.at + whole - back);
    this.#centre = around.at;
    this.#shed(this.#most);
  }

  /** Closes pictures outside the window, the furthest first, until no more than so many are left. @param {number} most */
  #shed(most) {
    const centre = this.#window[this.#centre] ?? 0;
    const outside = this.#held.size > most ? [...this.#held.keys()].filter((tick) => !this.#kept.has(tick)) : [];
    outside.sort((one, other) => Math.abs(other - centre) - Math.abs(one - centre));
    for (const tick of outside.slice(0, Math.max(0, this.#held.size - most))) {
      this.#held.get(tick)?.close();
      this.#held.delete(tick);
    }
  }

  /**
   * A picture came out of the decoder: kept, or closed.
   * @param {number} tick
   * @param {T} picture
   * @param {Run} run  As it was before; its `reached` goes on.
   */
  take(tick, picture, run) {
    for (const one of this.#window) {
      if (one > run.reached && one < tick && !this.#held.has(one)) this.#lost.add(one);
    }
    run.reached = Math.max(run.reached, tick);
    if (!this.#kept.has(tick) || this.#held.has(tick)) return picture.close();
    this.#held.set(tick, picture);
    return this.#shed(this.#most);
  }

  /**
   * The decoder gave all that it had.
   * @param {ReadonlyArray<Row>} rows
   * @param {Run} run
   */
  ended(rows, run) {
    for (const tick of this.#window) {
      const found = tick > run.reached ? way(rows, tick) : null;
      if (found && found.row.index <= run.row && !this.#held.has(tick)) this.#lost.add(tick);
    }
  }

  /**
   * What the decoder should do.
   * @param {ReadonlyArray<Row>} rows  Known ones of the track, ascending.
   * @param {Run|null} run  null while it is nowhere.
   * @param {(index: number) => boolean} held  Whether a fragment is there.
   * @returns {{from: Row}|"on"|null}  Begin anew with a keyframe's fragment, or go on; null while there is nothing to do.
   */
  next(rows, run, held) {
    const missing = this.#missing(rows, held);
    if (missing && reachable(missing, run)) return "on";
    this.#filling = missing !== null && (this.#filling || this.#lacking());
    if (missing && this.#filling) return { from: missing.entry };
    // The decoder goes on to the window's end, from where it serves whoever steps forward next.
    const last = this.#window.at(-1), found = last === undefined ? null : way(rows, last);
    if (last === undefined || found === null || !open(found.entry.index, found.row.index, held)) return null;
    return reachable({ tick: last, entry: found.entry }, run) ? "on" : null;
  }

  /** Whether something is missing that is not far out. */
  #lacking() {
    const last = this.#window.length - 1, from = this.#centre * USED, to = last - (last - this.#centre) * USED;
    return this.#window.some((tick, at) => at >= from && at <= to && !this.#held.has(tick) && !this.#lost.has(tick));
  }

  /**
   * The first picture to decode: of the GOP in which the centre is and those behind it, and only then of those before.
   * @param {ReadonlyArray<Row>} rows
   * @param {(index: number) => boolean} held
   */
  #missing(rows, held) {
    const centre = this.#window[this.#centre];
    const own = centre === undefined ? null : way(rows, centre);
    if (own === null) return null;
    const first = this.#window.findIndex((tick) => tick >= own.entry.start);
    for (const part of [this.#window.slice(first), this.#window.slice(0, first)]) {
      /** No way leads into the GOP that begins with this fragment. */
      let closed = -1;
      for (const tick of part) {
        if (this.#held.has(tick) || this.#lost.has(tick)) continue;
        const found = way(rows, tick);
        if (found === null || found.entry.index === closed) continue;
        if (open(found.entry.index, found.row.index, held)) return { tick, entry: found.entry };
        closed = found.entry.index;
      }
    }
    return null;
  }

  /** Lets go of everything. */
  clear() {
    for (const picture of this.#held.values()) picture.close();
    this.#held.clear();
    this.#window = [];
    this.#kept.clear();
    this.#lost.clear();
    this.#aim = null;
    this.#gone = this.#centre = 0;
    this.#back = false;
    this.#filling = false;
  }
}

/**
 * Whether the decoder only has to go on for it.
 * @param {{tick: number, entry: Row}} to @param {Run|null} run
 */
const reachable = ({ tick, entry }, run) => run !== null && run.reached < tick && entry.index <= run.row + 1;

/** @param {number} from @param {number} to @param {(index: number) => boolean} held */
function open(from, to, held) {
  for (let index = from; index <= to; index++) if (!held(index)) return false;
  return true;
}
