/**
 * Which fragment goes into (and out of) one SourceBuffer next: a window of whole GOPs that slides with the playhead. Pure.
 *
 * MSE fails silently in the middle of a GOP, so a GOP is begun at its keyframe, appended in order without another one in
 * between, taken out whole, and never taken out while it is being played. Sound is the same with GOPs of one fragment.
 * Where a GOP was left unfinished, what is in the buffer of it is worth nothing once another was appended: it is taken
 * out and begun again.
 * @module
 */

/** @typedef {import("../../web/shared/wire.js").Row} Row */

/**
 * @typedef {object} Gop
 * @property {number} first  Index of its first fragment.
 * @property {number} next  Index behind its last known fragment.
 * @property {number} start  Seconds, MSE time.
 * @property {number} stop
 * @property {number} bytes  Of the fragments known so far.
 * @property {boolean} whole  No fragment will be added to it.
 */

/**
 * @typedef {object} View  What the decision needs to know.
 * @property {number} at  Playhead: seconds, MSE time.
 * @property {boolean} playing
 * @property {number} budget  Bytes.
 * @property {boolean} [tight]  The browser refused less than we believed it takes: nothing is kept but what is needed now,
 *   and whether the GOP at the playhead fits is for the browser to say.
 * @property {(index: number) => boolean} held  Whether the store has the fragment.
 * @property {(first: number) => boolean} [left]  Whether the GOP that begins there is left out.
 */

/**
 * @typedef {{kind: "append", index: number}} Append
 * @typedef {{kind: "remove", gop: Gop, disturbs: boolean}} Remove  `disturbs`: the playhead is inside; seek again after.
 * @typedef {{kind: "too-large"}} TooLarge  The GOP at the playhead alone is over the budget.
 * @typedef {Append|Remove|TooLarge} Step
 */

/** The GOP after the one being played may take the buffer over its budget by this factor: still under the quota. */
const OVER = 1.5;
/** Seconds into a GOP for which the decoder may still hold on to the end of the one behind it. */
const LINGER = 1;

/**
 * @param {ReadonlyArray<Row|undefined>} rows  Of one track, at their index.
 * @param {number} timescale
 * @param {boolean} complete
 * @param {number} count
 * @returns {Gop[]} In order. Fragments whose keyframe is not known yet belong to none.
 */
export function gops(rows, timescale, complete, count) {
  /** @type {Gop[]} */
  const found = [];
  /** @type {Gop|null} */
  let open = null;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    if (!row) {
      open = null;
      continue;
    }
    const start = row.start / timescale;
    const stop = (row.start + row.duration) / timescale;
    if (row.keyframe) {
      if (open) open.whole = true;
      open = { first: index, next: index + 1, start, stop, bytes: row.bytes, whole: false };
      found.push(open);
    } else if (open) {
      open.next = index + 1;
      open.start = Math.min(open.start, start);
      open.stop = Math.max(open.stop, stop);
      open.bytes += row.bytes;
    }
  }
  if (open && complete && open.next === count) open.whole = true;
  return found;
}

export class Slide {
  /** @type {Gop[]} */
  #gops = [];
  /** By a GOP's first index: the index behind the last fragment appended of it. @type {Map<number, number>} */
  #have = new Map();
  /** The GOP appended last: only that one can be gone on with. @type {number|null} */
  #cursor = null;
  /** @type {ReadonlyArray<Row|undefined>} */
  #rows = [];
  #complete = false;
  /** Bytes in the buffer. */
  bytes = 0;

  /**
   * @param {ReadonlyArray<Row|undefined>} rows
   * @param {number} timescale
   * @param {boolean} complete
   * @param {number} count
   */
  update(rows, timescale, complete, count) {
    this.#rows = rows;
    this.#gops = gops(rows, timescale, complete, count);
    this.#complete = complete && rows.length >= count;
  }

