/**
 * The whole page as a value: what stands where, in which words, and which button may be used. Pure.
 *
 * Everything on the page comes from here; the modules that touch the page only write it down. So the words of every
 * state can be read and tested without a browser.
 */

import { besideIn, halfOf, heldOf, linesOf, moved, nearest, placeOf } from "./clips.js";
import { beside, still } from "./film.js";
import { toTheEnd } from "./held.js";
import { hasLeaves, leafAt, leafLength, leafName, placeIn } from "./leaves.js";
import { exhibitOf } from "./model.js";
import { positionAt } from "./position.js";
import { holding, rowsOf, safety } from "./rows.js";
import { sentence } from "./say.js";
import { answering, called, foundOf, meantFor, paired, seenOn, tilesOf, zonesOf } from "./tiles.js";
import { marksOf } from "./tracks.js";
import { capital, exact, grouped, list, running, short, speed } from "./words.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./tiles.js").Tone} Tone */
/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {import("../shared/wire.js").Screen} Screen */
/** @typedef {"connecting" | "live" | "reconnecting" | "signed-out"} Link */

/**
 * @typedef {object} Surroundings
 * @property {Link} link
 * @property {number} now this page's clock, seconds
 * @property {number | null} clock the room's clock now
 * @property {number} [unix] Unix time, seconds, by the wall's clock
 * @property {number} east minutes that the wall's clock is ahead of UTC
 * @property {ReadonlyArray<string> | null} zones who will see it, as chosen here; null is everyone
 * @property {string} build of this page
 */

/**
 * @typedef {object} Bar what a seek bar shows
 * @property {string | null} exhibit
 * @property {number | null} duration
 * @property {import("./tracks.js").ChapterMark[]} chapters
 * @property {number} at
 * @property {number} prepared seconds that the presenter has prepared
 * @property {boolean} grows its length is not final yet
 * @property {string | null} sheet the presenter has its contact sheet, of the file with this hash
 * @property {Array<{name: string, held: ReadonlyArray<ReadonlyArray<number>>, whole: boolean}>} lanes one for each screen
 * @property {string} says what the lanes say, in words
 * @property {import("./leaves.js").Leaf | null} leaf of a document: which page is up
 * @property {ReadonlyArray<import("../shared/wire.js").ClipRange>} ranges of the clip that is on: nothing else can be sought; none is the whole
 * @property {number} half seconds that half a picture lasts
 */

/**
 * @typedef {object} ClipsOf the exhibit whose clips are looked at: what is ready, else what is on the screens
 * @property {Exhibit | null} exhibit
 * @property {number} at where its playhead stands
 * @property {number | null} frame
 * @property {import("./clips.js").ClipLine[]} lines
 * @property {string} says why there can be none; empty where there can
 */

/**
 * @typedef {object} Zoom what can be enlarged
 * @property {boolean} can
 * @property {boolean} leaves it stands, and its row has room for the controls
 * @property {string} key another one whenever another picture is up: what was meant for one is not meant for the next
 * @property {import("./zoom.js").View | null} view the part that is on the screens; null is the whole
 * @property {number | null} aspect width over height of the whole picture, as far as it is known
 * @property {string | null} picture address of the whole of it, under the API
 */

/**
 * @typedef {object} Side
 * @property {Exhibit | null} exhibit
 * @property {string} about
 * @property {{text: string, tone: Tone} | null} safe
 * @property {string | null} picture address under the API
 * @property {string} alt what the picture is, for those who do not see it
 * @property {string[]} empty stands where there is no picture; several lines are steps to take
 * @property {number} done how many of those steps are done
 * @property {string} mark on the picture: what was done to it
 * @property {string} time
 * @property {string} frame
 * @property {number | null} at
 * @property {import("./leaves.js").Leaf | null} leaf the page that is up; null for a recording
 * @property {Bar} bar
 */

