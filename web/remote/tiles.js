/**
 * The screens in words: each says what it really shows, from its own report. Pure.
 */

import { ahead, toTheEnd } from "./held.js";
import { hasLeaves, placeIn } from "./leaves.js";
import { exhibitOf } from "./model.js";
import { counted, lasting, list, running, short } from "./words.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("../shared/wire.js").Screen} Screen */
/** @typedef {"good" | "wait" | "stop" | "quiet"} Tone */

/** A report older than this many seconds says nothing about now: screens report four times a second. */
export const OLD = 3;

/**
 * @typedef {object} Seen
 * @property {"shows" | "card" | "black" | "silent"} how card: its test card; silent: it does not answer, so nobody knows
 * @property {string | null} exhibit
 * @property {number | null} at
 * @property {boolean} playing
 */

/**
 * @typedef {object} Tile
 * @property {string} id
 * @property {string} name
 * @property {string} zone
 * @property {"live" | "black" | "silent"} look
 * @property {string} shows what is on it, in words
 * @property {{text: string, tone: Tone}} holds how long it can go on
 * @property {{text: string, share: number} | null} day how much of the day is there already
 * @property {string | null} problem
 * @property {boolean} sound
 * @property {string} about its zone, where the name does not say it, how much later it comes, and by which slower way
 * @property {string} address
 * @property {number} volume
 * @property {number} delay milliseconds that it comes later than the room
 * @property {string | null} picture address of its small picture, under the API
 */

/**
 * @typedef {object} Found
 * @property {string} id
 * @property {string} name
 * @property {string} zone
 * @property {string} address
 * @property {string | null} problem
 */

/**
 * What a screen is known to show.
 * @param {Model} model
 * @param {Screen} screen
 * @param {number} now this page's clock
 * @returns {Seen}
 */
export const seenOn = (model, screen, now) => {
  const { report } = screen;
  const old = now - (model.heard[screen.id] ?? -Infinity) > OLD;
  if (!screen.online || report === null || old) return { how: "silent", exhibit: null, at: null, playing: false };
  if (report.card) return { how: "card", exhibit: null, at: null, playing: false };
  if (report.blank || report.exhibit === null) return { how: "black", exhibit: null, at: null, playing: false };
  return { how: "shows", exhibit: report.exhibit, at: report.media_time, playing: report.playing };
};

/** @param {Model} model @returns {Screen[]} */
export const paired = (model) => model.screens.filter((screen) => screen.paired);

/** @param {Model} model @param {number} now @returns {Tile[]} */
export const tilesOf = (model, now) => paired(model).map((screen) => tile(model, screen, seenOn(model, screen, now)));

/** @param {Model} model @returns {Found[]} */
export const foundOf = (model) =>
  model.screens
    .filter((screen) => !screen.paired)
    .map(({ id, name, zone, address, problem }) => ({ id, name, zone, address, problem: problem?.detail ?? null }));

/** @param {Model} model @param {number} now @returns {string} "2 of 3 screens answer" */
export const answering = (model, now) => {
  const all = paired(model);
  const silent = all.filter((screen) => seenOn(model, screen, now).how === "silent").length;
  if (all.length === 0) return "No screen yet";
  if (all.length === 1) return silent === 0 ? "1 screen, it answers" : "The screen does not answer";
  return silent === 0 ? `${counted(all.length, "screen")}, all answer` : `${all.length - silent} of ${all.length} screens answer`;
};

/**
 * The zones that there are, in the order of the screens.
 * @param {Model} model
 * @returns {string[]}
 */
export const zonesOf = (model) => [...new Set(paired(model).map((screen) => screen.zone))];

/**
 * Who these screens are for, in the fewest words: a zone where all its screens are meant, else the screen's own name.
 * @param {Model} model
 * @param {ReadonlyArray<Screen>} screens
 * @returns {string}
 */
export const called = (model, screens) => {
  const meant = new Set(screens.map((screen) => screen.id));
  const all = paired(model);
  /** @type {string[]} */
  const names = [];
  for (const screen of all) {
    if (!meant.has(screen.id)) continue;
    const whole = all.filter((other) => other.zone === screen.zone).every((other) => meant.has(other.id));
    const name = whole && screen.zone !== "" ? `the ${screen.zone}` : screen.name;
    if (!names.includes(name)) names.push(name);
  }
  // "the jury, witness and judge": the article is said once.
  return list(names.map((name, at) => (at > 0 && names[0].startsWith("the ") ? name.replace(/^the /, "") : name)));
};

