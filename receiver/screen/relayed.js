/**
 * The path over the receiver's line, for networks that let no UDP through: the page's end of it. Pure.
 *
 * What was taken of the media is said to the presenter, objects once they are verified: that is all it knows of how
 * much may be on its way.
 */

import {
  HEADER, PATH_CONTROL_MOST, PATH_PREFIX, PathClosed, PathControl, PathOpened, PathTaken, PIECE_MOST,
} from "../../web/shared/wire.js";

/** Bytes taken of which the presenter is told at once … */
export const AT_ONCE = 24 * 1024;
/** … and seconds after which it is told of fewer. */
export const SOON = 0.01;

/** @typedef {import("./junction.js").Path} Path */
/** @typedef {import("../../web/shared/wire.js").ToPage} ToPage */

/**
 * @typedef {object} Handlers
 * @property {(text: string) => boolean} say  to the receiver; false where that line is closed
 * @property {(seconds: number, call: () => void) => void} later
 * @property {(path: Path) => void} onopen       before any of its messages
 * @property {(path: Path) => void} onclose
 * @property {(text: string, path: Path) => void} oncontrol
 * @property {(message: ArrayBuffer, path: Path) => Promise<void> | void} onmedia  resolved once it is taken
 */

export class Relayed {
  /** @type {Line | null} */
  #line = null;

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
  }

  /** A message of the receiver; what is not about a path, or about one that has ended, is let pass. @param {ToPage} message */
  hear(message) {
    if (message.type === "path-open") {
      this.#line?.close();
      const line = new Line(message.path, this.handlers, () => {
        if (this.#line === line) this.#line = null;
        this.handlers.onclose(line);
      });
      this.#line = line;
      this.handlers.say(JSON.stringify(PathOpened.make({ path: message.path })));
      this.handlers.onopen(line);
      return;
    }
    if (!("path" in message) || message.path !== this.#line?.number) return;
    if (message.type === "path-control") this.handlers.oncontrol(message.text, this.#line);
    else if (message.type === "path-taken") this.#line.heard(message.amount);
    else this.#line.ended();
  }

  /** A binary message of the receiver. @param {ArrayBuffer} piece */
  take(piece) {
    if (piece.byteLength < PATH_PREFIX + HEADER || piece.byteLength > PIECE_MOST) return;
    if (new DataView(piece).getUint32(0) === this.#line?.number) void this.#line.take(piece.slice(PATH_PREFIX));
  }

  /** The line to the receiver is lost. */
  gone() {
    this.#line?.ended();
  }

  close() {
    this.#line?.close();
  }
}

/** One path; it is open from the start, and closes once. */
class Line {
  #closed = false;
  /** Bytes of media taken, and told to be. */
  #taken = 0;
  #told = 0;
  #telling = false;
  /** Characters of control sent, and said to be taken. */
  #sent = 0;
  #heard = 0;

  /** @param {number} number @param {Handlers} handlers @param {() => void} onclosed */
  constructor(number, handlers, onclosed) {
    this.number = number;
    this.handlers = handlers;
    this.onclosed = onclosed;
  }

  get buffered() {
    return this.#sent - this.#heard;
  }

  /** @param {string} text */
  send(text) {
    if (this.#closed || text.length > PATH_CONTROL_MOST) return false;
    this.#sent += text.length;
    return this.handlers.say(JSON.stringify(PathControl.make({ path: this.number, text })));
  }

  /** @param {number} amount */
  heard(amount) {
    this.#heard = Math.min(this.#sent, Math.max(this.#heard, amount));
  }

  /** @param {ArrayBuffer} message */
  async take(message) {
    await this.handlers.onmedia(message, this);
    this.#taken += message.byteLength;
    if (this.#taken - this.#told >= AT_ONCE) this.#tell();
    else if (!this.#telling) {
      this.#telling = true;
      this.handlers.later(SOON, () => {
        this.#telling = false;
        if (this.#taken > this.#told) this.#tell();
      });
    }
  }

  /** Ends it, and says so. */
  close() {
    if (this.#closed) return;
    this.handlers.say(JSON.stringify(PathClosed.make({ path: this.number })));
    this.ended();
  }

  /** The other side has ended it. */
  ended() {
    if (this.#closed) return;
    this.#closed = true;
    this.onclosed();
  }

  #tell() {
    if (this.#closed) return;
    this.#told = this.#taken;
    this.handlers.say(JSON.stringify(PathTaken.make({ path: this.number, amount: this.#taken })));
  }
}
