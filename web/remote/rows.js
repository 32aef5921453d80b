/**
 * The running order in words: reference, title, length, and how ready it is. Pure.
 */

import { aboutOf, marksOf } from "./about.js";
import { cover, still } from "./film.js";
import { hasLeaves, leafLength } from "./leaves.js";
import { soundSaid, soundsOf, subtitlesOf, subtitlesSaid } from "./tracks.js";
import { capital, expiry, lasting, short, size, wall } from "./words.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {import("../shared/wire.js").Screen} Screen */
/** @typedef {import("./tiles.js").Tone} Tone */

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} ref
 * @property {string} title
 * @property {"live" | "ready" | "both" | ""} place on the screens, ready, or neither
 * @property {Array<{text: string, tone: Tone}>} parts one line: length, and readiness in words
 * @property {string} badge stands where its picture would be, or on it while it is being fetched
 * @property {string | null} picture address of its still, under the API
 * @property {string} coming how much of it is here, in words; empty once all of it is
 * @property {number | null} fetched 0 … 1, while it is being fetched and its size is known
 * @property {boolean} busy being fetched or prepared
 * @property {string | null} problem one sentence, with what to do next
 * @property {string} notes what else has to be known of it
 * @property {boolean} needsLink a new link is what helps, where it has one
 * @property {boolean} own it has a link or a file of its own: it is not joined from others
 * @property {import("./choosing.js").FileChoice[]} files behind its link, where somebody has to say which are meant
 * @property {boolean} showable
 * @property {boolean} restricted no screen keeps it
 * @property {import("./tracks.js").SoundChoice[]} sounds to choose from
 * @property {import("./tracks.js").SoundChoice[]} subtitles to choose from
 * @property {string | null} added those that are chosen, where they can be removed
 * @property {boolean} whole all of its file is here
 * @property {string | null} upload id of the upload that the rest of it comes by
 * @property {import("./about.js").About} about what people say of it
 */

/**
 * @param {Model} model
 * @param {number} east minutes that the wall's clock is ahead of UTC
 * @param {number} [unix] Unix time, seconds
 * @returns {Row[]}
 */
export const rowsOf = (model, east, unix = 0) => model.exhibits.map((exhibit) => row(model, exhibit, east, unix));

/**
 * Whether it will play to its end, in words.
 * @param {Exhibit} exhibit
 * @param {boolean} wanted it is ready, or on the screens
 * @param {number} east
 * @param {ReadonlyArray<Screen>} [screens]
 * @returns {{text: string, tone: Tone}}
 */
export const safety = (exhibit, wanted, east, screens = []) => {
  if (exhibit.state === "failed") return { text: "cannot be shown", tone: "stop" };
  if (exhibit.state === "waiting") return { text: "waits to be fetched", tone: "wait" };
  if (exhibit.safe) return { text: "safe now", tone: "good" };
  if (exhibit.safe_never) return { text: `not safe on this line: ${because(exhibit, screens)}`, tone: "stop" };
  if (exhibit.safe_at !== null) return { text: `safe at ${wall(exhibit.safe_at, east)}`, tone: "wait" };
  // All of it is here, and nobody has asked for it yet: nothing was sent, so nothing can be said of the lines.
  if (exhibit.state === "ready" && !wanted) return { text: "fetched", tone: "quiet" };
  if (exhibit.state === "ready") return { text: "not safe yet", tone: "wait" };
  return exhibit.showable ? { text: "not safe yet", tone: "wait" } : { text: "not ready yet", tone: "wait" };
};

/**
 * What it waits for.
 * @param {Exhibit} exhibit
 * @param {ReadonlyArray<Screen>} screens
 * @returns {string}
 */
const because = (exhibit, screens) => {
  if (exhibit.safe_reason === "link") return "the link it comes from is too slow";
  if (exhibit.safe_reason === "line") return "the line to the screens is too slow";
  const last = screens.find((screen) => screen.id === exhibit.safe_screen);
  return last === undefined ? "the network is too slow" : `the Wi-Fi of ${last.name} is too slow`;
};

/**
 * How long it goes on, where it is not safe and is played all the same.
 * @param {Exhibit} exhibit
 * @returns {string} empty where that is not known
 */
export const holding = (exhibit) => {
  if (exhibit.safe || exhibit.holds === null) return "";
  return exhibit.holds < 1 ? "may stop at any moment" : `holds for ${lasting(exhibit.holds)}`;
};

/**
 * Why it was not played, and what to expect of playing it anyway.
 * @param {Exhibit} exhibit
 * @param {number} east
 * @param {ReadonlyArray<Screen>} screens
 * @returns {string}
 */
export const unsafe = (exhibit, east, screens) => {
  const { holds } = exhibit;
  const stops = holds === null ? "would stop before its end" : holds < 1 ? "would stop at once" : `would play for about ${lasting(holds)} and then stop`;
  const safe = safety(exhibit, true, east, screens).text;
  return `${exhibit.ref} is not played yet: it ${stops}. ${capital(safe)}.`;
};

