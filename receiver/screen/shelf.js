/**
 * The index of the page's store: which manifests, init segments and fragments are held, in memory and on the disk, and
 * what has to go when the room for them is used up. Pure; the bytes themselves are in the vault and the keeper's disk.
 */

import { IndexSet, intersect, join } from "../../web/shared/ranges.js";
import { LEAVES } from "../../web/shared/wire.js";
import { CLASS, INDEX_MOST, SAFE_AHEAD, dearness, entry, stretches, time } from "./dear.js";

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Track} Track */
/** @typedef {import("../../web/shared/wire.js").ManifestRows} ManifestRows */
/** @typedef {import("../../web/shared/wire.js").Holding} Holding */
/** @typedef {import("../../web/shared/wire.js").Wanted} Wanted */
/** @typedef {import("../../web/shared/ranges.js").Range} Range */

export { INDEX_MOST, SAFE_AHEAD };

/** Manifests held. Those that were neither shown nor cued for the longest time are forgotten first, those of the day last. */
export const RENDITIONS_MOST = 512;
/** Two fragments belong together where the gap between their times is no more than rounding, seconds. */
const SEAM = 0.02;
/** What is brought from the disk into memory: seconds ahead of the shown playhead, of the cued one, and behind the shown. */
const FETCH = { shown: 60, cue: 20, behind: 20 };
/** Where much lies, room is made for more than the one that comes: this share of it, and this much at most. Bytes. */
const SLACK = { share: 1 / 64, most: 16 << 20 };

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
/** @typedef {{rendition: string, media: number, detail?: string | null, turns?: ReadonlyArray<import("./turns.js").Stretch>}}
 * Playhead  media time in seconds; `detail` is the rendition of the part of a leaf that is looked at; `turns` what is still
 * to be played of a clip */
/** Where a fragment may be: in memory, or on the disk. @typedef {"held" | "disk"} Tier */

/**
 * @typedef {object} Shelved
 * @property {Manifest} manifest
 * @property {Map<number, IndexSet>} known   rows
 * @property {Map<number, Map<number, Row>>} rows  by track and fragment
 * @property {Map<number, IndexSet>} held    fragments in memory
 * @property {Map<number, IndexSet>} disk    fragments on the disk
 * @property {Map<number, IndexSet>} unread  of these, those that were not read back since the page was loaded
 * @property {Map<number, IndexSet>} damaged fragments that the disk gave back otherwise than they were written
 * @property {Set<number>} inits             tracks whose init segment is held
 * @property {number} used                   counts up; larger is later
 */

export class Shelf {
  /** @param {number} budget  bytes of fragments in memory @param {number} [disk]  and on the disk */
  constructor(budget, disk = 0) {
    /** Bytes of fragments that may be held, and those that are. */
    this.room = { held: { budget, bytes: 0 }, disk: { budget: disk, bytes: 0 } };
    /** Bytes on the disk that were not read back. */
    this.unread = 0;
    /** @type {Map<string, Shelved>} */
    this.renditions = new Map();
    /** By exhibit; null as long as the presenter has not said. @type {Map<string, {at: number, rendition: string | null}> | null} */
    this.day = null;
    /** @type {Playhead | null} */
    this.shown = null;
    /** @type {Playhead | null} */
    this.cue = null;
    this.uses = 0;
  }

  get budget() {
    return this.room.held.budget;
  }

  /** Bytes of the fragments in memory. */
  get bytes() {
    return this.room.held.bytes;
  }

  /**
   * Where the playheads are.
   * @param {Playhead | null} shown @param {Playhead | null} cue
   */
  focus(shown, cue) {
    this.shown = shown;
    this.cue = cue;
    for (const rendition of [cue, shown].flatMap((head) => (head === null ? [] : [head.detail, head.rendition]))) {
      const shelved = rendition && this.renditions.get(rendition);
      if (shelved) shelved.used = this.uses += 1;
    }
  }

  /** What may lie on the disk, the most wanted first. @param {readonly Wanted[]} wanted */
  order(wanted) {
    this.day = new Map(wanted.map(({ exhibit, rendition }, at) => [exhibit, { at, rendition }]));
  }

  /** Place in the day; -1 for what is not of it, and may lie on no disk. @param {string} rendition */
  place(rendition) {
    const exhibit = this.manifest(rendition)?.exhibit;
    const wanted = exhibit === undefined ? undefined : this.day?.get(exhibit);
    return wanted === undefined || (wanted.rendition ?? rendition) !== rendition ? -1 : wanted.at;
  }

