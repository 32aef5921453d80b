/**
 * What is on the display: two players, one up and one held ready unseen, under a black cover.
 *
 * main.js wires it: `new Picture(root, vault, clock, { Player, Mse })`.
 * @module
 */

/**
 * @typedef {object} Manifest  What the vault knows of a rendition. Ticks are on MSE time, in the track's timescale.
 * @property {[number, number]} origin  MSE time of media time 0, seconds as numerator and denominator.
 * @property {Array<{index: number, kind: "video"|"audio", mime: string, timescale: number, first: number, cover: number}>} tracks
 * @property {Map<number, Array<Row|undefined>>} rows  By track; the index in the array is the fragment's.
 * @property {boolean} complete
 * @property {number[]} counts
 * @property {number|null|undefined} duration  Seconds of media time.
 */

/**
 * @typedef {object} Row
 * @property {number} track
 * @property {number} index
 * @property {number} start
 * @property {number} duration
 * @property {number} bytes
 * @property {boolean} keyframe
 * @property {number[]} pts
 */

/**
 * @typedef {object} Vault  The part of the store that the picture needs.
 * @property {(rendition: string) => Manifest|undefined} manifest
 * @property {(rendition: string, track: number) => ArrayBuffer|undefined} init
 * @property {(rendition: string, track: number, index: number) => ArrayBuffer|undefined} fragment
 * @property {(changed: (rendition: string) => void) => void} onchange
 */

/**
 * @typedef {object} State  Part of the screen's Report.
 * @property {string|null} exhibit
 * @property {number|null} media_time
 * @property {number|null} frame
 * @property {boolean} playing
 * @property {boolean} blank
 * @property {{count: number, seconds: number}} stalls
 * @property {number} dropped
 * @property {number} decoded
 * @property {number} late
 * @property {number} jumps
 * @property {boolean} sound
 * @property {boolean} cue_ready
 * @property {string|null} problem
 * @property {Array<[number, number]>} held
 */

export class Picture {
  /**
   * @param {HTMLElement} root  Filled by the picture; it should have the size of the display.
   * @param {Vault} vault
   * @param {{now(): number}} clock  The room clock, seconds.
   * @param {{Player: any, Mse: any}} parts  The two edges it stands on.
   */
  constructor(root, vault, clock, parts) {
    this.root = root;
    this.vault = vault;
    this.clock = clock;
    this.parts = parts;
    /** @type {() => void} Called at every change worth a report. */
    this.onchange = () => {};
  }

  /** @param {any} stage  A Stage message: the whole of what to do now; idempotent. */
  apply(stage) {
    void stage;
  }

  /** @returns {State} */
  state() {
    return {
      exhibit: null, media_time: null, frame: null, playing: false, blank: true, stalls: { count: 0, seconds: 0 },
      dropped: 0, decoded: 0, late: 0, jumps: 0, sound: false, cue_ready: false, problem: null, held: [],
    };
  }

  /**
   * @param {number} n
   * @returns {Array<{clock: number, media_time: number}>}  The last n frames that appeared on the display.
   */
  frames(n) {
    void n;
    return [];
  }

  /**
   * @param {number} maxWidth
   * @returns {Promise<{blob: Blob, width: number, height: number}|null>}  A JPEG of what is on the display; null while black.
   */
  async still(maxWidth) {
    void maxWidth;
    return null;
  }
}