/** @param {Model} model @param {Exhibit} exhibit @param {number} east @param {number} unix @returns {Row} */
const row = (model, exhibit, east, unix) => {
  const { room } = model;
  const live = room.shown?.exhibit === exhibit.id;
  const ready = room.cued?.exhibit === exhibit.id;
  const at = cover(exhibit);
  const busy = exhibit.state === "fetching" || exhibit.state === "preparing" || exhibit.state === "waiting";
  const failed = exhibit.state === "failed";
  const about = aboutOf(exhibit, model.exhibits);
  return {
    id: exhibit.id,
    ref: exhibit.ref,
    title: exhibit.title,
    place: live && ready ? "both" : live ? "live" : ready ? "ready" : "",
    parts: failed ? [] : parts(exhibit, { live, ready, east, unix, screens: model.screens }),
    badge: badge(exhibit),
    picture: at === null ? null : still(exhibit.id, { t: at, width: 160 }),
    coming: exhibit.state === "fetching" ? `${exhibit.ref}: ${coming(exhibit)}` : busy ? `${exhibit.ref} ${exhibit.state === "waiting" ? "waits to be fetched" : "is being prepared"}` : "",
    fetched: exhibit.state === "fetching" ? fetched(exhibit) : null,
    busy,
    problem: exhibit.problem?.detail ?? null,
    notes: [about.same, exhibit.found, ...exhibit.treatments.map(treated), ...exhibit.notes.map((note) => note.detail), soundSaid(exhibit.sounds), subtitlesSaid(exhibit.subtitles)].filter(Boolean).join(" "),
    needsLink: failed,
    own: exhibit.parts.length === 0,
    files: exhibit.choices.map(({ id, name, says, size: bytes }) => ({ id, text: [name, says, bytes === null ? "" : size(bytes)].filter(Boolean).join(", ") })),
    showable: exhibit.showable && !failed,
    restricted: exhibit.restricted,
    sounds: soundsOf(exhibit.sounds),
    subtitles: subtitlesOf(exhibit.subtitles),
    added: exhibit.subtitles.find((one) => one.chosen && one.added)?.id ?? null,
    whole: exhibit.sha256 !== null,
    upload: exhibit.state === "failed" && !exhibit.problem?.type.startsWith("disk-") ? null : exhibit.upload,
    about,
  };
};

/** What was done to the picture or the sound; nothing where it is as in the file. @param {Exhibit["treatments"][number]} treatment */
const treated = ({ part, done, codec, into, reasons }) => {
  if (done === "unchanged") return "";
  const what = part === "picture" ? "Picture" : "Sound";
  const said = done === "drawn" ? "" : `${what} converted from ${codec} to ${into}. `;
  return said + reasons.join(" ");
};

/**
 * @param {Exhibit} exhibit
 * @param {{live: boolean, ready: boolean, east: number, unix: number, screens: ReadonlyArray<Screen>}} where
 * @returns {Row["parts"]}
 */
const parts = (exhibit, { live, ready, east, unix, screens }) => {
  /** @type {Row["parts"]} */
  const result = [];
  if (exhibit.restricted) result.push({ text: "restricted", tone: "quiet" });
  if (exhibit.duration !== null) result.push({ text: hasLeaves(exhibit) ? leafLength(exhibit) : short(exhibit.duration), tone: "quiet" });
  else if (exhibit.state === "fetching") result.push({ text: coming(exhibit), tone: "quiet" });
  if (exhibit.link_ends !== null && exhibit.sha256 === null) result.push({ text: `link ${expiry(exhibit.link_ends, unix, east)}`, tone: exhibit.link_ends <= unix ? "stop" : "wait" });
  if (exhibit.state === "preparing") result.push({ text: "being prepared", tone: "quiet" });
  if (exhibit.kind === "audio") result.push({ text: "sound", tone: "quiet" });
  for (const text of marksOf(exhibit)) result.push({ text, tone: "quiet" });
  if (exhibit.converted && !live) result.push({ text: "converted", tone: "quiet" });
  if (live) result.push({ text: "on the screens", tone: "quiet" });
  if (ready && !live) result.push({ text: "ready", tone: "quiet" });
  const safe = safety(exhibit, live || ready, east, screens);
  if (!(live && safe.tone === "good")) result.push(safe);
  return result;
};

/** @param {Exhibit} exhibit @returns {string} "12.3 of 20 MB" */
const coming = ({ bytes_fetched: fetched, bytes_total: total }) => {
  if (total === null) return `${size(fetched)} here`;
  const [whole, unit] = size(total).split(" ");
  const [part, partUnit] = size(fetched).split(" ");
  return `${part}${partUnit === unit ? "" : ` ${partUnit}`} of ${whole} ${unit}`;
};

/** @param {Exhibit} exhibit @returns {number | null} */
const fetched = ({ bytes_fetched: part, bytes_total: total }) => (total === null || total <= 0 ? null : Math.min(1, part / total));

/** @param {Exhibit} exhibit @returns {string} */
const badge = (exhibit) => {
  if (exhibit.state === "failed") return "!";
  const part = fetched(exhibit);
  if (exhibit.state === "fetching" && part !== null) return `${Math.floor(part * 100)} %`;
  if (exhibit.kind === "audio") return exhibit.duration === null ? "sound" : lasting(exhibit.duration);
  return exhibit.state === "waiting" ? "waits" : "…";
};
