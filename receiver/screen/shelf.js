/**
 * The index of the page's store: which manifests, init segments and fragments are held, and what has to go when the
 * budget is reached. Pure; the bytes themselves are in the vault.
 */

import { IndexSet, intersect, join } from "../../web/shared/ranges.js";

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Track} Track */
/** @typedef {import("../../web/shared/wire.js").ManifestRows} ManifestRows */
/** @typedef {import("../../web/shared/wire.js").Holding} Holding */
/** @typedef {import("../../web/shared/ranges.js").Range} Range */

/** Seconds ahead of the playhead that are never given up: what is about to be played may not be fetched again. */
export const SAFE_AHEAD = 10;
/** Manifests held. Those that were neither shown nor cued for the longest time are forgotten first. */
export const RENDITIONS_MOST = 32;
/** A fragment's number at most (at 0.5 s each, six days): a broken manifest must not make a list without end. */
export const INDEX_MOST = 1 << 20;
/** Two fragments belong together where the gap between their times is no more than rounding, seconds. */
const SEAM = 0.02;

/**
 * What is known of a rendition's manifest. `rows` holds, for each track, the known rows by ascending `row.index`; while
 * rows are still on their way there may be gaps (compare `row.index`), never doubles.
 * @typedef {object} Manifest
 * @property {string} exhibit
 * @property {string} rendition
 * @property {[number, number]} origin   MSE time of media time 0, seconds, as numerator and denominator
 * @property {Track[]} tracks
 * @property {Map<number, Row[]>} rows   by `Track.index`
 * @property {boolean} complete
 * @property {number[]} counts           fragments of each track that exist so far, in the order of `tracks`
 * @property {number | null} duration    seconds of media time, once complete
 */

/** @typedef {{rendition: string, track: number, index: number}} Key */
/** @typedef {{rendition: string, media: number}} Playhead  media time in seconds */

/**
 * @typedef {object} Shelved
 * @property {Manifest} manifest
 * @property {Map<number, IndexSet>} known   rows
 * @property {Map<number, Map<number, Row>>} rows  by track and fragment
 * @property {Map<number, IndexSet>} held    fragments
 * @property {Set<number>} inits             tracks whose init segment is held
 * @property {number} used                   counts up; larger is later
 */

/** How dear a fragment is: the class first, then the distance within it. Lower is dearer. */
const NEEDED = 0;
const AHEAD = 1;
const CUE_AHEAD = 2;
const BEHIND = 3;
const ELSEWHERE = 4;
const CLASS = 1e9;

export class Shelf {
  /** @param {number} budget  bytes of fragments */
  constructor(budget) {
    this.budget = budget;
    /** Bytes of the fragments that are held. */
    this.bytes = 0;
    /** @type {Map<string, Shelved>} */
    this.renditions = new Map();
    /** @type {Playhead | null} */
    this.shown = null;
    /** @type {Playhead | null} */
    this.cue = null;
    this.uses = 0;
  }

  /**
   * Where the playheads are.
   * @param {Playhead | null} shown @param {Playhead | null} cue
   */
  focus(shown, cue) {
    this.shown = shown;
    this.cue = cue;
    for (const head of [cue, shown]) {
      const shelved = head && this.renditions.get(head.rendition);
      if (shelved) shelved.used = this.uses += 1;
    }
  }

  /**
   * Takes in a part of a manifest. What stands stays: rows never change.
   * @param {ManifestRows} part
   * @returns {string | null} a rendition that had to be forgotten for it
   */
  learn(part) {
    let shelved = this.renditions.get(part.rendition);
    const fresh = shelved === undefined;
    if (shelved === undefined) {
      const { exhibit, rendition, origin } = part;
      const manifest = {
        exhibit, rendition, origin, tracks: [], rows: new Map(), complete: false, counts: [], duration: null,
      };
      this.uses += 1;
      shelved = { manifest, known: new Map(), rows: new Map(), held: new Map(), inits: new Set(), used: this.uses };
      this.renditions.set(rendition, shelved);
    }
    const { manifest } = shelved;
    part.tracks.forEach((track, at) => {
      const count = part.counts[at] ?? 0;
      const place = manifest.tracks.findIndex((one) => one.index === track.index);
      if (place >= 0) manifest.counts[place] = Math.max(manifest.counts[place], count);
      else {
        manifest.tracks.push(track);
        manifest.counts.push(count);
        manifest.rows.set(track.index, []);
        shelved.known.set(track.index, new IndexSet());
        shelved.rows.set(track.index, new Map());
        shelved.held.set(track.index, new IndexSet());
      }
    });
    for (const row of part.rows) {
      if (row.index < 0 || row.index >= INDEX_MOST || !shelved.known.get(row.track)?.add(row.index)) continue;
      shelved.rows.get(row.track)?.set(row.index, row);
      insert(/** @type {Row[]} */ (manifest.rows.get(row.track)), row);
    }
    manifest.complete ||= part.complete;
    manifest.duration ??= part.duration;
    return fresh && this.renditions.size > RENDITIONS_MOST ? this.#forgotten() : null;
  }