/**
 * @typedef {object} View
 * @property {boolean} acting whether controls may be used at all
 * @property {boolean} watching a viewer: no controls
 * @property {boolean} clerk may pair and change screens
 * @property {string} role
 * @property {{text: string, tone: Tone}} link
 * @property {{text: string, tone: Tone}} screensPill
 * @property {ReturnType<typeof rowsOf>} rows
 * @property {string} rowsEmpty
 * @property {Side} ready
 * @property {Side & {playing: boolean, ended: boolean}} live
 * @property {Zoom} zoom
 * @property {ClipsOf} clips
 * @property {{label: string, meaning: string | null}} show
 * @property {{label: string, can: boolean}} down
 * @property {{label: string, act: "play" | "pause", can: boolean}} play
 * @property {Array<{zone: string, on: boolean}>} zones
 * @property {number} volume 0 … 1
 * @property {boolean} hasSound
 * @property {number} rate
 * @property {ReturnType<typeof tilesOf>} tiles
 * @property {ReturnType<typeof foundOf>} found
 * @property {string} screensEmpty
 * @property {string} screensAbout
 * @property {ReturnType<typeof sentence>} sentence
 * @property {boolean} stale another build of the page is served
 * @property {boolean} calm nothing is on the screens
 * @property {boolean} start nothing can be shown yet: what has to be done first comes first
 */

const ROLES = { clerk: "Clerk", advocate: "Advocate", viewer: "Looking on, without controls" };

/** @type {Record<Link, {text: string, tone: Tone}>} */
export const LINKS = {
  connecting: { text: "Connecting", tone: "wait" },
  live: { text: "Connected", tone: "good" },
  reconnecting: { text: "Reconnecting", tone: "stop" },
  "signed-out": { text: "Signed out", tone: "stop" },
};

/**
 * @param {Model} model
 * @param {Surroundings} around
 * @returns {View}
 */
export const look = (model, around) => {
  const { room } = model;
  const watching = model.role === "viewer";
  const acting = around.link === "live" && !watching;
  const tiles = tilesOf(model, around.now);
  const live = liveSide(model, around);
  const ready = readySide(model, around);
  const zones = zonesOf(model);
  const chosen = around.zones === null ? zones : zones.filter((zone) => around.zones?.includes(zone));
  return {
    acting,
    watching,
    clerk: model.role === "clerk",
    role: ROLES[model.role],
    link: LINKS[around.link],
    screensPill: { text: answering(model, around.now), tone: tiles.some((tile) => tile.look === "silent") ? "stop" : "quiet" },
    rows: rowsOf(model, around.east, around.unix),
    rowsEmpty: model.exhibits.length === 0 ? "No evidence yet. Add the first piece of it from a link." : "",
    ready,
    live,
    show: showing(ready.exhibit, room.cued, zones, chosen),
    down: { label: live.exhibit === null ? "Nothing to take down" : `Take ${live.exhibit.ref} down`, can: live.exhibit !== null },
    play: {
      label: room.playing ? "Pause the screens" : room.ended ? "Replay the screens" : "Play the screens",
      act: room.playing ? "pause" : "play",
      can: live.exhibit !== null && live.leaf === null,
    },
    zoom: zoomOf(model, live, acting),
    clips: clipsOf(model, live),
    zones: zones.length < 2 ? [] : zones.map((zone) => ({ zone, on: chosen.includes(zone) })),
    volume: room.volume,
    hasSound: live.exhibit !== null && live.exhibit.audio !== null,
    rate: room.rate,
    tiles,
    found: foundOf(model),
    screensEmpty: screensEmpty(model),
    screensAbout: paired(model).length === 0 ? "" : answering(model, around.now),
    sentence: sentence(model, around.now),
    stale: model.build !== "" && around.build !== "" && model.build !== around.build,
    calm: room.shown === null,
    start: room.shown === null && room.cued === null && (model.exhibits.length === 0 || tiles.length === 0),
  };
};

/**
 * Where the next press on a control of Ready would put it.
 * @param {Model} model
 * @param {{seconds?: number, frames?: number}} move
 * @returns {number | null}
 */
export const readyMoved = (model, { seconds, frames }) => {
  const { cued } = model.room;
  const exhibit = exhibitOf(model, cued?.exhibit);
  if (cued === null || exhibit === null) return null;
  const { ranges } = cued;
  if (frames !== undefined) return ranges.length > 0 ? besideIn(ranges, cued, frames, exhibit) : beside(cued.at, frames, exhibit, cued.frame);
  if (ranges.length > 0) return moved(ranges, cued.at, seconds ?? 0, halfOf(exhibit));
  return inside(exhibit, ranges, cued.at + (seconds ?? 0));
};

/**
 * The place that can be shown next to one that was asked for.
 * @param {Exhibit} exhibit
 * @param {Bar["ranges"]} ranges of the clip that is on
 * @param {number} to
 */
export const inside = (exhibit, ranges, to) => nearest(ranges, Math.min(Math.max(0, to), lastMoment(exhibit)), halfOf(exhibit));

