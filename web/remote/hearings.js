/**
 * Hearings in words: what each is called, what a list of references would do, and what was checked of a bundle. Pure.
 */

import { counted, list, size } from "./words.js";

/** @typedef {import("../shared/wire.js").Hearing} Hearing */
/** @typedef {import("../shared/wire.js").Listing} Listing */
/** @typedef {import("../shared/wire.js").BundleReport} BundleReport */
/** @typedef {import("../shared/wire.js").Taking} Taking */

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/** 30 November 2026; anything else as it is. @param {string} day YYYY-MM-DD @returns {string} */
export const dayWords = (day) => {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/u.exec(day);
  const month = MONTHS[Number(parts?.[2] ?? 0) - 1];
  return parts === null || month === undefined ? day : `${Number(parts[3])} ${month} ${parts[1]}`;
};

/**
 * What stands at the top of the page: the case, and beside it where and when it is heard.
 * @param {ReadonlyArray<Hearing>} hearings
 * @returns {{name: string, rest: string}}
 */
export const titleOf = (hearings) => {
  const open = hearings.find((one) => one.open);
  if (open === undefined) return { name: "Courtcast", rest: "" };
  const [name, ...rest] = [open.case, open.court, dayWords(open.day)].filter(Boolean);
  return { name: name ?? "Courtcast", rest: rest.join(" · ") };
};

/** @param {Hearing} hearing @returns {string} */
export const calledOf = ({ case: name, court, day }) => [name, court, dayWords(day)].find(Boolean) ?? "Hearing without a name";

/**
 * @typedef {object} Entry one hearing in the list
 * @property {string} id
 * @property {string} name
 * @property {string} where court and day
 * @property {string} holds how much there is in it
 * @property {string} note
 * @property {string} came whose key signed it, where it came in a bundle
 * @property {boolean} open
 * @property {boolean} canOpen
 * @property {boolean} canRemove there is nothing in it
 */

/** @param {ReadonlyArray<Hearing>} hearings @returns {Entry[]} the open one first, then by day, the latest first */
export const entriesOf = (hearings) =>
  [...hearings]
    .sort((a, b) => Number(b.open) - Number(a.open) || compare(b.day, a.day) || compare(a.case, b.case))
    .map((hearing) => {
      const name = calledOf(hearing);
      const where = [hearing.court, dayWords(hearing.day)].filter((one) => one !== "" && one !== name).join(" · ");
      const { exhibits, bytes } = hearing;
      return {
        id: hearing.id,
        name,
        where,
        holds: exhibits === 0 ? "nothing in it yet" : [counted(exhibits, "exhibit"), bytes > 0 ? size(bytes) : ""].filter(Boolean).join(", "),
        note: hearing.note,
        came: hearing.came === "" ? "" : `Came in a bundle, signed with the key ${keyWords(hearing.came)}`,
        open: hearing.open,
        canOpen: !hearing.open,
        canRemove: exhibits === 0 && !hearing.open,
      };
    });

/** @param {string} a @param {string} b */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * A key as it is read out and compared: its beginning, in groups of four.
 * @param {string} key hexadecimal
 * @returns {string}
 */
export const keyWords = (key) => (key.slice(0, 16).match(/.{1,4}/gu) ?? []).join(" ") + (key.length > 16 ? " …" : "");

/**
 * @typedef {object} ListView what a list would do
 * @property {string} sum
 * @property {string[]} problems with the number of the line
 * @property {Array<{line: string, ref: string, title: string, does: string, tone: "quiet" | "stop" | "good"}>} rows
 * @property {string | null} act what the button says that does it; null where nothing can be taken
 */

/** @param {Listing & {note?: string}} listing @returns {ListView} */
export const listView = ({ rows, adds, changes, problems, note = "" }) => {
  const does = [adds > 0 ? `adds ${counted(adds, "exhibit")}` : "", changes > 0 ? `changes ${counted(changes, "exhibit")}` : ""].filter(Boolean);
  const would = does.length === 0 ? "It would change nothing." : `It ${list(does)}.`;
  return {
    sum: problems === 0 ? [would, note].filter(Boolean).join(" ") : `${counted(problems, "line")} cannot be taken. Mend ${problems === 1 ? "it" : "them"} in the spreadsheet, and choose the list again: it is taken as a whole, or not at all.`,
    problems: rows.filter((row) => row.problem !== "").map((row) => `Line ${row.line}: ${row.problem}`),
    rows: rows.map(({ line, ref, title, url, known, problem }) => ({
      line: String(line),
      ref,
      title,
      does: problem !== "" ? "cannot be taken" : known !== null ? "is changed" : url === "" ? "is added, without a link" : "is added",
      tone: problem !== "" ? "stop" : known !== null ? "quiet" : "good",
    })),
    act: problems > 0 || does.length === 0 ? null : "Do this",
  };
};

/**
 * @typedef {object} TakingView what becomes of a bundle that comes in
 * @property {string} id to call it off by; empty where there is nothing to call off
 * @property {string} says
 * @property {"stop" | "good" | "quiet"} tone
 * @property {number | null} part 0 … 1 of it is checked; null where there is no bar
 */

/** @param {Taking} taking @param {string} hearing what the one that was made is called @returns {TakingView} */
export const takingView = ({ id, name, state, done, bytes, problem, report }, hearing) => {
  if (state === "checking") {
    const far = bytes === 0 ? "its seal is read" : `${size(done)} of ${size(bytes)} are the very files that were sealed`;
    return { id, says: `${name} is being checked: ${far}.`, tone: "quiet", part: bytes === 0 ? 0 : done / bytes };
  }
  if (state === "done" && report !== null) return { id: "", says: bundleWords(report, hearing), tone: "good", part: null };
  const why = state === "cancelled" ? "It was called off. Nothing of it was taken in." : (problem?.detail ?? "It was not taken in.");
  return { id: "", says: `${name}: ${why}`, tone: state === "cancelled" ? "quiet" : "stop", part: null };
};

/**
 * What was checked of a bundle, and who signed it.
 * @param {BundleReport} report
 * @param {string} name of the hearing
 * @returns {string}
 */
export const bundleWords = ({ key, exhibits, bytes, known }, name) =>
  [
    `${name} was taken in: ${counted(exhibits, "exhibit")}, ${size(bytes)}.`,
    "Every file was read and is the one that the bundle's list names, and the list is signed.",
    `The key that signed it: ${keyWords(key)} Compare it with the one in the record of whoever made it.`,
    known.length === 0 ? "" : `${list(known)} ${known.length === 1 ? "was" : "were"} here already, the very same ${known.length === 1 ? "file" : "files"}.`,
  ]
    .filter(Boolean)
    .join(" ");