  /** @param {string} rendition @returns {Manifest | undefined} */
  manifest(rendition) {
    return this.renditions.get(rendition)?.manifest;
  }

  /** @param {Key} key @returns {Row | undefined} */
  row({ rendition, track, index }) {
    return this.renditions.get(rendition)?.rows.get(track)?.get(index);
  }

  /** @param {string} rendition @param {number} track @returns {Track | undefined} */
  track(rendition, track) {
    return this.manifest(rendition)?.tracks.find((one) => one.index === track);
  }

  /** @param {Key} key */
  holds({ rendition, track, index }) {
    return this.renditions.get(rendition)?.held.get(track)?.has(index) ?? false;
  }

  /** @param {string} rendition @param {number} track */
  putInit(rendition, track) {
    this.renditions.get(rendition)?.inits.add(track);
  }

  /**
   * Takes a fragment in whose row is known.
   * @param {Key} key
   * @returns {Key[] | null} those that were given up for it; null where it has no place, being the least dear itself
   */
  put(key) {
    const row = this.row(key);
    const held = this.renditions.get(key.rendition)?.held.get(key.track);
    if (row === undefined || held === undefined) return null;
    if (held.has(key.index)) return [];
    const gone = this.#roomFor(key, row);
    if (gone === null) return null;
    for (const one of gone) this.drop(one);
    held.add(key.index);
    this.bytes += row.bytes;
    return gone;
  }

  /** @param {Key} key */
  drop(key) {
    const held = this.renditions.get(key.rendition)?.held.get(key.track);
    if (held?.delete(key.index)) this.bytes -= this.row(key)?.bytes ?? 0;
  }

  /**
   * Media-time ranges of which every fragment is held, in all tracks of the given kinds that there are.
   * @param {string} rendition @param {{sound: boolean}} wanted  the sound counts as well (the picture always does)
   * @returns {Range[]}
   */
  held(rendition, { sound }) {
    const shelved = this.renditions.get(rendition);
    if (shelved === undefined) return [];
    const { tracks } = shelved.manifest;
    const picture = tracks.some((track) => track.kind === "video");
    const counted = tracks.filter((track) => track.kind === "video" || sound || !picture);
    /** @type {Range[] | null} */
    let both = null;
    for (const track of counted) {
      const spans = this.#spans(shelved, track);
      both = both === null ? spans : intersect(both, spans);
    }
    return both ?? [];
  }

  /** For `Holdings`. @returns {{tracks: Holding[], rows: Record<string, [number, number, number][]>, bytes: number}} */
  holdings() {
    /** @type {Holding[]} */
    const tracks = [];
    /** @type {Record<string, [number, number, number][]>} */
    const rows = {};
    for (const [rendition, shelved] of this.renditions) {
      rows[rendition] = [];
      for (const [track, held] of shelved.held) {
        tracks.push({ rendition, track, init: shelved.inits.has(track), fragments: held.toRanges() });
        const known = shelved.known.get(track)?.toRanges() ?? [];
        rows[rendition].push(.../** @type {[number, number, number][]} */ (known.map((range) => [track, ...range])));
      }
    }
    return { tracks, rows, bytes: this.bytes };
  }