/** @param {Model} model @param {Screen} screen @param {Seen} seen @returns {Tile} */
const tile = (model, screen, seen) => {
  const exhibit = exhibitOf(model, seen.exhibit);
  const ref = exhibit?.ref ?? "something else";
  const shows = {
    silent: "Does not answer",
    black: "Black",
    card: "Test card",
    shows: exhibit !== null && hasLeaves(exhibit)
      ? [ref, placeIn(exhibit, seen.at ?? 0)].filter(Boolean).join(", ")
      : `${ref} at ${seen.playing ? short(seen.at ?? 0) : running(seen.at ?? 0)}`,
  }[seen.how];
  const { report } = screen;
  const problem = screen.problem ?? (seen.how === "silent" ? null : (report?.problem ?? null));
  return {
    id: screen.id,
    name: screen.name,
    zone: screen.zone,
    look: seen.how === "shows" || seen.how === "card" ? "live" : seen.how,
    shows,
    holds: problem === null ? holds(model, screen, seen) : { text: "", tone: "quiet" },
    day: seen.how === "silent" ? null : dayOn(screen),
    problem: problem?.detail ?? skipped(seen, report?.skipped ?? []),
    sound: screen.sound,
    about: [screen.name.toLowerCase().includes(screen.zone.toLowerCase()) ? "" : screen.zone, shifted(screen.delay_ms), slower(screen), unsure(screen)].filter(Boolean).join(" · "),
    address: screen.address,
    volume: screen.volume,
    delay: screen.delay_ms,
    picture: seen.how === "silent" || screen.picture === 0 ? null : `screens/${encodeURIComponent(screen.id)}/picture?n=${screen.picture}`,
  };
};

/** @param {Screen} screen @returns {Tile["day"]} null where there is nothing to keep, or it keeps nothing */
const dayOn = ({ day }) => {
  if (day === null || day.total === 0) return null;
  const share = Math.min(1, day.held / day.total);
  const where = day.disk > 0 ? "on its disk" : "in its memory only";
  if (share === 1) return { text: `All of the day is ${where}`, share };
  return { text: `${Math.floor(share * 100)} % of the day is ${where}`, share };
};

/**
 * What of the picture is missing on a screen, in words.
 * @param {Seen} seen @param {ReadonlyArray<[number, number]>} ranges @returns {string | null}
 */
const skipped = ({ how }, ranges) => {
  if (how !== "shows" || ranges.length === 0) return null;
  const parts = ranges.map(([from, to]) => `${short(from)} to ${short(to)}`);
  return `No picture from ${list(parts)}: that part of the file cannot be decoded there.`;
};

/** @param {number} ms @returns {string} in words, where it is not the room's own time */
const shifted = (ms) => (ms === 0 ? "" : `${Math.abs(ms)} ms ${ms > 0 ? "later" : "earlier"}`);

/** @param {Screen} screen @returns {string} in words, where it is reached by the slower of the two paths */
const slower = ({ online, path }) => (online && path === "websocket" ? "slower connection" : "");

/** Seconds. What a clock may be wrong by without anybody seeing it beside another screen: two pictures. */
const UNSURE = 0.08;

/** @param {Screen} screen @returns {string} in words, where it may not be in step with the others */
const unsure = ({ online, report }) =>
  online && (report?.clock_uncertainty ?? 0) > UNSURE
    ? `its clock may be off by ${Math.round((report?.clock_uncertainty ?? 0) * 1000)} ms`
    : "";

/** @param {Model} model @param {Screen} screen @param {Seen} seen @returns {Tile["holds"]} */
const holds = (model, screen, seen) => {
  const { report } = screen;
  const { room } = model;
  if (seen.how === "silent") {
    if (screen.online) return { text: "Its page starts", tone: "wait" };
    return room.playing
      ? { text: "It plays on with what it holds", tone: "stop" }
      : { text: "Look whether it is switched on", tone: "stop" };
  }
  if (report !== null && seen.how === "shows" && seen.at !== null) {
    const exhibit = exhibitOf(model, seen.exhibit);
    const whole = exhibit !== null && exhibit.state === "ready" ? exhibit.duration : null;
    const leaves = exhibit !== null && hasLeaves(exhibit);
    if (toTheEnd(report.held, seen.at, whole)) return { text: leaves ? "Holds all of it" : "Safe to the end", tone: "good" };
    if (leaves) return { text: "Being sent the rest", tone: "wait" };
    return { text: `Holds ${lasting(ahead(report.held, seen.at))} more`, tone: "wait" };
  }
  if (seen.how === "card") return { text: "Goes by itself", tone: "quiet" };
  if (room.shown !== null && meantFor(model, screen)) return { text: "Its picture is on its way", tone: "wait" };
  if (report?.cue_ready && room.cued !== null) return { text: "Can show at once", tone: "good" };
  if (room.cued !== null) return { text: "Being sent what is ready", tone: "wait" };
  return { text: "Connected", tone: "good" };
};

/** Whether the room wants something to be seen on this screen. @param {Model} model @param {Screen} screen */
export const meantFor = (model, screen) => {
  const { shown, blanked } = model.room;
  return shown !== null && (shown.zones?.includes(screen.zone) ?? true) && !blanked.includes(screen.zone);
};
