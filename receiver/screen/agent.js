/**
 * The page's line to the receiver that serves it, on the same machine: mends itself for ever. Edge: WebSocket, timers.
 *
 * The receiver tells everything anew on each connection, so nothing is kept between two of them.
 */

import { wait } from "../../web/shared/backoff.js";

/** Close code of a receiver that has another page now (`receiver.pages.REPLACED`): this one stays away. */
const REPLACED = 4001;
/** Seconds: on one machine a connection opens at once or not at all. */
const OPEN_WITHIN = 5;

/**
 * @typedef {object} Handlers
 * @property {(text: string) => void} onmessage
 * @property {(piece: ArrayBuffer) => void} onpiece  a binary message
 * @property {(open: boolean) => void} onstate  once for each change
 * @property {() => void} onreplaced  another page has the receiver now; the line is not opened again
 */

export class Agent {
  /** The line is open. */
  open = false;
  #tries = 0;
  /** @type {WebSocket | null} */
  #socket = null;

  /** @param {string} url @param {Handlers} handlers */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
  }

  /** Connects, and from then on again whenever the line is lost. */
  start() {
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let lost = false;
    const limit = setTimeout(() => this.open || lose(), OPEN_WITHIN * 1000);
    const lose = () => {
      if (lost) return;
      lost = true;
      clearTimeout(limit);
      socket.close();
      this.#become(false);
      setTimeout(() => this.start(), wait(this.#tries, Math.random()) * 1000);
      this.#tries += 1;
    };
    socket.onopen = () => {
      clearTimeout(limit);
      if (lost) return;
      this.#tries = 0;
      this.#become(true);
    };
    socket.onmessage = ({ data }) => {
      if (lost) return;
      if (typeof data === "string") this.handlers.onmessage(data);
      else this.handlers.onpiece(data);
    };
    socket.onerror = lose;
    socket.onclose = ({ code }) => {
      if (code !== REPLACED || lost) return lose();
      lost = true;
      this.#become(false);
      this.handlers.onreplaced();
    };
  }

  /** @param {string} text @returns {boolean} it was handed over; false while the line is not open */
  send(text) {
    if (!this.open) return false;
    this.#socket?.send(text);
    return true;
  }

  /** @param {boolean} open */
  #become(open) {
    if (this.open === open) return;
    this.open = open;
    this.handlers.onstate(open);
  }
}