  /** @param {Shelved} shelved @param {Track} track @returns {Range[]} */
  #spans({ manifest, rows, held }, track) {
    const of = rows.get(track.index);
    const count = manifest.counts[manifest.tracks.indexOf(track)];
    const spans = (held.get(track.index)?.ranges ?? []).map(([first, last]) => {
      const [start, end] = [time(manifest, track, of?.get(first)), time(manifest, track, of?.get(last), true)];
      // A track that begins late or ends early lacks nothing there.
      const from = first === 0 ? 0 : Math.max(0, start);
      const to = manifest.complete && last === count - 1 ? Math.max(end, manifest.duration ?? end) : end;
      return /** @type {Range} */ ([from, to]);
    });
    return join(spans.filter(([from, to]) => from < to), SEAM);
  }

  /**
   * @param {Key} key @param {Row} row
   * @returns {Key[] | null}
   */
  #roomFor(key, row) {
    let lacking = this.bytes + row.bytes - this.budget;
    if (lacking <= 0) return [];
    const place = this.#dearness();
    const own = place(key, row);
    /** @type {{key: Key, bytes: number, at: number}[]} */
    const lesser = [];
    for (const [rendition, shelved] of this.renditions) {
      for (const [track, held] of shelved.held) {
        for (const [first, last] of held.ranges) {
          for (let index = first; index <= last; index += 1) {
            const other = { rendition, track, index };
            const its = /** @type {Row} */ (this.row(other));
            const at = place(other, its);
            if (at >= CLASS && at > own) lesser.push({ key: other, bytes: its.bytes, at });
          }
        }
      }
    }
    lesser.sort((a, b) => b.at - a.at);
    const gone = [];
    for (const one of lesser) {
      if (lacking <= 0) break;
      lacking -= one.bytes;
      gone.push(one.key);
    }
    return lacking <= 0 ? gone : null;
  }

  /** @returns {(key: Key, row: Row) => number} how dear a fragment is, by where the playheads are now */
  #dearness() {
    const heads = [
      { head: this.shown, ahead: AHEAD },
      { head: this.cue, ahead: CUE_AHEAD },
    ].flatMap(({ head, ahead }) => {
      const shelved = head && this.renditions.get(head.rendition);
      if (!head || !shelved) return [];
      const { manifest } = shelved;
      const entries = new Map(manifest.tracks.map((track) => [track.index, entry(manifest, track, head.media)]));
      return [{ ...head, ahead, manifest, entries }];
    });
    const order = [...this.renditions].sort(([, a], [, b]) => b.used - a.used).map(([rendition]) => rendition);
    return (key, row) => {
      let best = Infinity;
      for (const { rendition, media, ahead, manifest, entries } of heads) {
        const track = rendition === key.rendition && this.track(rendition, key.track);
        if (!track) continue;
        const from = time(manifest, track, row);
        const needed = key.index >= (entries.get(key.track) ?? 0) && from < media + SAFE_AHEAD;
        const distance = Math.abs(from - media);
        best = Math.min(best, needed ? NEEDED : from >= media ? ahead * CLASS + distance : BEHIND * CLASS + distance);
      }
      if (best < Infinity) return best;
      // Of other recordings the beginning is the dearest: it is what is shown first.
      return ELSEWHERE * CLASS + order.indexOf(key.rendition) * INDEX_MOST + key.index;
    };
  }

  /** Forgets the rendition that was of use the longest time ago. */
  #forgotten() {
    const spared = [this.shown?.rendition, this.cue?.rendition];
    const idle = [...this.renditions].filter(([rendition]) => !spared.includes(rendition));
    const [rendition, shelved] = idle.reduce((oldest, one) => (one[1].used < oldest[1].used ? one : oldest));
    for (const [track, held] of shelved.held) {
      for (const [first, last] of held.toRanges()) {
        for (let index = first; index <= last; index += 1) this.drop({ rendition, track, index });
      }
    }
    this.renditions.delete(rendition);
    return rendition;
  }
}

/** Puts a row where it belongs; nearly always at the end. @param {Row[]} rows @param {Row} row */
const insert = (rows, row) => {
  let at = rows.length;
  while (at > 0 && rows[at - 1].index > row.index) at -= 1;
  rows.splice(at, 0, row);
};

/**
 * Media time at which a fragment begins or ends, seconds.
 * @param {Manifest} manifest @param {Track} track @param {Row | undefined} row @param {boolean} [end]
 */
const time = ({ origin }, track, row, end = false) =>
  row === undefined ? 0 : (row.start + (end ? row.duration : 0)) / track.timescale - origin[0] / origin[1];

/**
 * Index of the fragment from which on decoding has to begin for a media time: the last keyframe at or before it.
 * @param {Manifest} manifest @param {Track} track @param {number} media
 */
const entry = (manifest, track, media) => {
  const rows = manifest.rows.get(track.index) ?? [];
  let found = 0;
  for (const row of rows) {
    if (row.keyframe && time(manifest, track, row) <= media + 1e-6) found = row.index;
  }
  return found;
};