/** The last moment that still lies inside the recording: its end itself lies outside. @param {Exhibit} exhibit */
export const lastMoment = ({ duration, frames, prepared }) => {
  const end = duration ?? prepared;
  return Math.max(0, end - (frames !== null && frames > 0 ? end / frames / 2 : 0.001));
};

/**
 * @param {Exhibit | null} exhibit
 * @param {Model["room"]["cued"]} cued
 * @param {string[]} zones
 * @param {string[]} chosen
 * @returns {View["show"]}
 */
const showing = (exhibit, cued, zones, chosen) => {
  if (exhibit === null || cued === null) return { label: "Nothing is ready to show", meaning: null };
  if (zones.length > 0 && chosen.length === 0) return { label: "Choose who will see it", meaning: null };
  const all = chosen.length === zones.length;
  const what = named(exhibit, cued);
  return {
    label: all ? `Show ${what} on the screens` : `Show ${what} to ${list(chosen)} only`,
    meaning: `${exhibit.id} ${cued.clip ?? ""} ${cued.frame ?? cued.at} ${all ? "" : chosen.join()}`,
  };
};

/** @param {Model} model @param {Surroundings} around @returns {Side} */
const readySide = (model, { east }) => {
  const { cued } = model.room;
  const exhibit = exhibitOf(model, cued?.exhibit);
  const screens = paired(model);
  if (cued === null || exhibit === null) return { ...blankSide, about: "only you see this", ...firstSteps(model) };
  const able = screens.filter((screen) => screen.report?.cue_ready).length;
  const safe = safety(exhibit, true, east, model.screens);
  const leaf = leafAt(exhibit, cued.at);
  const clip = cued.ranges.length > 0 ? placeOf(exhibit, cued.ranges, cued.at) : null;
  const lanes = model.room.shown === null || model.room.shown.exhibit === exhibit.id ? lanesOf(screens, exhibit) : [];
  return {
    exhibit,
    about: `only you see this · ${named(exhibit, cued)}${leaf === null && clip === null ? ` from ${short(cued.at)}` : ""}`,
    safe: safe.tone === "good" && able < screens.length ? { text: `ready on ${able} of ${screens.length}`, tone: "wait" } : safe,
    picture: seenAt(exhibit) ? still(exhibit.id, { ...at(cued), width: 960 }) : null,
    alt: `${exhibit.ref}${placeIn(exhibit, cued.at) && `, ${placeIn(exhibit, cued.at)}`}, seen only here`,
    empty: [seenAt(exhibit) ? "Its picture is being made." : "Sound alone: the screens stay dark while it plays."],
    done: 0,
    mark: [exhibit.converted ? "Converted" : "", exhibit.subtitles.some((one) => one.chosen) ? "With subtitles" : ""].filter(Boolean).join(" · "),
    time: clip?.time ?? (leaf === null ? exact(cued.at) : capital(leafName(leaf) || leafLength(exhibit))),
    frame: clip?.says ?? frameWords(cued.frame, exhibit, leaf),
    at: cued.at,
    leaf,
    bar: barOf(exhibit, cued.at, lanes, cued.ranges),
  };
};

