/**
 * A clip that is being made or changed, not saved yet. Pure: what was done goes in, a new draft comes out.
 *
 * A part begins with the picture that stood at its beginning when that was marked, and ends with the one that stood at its
 * end: both are shown. Times are seconds of media time.
 */

import { lengthOf, saidOf } from "./clips.js";
import { rateOf } from "./film.js";
import { exact, short } from "./words.js";

/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {import("../shared/wire.js").Clip} Clip */
/** @typedef {{start: number, stop: number, silent: boolean}} Part */
/** @typedef {{start: number, stop: number}} Moment the picture that is up: from when to when */

/**
 * @typedef {object} Draft
 * @property {string} exhibit
 * @property {string | null} clip the one that is changed; null for a new one
 * @property {string} name
 * @property {string} agreed
 * @property {ReadonlyArray<Part>} parts in the order in which they are played
 * @property {number | null} from where a part begins whose end is not marked yet
 * @property {number | null} moving the part whose beginning and end are being set anew
 * @property {string} said what came of the last mark, in words
 */

/** Times are kept to the millisecond: the field for a time says no more. */
const MILLI = 1000;

/**
 * The picture at a place, as far as it can be told from here: where pictures come evenly, from its number; elsewhere it is
 * taken to end at once, so that nothing of the next one can be seen.
 * @param {Exhibit} exhibit
 * @param {number} at
 * @param {number | null} frame its number, where known
 * @returns {Moment}
 */
export const momentOf = (exhibit, at, frame) => {
  const rate = rateOf(exhibit);
  if (rate === null || exhibit.video === null) return { start: at, stop: at };
  const into = frame === null ? NaN : at * rate - frame;
  const [start, stop] = frame !== null && into > -0.25 && into < 1.25 ? [frame / rate, (frame + 1) / rate] : [at, at + 1 / MILLI];
  const end = exhibit.duration ?? Infinity;
  return { start: Math.ceil(start * MILLI - 1e-3) / MILLI, stop: Math.min(end, Math.floor(stop * MILLI + 1e-3) / MILLI) };
};

/**
 * The picture at a place, from the times that the presenter knows of it and of the next one.
 * @param {Exhibit} exhibit
 * @param {{at: number, frame: number | null}} place
 * @param {(frame: number) => Promise<number | null>} timeOf when a picture comes up; null where nobody says so
 * @returns {Promise<Moment>}
 */
export const momentAt = async (exhibit, { at, frame }, timeOf) => {
  const guess = momentOf(exhibit, at, frame);
  if (frame === null || exhibit.video === null) return guess;
  const last = exhibit.state === "ready" && exhibit.frames !== null && frame + 1 >= exhibit.frames;
  const [start, next] = await Promise.all([timeOf(frame), last ? exhibit.duration : timeOf(frame + 1)]);
  return { start: start ?? guess.start, stop: next ?? guess.stop };
};

/** A new clip. @param {Exhibit} exhibit @returns {Draft} */
export const begun = (exhibit) => ({
  exhibit: exhibit.id,
  clip: null,
  name: nextName(exhibit.clips),
  agreed: "",
  parts: [],
  from: null,
  moving: null,
  said: "Go to its first picture, and mark the beginning.",
});

/** One that is there. @param {Exhibit} exhibit @param {Clip} clip @returns {Draft} */
export const taken = (exhibit, { id, name, agreed, ranges }) => ({
  exhibit: exhibit.id,
  clip: id,
  name,
  agreed,
  parts: ranges.map(({ start, stop, silent }) => ({ start, stop, silent })),
  from: null,
  moving: null,
  said: "",
});

/** @param {ReadonlyArray<Clip>} clips */
const nextName = (clips) => {
  const taken = new Set(clips.map((clip) => clip.name));
  let n = clips.length + 1;
  while (taken.has(`Clip ${n}`)) n += 1;
  return `Clip ${n}`;
};

/**
 * The beginning or the end is marked at the picture that is up.
 * @param {Draft} draft
 * @param {"in" | "out"} which
 * @param {Moment} moment
 * @returns {Draft}
 */