  /**
   * @param {View} view
   * @returns {Step|null} null: nothing to do until something changes.
   */
  next(view) {
    const here = this.#here(view.at);
    if (here < 0) return null;
    for (const place of this.#order(here, view.playing)) {
      const gop = /** @type {Gop} */ (this.#gops[place]);
      if (view.left?.(gop.first)) continue;
      const next = this.#have.get(gop.first) ?? gop.first;
      if (next === gop.next) {
        // Its end is still to come: nothing else may be appended in between.
        if (!gop.whole && this.#cursor === gop.first) return null;
        continue;
      }
      if (!view.held(next)) {
        if (place === here || (next > gop.first && this.#cursor === gop.first)) return null;
        continue;
      }
      if (next > gop.first && this.#cursor !== gop.first) return { kind: "remove", gop, disturbs: place === here };
      const room = this.#room(place, here, view);
      if (room === "full") return null;
      return room === "fits" ? { kind: "append", index: next } : room;
    }
    return null;
  }

  /**
   * Whether a GOP fits, and what makes room for it where it does not.
   * @param {number} place
   * @param {number} here
   * @param {View} view
   * @returns {Step|"fits"|"full"}
   */
  #room(place, here, view) {
    const gop = /** @type {Gop} */ (this.#gops[place]);
    const need = gop.bytes - this.#held(gop);
    if (this.bytes + need <= view.budget) return "fits";
    const victim = this.#victim(place, here, view);
    if (victim) return { kind: "remove", gop: victim, disturbs: false };
    // Playing must be able to go on into the next GOP, however large both are.
    if (place === here + 1) return !view.tight && this.bytes + need <= view.budget * OVER ? "fits" : "full";
    if (place !== here) return "full";
    return !view.tight && gop.bytes > view.budget ? { kind: "too-large" } : "fits";
  }

  /**
   * The GOP that is wanted least: behind the playhead first, the furthest first; then ahead, but only beyond `place`.
   * @param {number} place
   * @param {number} here
   * @param {View} view
   * @returns {Gop|null}
   */
  #victim(place, here, { at, playing, tight }) {
    const order = this.#order(here, false);
    const start = /** @type {Gop} */ (this.#gops[here]).start;
    const spare = playing && !tight && at - start < LINGER ? here - 1 : here;
    const rank = order.indexOf(place);
    for (let at = order.length - 1; at > rank; at--) {
      const candidate = /** @type {number} */ (order[at]);
      const gop = /** @type {Gop} */ (this.#gops[candidate]);
      if (candidate !== here && candidate !== spare && this.#have.has(gop.first)) return gop;
    }
    return null;
  }

  /**
   * Places in the order in which they are wanted. While playing, the GOP behind the one being played is left alone:
   * its last frame may reach over the next keyframe by a rounding, and MSE then drops that whole GOP.
   * @param {number} here
   * @param {boolean} playing
   * @returns {number[]}
   */
  #order(here, playing) {
    const order = [];
    for (let place = here; place < this.#gops.length; place++) order.push(place);
    for (let place = here - (playing ? 2 : 1); place >= 0; place--) order.push(place);
    return order;
  }

  /**
   * @param {number} index  This fragment is in the buffer now.
   * @returns {Gop|null} The GOP behind it, where that was in the buffer before: worth a look whether it still is.
   */
  appended(index) {
    const place = this.#placeOf(index);
    const gop = this.#gops[place];
    if (!gop) return null;
    this.#have.set(gop.first, index + 1);
    this.#cursor = gop.first;
    this.bytes += this.#rows[index]?.bytes ?? 0;
    const following = this.#gops[place + 1];
    return following && this.#have.has(following.first) ? following : null;
  }

  /** @param {Gop} gop  Nothing of it is in the buffer any more. */
  removed(gop) {
    this.bytes -= this.#held(gop);
    this.#have.delete(gop.first);
    if (this.#cursor === gop.first) this.#cursor = null;
  }

  /** Whether nothing but the GOP of this fragment is in the buffer. @param {number} index */
  alone(index) {
    const own = this.gopOf(index)?.first;
    return [...this.#have.keys()].every((first) => first === own);
  }

  /** The first and the last GOP in the buffer: where a browser that runs short of room takes away. @returns {Gop[]} */
  edges() {
    if (this.#have.size === 0) return [];
    let first = Infinity;
    let last = -Infinity;
    for (const index of this.#have.keys()) {
      first = Math.min(first, index);
      last = Math.max(last, index);
    }
    return [first, last].flatMap((index) => this.gopOf(index) ?? []);
  }

  /**
   * The GOP to which a fragment belongs.
   * @param {number} index
   * @returns {Gop|undefined}
   */
  gopOf(index) {
    return this.#gops[this.#placeOf(index)];
  }

  /**
   * Keyframe from which a decoder has to begin for a time; undefined where the rows are not known.
   * @param {number} at  Seconds, MSE time.
   * @returns {Gop|undefined}
   */
  gopAt(at) {
    return this.#gops[this.#here(at)];
  }

  /**
   * Whether the buffer has what is needed to show this time and to play on from there. Before the first fragment and
   * behind the last one nothing is needed.
   * @param {number} at  Seconds, MSE time.
   * @param {number} timescale
   */
  covers(at, timescale) {
    const last = this.#gops[this.#gops.length - 1];
    if (!last) return false;
    const end = this.#complete && last.whole ? last.stop : Infinity;
    const time = Math.min(at, end - 1e-3);
    const gop = this.gopAt(time);
    if (!gop) return false;
    const have = this.#have.get(gop.first) ?? gop.first;
    for (let index = gop.first; index < have; index++) {
      const row = this.#rows[index];
      if (row && time * timescale < row.start + row.duration) return true;
    }
    return false;
  }

  /**
   * Whether the buffer holds everything from a time to the end of the recording, but for what is left out.
   * @param {number} at @param {(first: number) => boolean} [left]
   */
  toTheEnd(at, left = () => false) {
    if (!this.#complete) return false;
    const last = this.#gops[this.#gops.length - 1];
    if (!last?.whole) return false;
    for (let place = Math.max(0, this.#here(at)); place < this.#gops.length; place++) {
      const gop = /** @type {Gop} */ (this.#gops[place]);
      if (this.#have.get(gop.first) !== gop.next && !left(gop.first)) return false;
      const following = this.#gops[place + 1];
      if (following && following.first !== gop.next) return false;
    }
    return true;
  }

  /** @param {Gop} gop */
  #held(gop) {
    const have = this.#have.get(gop.first) ?? gop.first;
    let bytes = 0;
    for (let index = gop.first; index < have; index++) bytes += this.#rows[index]?.bytes ?? 0;
    return bytes;
  }

  /** Place of the GOP that holds a time; the first one for times before it. @param {number} at */
  #here(at) {
    let low = 0;
    let high = this.#gops.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (/** @type {Gop} */ (this.#gops[mid]).start <= at + 1e-6) low = mid + 1;
      else high = mid;
    }
    if (low === 0) return this.#gops[0]?.first === 0 ? 0 : -1;
    return low - 1;
  }

  /** @param {number} index */
  #placeOf(index) {
    let low = 0;
    let high = this.#gops.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (/** @type {Gop} */ (this.#gops[mid]).first <= index) low = mid + 1;
      else high = mid;
    }
    return low - 1;
  }
}
