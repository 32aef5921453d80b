/**
 * When the page starts again by itself. Pure; `now` is seconds of a monotonic clock unless said otherwise.
 */

import { wait } from "../../web/shared/backoff.js";

/** Seconds without a sign of life from main.js. It gives one four times a second. */
export const LIFE_WITHIN = 5;
/** Seconds until the first one: a small machine loads the page slowly. */
export const START_WITHIN = 20;
/** Faults within ten seconds after which even a page with a picture starts again. */
export const FAULTS_MOST = 20;
const FAULTS_OVER = 10;
/** Faults told within ten seconds: one that comes with every frame must not fill anybody's log. */
const TOLD_MOST = 10;
/** Seconds after which a reload is no longer held against the next one. */
const FORGIVEN = 600;

export class Patience {
  /** @type {number[]} */
  #faults = [];
  /** @type {number[]} */
  #told = [];
  /** @type {number | null} */
  #life = null;
  /** When `verdict` was asked last. @type {number} */
  #asked;
  /** Something is up: the last good picture is worth more than a fresh page. */
  #on = false;
  #outdated = false;

  /**
   * @param {number} now
   * @param {number} tries  reloads held against this one (see `held`)
   * @param {number} chance  0 … 1, at random
   */
  constructor(now, tries, chance) {
    this.started = now;
    this.#asked = now;
    /** Seconds from the start before which the page does not start again: it must not spin. */
    this.least = tries === 0 ? 1 : wait(tries, chance, { first: 1, most: 60 });
  }

  /** @param {boolean} on @param {number} now */
  alive(on, now) {
    this.#on = on;
    this.#life = now;
  }

  /** A fault, or a message that made no sense: whether it is told. @param {number} now */
  worthTelling(now) {
    this.#told = this.#told.filter((at) => now - at < FAULTS_OVER);
    if (this.#told.length >= TOLD_MOST) return false;
    this.#told.push(now);
    return true;
  }

  /** There is another version of the page. */
  outdated() {
    this.#outdated = true;
  }

  /** @param {number} now */
  fault(now) {
    this.#faults = [...this.#faults.filter((at) => now - at < FAULTS_OVER), now].slice(-FAULTS_MOST);
  }

  /**
   * Why the page should start again now; null while it should not. To be asked once a second.
   * @param {number} now
   */
  verdict(now) {
    const since = now - this.#asked;
    this.#asked = now;
    // The whole page slept (a hidden tab, a machine that was suspended): nobody could give a sign of life.
    if (since > LIFE_WITHIN / 2) {
      this.#life = this.#life === null ? null : now;
      this.started = this.#life === null ? now : this.started;
    }
    if (now - this.started < this.least) return null;
    const silent = this.#life === null ? now - this.started > START_WITHIN : now - this.#life > LIFE_WITHIN;
    if (silent) return "silent";
    if (this.#outdated && !this.#on) return "outdated";
    if (this.#faults.length === 0) return null;
    if (this.#life === null) return "start";
    if (!this.#on) return "fault";
    return this.#faults.length >= FAULTS_MOST && now - this.#faults[0] < FAULTS_OVER ? "faults" : null;
  }
}

/**
 * Reloads that are still held against the next.
 * @param {unknown} times  what was stored: seconds on the wall's clock @param {number} wall
 * @returns {number[]}
 */
export const held = (times, wall) =>
  Array.isArray(times) ? times.filter((at) => typeof at === "number" && Math.abs(wall - at) < FORGIVEN).slice(-10) : [];
