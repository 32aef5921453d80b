/**
 * Contact sheets from the presenter, of the few exhibits that somebody looks at. Edge: fetch, object URLs.
 */

import { Sheet } from "../shared/wire.js";
import { placesOf } from "./places.js";

/** @typedef {import("./places.js").Place} Place */
/** @typedef {{sheet: Sheet, url: string | null, places: Place[]}} Held `url`: of the strip of small pictures */

/** Sheets kept; the least recently used goes first. A strip has about 1 MB. */
const KEPT = 12;
/** Seconds before one that did not come is asked for again. */
const AGAIN = 5;

export class Sheets {
  /** @param {string} base address of the API, with a slash at its end */
  constructor(base) {
    this.base = base;
    /** @type {Map<string, Held>} by exhibit and file, oldest use first */
    this.held = new Map();
    /** @type {Map<string, number>} what was asked for: until when not again, seconds of this page's clock */
    this.asked = new Map();
    this.onheld = () => {};
  }

  /**
   * What is held of an exhibit's sheet; it is fetched where it is not.
   * @param {string | null} exhibit
   * @param {string | null} file hash of the file that the presenter has a sheet of; null where it has none
   * @returns {Held | null}
   */
  of(exhibit, file) {
    if (exhibit === null || file === null) return null;
    const key = `${exhibit} ${file}`;
    const found = this.held.get(key) ?? null;
    if (found !== null) {
      this.held.delete(key);
      this.held.set(key, found);
    } else if ((this.asked.get(key) ?? 0) <= performance.now() / 1000) {
      void this.fetch(key, exhibit);
    }
    return found;
  }

  /** @param {string} key @param {string} exhibit */
  async fetch(key, exhibit) {
    this.asked.set(key, Infinity);
    const path = `${this.base}exhibits/${encodeURIComponent(exhibit)}/sheet`;
    try {
      const sheet = Sheet.read(await (await this.get(path)).json());
      const url = sheet.strip === null ? null : URL.createObjectURL(await (await this.get(`${path}/strip`)).blob());
      this.held.set(key, { sheet, url, places: placesOf(sheet) });
      this.asked.delete(key);
      for (const old of [...this.held.keys()].slice(0, Math.max(0, this.held.size - KEPT))) this.drop(old);
      this.onheld();
    } catch {
      this.asked.set(key, performance.now() / 1000 + AGAIN);
    }
  }

  /** @param {string} path @returns {Promise<Response>} */
  async get(path) {
    const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  }

  /** @param {string} key */
  drop(key) {
    const url = this.held.get(key)?.url ?? null;
    if (url !== null) URL.revokeObjectURL(url);
    this.held.delete(key);
  }
}
