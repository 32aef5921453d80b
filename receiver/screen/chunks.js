/**
 * The `media` stream: binary pieces, put together to whole objects. Pure.
 *
 * The pieces of one object come in order; those of several objects may be mixed. An object that is sent anew from its
 * start replaces what was there of it, and one with a gap is dropped: the presenter sends again what is not reported
 * as held.
 */

import { HEADER, KIND_FRAGMENT, KIND_INIT, KIND_ROWS, VERSION } from "../../web/shared/wire.js";

/** The largest object, bytes: one picture of the largest still that a camera makes stays below it. */
export const OBJECT_MOST = 64 << 20;
/** Objects begun and not finished. The presenter leaves one behind at each seek and never returns to some of them. */
export const BEGUN_MOST = 4;

/**
 * @typedef {object} Piece
 * @property {number} kind
 * @property {number} track
 * @property {string} rendition  16 hexadecimal digits
 * @property {number} index
 * @property {number} offset
 * @property {number} total      bytes of the whole object
 * @property {Uint8Array} payload
 */

/**
 * @typedef {object} Whole  one object of the media stream
 * @property {number} kind
 * @property {number} track
 * @property {string} rendition
 * @property {number} index
 * @property {ArrayBuffer} bytes
 */

/**
 * One message of the media stream, as `courtcast.wire.media` writes it; null where it is no such thing.
 * @param {ArrayBuffer} message @returns {Piece | null}
 */
export const unpack = (message) => {
  if (message.byteLength < HEADER) return null;
  const view = new DataView(message, 0, HEADER);
  if (view.getUint8(0) !== VERSION) return null;
  const kind = view.getUint8(1);
  if (kind !== KIND_ROWS && kind !== KIND_INIT && kind !== KIND_FRAGMENT) return null;
  const payload = new Uint8Array(message, HEADER);
  const offset = view.getUint32(16);
  const total = view.getUint32(20);
  if (offset + payload.length > total) return null;
  const rendition = view.getBigUint64(4).toString(16).padStart(16, "0");
  return { kind, track: view.getUint8(2), rendition, index: view.getUint32(12), offset, total, payload };
};

export class Assembler {
  constructor() {
    /** @type {Map<string, {bytes: Uint8Array<ArrayBuffer>, have: number}>} the one begun first comes first */
    this.begun = new Map();
    /** Pieces that fitted nowhere, cumulative. */
    this.lost = 0;
  }

  /**
   * @param {ArrayBuffer} message
   * @returns {Whole | null} the object that this piece completes
   */
  add(message) {
    const piece = unpack(message);
    if (piece === null || piece.total === 0 || piece.total > OBJECT_MOST) {
      this.lost += 1;
      return null;
    }
    const { kind, track, rendition, index, offset, total, payload } = piece;
    const key = `${rendition}/${kind}/${track}/${index}`;
    if (offset === 0) {
      this.begun.delete(key);
      this.begun.set(key, { bytes: new Uint8Array(total), have: 0 });
      const oldest = this.begun.keys().next().value;
      if (this.begun.size > BEGUN_MOST && oldest !== undefined) this.begun.delete(oldest);
    }
    const object = this.begun.get(key);
    if (object === undefined || object.have !== offset || object.bytes.length !== total) {
      this.begun.delete(key);
      this.lost += 1;
      return null;
    }
    object.bytes.set(payload, offset);
    object.have += payload.length;
    if (object.have < total) return null;
    this.begun.delete(key);
    return { kind, track, rendition, index, bytes: object.bytes.buffer };
  }
}
