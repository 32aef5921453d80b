/**
 * Padding: messages of the `media` stream that mean nothing and only measure the line. They are counted and thrown away;
 * how unevenly they come is kept as RFC 3550 §6.4.1 does for RTP. Pure.
 */

import { HEADER, KIND_PADDING, VERSION } from "../../web/shared/wire.js";

/** Bytes of the time at the beginning of the payload. */
const STAMP = 8;
/** RFC 3550: each message counts for a sixteenth. */
const GAIN = 1 / 16;

export class Padding {
  /** Bytes that came, cumulative. */
  bytes = 0;
  /** Seconds; null where nothing came. @type {number | null} */
  jitter = null;
  /** On the sender's clock and on ours, of the one before. @type {{sent: number, came: number} | null} */
  #before = null;

  /**
   * @param {ArrayBuffer} message  of the media stream
   * @param {number} now  seconds of the page's own clock
   * @returns {boolean} it was padding, and is dealt with
   */
  add(message, now) {
    if (message.byteLength < HEADER) return false;
    const view = new DataView(message);
    if (view.getUint8(0) !== VERSION || view.getUint8(1) !== KIND_PADDING) return false;
    this.bytes += message.byteLength;
    if (message.byteLength < HEADER + STAMP) return true;
    const sent = view.getFloat64(HEADER);
    if (!Number.isFinite(sent)) return true;
    if (this.#before !== null) {
      const late = Math.abs(now - this.#before.came - (sent - this.#before.sent));
      this.jitter = (this.jitter ?? 0) + GAIN * (late - (this.jitter ?? 0));
    }
    this.#before = { sent, came: now };
    return true;
  }
}
