/**
 * The card that a screen shows while it waits for somebody to use it: its name, zone, code and address. Pure.
 *
 * The rule: a hearing begins with the first picture that is put up and ends when for ten minutes nothing was on and no
 * presenter was attached. From its begin to its end the card is never up: a screen that was cleared is black, whether
 * the presenter is there or not, and after a reload of the page as well. A page that was just loaded waits a moment
 * before it shows the card, for a presenter that has a link may have a picture on.
 */

/** @typedef {import("../../web/shared/wire.js").Idle} Idle */

/** Seconds without picture and presenter after which a hearing is over: longer than any restart of a laptop. */
export const QUIET = 600;
/** Seconds that a page with a link waits for its first stage. */
export const GRACE = 5;
/** Seconds without a word from the receiver before the card says so. */
export const RECEIVER_WITHIN = 5;

/** A hearing as the screen sees it. `now` is seconds of a clock that only goes forward. */
export class Hearing {
  /** @type {number | null} since when nothing is on and no presenter is attached */
  #quiet = null;

  /** @param {boolean} going  the page was reloaded in the middle of one */
  constructor(going) {
    this.going = going;
  }

  /** @param {{on: boolean, attached: boolean}} facts  `on`: a picture is up, blanked or not @param {number} now */
  update({ on, attached }, now) {
    if (on) this.going = true;
    this.#quiet = on || attached ? null : (this.#quiet ?? now);
    if (this.#quiet !== null && now - this.#quiet >= QUIET) this.going = false;
    return this.going;
  }
}

/**
 * Whether a hearing that was going on when the page last looked still does after a reload, by the clock on the wall
 * (which may have been set in between, in either direction).
 * @param {number | null} lastSeen @param {number} wall  both in seconds
 */
export const resumed = (lastSeen, wall) => lastSeen !== null && Math.abs(wall - lastSeen) < QUIET;

/**
 * @typedef {object} Facts
 * @property {boolean} hearing   from `Hearing`
 * @property {boolean} staged    a stage has come since the page was loaded
 * @property {boolean} on        a picture is up, blanked or not
 * @property {Idle | null} idle  the last word of the receiver
 * @property {boolean} receiver  its line is open
 * @property {boolean} replaced  another page is this screen now
 * @property {number} age        seconds since the page was loaded
 */

/**
 * @typedef {object} Card
 * @property {string} name
 * @property {string} zone
 * @property {string} code     in groups; empty where there is none
 * @property {string} address  empty where there is none
 * @property {string} state    one sentence
 */

/** What is on the card; null while it must not be up. @param {Facts} facts @returns {Card | null} */
export const card = ({ hearing, staged, on, idle, receiver, replaced, age }) => {
  if (hearing || on) return null;
  if (replaced) return bare(ELSEWHERE);
  if (idle === null) return age < RECEIVER_WITHIN ? null : bare(SILENT);
  if (idle.linked && !staged && age < GRACE) return null;
  return {
    name: idle.name,
    zone: idle.zone,
    code: idle.code === null || idle.pairing !== null ? "" : grouped(idle.code),
    address: idle.address,
    state: receiver ? state(idle) : SILENT,
  };
};

/** @param {string} state @returns {Card} */
const bare = (state) => ({ name: "", zone: "", code: "", address: "", state });

/** A code in groups of four with a gap, as it is read aloud: `1234 5678`. @param {string} code */
const grouped = (code) => code.replace(/\s+/gu, "").replace(/(.{4})(?=.)/gu, "$1 ");

const SILENT = "The receiver of this screen does not answer. Switch it off and on again.";

const ELSEWHERE = "This screen is open in another window.";

/** @param {Idle} idle */
const state = ({ pairing, linked, locked, paired, code }) => {
  if (pairing !== null) return `${pairing} is being paired with this screen.`;
  if (linked) return "Ready.";
  if (locked) return "Too many wrong codes were tried today. Ask for a new code at the receiver of this screen.";
  if (paired > 0) return "Waiting for the presenter.";
  return code === null ? "Not paired yet." : "To use this screen, type this code in the remote.";
};
