/**
 * The page's own store of manifests, init segments and fragments. Edge: the browser's crypto.
 */

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Track} Track */

/**
 * What is known of a rendition's manifest. `rows` holds, for each track, the known rows by ascending `row.index`; while
 * rows are still on their way there may be gaps (compare `row.index`), never doubles.
 * @typedef {object} Manifest
 * @property {string} exhibit
 * @property {string} rendition
 * @property {[number, number]} origin   MSE time of media time 0, seconds, as numerator and denominator
 * @property {Track[]} tracks
 * @property {Map<number, Row[]>} rows   by `Track.index`
 * @property {boolean} complete
 * @property {number[]} counts           fragments of each track that exist so far, in the order of `tracks`
 * @property {number | null} duration    seconds of media time, once complete
 */

export class Vault {
  /** @param {{budget?: number}} [how] bytes of fragments to hold */
  constructor({ budget = 1 << 30 } = {}) {
    this.budget = budget;
    /** @type {Set<(rendition: string) => void>} */
    this.listeners = new Set();
  }

  /** @param {string} rendition @returns {Manifest | undefined} live: it grows in place */
  manifest(rendition) {
    void rendition;
    return undefined;
  }

  /** @param {string} rendition @param {number} track @returns {ArrayBuffer | undefined} */
  init(rendition, track) {
    void rendition, track;
    return undefined;
  }

  /** @param {string} rendition @param {number} track @param {number} index @returns {ArrayBuffer | undefined} */
  fragment(rendition, track, index) {
    void rendition, track, index;
    return undefined;
  }

  /**
   * Calls back, after the change, whenever a manifest grew or something of a rendition came or was evicted.
   * @param {(rendition: string) => void} listener
   * @returns {() => void} stops it
   */
  onchange(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
