/**
 * The sentence at the bottom: what the room sees now. Pure.
 *
 * It is made of the screens' own reports, not of what they were told. Parts that run along with the clock are marked, so
 * that a screen reader hears the sentence when something changes and not with every second.
 */

import { hasLeaves, placeIn } from "./leaves.js";
import { exhibitOf } from "./model.js";
import { called, paired, seenOn } from "./tiles.js";
import { capital, short, speed } from "./words.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("../shared/wire.js").Screen} Screen */
/** @typedef {{text: string, as?: "ref" | "time"}} Part */

/**
 * @typedef {object} Sentence
 * @property {Part[]} parts
 * @property {"live" | "black" | "unsure"} look
 */

/**
 * @param {Model} model
 * @param {number} now this page's clock
 * @returns {Sentence}
 */
export const sentence = (model, now) => {
  const screens = paired(model);
  if (screens.length === 0) return said("black", "No screen is connected yet, so nobody sees anything.");
  /** @type {Map<string, {screens: Screen[], exhibit: string, at: number, playing: boolean}>} */
  const showing = new Map();
  /** @type {Screen[]} */
  const black = [];
  /** @type {Screen[]} */
  const cards = [];
  /** @type {Screen[]} */
  const silent = [];
  for (const screen of screens) {
    const seen = seenOn(model, screen, now);
    if (seen.how === "silent") silent.push(screen);
    else if (seen.how === "card") cards.push(screen);
    else if (seen.how === "black" || seen.exhibit === null) black.push(screen);
    else {
      const key = `${seen.exhibit} ${seen.playing}`;
      const group = showing.get(key) ?? { screens: [], exhibit: seen.exhibit, at: seen.at ?? 0, playing: seen.playing };
      group.screens.push(screen);
      showing.set(key, group);
    }
  }
  if (silent.length === screens.length) {
    return said("unsure", "No screen answers, so it is not known what the room sees.");
  }
  if (showing.size === 0 && cards.length > 0) {
    const parts = [{ text: `${sees(model, cards)} a test card.` }];
    if (black.length > 0) parts.push({ text: ` ${areBlack(model, black)}` });
    return { look: "live", parts: [...parts, ...silence(model, silent)] };
  }
  if (showing.size === 0) {
    return { look: silent.length > 0 ? "unsure" : "black", parts: [...blackness(model, silent), ...silence(model, silent)] };
  }
  const parts = [...showing.values()].flatMap((group, i) => [
    ...(i > 0 ? [{ text: " " }] : []),
    ...seeing(model, group),
  ]);
  if (black.length > 0) parts.push({ text: ` ${areBlack(model, black)}` });
  return { look: silent.length > 0 ? "unsure" : "live", parts: [...parts, ...silence(model, silent)] };
};

/** @param {Sentence} sentence @returns {string} */
export const plain = ({ parts }) => parts.map((part) => part.text).join("");

/**
 * The sentence without what runs along with the clock: where this is the same, nothing is read out anew.
 * @param {Sentence} sentence
 * @returns {string}
 */
export const gist = ({ parts }) => parts.map((part) => (part.as === "time" ? "…" : part.text)).join("");

/**
 * @param {Model} model
 * @param {{screens: Screen[], exhibit: string, at: number, playing: boolean}} group
 * @returns {Part[]}
 */
const seeing = (model, { screens, exhibit, at, playing }) => {
  const { room } = model;
  const known = exhibitOf(model, exhibit);
  const enlarged = room.shown?.exhibit === exhibit && room.view ? ", a part of it enlarged" : "";
  const clip = room.shown?.exhibit === exhibit && room.shown.clip !== null ? ` “${room.shown.clip}”` : "";
  if (known !== null && hasLeaves(known)) {
    const place = placeIn(known, at);
    return [{ text: `${sees(model, screens)} ` }, { text: known.ref, as: "ref" }, { text: `${place && `, ${place}`}${enlarged}.` }];
  }
  const pace = playing ? ["playing", speed(room.rate)].filter(Boolean).join(" ") : stands(model, exhibit);
  return [
    { text: `${sees(model, screens)} ` },
    { text: known?.ref ?? "something that is not in this list", as: "ref" },
    { text: `${clip} at ` },
    playing ? { text: short(at), as: "time" } : { text: short(at) },
    { text: `, ${pace}${enlarged}.` },
  ];
};

/** @param {Model} model @param {string} exhibit */
const stands = ({ room }, exhibit) => {
  if (room.shown?.exhibit !== exhibit) return "paused";
  if (room.waiting) return "waiting for more of it to come";
  return room.ended ? "at its end" : "paused";
};

/** @param {Model} model @param {ReadonlyArray<Screen>} screens @returns {string} "The jury and witness see" */
const sees = (model, screens) => {
  const who = called(model, screens);
  return `${capital(who)} ${many(who) ? "see" : "sees"}`;
};

/** @param {Model} model @param {ReadonlyArray<Screen>} black @returns {string} */
const areBlack = (model, black) => {
  const who = called(model, black);
  const are = black.length > 1 ? "are" : "is";
  if (!who.startsWith("the ")) return `${capital(who)} ${are} black.`;
  return `The ${black.length > 1 ? "screens" : "screen"} of ${who} ${are} black.`;
};

/** @param {Model} model @param {ReadonlyArray<Screen>} silent @returns {Part[]} */
const blackness = (model, silent) => {
  if (silent.length > 0) return [{ text: "The screens that answer are black." }];
  const one = paired(model).length === 1;
  return [{ text: one ? "The screen is black. Nobody sees anything." : "All screens are black. Nobody sees anything." }];
};

/** @param {Model} model @param {ReadonlyArray<Screen>} silent @returns {Part[]} */
const silence = (model, silent) => {
  if (silent.length === 0) return [];
  const who = called(model, silent);
  return [{ text: ` ${capital(who)} ${many(who) ? "do" : "does"} not answer.` }];
};

/** @param {string} who */
const many = (who) => / and |, /.test(who);

/** @param {Sentence["look"]} look @param {string} text @returns {Sentence} */
const said = (look, text) => ({ look, parts: [{ text }] });
