/**
 * The two checks and the test cards in words. Pure.
 */

import { paired, seenOn } from "./tiles.js";
import { counted, wall } from "./words.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("../shared/wire.js").Check} Check */
/** @typedef {import("../shared/wire.js").Finding} Finding */
/** @typedef {"stop" | "wait" | "quiet" | "good"} Tone */

/** Seconds in a day. */
const DAY = 86400;

/** @type {ReadonlyArray<{severity: Finding["severity"], tone: Tone, words: string}>} */
const GRAVE = [
  { severity: "stop", tone: "stop", words: "Stands in the way" },
  { severity: "look", tone: "wait", words: "To be looked at" },
  { severity: "note", tone: "quiet", words: "Good to know" },
];

const NAMES = { case: "Case check", room: "Room check" };

/**
 * @typedef {object} Result
 * @property {"case" | "room"} kind
 * @property {string} name
 * @property {string} when
 * @property {string} says
 * @property {Tone} tone
 * @property {Array<{tone: Tone, words: string, findings: ReadonlyArray<Finding>}>} groups the gravest first
 * @property {Check["looked"]} looked
 */

/**
 * @typedef {object} ChecksView
 * @property {boolean} can a check can be begun
 * @property {{kind: "case" | "room", name: string, doing: string, part: number} | null} running
 * @property {string} word what is told once, when it changes
 * @property {string} said why the last one did not come to its end
 * @property {string} roomNote why the room cannot be checked now
 * @property {ReadonlyArray<Result>} results the newest first
 * @property {ReadonlyArray<{id: string, name: string, up: boolean, can: boolean, says: string}>} cards
 * @property {string} cardsNote why no card can go up now
 */

/**
 * @param {Model} model
 * @param {{acting: boolean, now: number, clock: number | null, unix: number, east: number}} around `clock` of the room,
 *   `unix` of the wall, seconds
 * @returns {ChecksView}
 */
export const checksOf = (model, { acting, now, clock, unix, east }) => {
  const { running, said } = model.checks;
  const shown = model.room.shown !== null;
  const results = [model.checks.case, model.checks.room]
    .flatMap((check) => (check === null ? [] : [check]))
    .sort((one, other) => (other.ended ?? 0) - (one.ended ?? 0))
    .map((check) => resultOf(check, unix, east));
  const card = model.room.card;
  return {
    can: acting && running === null,
    running:
      running === null
        ? null
        : { kind: running.kind, name: NAMES[running.kind], doing: running.doing, part: running.progress },
    word: running !== null ? `The ${NAMES[running.kind].toLowerCase()} runs.` : (said || results[0]?.says) ?? "",
    said,
    roomNote: shown ? "Something is on the screens. Take it down to check the room." : "",
    results,
    cards: paired(model).map((screen) => {
      const up = card !== null && card.screen === screen.id;
      const left = up && clock !== null ? Math.max(0, Math.ceil(card.until - clock)) : 0;
      const there = seenOn(model, screen, now).how !== "silent";
      const says = !there ? "does not answer" : up ? `goes by itself in ${left} s` : "";
      return { id: screen.id, name: screen.name, up, can: acting && (up || (there && !shown)), says };
    }),
    cardsNote: shown ? "Something is on the screens. Test cards go up only while nothing is." : "",
  };
};

/** @param {Check} check @param {number} unix @param {number} east @returns {Result} */
const resultOf = (check, unix, east) => {
  const worst = GRAVE.find(({ severity }) => check.findings.some((one) => one.severity === severity));
  return {
    kind: check.kind,
    name: NAMES[check.kind],
    when: ago(check.ended ?? check.begun, unix, east),
    says: check.says,
    tone: worst === undefined || worst.severity === "note" ? "good" : worst.tone,
    groups: GRAVE.map(({ severity, tone, words }) => {
      const findings = check.findings.filter((one) => one.severity === severity);
      return { tone, words: `${words} (${findings.length})`, findings };
    }).filter(({ findings }) => findings.length > 0),
    looked: check.looked,
  };
};

/** When something was, as it is said on that day or later. @param {number} then @param {number} unix @param {number} east */
export const ago = (then, unix, east) => {
  const days = Math.floor((unix + east * 60) / DAY) - Math.floor((then + east * 60) / DAY);
  const at = wall(then, east);
  if (days <= 0) return `today at ${at}`;
  return days === 1 ? `yesterday at ${at}` : `${counted(days, "day")} ago at ${at}`;
};
