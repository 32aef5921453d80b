/**
 * One range of a recording as if it were a recording by itself: nothing else of it reaches the browser's buffer, or where
 * it has to, not at a time at which it could be seen. Pure.
 *
 * Playing cannot be stopped in time by a page that may be busy for longer than a frame is up. So the range ends by itself:
 * sound is cut in the buffer, to the sample, and so are pictures that come in the order in which they are coded. Where
 * they do not, a picture from behind the range may be needed to decode the last ones of it: its time is moved back so far
 * that the last one stands until somebody has long since stopped.
 * @module
 */

import { delayed } from "./boxes.js";
import { passes } from "./scene.js";

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("../../web/shared/wire.js").Track} Track */
/** @typedef {import("./face.js").Manifest} Manifest */
/** @typedef {import("./face.js").Vault} Vault */
/** @typedef {import("./scene.js").Part} Range */

/** Seconds before a range from which on its sound is decoded: coded sound needs what comes before it. */
const BEFORE = 0.2;
/** Seconds after a range in which the last of its sound is still on its way through the browser. */
export const LINGER = 0.25;
/** Seconds: less than this of a fragment is not worth having. */
const LEAST = 0.002;
/** Seconds that a last picture stands by itself, where pictures from behind the range are in the buffer. Not
 * more: a browser paces what it shows by how long its pictures are up. */
const STANDS = 0.25;
/** Seconds: where nothing is ever played. */
const FAR = 1000;
/** Ticks: times are floats on the way. */
const ROUNDING = 1e-3;

/** @param {Vault} vault @param {Range} range */
export const soundOf = (vault, range) => given(new Part(vault, range, "audio"));

/** @param {Vault} vault @param {Range} range */
export const pictureOf = (vault, range) => given(new Part(vault, range, "video"));

/** What a player is given of it. @param {Part} part */
const given = (part) => ({
  vault: part,
  until: (/** @type {string} */ rendition, /** @type {number} */ track, /** @type {number} */ index) => part.until(rendition, track, index),
});

/** @typedef {{first: number, last: number, cut: Set<number>}} Needed  Indices of fragments; `cut` have more than is wanted. */

class Part {
  #known = "";
  /** @type {Manifest|undefined} */
  #made;
  /** By track. @type {Map<number, Needed>} */
  #needed = new Map();
  /** Fragments in which pictures were moved back, by index; null where that need not be. @type {Map<number, ArrayBuffer|null>} */
  #moved = new Map();

  /**
   * @param {Vault} vault @param {Range} range
   * @param {"video"|"audio"} kind  One of them, by itself.
   */
  constructor(vault, range, kind) {
    this.whole = vault;
    this.range = range;
    this.kind = kind;
  }

  /** It grows in place, and is looked at often. @param {string} rendition @returns {Manifest|undefined} */
  manifest(rendition) {
    const whole = this.whole.manifest(rendition);
    const size = whole ? [rendition, whole.complete, whole.duration, ...[...whole.rows.values()].map(({ length }) => length)].join() : "";
    if (size !== this.#known) {
      this.#known = size;
      this.#made = whole && this.#part(whole);
    }
    return this.#made;
  }

  /** @param {string} rendition @param {number} track */
  init(rendition, track) {
    return this.whole.init(rendition, track);
  }

  /** @param {(rendition: string) => void} changed */
  onchange(changed) {
    return this.whole.onchange(changed);
  }