/** @param {Model} model @param {Surroundings} around @returns {View["live"]} */
const liveSide = (model, { now, clock }) => {
  const { room } = model;
  const exhibit = exhibitOf(model, room.shown?.exhibit);
  const { shown } = room;
  if (shown === null || exhibit === null) {
    const dark = room.card === null ? "The screens are black." : "A test card is up on one screen.";
    const empty = paired(model).length === 0 ? "No screen is connected." : dark;
    return { ...blankSide, about: "everyone sees this", empty: [empty], playing: false, ended: false };
  }
  const screens = paired(model).filter((screen) => meantFor(model, screen));
  const position = positionAt(room, clock, exhibit.duration) ?? shown.at;
  const truest = witness(model, screens, exhibit, now);
  const frame = room.playing ? (truest?.report?.frame ?? null) : (room.position_frame ?? shown.frame);
  const leaf = leafAt(exhibit, position);
  const clip = shown.ranges.length > 0 ? placeOf(exhibit, shown.ranges, position, room.playing && !room.waiting) : null;
  const marks = [exhibit.converted ? "Converted" : "", exhibit.subtitles.some((one) => one.chosen) ? "with subtitles" : "", room.rate === 1 ? "" : speed(room.rate), room.ended && leaf === null ? "at its end" : "", room.waiting ? "waits for more of it to come" : ""];
  const all = screens.length === paired(model).length;
  return {
    exhibit,
    about: `${all ? "everyone sees this" : `${called(model, screens)} only`} · ${named(exhibit, shown)}`,
    safe: safeOn(screens, exhibit, position, room),
    picture: truest === null ? still(exhibit.id, { ...(frame === null || room.playing ? { t: shown.at } : { frame }), width: 960 }) : `screens/${encodeURIComponent(truest.id)}/picture?n=${truest.picture}`,
    alt: `What ${truest === null ? "the screens are" : `${truest.name} is`} showing: ${exhibit.ref}`,
    empty: [seenAt(exhibit) ? "No screen has sent its picture yet." : "Sound alone: the screens stay dark while it plays."],
    done: 0,
    mark: [...marks.filter(Boolean), truest === null ? "not confirmed by a screen yet" : `as seen on ${truest.name}`].join(" · "),
    time: clip?.time ?? (leaf !== null ? capital(leafName(leaf) || leafLength(exhibit)) : room.playing && !room.waiting ? running(position) : exact(position)),
    frame: clip?.says ?? frameWords(frame, exhibit, leaf),
    at: position,
    leaf,
    bar: barOf(exhibit, position, lanesOf(screens, exhibit), shown.ranges),
    playing: room.playing,
    ended: room.ended,
  };
};

/**
 * The screen whose own picture stands for all: the one with the room's sound, else the first that shows it.
 * @param {Model} model
 * @param {ReadonlyArray<Screen>} screens
 * @param {Exhibit} exhibit
 * @param {number} now
 * @returns {Screen | null}
 */
const witness = (model, screens, exhibit, now) => {
  const able = screens.filter((screen) => {
    const seen = seenOn(model, screen, now);
    return seen.how === "shows" && seen.exhibit === exhibit.id && screen.picture > 0;
  });
  return able.find((screen) => screen.sound) ?? able[0] ?? null;
};

/** @param {ReadonlyArray<Screen>} screens @param {Exhibit} exhibit @param {number} position @param {Model["room"]} room @returns {Side["safe"]} */
const safeOn = (screens, exhibit, position, { playing, shown }) => {
  const whole = exhibit.state === "ready" ? exhibit.duration : null;
  const ranges = shown?.ranges ?? [];
  const safe = screens.filter(({ report }) => report !== null && (ranges.length > 0 ? heldOf(report.held, ranges, position) : toTheEnd(report.held, position, whole)));
  if (screens.length === 0) return null;
  if (safe.length === screens.length) return { text: hasLeaves(exhibit) ? "all there" : "safe to the end", tone: "good" };
  const holds = playing ? holding(exhibit) : "";
  if (holds !== "") return { text: holds, tone: "wait" };
  return { text: `${hasLeaves(exhibit) ? "there" : "safe"} on ${safe.length} of ${screens.length}`, tone: "wait" };
};

/** What it is called: JM/4, and which clip of it. @param {Exhibit} exhibit @param {{clip: string | null}} place */
const named = ({ ref }, { clip }) => (clip === null ? ref : `${ref} “${clip}”`);

/** @param {Model} model @param {View["live"]} live @returns {ClipsOf} */
const clipsOf = ({ room, exhibits }, live) => {
  const cued = exhibits.find((one) => one.id === room.cued?.exhibit) ?? null;
  const exhibit = cued ?? live.exhibit;
  if (exhibit === null) return { exhibit, at: 0, frame: null, lines: [], says: "Make an exhibit ready first: its clips stand here, and new ones are made here." };
  const place = cued !== null && room.cued !== null ? { at: room.cued.at, frame: room.cued.frame } : { at: live.at ?? 0, frame: room.position_frame };
  const says = hasLeaves(exhibit) ? `${exhibit.ref} has ${leafLength(exhibit)}. Clips are made of recordings.` : "";
  return { exhibit, ...place, lines: linesOf(exhibit, room), says };
};

