/**
 * Photographs and documents in words: which page is up, and of how many. Pure.
 *
 * Media time is the leaf's number, from 0; people count pages from 1.
 */

import { counted, exact } from "./words.js";

/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {{number: number, count: number, noun: string}} Leaf `number` is from 0 */

/** @param {Exhibit} exhibit */
export const hasLeaves = ({ kind }) => kind === "image" || kind === "document";

/** Leaves that are known of. @param {Exhibit} exhibit @returns {number} */
export const leafCount = ({ frames, duration, prepared }) => Math.max(1, frames ?? Math.round(duration ?? prepared));

/** @param {Exhibit} exhibit */
const nounOf = ({ kind }) => (kind === "document" ? "page" : "picture");

/**
 * @param {Exhibit} exhibit
 * @param {number} at seconds of media time
 * @returns {Leaf | null} null for a recording
 */
export const leafAt = (exhibit, at) => {
  if (!hasLeaves(exhibit)) return null;
  const count = leafCount(exhibit);
  return { number: Math.min(Math.max(0, Math.floor(at + 1e-3)), count - 1), count, noun: nounOf(exhibit) };
};

/** "page 3", empty where there is one only. @param {Leaf} leaf */
export const leafName = ({ number, count, noun }) => (count < 2 ? "" : `${noun} ${number + 1}`);

/** "117 pages", "photograph": what stands where a recording has its length. @param {Exhibit} exhibit */
export const leafLength = (exhibit) => {
  const count = leafCount(exhibit);
  return exhibit.kind === "image" && count < 2 ? "photograph" : counted(count, nounOf(exhibit));
};

/** A place in an exhibit: "page 3", "0:33.480"; empty where there is only one. @param {Exhibit} exhibit @param {number} at */
export const placeIn = (exhibit, at) => {
  const leaf = leafAt(exhibit, at);
  return leaf === null ? exact(at) : leafName(leaf);
};

/**
 * What was typed into the field for a page.
 * @param {string} text
 * @param {number} count
 * @returns {number | null} the leaf, from 0; null where there is no such page
 */
export const leafTyped = (text, count) => {
  const number = Number(/^\s*(?:p(?:age)?\.?\s*)?(\d{1,6})\s*$/iu.exec(text)?.[1] ?? NaN);
  return number >= 1 && number <= count ? number - 1 : null;
};