  /** @param {string} rendition @param {number} track @param {number} index @returns {ArrayBuffer|undefined} */
  fragment(rendition, track, index) {
    const needed = this.#needed.get(track), data = this.whole.fragment(rendition, track, index);
    if (!needed || !data || index < needed.first || index > needed.last) return undefined;
    return needed.cut.has(index) ? (this.#delayed(rendition, track, index, data) ?? data) : data;
  }

  /**
   * Where the buffer has to end when a fragment goes in: seconds, MSE time.
   * @param {string} rendition @param {number} track @param {number} index
   */
  until(rendition, track, index) {
    const whole = this.whole.manifest(rendition), made = this.#made?.tracks.find((one) => one.index === track);
    if (!whole || !made || !this.#needed.get(track)?.cut.has(index)) return Infinity;
    const stop = this.range.stop + origin(whole);
    if (this.kind === "audio") return stop;
    if (this.#moved.get(index)) return stop + FAR / 2;
    const row = this.#made?.rows.get(track)?.find((one) => one.index === index);
    return row ? (row.start + row.duration) / made.timescale + LEAST : stop;
  }

  /** @param {Manifest} whole @returns {Manifest} */
  #part(whole) {
    const tracks = whole.tracks.filter(({ kind }) => kind === this.kind);
    /** @type {Map<number, Row[]>} */
    const rows = new Map();
    let complete = true;
    const counts = tracks.map((track) => {
      const all = whole.rows.get(track.index) ?? [], cut = new Set();
      const own = all.flatMap((row) => {
        const kept = this.#cut(row, track, whole);
        if (kept && kept.duration !== row.duration) cut.add(row.index);
        return kept ?? [];
      });
      const last = own.at(-1);
      const from = (this.range.start - (this.kind === "audio" ? BEFORE : 0) + origin(whole)) * track.timescale + ROUNDING;
      const entry = own.findLast(({ keyframe, start }) => keyframe && start <= from) ?? own[0];
      this.#needed.set(track.index, { first: entry?.index ?? 0, last: last?.index ?? -1, cut });
      rows.set(track.index, own);
      complete &&= whole.complete || all.some(({ index }) => index === (last?.index ?? Infinity) + 1);
      return last ? last.index + 1 : 0;
    });
    const end = Math.min(this.range.stop, whole.duration ?? Infinity);
    // Sound that began late is heard to its end all the same, which it finds by itself.
    const duration = this.kind === "audio" ? end + LINGER : end;
    return { ...whole, tracks, rows, counts, complete, duration: complete ? duration : null };
  }

  /**
   * What of a fragment lies before the end; null where nothing does.
   * @param {Row} row @param {Track} track @param {Manifest} whole
   */
  #cut(row, { timescale }, whole) {
    const stop = (this.range.stop + origin(whole)) * timescale;
    if (this.kind === "audio") {
      if (row.start >= stop - LEAST * timescale) return null;
      return { ...row, duration: Math.min(row.duration, stop - row.start) };
    }
    const pts = row.pts.filter((tick) => tick < stop - ROUNDING);
    if (pts.length === 0) return null;
    return { ...row, pts, duration: (row.pts[pts.length] ?? row.start + row.duration) - row.start };
  }

  /** @param {string} rendition @param {number} track @param {number} index @param {ArrayBuffer} data */
  #delayed(rendition, track, index, data) {
    const known = this.#moved.get(index), whole = this.whole.manifest(rendition);
    const found = this.#made?.tracks.find((one) => one.index === track);
    if (known !== undefined || this.kind === "audio" || !whole || !found) return known ?? null;
    const stop = Math.ceil((this.range.stop + origin(whole)) * found.timescale - ROUNDING);
    const made = delayed(data, { from: stop, by: Math.round(STANDS * found.timescale), far: FAR * found.timescale });
    this.#moved.set(index, made);
    return made;
  }
}

/** Seconds: MSE time of media time 0. @param {Manifest} manifest */
const origin = (manifest) => manifest.origin[0] / manifest.origin[1];

/**
 * What a turn asks of its sound: it plays to its end, and where there is none at the beginning, from its own beginning on.
 * @param {Scene} turn
 * @param {Vault} vault
 * @returns {Scene}
 */
export function starting(turn, vault) {
  const scene = { ...turn, end: null, ranges: [] }, manifest = vault.manifest(turn.rendition);
  const tracks = manifest?.tracks.filter(({ kind }) => kind !== "video") ?? [];
  if (!manifest || tracks.length === 0) return scene;
  const first = Math.max(...tracks.map((track) => track.first / track.timescale)) - origin(manifest);
  const { anchor } = scene;
  if (anchor.media >= first) return scene;
  const clock = anchor.rate > 0 ? passes(anchor, first) : anchor.clock;
  return { ...scene, anchor: { ...anchor, media: first, clock } };
}
