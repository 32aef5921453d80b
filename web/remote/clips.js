/**
 * Clips: parts of a recording in an order, played as one. Where in a clip a moment lies, and what is said of clips. Pure.
 *
 * Times are seconds of media time of the exhibit; *clip time* counts from the beginning of the clip's first part.
 */

import { beside, rateOf } from "./film.js";
import { counted, exact, running, short } from "./words.js";

/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {import("../shared/wire.js").ClipRange} ClipRange */
/** @typedef {ReadonlyArray<{readonly start: number, readonly stop: number}>} Ranges */

/** Moments nearer than this are the same one: times go through texts on their way here. */
const SAME = 1e-6;

/** @param {Ranges} ranges @returns {number} seconds that all of it takes */
export const lengthOf = (ranges) => ranges.reduce((sum, { start, stop }) => sum + stop - start, 0);

/** @param {Ranges} ranges @param {number} at @returns {number} which part it lies in; -1 for none */
export const partAt = (ranges, at) => ranges.findIndex(({ start, stop }) => at > start - SAME && at < stop - SAME);

/**
 * @param {Ranges} ranges
 * @param {number} at
 * @returns {number | null} clip time; the whole length at the end of the last part; null outside
 */
export const clipTime = (ranges, at) => {
  const part = partAt(ranges, at);
  if (part >= 0) return lengthOf(ranges.slice(0, part)) + Math.max(0, at - ranges[part].start);
  const last = ranges[ranges.length - 1];
  return last !== undefined && Math.abs(at - last.stop) <= SAME ? lengthOf(ranges) : null;
};

/** @param {Ranges} ranges at least one @param {number} time clip time @returns {number} */
export const mediaTime = (ranges, time) => {
  let left = Math.max(0, time);
  for (const { start, stop } of ranges) {
    if (left < stop - start - SAME) return start + left;
    left -= stop - start;
  }
  return ranges[ranges.length - 1].stop;
};

/**
 * The place in the clip that lies next to a moment: nothing else of the recording can be asked for while it is on.
 * @param {Ranges} ranges
 * @param {number} at
 * @param {number} half seconds of half a picture: a part's last picture is up to there before its end
 * @returns {number}
 */
export const nearest = (ranges, at, half) => {
  if (ranges.length === 0 || partAt(ranges, at) >= 0) return at;
  const edges = ranges.flatMap(({ start, stop }) => [start, Math.max(start, stop - half)]);
  return edges.reduce((best, edge) => (Math.abs(edge - at) < Math.abs(best - at) ? edge : best));
};

/**
 * So many seconds on or back in the clip, over the seams between its parts.
 * @param {Ranges} ranges
 * @param {number} at
 * @param {number} seconds
 * @param {number} half
 * @returns {number}
 */
export const moved = (ranges, at, seconds, half) => {
  const from = clipTime(ranges, nearest(ranges, at, half)) ?? 0;
  return nearest(ranges, mediaTime(ranges, Math.min(Math.max(0, from + seconds), lengthOf(ranges) - half)), half);
};

/**
 * The picture beside the one that is up, over the seams between the parts.
 * @param {Ranges} ranges
 * @param {{at: number, frame: number | null}} place
 * @param {number} frames signed
 * @param {Exhibit} exhibit
 * @returns {number | null}
 */
export const besideIn = (ranges, { at, frame }, frames, exhibit) => {
  const to = beside(at, frames, exhibit, frame);
  const part = partAt(ranges, at);
  if (to === null || part < 0 || partAt(ranges, to) === part) return to;
  const next = ranges[part + Math.sign(frames)];
  if (next === undefined) return at;
  return frames > 0 ? next.start : Math.max(next.start, next.stop - halfOf(exhibit));
};

/** @param {Exhibit} exhibit @returns {number} seconds that half a picture lasts */
export const halfOf = (exhibit) => {
  const rate = rateOf(exhibit);
  return rate === null ? 0.001 : 0.5 / rate;
};

/**
 * What of the recording the clip leaves out.
 * @param {Ranges} ranges
 * @param {number | null} duration
 * @returns {Array<[number, number]>} in order
 */