export const marked = (draft, which, { start, stop }) => {
  const { moving, from, parts } = draft;
  if (moving !== null) {
    const old = parts[moving];
    return put({ ...draft }, moving, which === "in" ? { ...old, start } : { ...old, stop });
  }
  if (which === "in") return { ...draft, from: start, said: `It begins at ${exact(start)}. Go to its last picture, and mark the end.` };
  if (from === null) return { ...draft, said: "Mark the beginning first." };
  return put({ ...draft }, parts.length, { start: from, stop, silent: false });
};

/** @param {Draft} draft @param {number} n @param {Part} part @returns {Draft} */
const put = (draft, n, part) => {
  const others = draft.parts.map((one, i) => ({ ...one, i })).filter(({ i }) => i !== n);
  if (part.stop <= part.start) return { ...draft, said: "Its end would lie before its beginning. Nothing was changed." };
  const other = others.find(({ start, stop }) => part.start < stop - 1e-6 && start < part.stop - 1e-6);
  if (other !== undefined) return { ...draft, said: `It would overlap with part ${other.i + 1}. Nothing was changed.` };
  const parts = n < draft.parts.length ? draft.parts.map((one, i) => (i === n ? part : one)) : [...draft.parts, part];
  return { ...draft, parts, from: n < draft.parts.length ? draft.from : null, said: `Part ${n + 1}: ${spanOf(part)}.` };
};

/** "0:12.480 to 0:20.000" @param {{start: number, stop: number}} part @returns {string} */
export const spanOf = ({ start, stop }) => `${exact(start)} to ${exact(stop)}`;

/**
 * @param {Draft} draft
 * @param {number} n which part
 * @param {"silent" | "remove" | "up" | "down" | "move"} what move: its beginning and end are set anew, or no longer
 * @returns {Draft}
 */
export const changed = (draft, n, what) => {
  const { parts } = draft;
  const part = parts[n];
  if (part === undefined) return draft;
  if (what === "move") {
    const moving = draft.moving === n ? null : n;
    return { ...draft, moving, from: null, said: moving === null ? "" : `Mark where part ${n + 1} begins or ends now.` };
  }
  if (what === "silent") return { ...draft, parts: parts.map((one, i) => (i === n ? { ...one, silent: !one.silent } : one)), said: `Part ${n + 1} is played ${part.silent ? "with" : "without"} its sound.` };
  if (what === "remove") return { ...draft, parts: parts.filter((_, i) => i !== n), moving: null, said: `Part ${n + 1} was taken out.` };
  const to = n + (what === "up" ? -1 : 1);
  if (parts[to] === undefined) return draft;
  const order = [...parts];
  [order[n], order[to]] = [order[to], part];
  return { ...draft, parts: order, moving: null, said: `It is part ${to + 1} now.` };
};

/**
 * Why it cannot be saved as it is.
 * @param {Draft} draft
 * @param {ReadonlyArray<Clip>} clips that the exhibit has
 * @returns {string} empty where it can
 */
export const missing = ({ name, parts, from, clip }, clips) => {
  if (from !== null) return "Mark the end of the part that was begun, or mark its beginning anew.";
  if (parts.length === 0) return "Mark the beginning and the end of at least one part.";
  if (name.trim() === "") return "Give it a name.";
  if (clips.some((one) => one.id !== clip && one.name.toLowerCase() === name.trim().toLowerCase())) return "Another clip of this exhibit has that name.";
  return "";
};

/** What is sent. @param {Draft} draft @returns {{name: string, ranges: Part[], agreed: string}} */
export const wishOf = ({ name, parts, agreed }) => ({ name: name.trim(), ranges: parts.map((part) => ({ ...part })), agreed: agreed.trim() });

/** All of it in one line. @param {Draft} draft @returns {string} */
export const sumOf = ({ parts }) => (parts.length === 0 ? "" : [short(lengthOf(parts)), saidOf(parts)].filter(Boolean).join(" · "));
