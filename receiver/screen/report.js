/**
 * What the screen says of itself, and when it is worth saying. Pure.
 */

import { Report } from "../../web/shared/wire.js";

/** Seconds between two reports at most: a little less than a tick of main.js, which is never early but may be late. */
export const EVERY = 0.24;
/** Seconds between two reports at least, however much changes. */
export const APART = 0.02;
/** Seconds of what came in that make up the rate. */
const RATE_OVER = 2;

/**
 * The words in which a changed report is told at once; the others wait for the next quarter of a second.
 * @param {Report} report
 */
const marks = ({ revision, exhibit, playing, blank, cue_ready, sound, problem, frame, media_time, stalls, jumps, skipped }) =>
  JSON.stringify([
    revision, exhibit, playing, blank, cue_ready, sound, problem, stalls.count, jumps, skipped.length,
    playing ? null : [frame, media_time],
  ]);

/** Decides when the next report is due. */
export class Pace {
  /** @type {string | null} */
  #marks = null;
  #last = -Infinity;

  /** @param {Report} report @param {number} now  seconds @returns {boolean} send it now */
  due(report, now) {
    const said = marks(report);
    const since = now - this.#last;
    if (since < APART || (since < EVERY && said === this.#marks)) return false;
    this.#marks = said;
    this.#last = now;
    return true;
  }

  /** On a new path everything has to be told again. */
  reset() {
    this.#marks = null;
    this.#last = -Infinity;
  }
}

/** Media bytes received lately, as kilobits per second. */
export class Rate {
  /** @type {{at: number, bytes: number}[]} the latest last; those of one tenth of a second are one */
  #came = [];

  /** @param {number} bytes @param {number} now  seconds */
  add(bytes, now) {
    const last = this.#came.at(-1);
    if (last !== undefined && now - last.at < 0.1) last.bytes += bytes;
    else this.#came.push({ at: now, bytes });
    this.#forget(now);
  }

  /** @param {number} now @returns {number | null} null where nothing came lately */
  value(now) {
    this.#forget(now);
    const bytes = this.#came.reduce((sum, one) => sum + one.bytes, 0);
    const first = this.#came[0];
    if (first === undefined) return null;
    return (bytes * 8) / 1000 / Math.max(0.2, now - first.at);
  }

  /** @param {number} now */
  #forget(now) {
    while (this.#came.length > 0 && now - this.#came[0].at > RATE_OVER) this.#came.shift();
  }
}

/** @param {Uint8Array} bytes @returns {string} */
export const base64 = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
};

/** A black display, 16 × 16, base64. */
export const BLACK_JPEG =
  "/9j/2wBDAAgEBAQEBAUFBQUFBQYGBgYGBgYGBgYGBgYHBwcICAgHBwcGBgcHCAgICAkJCQgICAgJCQoKCgwMCwsODg4RERT/xABLAAEBAAAAAAAA" +
  "AAAAAAAAAAAACAEBAAAAAAAAAAAAAAAAAAAAABABAAAAAAAAAAAAAAAAAAAAABEBAAAAAAAAAAAAAAAAAAAAAP/AABEIABAAEAMBIgACEQADEQD/" +
  "2gAMAwEAAhEDEQA/AJ/AB//Z";

/** When the next small picture is due: twice a second at most, and without a change only now and then. */
export class PicturePace {
  #marks = "";
  #last = -Infinity;

  /** @param {Report} report @param {number} now  seconds @param {string} [part]  which part of the picture is seen */
  due({ exhibit, media_time, blank }, now, part = "") {
    const said = JSON.stringify([exhibit, media_time, blank, part]);
    const since = now - this.#last;
    if (since < 0.5 || (said === this.#marks && since < 5)) return false;
    this.#marks = said;
    this.#last = now;
    return true;
  }
}