/** @param {Model} model @param {View["live"]} live @param {boolean} acting @returns {Zoom} */
const zoomOf = ({ room }, { exhibit, leaf, at }, acting) => {
  if (exhibit === null || room.shown === null) return { can: false, leaves: false, key: "", view: null, aspect: null, picture: null };
  const { video } = exhibit, view = room.view ?? null;
  // Of a recording any picture does: it says where in it the part is.
  const place = leaf === null ? { t: room.shown.at } : { frame: leaf.number };
  return {
    can: acting && seenAt(exhibit),
    leaves: leaf !== null,
    key: `${exhibit.id} ${leaf?.number ?? ""}`,
    view,
    aspect: video !== null && video.width > 0 && video.height > 0 ? video.width / video.height : null,
    picture: at !== null && seenAt(exhibit) && (view !== null || leaf !== null) ? still(exhibit.id, { ...place, width: 320 }) : null,
  };
};

/** @param {ReadonlyArray<Screen>} screens @param {Exhibit} exhibit @returns {Bar["lanes"]} */
const lanesOf = (screens, exhibit) =>
  screens.map(({ name, report }) => {
    const held = report?.held ?? [];
    return { name, held, whole: exhibit.state === "ready" && toTheEnd(held, 0, exhibit.duration) };
  });

/** @param {Exhibit} exhibit @param {number} position @param {Bar["lanes"]} lanes @param {Bar["ranges"]} ranges @returns {Bar} */
const barOf = (exhibit, position, lanes, ranges) => {
  const whole = lanes.filter((lane) => lane.whole).map((lane) => lane.name);
  const part = lanes.filter((lane) => !lane.whole).map((lane) => lane.name);
  const says = [whole.length > 0 ? `${list(whole)} ${whole.length > 1 ? "hold" : "holds"} all of it` : "", part.length > 0 ? `${list(part)} ${part.length > 1 ? "hold" : "holds"} a part` : ""];
  return { exhibit: exhibit.id, duration: exhibit.duration, chapters: marksOf(exhibit.chapters, exhibit.duration), at: position, prepared: exhibit.prepared, grows: exhibit.state !== "ready", sheet: exhibit.sheet ? (exhibit.sha256 ?? "") : null, lanes, says: says.filter(Boolean).join("; "), leaf: leafAt(exhibit, position), ranges, half: halfOf(exhibit) };
};

/** @type {Side} */
const blankSide = {
  exhibit: null, about: "", safe: null, picture: null, alt: "", empty: [], done: 0, mark: "", time: "", frame: "", at: null, leaf: null,
  bar: { exhibit: null, duration: null, chapters: [], at: 0, prepared: 0, grows: false, sheet: null, lanes: [], says: "", leaf: null, ranges: [], half: 0 },
};

/** What to do first, and how much of it is done. @param {Model} model @returns {{empty: string[], done: number}} */
const firstSteps = (model) => {
  if (model.role === "viewer") return { empty: ["Nothing is ready."], done: 0 };
  const here = model.exhibits.length > 0;
  const screens = paired(model).length > 0;
  if (here && screens) return { empty: ["Choose an exhibit from the running order. It comes up here, and only you see it."], done: 0 };
  return {
    empty: [
      "Paste the link to the evidence into the running order.",
      model.role === "clerk" ? "Pair a screen, under Screens, with the code that stands on it." : "Ask the clerk to pair a screen.",
      "Choose an exhibit. It comes up here, and only you see it.",
      "Show it on the screens. Then play it.",
    ],
    done: here ? 1 : 0,
  };
};

/** @param {Model} model @returns {string} */
const screensEmpty = (model) => {
  if (model.role !== "clerk") return paired(model).length === 0 ? "No screen is paired yet. The clerk does that, with the code that stands on it." : "";
  if (model.screens.length === 0) {
    return "No screen found yet. Switch one on: it appears here by itself. If it does not, add it by the address that stands on it.";
  }
  return paired(model).length === 0 ? "Type the code that stands on the screen, to pair it." : "";
};

/** @param {{at: number, frame: number | null}} place */
const at = (place) => (place.frame === null ? { t: place.at } : { frame: place.frame });

/** Whether there is anything to be seen of it. @param {Exhibit} exhibit */
const seenAt = (exhibit) => exhibit.video !== null || hasLeaves(exhibit);

/** @param {number | null} frame @param {Exhibit} exhibit @param {Side["leaf"]} leaf @returns {string} */
const frameWords = (frame, exhibit, leaf) => {
  if (leaf !== null) return leaf.count > 1 ? `of ${leaf.count}` : "";
  const length = exhibit.duration === null ? "" : `of ${short(exhibit.duration)}`;
  return [frame === null ? "" : `frame ${grouped(frame)}`, length].filter(Boolean).join(" · ");
};
