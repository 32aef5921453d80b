/**
 * What somebody typed: a reference with a time, or a link. Pure.
 */

import { clipCalled } from "./clips.js";
import { hasLeaves, leafCount } from "./leaves.js";

/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */

/**
 * 0:12, 1:02:03.5, 12.5 s, 90s. A bare number is no time: it may be a reference.
 * @param {string} text
 * @returns {number | null} seconds
 */
export const timeOf = (text) => {
  const trimmed = text.trim().replace(",", ".");
  const clock = /^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:\.\d+)?)$/.exec(trimmed);
  if (clock) return Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
  const plain = /^(\d+(?:\.\d+)?)\s*s(?:ec(?:onds?)?)?$/.exec(trimmed);
  return plain ? Number(plain[1]) : null;
};

/**
 * In a field that takes nothing but a time, a bare number is seconds.
 * @param {string} text
 * @returns {number | null}
 */
export const secondsOf = (text) => timeOf(text) ?? (/^\s*\d+([.,]\d+)?\s*$/.test(text) ? Number(text.replace(",", ".")) : null);

/** p3, p. 3, page 3: of a document, from 0. A bare number is none. @param {string} text @returns {number | null} */
const leafOf = (text) => {
  const number = Number(/^p(?:age)?\.?\s*(\d{1,6})$/iu.exec(text.trim())?.[1] ?? 0);
  return number > 0 ? number - 1 : null;
};

/** @param {string} text @returns {string | null} the link, where it is one */
export const linkOf = (text) => /^\s*(https?:\/\/\S+)\s*$/i.exec(text)?.[1] ?? null;

/**
 * @typedef {object} Entry
 * @property {Exhibit | null} exhibit the one that is meant, where exactly one is
 * @property {ReadonlyArray<Exhibit>} matches all that may be meant
 * @property {number | null} at seconds; of a document, the page from 0
 * @property {string | null} clip name of the clip that is meant
 */

/**
 * "JM/4 0:12", "jm4", "doorbell 12 s", "0:12" (of the exhibit that is ready).
 * @param {string} text
 * @param {ReadonlyArray<Exhibit>} exhibits
 * @param {Exhibit | null} ready what a time alone belongs to
 * @returns {Entry}
 */
export const entryOf = (text, exhibits, ready) => {
  const words = text.trim().split(/\s+/);
  /** @type {number | null} */
  let time = null;
  /** @type {number | null} */
  let leaf = null;
  let name = text.trim();
  for (const count of [1, 2]) {
    const last = words.slice(-count).join(" ");
    time = timeOf(last);
    // A reference may look like a page.
    leaf = matching(text, exhibits).length > 0 ? null : leafOf(last);
    if (time !== null || leaf !== null) {
      name = words.slice(0, -count).join(" ");
      break;
    }
  }
  const clip = time === null && leaf === null ? clipIn(words, exhibits) : null;
  if (clip !== null) return { exhibit: clip.exhibit, matches: [clip.exhibit], at: null, clip: clip.name };
  const matches = name === "" ? [] : matching(name, exhibits);
  const meant = name === "" ? ready : matches.length === 1 ? matches[0] : null;
  const paged = meant !== null && hasLeaves(meant);
  const at = !paged ? time : leaf !== null && leaf < leafCount(meant) ? leaf : null;
  // A place alone is one in what is ready; nothing at all is nothing.
  return { exhibit: name === "" && at === null ? null : meant, matches, at, clip: null };
};

/**
 * "JM/4 arrival": a reference, and the name of one of its clips or the beginning of it.
 * @param {ReadonlyArray<string>} words
 * @param {ReadonlyArray<Exhibit>} exhibits
 * @returns {{exhibit: Exhibit, name: string} | null}
 */
const clipIn = (words, exhibits) => {
  for (let count = 1; count < words.length; count += 1) {
    const asked = bare(words.slice(0, count).join(""));
    const exhibit = exhibits.find((one) => asked !== "" && bare(one.ref) === asked);
    const name = exhibit === undefined ? null : clipCalled(exhibit, words.slice(count).join(" "));
    if (exhibit !== undefined && name !== null) return { exhibit, name };
  }
  return null;
};

/**
 * The narrowest reading that fits any: the reference itself, its beginning, a part of the title.
 * @param {string} name
 * @param {ReadonlyArray<Exhibit>} exhibits
 * @returns {Exhibit[]}
 */
const matching = (name, exhibits) => {
  const asked = bare(name);
  if (asked === "") return [];
  const readings = [
    /** @param {Exhibit} e */ (e) => bare(e.ref) === asked,
    /** @param {Exhibit} e */ (e) => bare(e.ref).startsWith(asked),
    /** @param {Exhibit} e */ (e) => bare(`${e.ref}${e.title}`).includes(asked),
  ];
  for (const reading of readings) {
    const found = exhibits.filter(reading);
    if (found.length > 0) return found;
  }
  return [];
};

/** Letters and digits only: nobody types the stroke or the space twice alike. @param {string} text */
const bare = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

/**
 * The next reference in the row: after JM/1 and JM/2 comes JM/3.
 * @param {ReadonlyArray<Exhibit>} exhibits
 * @returns {string} empty where nothing can be told
 */
export const nextRef = (exhibits) => {
  const last = exhibits[exhibits.length - 1];
  const parts = last === undefined ? null : /^(.*?)(\d+)$/.exec(last.ref);
  if (parts === null) return "";
  const [, stem, number] = parts;
  const taken = new Set(exhibits.map((exhibit) => exhibit.ref));
  let next = Number(number) + 1;
  while (taken.has(`${stem}${next}`)) next += 1;
  return `${stem}${next}`;
};

/** Groups of four, as it stands on the screen, may be typed with anything between. @param {string} text */
export const codeOf = (text) => text.replace(/\D+/g, "");
