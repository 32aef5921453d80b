/**
 * What the parts that show pictures need of each other, as types; and the one sum that is made over all of them. Pure.
 * @module
 */

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Track} Track */
/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./view.js").View} View */

/**
 * What the picture needs to know of a rendition.
 * @typedef {object} Manifest
 * @property {[number, number]} origin  MSE time of media time 0: seconds as numerator and denominator.
 * @property {Track[]} tracks
 * @property {Map<number, Row[]>} rows  By track: the known rows, by ascending index; there may be gaps.
 * @property {boolean} complete
 * @property {number[]} counts  In the order of `tracks`.
 * @property {number|null} [duration]  Seconds of media time.
 */

/**
 * What the picture needs of the store.
 * @typedef {object} Vault
 * @property {(rendition: string) => Manifest|undefined} manifest
 * @property {(rendition: string, track: number) => ArrayBuffer|undefined} init
 * @property {(rendition: string, track: number, index: number) => ArrayBuffer|undefined} fragment
 * @property {(changed: (rendition: string) => void) => unknown} onchange
 */

/** Who shows one exhibit. @typedef {import("./player.js").Player|import("./leafplayer.js").LeafPlayer} Face */

/**
 * What a player is given.
 * @typedef {object} Given
 * @property {Vault} vault
 * @property {{now(): number}} clock  Room clock, seconds.
 * @property {string} rendition
 * @property {boolean} sound  Has a sound track in its buffer.
 * @property {import("./scene.js").Part|null} [part]  The range of a clip that it is for; null for all of the recording.
 * @property {import("./mse.js").Feed["until"]} [until]  Where its buffer ends.
 * @property {import("./approach.js").Learned} learned
 * @property {import("./holes.js").Holes} holes  What is known not to be decodable.
 * @property {() => void} onchange
 * @property {(player: Face, clock: number, frame: Frame) => void} onframe  A frame is on: room clock, seconds.
 * @property {new (video: HTMLVideoElement, feed: import("./mse.js").Feed) => import("./mse.js").Mse} Mse
 */

/** What is to be seen, to be drawn elsewhere. @typedef {import("./view.js").Rect & {source: HTMLVideoElement|HTMLCanvasElement}} Seen */

/**
 * What is on the display, for the Report.
 * @typedef {object} State
 * @property {string|null} exhibit  What the screen follows; it may be behind the black.
 * @property {number|null} media_time  Seconds, of the frame on the display; null while it is black.
 * @property {number|null} frame
 * @property {boolean} playing
 * @property {boolean} blank  The display is black, for whatever reason.
 * @property {{count: number, seconds: number}} stalls
 * @property {number} dropped
 * @property {number} decoded
 * @property {number} late
 * @property {number} jumps
 * @property {boolean} sound
 * @property {boolean} cue_ready
 * @property {string|null} problem
 * @property {[number, number][]} skipped  Media time of what is shown that cannot be decoded here, and is left out.
 */

/** Cumulative, of one player or of many: `count` and `seconds` are of stalls. */
export class Tally {
  count = 0;
  seconds = 0;
  dropped = 0;
  decoded = 0;
  jumps = 0;

  /** @param {Tally} other */
  add({ count, seconds, dropped, decoded, jumps }) {
    this.count += count;
    this.seconds += seconds;
    this.dropped += dropped;
    this.decoded += decoded;
    this.jumps += jumps;
    return this;
  }
}