export const outside = (ranges, duration) => {
  if (ranges.length === 0 || duration === null) return [];
  /** @type {Array<[number, number]>} */
  const gaps = [];
  let end = 0;
  for (const { start, stop } of [...ranges].sort((a, b) => a.start - b.start)) {
    if (start > end + SAME) gaps.push([end, start]);
    end = Math.max(end, stop);
  }
  if (end < duration - SAME) gaps.push([end, duration]);
  return gaps;
};

/**
 * What a screen still lacks of what the clip will play, beyond a moment in it.
 * @param {ReadonlyArray<ReadonlyArray<number>>} held in order
 * @param {Ranges} ranges
 * @param {number} at
 * @param {number} slack seconds that count as rounding
 * @returns {boolean} it has all of it
 */
export const heldOf = (held, ranges, at, slack = 0.05) => {
  const part = Math.max(0, partAt(ranges, at));
  return ranges.slice(part).every(({ start, stop }, n) => {
    let end = n === 0 ? Math.max(start, at) : start;
    for (const [from, to] of held) if (from <= end + slack && to > end) end = to;
    return end >= stop - slack;
  });
};

/**
 * @typedef {object} ClipLine
 * @property {string | null} id null is the whole recording
 * @property {string} name
 * @property {string} time
 * @property {string} agreed how it was agreed; empty where it is nobody's agreement
 * @property {string} says what a person has to know of it
 * @property {boolean} ready it is what is ready
 * @property {boolean} live it is on the screens
 */

/**
 * The clips of an exhibit, the whole of it first.
 * @param {Exhibit} exhibit
 * @param {import("../shared/wire.js").RoomState} room
 * @returns {ClipLine[]} none where it has none
 */
export const linesOf = (exhibit, room) => {
  if (exhibit.clips.length === 0) return [];
  const on = (/** @type {string | null} */ name, /** @type {typeof room.cued} */ place) => place?.exhibit === exhibit.id && place.clip === name;
  return [
    { id: null, name: "All of it", time: exhibit.duration === null ? "" : short(exhibit.duration), agreed: "", says: "", ready: on(null, room.cued), live: on(null, room.shown) },
    ...exhibit.clips.map(({ id, name, ranges, agreed, duration }) => ({
      id,
      name,
      time: short(duration),
      agreed,
      says: saidOf(ranges),
      ready: on(name, room.cued),
      live: on(name, room.shown),
    })),
  ];
};

/** "2 parts, one of them without sound" @param {ReadonlyArray<ClipRange>} ranges @returns {string} */
export const saidOf = (ranges) => {
  const silent = ranges.filter((range) => range.silent).length;
  const parts = ranges.length > 1 ? counted(ranges.length, "part") : "";
  const quiet = silent === 0 ? "" : silent === ranges.length ? "without sound" : `${silent === 1 ? "one" : silent} of them without sound`;
  return [parts, quiet].filter(Boolean).join(", ");
};

/**
 * Where a moment lies, in clip time and in the recording.
 * @param {Exhibit} exhibit
 * @param {Ranges} ranges
 * @param {number} at
 * @param {boolean} [runs] it plays: what cannot be read is left out
 * @returns {{time: string, says: string}}
 */
export const placeOf = (exhibit, ranges, at, runs = false) => {
  const time = clipTime(ranges, at);
  const said = runs ? running : exact;
  return { time: time === null ? "–" : said(time), says: `of ${short(lengthOf(ranges))} · ${said(at)} in ${exhibit.ref}` };
};

/**
 * "JM/4 arrival": a clip that is called by its name, or its beginning.
 * @param {Exhibit} exhibit
 * @param {string} name
 * @returns {string | null} its name, where exactly one is meant
 */
export const clipCalled = ({ clips }, name) => {
  const asked = name.trim().toLowerCase();
  if (asked === "") return null;
  const same = clips.filter((clip) => clip.name.toLowerCase() === asked);
  const begin = clips.filter((clip) => clip.name.toLowerCase().startsWith(asked));
  return same[0]?.name ?? (begin.length === 1 ? begin[0].name : null);
};
