/**
 * The page's own store of manifests, init segments and fragments, in memory. Edge: the browser's crypto.
 *
 * Nothing is stored whose SHA-256 is not the one that the manifest names.
 */

import { KIND_FRAGMENT, KIND_INIT, KIND_ROWS, ManifestRows } from "../../web/shared/wire.js";
import { Shelf } from "./shelf.js";

/** @typedef {import("./shelf.js").Manifest} Manifest */
/** @typedef {import("./shelf.js").Playhead} Playhead */
/** @typedef {import("./chunks.js").Whole} Whole */

/**
 * What became of an object: `kept`; `held` (there already); `unknown` (its row has not come, or it has another length);
 * `refused` (another hash); `no-room` (all that is held is dearer).
 * @typedef {"kept" | "held" | "unknown" | "refused" | "no-room"} Fate
 */

export class Vault {
  /** @type {Map<string, ArrayBuffer>} */
  #bytes = new Map();
  /** @type {Set<(rendition: string) => void>} */
  #listeners = new Set();
  /** Goes up with every change of what is held. */
  version = 0;
  /** Objects whose hash was wrong, cumulative. */
  refused = 0;

  /** @param {{budget?: number}} [how] bytes of fragments to hold */
  constructor({ budget = 1 << 30 } = {}) {
    this.shelf = new Shelf(budget);
  }

  get budget() {
    return this.shelf.budget;
  }

  /** @param {string} rendition @returns {Manifest | undefined} live: it grows in place */
  manifest(rendition) {
    return this.shelf.manifest(rendition);
  }

  /** @param {string} rendition @param {number} track @returns {ArrayBuffer | undefined} */
  init(rendition, track) {
    return this.#bytes.get(name(rendition, track, "init"));
  }

  /** @param {string} rendition @param {number} track @param {number} index @returns {ArrayBuffer | undefined} */
  fragment(rendition, track, index) {
    return this.#bytes.get(name(rendition, track, index));
  }

  /**
   * Calls back, after the change, whenever a manifest grew or something of a rendition came or went.
   * @param {(rendition: string) => void} listener
   * @returns {() => void} stops it
   */
  onchange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes in one object of the media stream. Throws `Malformed` where manifest rows are none.
   * @param {Whole} object
   * @returns {Promise<Fate>}
   */
  async take({ kind, track, rendition, index, bytes }) {
    if (kind === KIND_ROWS) return this.#learn(rendition, bytes);
    if (kind === KIND_INIT) return this.#takeInit(rendition, track, bytes);
    if (kind === KIND_FRAGMENT) return this.#takeFragment(rendition, track, index, bytes);
    return "unknown";
  }

  /**
   * Where the playheads are: nothing that they need now is given up.
   * @param {Playhead | null} shown @param {Playhead | null} cue
   */
  focus(shown, cue) {
    this.shelf.focus(shown, cue);
  }

  /** @param {string} rendition @param {{sound: boolean}} wanted */
  held(rendition, wanted) {
    return this.shelf.held(rendition, wanted);
  }

  holdings() {
    return { ...this.shelf.holdings(), refused: this.refused };
  }

  /** @param {string} rendition @param {ArrayBuffer} bytes @returns {Fate} */
  #learn(rendition, bytes) {
    const part = ManifestRows.parse(new TextDecoder().decode(bytes));
    if (part.rendition !== rendition) return "refused";
    const forgotten = this.shelf.learn(part);
    if (forgotten !== null) {
      for (const key of [...this.#bytes.keys()]) if (key.startsWith(`${forgotten}/`)) this.#bytes.delete(key);
      this.#changed(forgotten);
    }
    this.#changed(rendition);
    return "kept";
  }

  /** @param {string} rendition @param {number} track @param {ArrayBuffer} bytes @returns {Promise<Fate>} */
  async #takeInit(rendition, track, bytes) {
    const wanted = this.shelf.track(rendition, track);
    if (wanted === undefined) return "unknown";
    if (this.init(rendition, track) !== undefined) return "held";
    if (!(await this.#genuine(bytes, wanted.init_sha256))) return "refused";
    if (this.shelf.track(rendition, track) === undefined) return "unknown";
    this.#bytes.set(name(rendition, track, "init"), bytes);
    this.shelf.putInit(rendition, track);
    this.#changed(rendition);
    return "kept";
  }

  /** @param {string} rendition @param {number} track @param {number} index @param {ArrayBuffer} bytes @returns {Promise<Fate>} */
  async #takeFragment(rendition, track, index, bytes) {
    const key = { rendition, track, index };
    const row = this.shelf.row(key);
    if (row === undefined || row.bytes !== bytes.byteLength) return "unknown";
    if (this.shelf.holds(key)) return "held";
    if (!(await this.#genuine(bytes, row.sha256))) return "refused";
    if (this.shelf.holds(key)) return "held";
    const gone = this.shelf.put(key);
    if (gone === null) return this.shelf.row(key) === undefined ? "unknown" : "no-room";
    this.#bytes.set(name(rendition, track, index), bytes);
    const touched = new Set([rendition]);
    for (const one of gone) {
      this.#bytes.delete(name(one.rendition, one.track, one.index));
      touched.add(one.rendition);
    }
    for (const one of touched) this.#changed(one);
    return "kept";
  }

  /** @param {ArrayBuffer} bytes @param {string} sha256 hexadecimal */
  async #genuine(bytes, sha256) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const genuine = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
    if (!genuine) {
      this.refused += 1;
      this.version += 1;
    }
    return genuine;
  }

  /** @param {string} rendition */
  #changed(rendition) {
    this.version += 1;
    for (const listener of this.#listeners) listener(rendition);
  }
}

/** @param {string} rendition @param {number} track @param {number | "init"} part */
const name = (rendition, track, part) => `${rendition}/${track}/${part}`;
