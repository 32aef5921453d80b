/**
 * What a contact sheet says, for the seek bar: which small picture stands for a moment, how the loudness is drawn, and the
 * places that stand out, in words. Pure. Times are seconds of media time.
 */

import { short } from "./words.js";

/** @typedef {import("../shared/wire.js").Sheet} Sheet */
/** @typedef {import("../shared/wire.js").Strip} Strip */
/** @typedef {"scene" | "black" | "frozen" | "silent" | "gap" | "unrecorded"} Kind */

/**
 * @typedef {object} Place
 * @property {Kind} kind
 * @property {number} at
 * @property {number} until same as `at` for what is a moment only
 * @property {string} says
 */

/** @type {Record<Kind, string>} */
const WORDS = {
  scene: "New scene",
  black: "Black",
  frozen: "Picture stands still",
  silent: "No sound",
  gap: "No new picture",
  unrecorded: "Sound missing in the file",
};

/** Share of a silent stretch that has to be known as missing sound already, for it not to be named twice. */
const TWICE = 0.6;

/**
 * @param {Sheet} sheet
 * @returns {Place[]} in order
 */
export const placesOf = (sheet) => {
  const place = (/** @type {Kind} */ kind, /** @type {number} */ at, until = at) => ({ kind, at, until, says: WORDS[kind] });
  const stretches = (/** @type {Kind} */ kind, /** @type {ReadonlyArray<readonly [number, number]>} */ list) => list.map(([at, until]) => place(kind, at, until));
  const silent = sheet.silent.filter(([at, until]) => covered([at, until], sheet.unrecorded) < TWICE * (until - at));
  return [
    ...sheet.scenes.map((at) => place("scene", at)),
    ...stretches("black", sheet.black),
    ...stretches("frozen", sheet.frozen),
    ...stretches("silent", silent),
    ...stretches("gap", sheet.gaps),
    ...stretches("unrecorded", sheet.unrecorded),
  ].sort((a, b) => a.at - b.at || a.until - b.until);
};

/**
 * @param {readonly [number, number]} stretch
 * @param {ReadonlyArray<readonly [number, number]>} others
 * @returns {number} seconds of it that lie in one of the others
 */
const covered = ([at, until], others) => others.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(until, to) - Math.max(at, from)), 0);

/**
 * Where it is, in words: 0:12, or 0:12 to 0:40.
 * @param {Place} place
 * @returns {string}
 */
export const where = ({ at, until }) => (short(at) === short(until) ? short(at) : `${short(at)} to ${short(until)}`);

/**
 * The places that a moment lies in, and those that are moments right beside it.
 * @param {ReadonlyArray<Place>} places
 * @param {number} at
 * @param {number} near seconds that count as beside
 * @returns {string} in words, empty where there is none
 */
export const here = (places, at, near) => {
  const found = places.filter((place) => at >= place.at - near && at <= place.until + near);
  return [...new Set(found.map(({ says }) => says))].join(" · ");
};

/**
 * The place whose beginning lies next to a moment.
 * @param {ReadonlyArray<Place>} places
 * @param {number} at
 * @param {number} within seconds
 * @returns {Place | null}
 */
export const nearest = (places, at, within) => {
  const close = places.filter((place) => Math.abs(place.at - at) <= within);
  return close.reduce((/** @type {Place | null} */ best, place) => (best === null || Math.abs(place.at - at) < Math.abs(best.at - at) ? place : best), null);
};

/** Seconds by which the next place has to lie further on. */
const FURTHER = 0.05;

/**
 * @param {ReadonlyArray<Place>} places
 * @param {number} at
 * @param {1 | -1} way
 * @returns {Place | null} the next one that way
 */
export const beyond = (places, at, way) => {
  const further = places.filter((place) => (place.at - at) * way > FURTHER);
  return (way > 0 ? further[0] : further[further.length - 1]) ?? null;
};

/**
 * The small picture that was up last at a moment.
 * @param {Strip} strip
 * @param {number} at
 * @returns {number | null} null before the first one
 */
export const pictureAt = ({ times }, at) => {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at + 1e-6) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low - 1;
};

/**
 * The small picture that stands for a part of the recording.
 * @param {Strip} strip
 * @param {number} at the middle of the part
 * @param {number} half seconds from there to its ends
 * @returns {number | null} null where none lies in it
 */
export const pictureOf = (strip, at, half) => {
  const before = pictureAt(strip, at);
  const candidates = before === null ? [0] : [before, before + 1];
  const inside = candidates.filter((n) => n < strip.times.length && Math.abs(strip.times[n] - at) <= half);
  return inside.sort((a, b) => Math.abs(strip.times[a] - at) - Math.abs(strip.times[b] - at))[0] ?? null;
};

/**
 * How to lay the strip behind a hole so that one picture fills it, cut off evenly where its shape is another.
 * @param {Strip} strip
 * @param {number} n which picture
 * @param {number} width of the hole, CSS pixels
 * @param {number} height
 * @returns {{size: string, position: string}} as CSS has it for a background
 */
export const laid = (strip, n, width, height) => {
  const scale = Math.max(width / strip.width, height / strip.height);
  const [wide, high] = [strip.width * scale, strip.height * scale];
  const rows = Math.ceil(strip.times.length / strip.columns);
  const x = -(n % strip.columns) * wide - (wide - width) / 2;
  const y = -Math.floor(n / strip.columns) * high - (high - height) / 2;
  return { size: `${px(wide * strip.columns)} ${px(high * rows)}`, position: `${px(x)} ${px(y)}` };
};

/** @param {number} n @returns {string} */
const px = (n) => `${Math.round(n * 100) / 100}px`;

/**
 * The loudness in so many columns. Quiet speech has to be seen beside a slammed door, so small levels are raised.
 * @param {ReadonlyArray<number>} peaks 0 … 255
 * @param {number} count
 * @returns {number[]} 0 … 1
 */
export const waved = (peaks, count) =>
  Array.from({ length: peaks.length === 0 ? 0 : Math.max(0, count) }, (_, n) => {
    const first = Math.floor((n * peaks.length) / count);
    const end = Math.max(first + 1, Math.floor(((n + 1) * peaks.length) / count));
    return Math.sqrt(Math.max(...peaks.slice(first, end)) / 255);
  });
