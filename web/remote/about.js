/**
 * What people say of an exhibit, in words and back: from where it was received, what it is for, and the error of the clock
 * that stands in the picture. Pure.
 */

import { secondsOf } from "./entry.js";
import { counted, list } from "./words.js";

/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {import("../shared/wire.js").CameraClock} CameraClock */

/** A clock that is further out than this was set to another day; that is a date, no error. */
const MOST = 40 * 366 * 86400;

/**
 * 2 min 3 s, 1 h 0.5 s: a length to be taken back as it was written.
 * @param {number} seconds
 * @returns {string}
 */
export const spoken = (seconds) => {
  const whole = Math.round(Math.abs(seconds) * 1000) / 1000;
  const [d, h, m] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  const s = Math.round((whole - (d * 86400 + h * 3600 + m * 60)) * 1000) / 1000;
  const words = [d > 0 ? counted(d, "day") : "", h > 0 ? `${h} h` : "", m > 0 ? `${m} min` : "", s > 0 || whole === 0 ? `${s} s` : ""];
  return words.filter(Boolean).join(" ");
};

/**
 * 2 min 3 s, 2:03, 123, 1 h: as people write it.
 * @param {string} text
 * @returns {number | null} seconds, not negative
 */
export const lengthTyped = (text) => {
  const plain = secondsOf(text);
  if (plain !== null) return plain <= MOST ? plain : null;
  const units = /^\s*(?:(\d+)\s*d(?:ays?)?)?\s*(?:(\d+)\s*h(?:ours?)?)?\s*(?:(\d+)\s*m(?:in(?:utes?)?)?)?\s*(?:(\d+(?:[.,]\d+)?)\s*s(?:ec(?:onds?)?)?)?\s*$/iu.exec(text);
  if (units === null || text.trim() === "") return null;
  const [d, h, m, s] = units.slice(1).map((one) => Number((one ?? "0").replace(",", ".")));
  const sum = d * 86400 + h * 3600 + m * 60 + s;
  return sum <= MOST ? sum : null;
};

/** "2 min 3 s ahead" @param {CameraClock} clock @returns {string} */
export const clockWords = ({ error }) => (error === 0 ? "right" : `${spoken(error)} ${error > 0 ? "ahead" : "behind"}`);

/**
 * What the row of an exhibit says beside its length.
 * @param {Exhibit} exhibit
 * @returns {string[]}
 */
export const marksOf = ({ evidential, camera_clock: clock, clips }) => [
  ...(evidential ? [] : ["not evidence"]),
  ...(clips.length > 0 ? [counted(clips.length, "clip")] : []),
  ...(clock === null || clock.error === 0 ? [] : [`clock ${clockWords(clock)}`]),
];

/**
 * @typedef {object} About
 * @property {boolean} evidential
 * @property {string} source
 * @property {number | null} received Unix time, seconds
 * @property {string} remark
 * @property {string} clock how far it is out, as it would be typed; empty where nobody declared anything
 * @property {boolean} behind
 * @property {string} declared
 * @property {string} says the clock, in one sentence; empty where nobody declared anything
 * @property {string} same which others have the very same file; empty where none
 */

/**
 * @param {Exhibit} exhibit
 * @param {ReadonlyArray<Exhibit>} exhibits that are known here
 * @returns {About}
 */
export const aboutOf = (exhibit, exhibits) => {
  const { camera_clock: clock } = exhibit;
  const refs = exhibit.same_as.map((id) => exhibits.find((one) => one.id === id)?.ref ?? "");
  const known = refs.filter(Boolean);
  const others = refs.length - known.length;
  const names = [...known, ...(others > 0 ? [`${counted(others, "exhibit")} of another hearing`] : [])];
  return {
    evidential: exhibit.evidential,
    source: exhibit.source,
    received: exhibit.received,
    remark: exhibit.remark,
    clock: clock === null ? "" : spoken(clock.error),
    behind: (clock?.error ?? 0) < 0,
    declared: clock?.declared ?? "",
    says: clock === null ? "" : `The clock in the picture is ${clockWords(clock)}${clock.declared === "" ? "" : `, declared by ${clock.declared}`}.`,
    same: names.length === 0 ? "" : `Same file as ${list(names)}.`,
  };
};

/**
 * What somebody typed of the clock.
 * @param {{clock: string, behind: boolean, declared: string}} typed
 * @returns {{clock: {error: number, declared: string} | null} | {problem: string}} null: nothing is declared
 */
export const clockTyped = ({ clock, behind, declared }) => {
  if (clock.trim() === "") return declared.trim() === "" ? { clock: null } : { problem: "Say how far the clock is out, or leave out who declared it." };
  const seconds = lengthTyped(clock);
  if (seconds === null) return { problem: "Write it like 2 min 3 s, or 2:03." };
  return { clock: { error: behind && seconds > 0 ? -seconds : seconds, declared: declared.trim() } };
};
