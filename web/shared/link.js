/**
 * One line to the server that mends itself: a WebSocket, or server-sent events where no WebSocket opens. Edge: the
 * browser's WebSocket and EventSource.
 *
 * What comes in is whole state first, so nothing is kept between two connections. Sending works over a WebSocket only.
 */

import { wait } from "./backoff.js";

/** A connection that does not open within this many seconds is given up: a filtered port answers nothing at all. */
const OPEN_WITHIN = 6;
/** WebSockets that failed in a row before the event stream is tried (iPads refuse them under an unknown certificate). */
const SOCKET_TRIES = 2;

/**
 * @typedef {object} Lines
 * @property {string} socket  address of the WebSocket
 * @property {string | null} [stream]  address of the same messages as server-sent events
 * @property {(text: string) => void} onmessage
 * @property {(open: boolean) => void} [onstate]  once for each change
 */

export class Link {
  #tries = 0;
  /** Sockets that failed since one opened. */
  #refused = 0;
  #open = false;
  #stopped = true;
  /** @type {WebSocket | EventSource | null} */
  #line = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Lines} lines */
  constructor(lines) {
    this.lines = lines;
  }

  get open() {
    return this.#open;
  }

  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** @param {string} text @returns {boolean} it was handed over; false while there is no WebSocket */
  send(text) {
    if (!this.#open || !(this.#line instanceof WebSocket)) return false;
    this.#line.send(text);
    return true;
  }

  #connect() {
    const { socket, stream } = this.lines;
    const byStream = stream != null && this.#refused >= SOCKET_TRIES;
    const line = byStream ? new EventSource(stream) : new WebSocket(socket);
    this.#line = line;
    const current = () => this.#line === line;
    let opened = false;
    this.#timer = setTimeout(() => current() && lost(), OPEN_WITHIN * 1000);
    line.onopen = () => {
      if (!current()) return;
      clearTimeout(this.#timer);
      opened = true;
      this.#tries = 0;
      if (!byStream) this.#refused = 0;
      this.#become(true);
    };
    line.onmessage = (/** @type {MessageEvent} */ event) => {
      if (current() && typeof event.data === "string") this.lines.onmessage(event.data);
    };
    const lost = () => {
      if (!current()) return;
      if (!opened) this.#refused = byStream ? 0 : this.#refused + 1;
      this.#drop();
      clearTimeout(this.#timer);
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.#connect(), wait(this.#tries, Math.random()) * 1000);
      this.#tries += 1;
    };
    line.onerror = lost;
    if (line instanceof WebSocket) line.onclose = lost;
  }

  #drop() {
    const line = this.#line;
    this.#line = null;
    line?.close();
    this.#become(false);
  }

  /** @param {boolean} open */
  #become(open) {
    if (this.#open === open) return;
    this.#open = open;
    this.lines.onstate?.(open);
  }
}