  /** Whether it, or a part of it, is shown or cued. @param {string} rendition */
  isOn(rendition) {
    return [this.shown, this.cue].some((head) => head !== null && (head.rendition === rendition || head.detail === rendition));
  }

  /** Renditions of which nothing may stay: not of the day, and neither shown nor cued. @returns {string[]} */
  strangers() {
    if (this.day === null) return [];
    return [...this.renditions.keys()].filter((rendition) => this.place(rendition) < 0 && !this.isOn(rendition));
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
      shelved = {
        manifest, known: new Map(), rows: new Map(), held: new Map(), disk: new Map(), unread: new Map(), damaged: new Map(),
        inits: new Set(), used: this.uses,
      };
      this.renditions.set(rendition, shelved);
    }
    const { manifest, known, rows, held, disk, unread, damaged } = shelved;
    part.tracks.forEach((track, at) => {
      const count = part.counts[at] ?? 0;
      const place = manifest.tracks.findIndex((one) => one.index === track.index);
      if (place >= 0) manifest.counts[place] = Math.max(manifest.counts[place], count);
      else {
        manifest.tracks.push(track);
        manifest.counts.push(count);
        manifest.rows.set(track.index, []);
        rows.set(track.index, new Map());
        // Leaves have none to wait for.
        if (track.mime === LEAVES) shelved.inits.add(track.index);
        for (const sets of [known, held, disk, unread, damaged]) sets.set(track.index, new IndexSet());
      }
    });
    for (const row of part.rows) {
      if (row.index < 0 || row.index >= INDEX_MOST || !known.get(row.track)?.add(row.index)) continue;
      rows.get(row.track)?.set(row.index, row);
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

  /** Another one whenever more is known of it. @param {string} rendition */
  weight(rendition) {
    const shelved = this.renditions.get(rendition);
    if (shelved === undefined) return "";
    const { complete, counts, duration, tracks } = shelved.manifest;
    return [complete, duration, ...counts, ...tracks.map((track) => shelved.known.get(track.index)?.size)].join();
  }

  /** @param {Key} key @returns {Row | undefined} */
  row({ rendition, track, index }) {
    return this.renditions.get(rendition)?.rows.get(track)?.get(index);
  }

  /** @param {string} rendition @param {number} track @returns {Track | undefined} */
  track(rendition, track) {
    return this.manifest(rendition)?.tracks.find((one) => one.index === track);
  }

  /** @param {Key} key @param {Tier} [tier] in either where none is named */
  holds({ rendition, track, index }, tier) {
    const shelved = this.renditions.get(rendition);
    const [held, disk] = [shelved?.held.get(track)?.has(index) ?? false, shelved?.disk.get(track)?.has(index) ?? false];
    return tier === "held" ? held : tier === "disk" ? disk : held || disk;
  }

  /** @param {string} rendition @param {number} track */
  putInit(rendition, track) {
    this.renditions.get(rendition)?.inits.add(track);
  }

  /**
   * Takes a fragment in whose row is known.
   * @param {Key} key @param {Tier} [tier]
   * @returns {Key[] | null} those that were given up for it; null where it has no place, being the least dear itself
   */
  put(key, tier = "held") {
    const row = this.row(key);
    const shelved = this.renditions.get(key.rendition);
    const set = shelved?.[tier].get(key.track);
    if (row === undefined || shelved === undefined || set === undefined) return null;
    if (set.has(key.index)) return [];
    const gone = this.#roomFor(key, row, tier);
    if (gone === null) return null;
    for (const one of gone) this.drop(one, tier);
    set.add(key.index);
    shelved.damaged.get(key.track)?.delete(key.index);
    this.room[tier].bytes += row.bytes;
    return gone;
  }

  /** It was on the disk when the page was loaded. @param {Key} key @param {number} bytes @returns {boolean} it is known */
  found(key, bytes) {
    const set = this.renditions.get(key.rendition)?.disk.get(key.track);
    if (set === undefined || this.row(key)?.bytes !== bytes || !set.add(key.index)) return false;
    this.renditions.get(key.rendition)?.unread.get(key.track)?.add(key.index);
    this.room.disk.bytes += bytes;
    this.unread += bytes;
    return true;
  }

  /** What the disk gave is what was written. @param {Key} key */
  proved(key) {
    const unread = this.renditions.get(key.rendition)?.unread.get(key.track);
    if (unread?.delete(key.index)) this.unread -= this.row(key)?.bytes ?? 0;
  }

  /** What the disk gave is not what was written. @param {Key} key */
  spoilt(key) {
    this.drop(key, "disk");
    if (!this.holds(key)) this.renditions.get(key.rendition)?.damaged.get(key.track)?.add(key.index);
  }

  /** @param {Key} key @param {Tier} [tier] */
  drop(key, tier = "held") {
    if (tier === "disk") this.proved(key);
    const set = this.renditions.get(key.rendition)?.[tier].get(key.track);
    if (set?.delete(key.index)) this.room[tier].bytes -= this.row(key)?.bytes ?? 0;
  }

  /** All of a rendition. @param {string} rendition */
  forget(rendition) {
    for (const tier of /** @type {const} */ (["held", "disk"])) for (const key of this.keys(rendition, tier)) this.drop(key, tier);
    this.renditions.delete(rendition);
  }

  /** @param {string} rendition @param {"held" | "disk" | "unread"} tier @returns {Key[]} */
  keys(rendition, tier) {
    return [...(this.renditions.get(rendition)?.[tier] ?? [])].flatMap(([track, set]) =>
      set.ranges.flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_, at) => ({ rendition, track, index: first + at }))),
    );
  }

  /** What of the disk is wanted in memory next, in order. @param {number} most @returns {Key[]} */
  toFetch(most) {
    /** @type {Key[]} */
    const keys = [];
    const { shown, cue } = this;
    for (const [head, from, to] of /** @type {[Playhead | null, number, number][]} */ ([
      [shown, 0, SAFE_AHEAD], [cue, 0, SAFE_AHEAD], [shown, SAFE_AHEAD, FETCH.shown], [cue, SAFE_AHEAD, FETCH.cue],
      [shown, -FETCH.behind, 0],
    ])) {
      const shelved = head && this.renditions.get(head.rendition);
      if (!head || !shelved || keys.length >= most) continue;
      const parts = from < 0 ? [{ from: head.media, to: Infinity, after: 0 }] : stretches(head);
      const found = parts.flatMap((part) => this.#onDisk(shelved, part, from, to));
      for (const { key } of found.sort((one, other) => one.at - other.at)) {
        const there = keys.some((one) => one.index === key.index && one.track === key.track && one.rendition === key.rendition);
        if (!there && keys.length < most) keys.push(key);
      }
    }
    return keys;
  }

  /**
   * What of the disk is not in memory, of a stretch and within so many seconds from when it is played.
   * @param {Shelved} shelved @param {import("./turns.js").Stretch} stretch @param {number} from @param {number} to
   * @returns {{key: Key, at: number}[]}
   */
  #onDisk({ manifest, held, disk, rows }, stretch, from, to) {
    const base = stretch.from - stretch.after, end = Math.min(stretch.to, base + to);
    const begin = from < 0 ? Math.max(0, base + from) : Math.max(stretch.from, base + from);
    const found = [];
    for (const track of begin < end ? manifest.tracks : []) {
      for (let index = entry(manifest, track, begin); ; index += 1) {
        const row = rows.get(track.index)?.get(index);
        const at = time(manifest, track, row);
        if (row === undefined || at >= end) break;
        const missing = disk.get(track.index)?.has(index) && !held.get(track.index)?.has(index);
        if (missing) found.push({ key: { rendition: manifest.rendition, track: track.index, index }, at: at - base });
      }
    }
    return found;
  }

  /** What is in memory only and may lie on the disk. @returns {Key[]} */
  toKeep() {
    return [...this.renditions.keys()]
      .filter((rendition) => this.place(rendition) >= 0)
      .flatMap((rendition) => this.keys(rendition, "held"))
      .filter((key) => !this.holds(key, "disk"));
  }

  /** The next one of the disk to read back at leisure: the most wanted. @returns {Key | null} */
  toProve() {
    const order = [...this.renditions.keys()].sort((one, other) => this.#rank(one) - this.#rank(other));
    for (const rendition of order) {
      for (const [track, set] of this.renditions.get(rendition)?.unread ?? []) {
        if (set.ranges.length > 0) return { rendition, track, index: set.ranges[0][0] };
      }
    }
    return null;
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

  /** For `Holdings`. */
  holdings() {
    /** @type {Holding[]} */
    const tracks = [];
    /** @type {Record<string, [number, number, number][]>} */
    const rows = {};
    /** @type {Record<string, [number, number, number][]>} */
    const damaged = {};
    for (const [rendition, shelved] of this.renditions) {
      rows[rendition] = triples(shelved.known);
      const bad = triples(shelved.damaged);
      if (bad.length > 0) damaged[rendition] = bad;
      for (const track of shelved.held.keys()) {
        tracks.push({ rendition, track, init: shelved.inits.has(track), fragments: either(shelved, track) });
      }
    }
    return { tracks, rows, bytes: this.bytes, disk: this.room.disk.bytes, unread: this.unread, damaged };
  }

  /** @param {Shelved} shelved @param {Track} track @returns {Range[]} */
  #spans(shelved, track) {
    const { manifest, rows } = shelved;
    const of = rows.get(track.index);
    const count = manifest.counts[manifest.tracks.indexOf(track)];
    const spans = either(shelved, track.index).map(([first, last]) => {
      const [start, end] = [time(manifest, track, of?.get(first)), time(manifest, track, of?.get(last), true)];
      // A track that begins late or ends early lacks nothing there.
      const from = first === 0 ? 0 : Math.max(0, start);
      const to = manifest.complete && last === count - 1 ? Math.max(end, manifest.duration ?? end) : end;
      return /** @type {Range} */ ([from, to]);
    });
    return join(spans.filter(([from, to]) => from < to), SEAM);
  }

  /**
   * @param {Key} key @param {Row} row @param {Tier} tier
   * @returns {Key[] | null}
   */
  #roomFor(key, row, tier) {
    const { bytes, budget } = this.room[tier];
    let lacking = bytes + row.bytes - budget;
    if (lacking <= 0) return [];
    const place = this.#dearness();
    const own = place(key, row);
    const lesser = this.#leastFirst(tier, place).filter(({ at }) => at >= CLASS && at > own);
    const gone = [];
    const slack = tier === "disk" ? Math.min(SLACK.most, budget * SLACK.share) : 0;
    for (const one of lesser) {
      if (lacking + (gone.length > 0 ? slack : 0) <= 0) break;
      lacking -= one.bytes;
      gone.push(one.key);
    }
    return lacking <= 0 ? gone : null;
  }

  /** Gives up what there is no room for. @param {Tier} tier @returns {Key[]} */
  trim(tier) {
    const room = this.room[tier];
    if (room.bytes <= room.budget) return [];
    const gone = [];
    for (const { key } of this.#leastFirst(tier, this.#dearness())) {
      if (room.bytes <= room.budget) break;
      this.drop(key, tier);
      gone.push(key);
    }
    return gone;
  }

  #dearness() {
    const { renditions, shown, cue } = this;
    return dearness({ renditions, shown, cue, place: (rendition) => this.place(rendition) });
  }

  /** @param {Tier} tier @param {(key: Key, row: Row) => number} place */
  #leastFirst(tier, place) {
    const all = [...this.renditions.keys()].flatMap((rendition) =>
      this.keys(rendition, tier).map((key) => {
        const row = /** @type {Row} */ (this.row(key));
        return { key, bytes: row.bytes, at: place(key, row) };
      }),
    );
    return all.sort((one, other) => other.at - one.at);
  }

  /** By what is wanted first: what is on, then the day. @param {string} rendition */
  #rank(rendition) {
    const place = this.place(rendition);
    return this.isOn(rendition) ? -1 : place < 0 ? Infinity : place;
  }

  /** Forgets the rendition that was of use the longest time ago. */
  #forgotten() {
    const idle = [...this.renditions].filter(([rendition]) => !this.isOn(rendition));
    const least = (/** @type {[string, Shelved]} */ [rendition, { used }]) => used + (this.place(rendition) < 0 ? 0 : this.uses);
    const [rendition] = idle.reduce((oldest, one) => (least(one) < least(oldest) ? one : oldest));
    this.forget(rendition);
    return rendition;
  }
}

/** Puts a row where it belongs; nearly always at the end. @param {Row[]} rows @param {Row} row */
const insert = (rows, row) => {
  let at = rows.length;
  while (at > 0 && rows[at - 1].index > row.index) at -= 1;
  rows.splice(at, 0, row);
};

/** Fragments of a track in memory or on the disk. @param {Shelved} shelved @param {number} track @returns {Range[]} */
const either = ({ held, disk }, track) => {
  const both = [...(held.get(track)?.ranges ?? []), ...(disk.get(track)?.ranges ?? [])];
  return join(both, 1);
};

/** @param {Map<number, IndexSet>} sets @returns {[number, number, number][]} */
const triples = (sets) =>
  [...sets].flatMap(([track, set]) => set.ranges.map((range) => /** @type {[number, number, number]} */ ([track, ...range])));
