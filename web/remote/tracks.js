/**
 * Sound tracks, subtitles and chapters in words. Pure.
 */

import { capital, short } from "./words.js";

/** @typedef {import("../shared/wire.js").SoundTrack} SoundTrack */
/** @typedef {import("../shared/wire.js").Chapter} Chapter */

/**
 * @typedef {object} SoundChoice
 * @property {string} value its number in the file, or its id
 * @property {string} text
 * @property {boolean} on the one that is heard or seen, or was asked for
 * @property {boolean} can it can be chosen
 */

const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });
const CHANNELS = new Map([[1, "mono"], [2, "stereo"], [6, "5.1"]]);

/** @param {string} code as the file has it @returns {string} as people say it; the code itself where nobody knows it */
export const language = (code) => {
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
};

/**
 * The sound tracks to choose from; none where there is no choice.
 * @param {ReadonlyArray<SoundTrack>} tracks
 * @returns {SoundChoice[]}
 */
export const soundsOf = (tracks) => {
  if (tracks.length < 2) return [];
  const coming = tracks.find((track) => track.coming);
  return tracks.map((track, i) => {
    const { codec, channels, title } = track;
    const width = channels === 0 ? "" : (CHANNELS.get(channels) ?? `${channels} channels`);
    const said = [track.language === "" ? "" : language(track.language), title, width, codec].filter(Boolean).join(", ");
    const text = `${i + 1}: ${said}${track.playable ? "" : " (cannot be played)"}`;
    return { value: String(track.index), text, on: track === (coming ?? tracks.find((one) => one.chosen)), can: track.playable };
  });
};

/** What has to be said of them. @param {ReadonlyArray<SoundTrack>} tracks @returns {string} */
export const soundSaid = (tracks) => {
  const i = tracks.findIndex((track) => track.coming);
  if (i < 0) return "";
  return `Sound ${i + 1} was asked for. It is heard as soon as it is prepared and the exhibit is off the screens.`;
};

/**
 * The subtitles to choose from, none first; nothing where there are none.
 * @param {ReadonlyArray<import("../shared/wire.js").Subtitles>} lists
 * @returns {SoundChoice[]}
 */
export const subtitlesOf = (lists) => {
  if (lists.length === 0) return [];
  const choices = lists.map(({ id, language: code, title, cues, added, chosen }, i) => {
    const said = [code === "" ? "" : language(code), title, added ? "added" : "in the recording", `${cues} ${cues === 1 ? "line" : "lines"}`];
    return { value: id, text: `${i + 1}: ${said.filter(Boolean).join(", ")}`, on: chosen, can: true };
  });
  return [{ value: "", text: "No subtitles", on: choices.every(({ on }) => !on), can: true }, ...choices];
};

/** What has to be said of those that are shown. @param {ReadonlyArray<import("../shared/wire.js").Subtitles>} lists @returns {string} */
export const subtitlesSaid = (lists) => {
  const chosen = lists.find((one) => one.chosen);
  if (chosen === undefined) return "";
  return ["Its subtitles are shown on the screens.", chosen.note].filter(Boolean).join(" ");
};

/**
 * @typedef {object} ChapterMark
 * @property {string} text
 * @property {string} time
 * @property {number} start seconds
 * @property {number} end
 */

/**
 * The chapters that lie in the recording, each up to the next one at most.
 * @param {ReadonlyArray<Chapter>} chapters
 * @param {number | null} duration
 * @returns {ChapterMark[]}
 */
export const marksOf = (chapters, duration) => {
  const inside = chapters.filter(({ start }) => duration !== null && start < duration);
  return inside.map(({ title, start, end }, i) => ({
    text: capital(title),
    time: short(start),
    start,
    end: Math.min(end > start ? end : Infinity, inside[i + 1]?.start ?? Infinity, duration ?? 0),
  }));
};
