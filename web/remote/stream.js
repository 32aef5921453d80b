/**
 * The events of the room: a WebSocket, and server-sent events where none opens. Edge: WebSocket, EventSource, timers.
 *
 * Whatever happens it tries again for ever, and it says at once when it has no connection: what stands on the page then is
 * stale. A connection that is open and says nothing is asked after, since a Wi-Fi that went away closes nothing.
 */

import { wait } from "../shared/backoff.js";
import { Event as RoomEvent } from "../shared/wire.js";

/** Seconds in which a WebSocket has to bring the whole state; iPads never answer under a certificate they do not trust. */
const OPENING = 4;
/** Seconds of silence after which the presenter is asked whether it is still there, and seconds to answer in. */
const SILENCE = 4;
const ANSWER = 3;
/** Seconds between two tries at most: somebody waits for it. */
const LONGEST_WAIT = 4;

export class Stream {
  /**
   * @param {string} address of the events, relative to the page
   * @param {(seconds: number) => Promise<boolean>} ask whether the presenter answers within so many seconds
   */
  constructor(address, ask) {
    this.address = new URL(address, location.href);
    this.ask = ask;
    /** @type {(event: import("../shared/wire.js").Event) => void} */
    this.onevent = () => {};
    /** @type {(open: boolean) => void} */
    this.onstate = () => {};
    /** @type {(what: unknown) => void} a message that is not what it should be */
    this.onodd = () => {};
    /** @type {{close(): void} | null} */
    this.socket = null;
    this.open = false;
    /** Tries since the connection was open. */
    this.tries = 0;
    /** Server-sent events were what worked last. */
    this.plain = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** Counts connections: what an old one still says is not heard. */
    this.round = 0;
  }

  start() {
    addEventListener("online", () => this.again());
    addEventListener("pageshow", () => this.look());
    addEventListener("offline", () => this.lost(this.round));
    document.addEventListener("visibilitychange", () => this.look());
    this.connect();
  }

  /** Somebody looks at the page again: a laptop that slept does not know that its connection is dead. */
  look() {
    if (document.visibilityState === "visible") void (this.open ? this.check(this.round) : this.again());
  }

  /** Does not wait any longer for the next try; one that is under way goes on. */
  again() {
    if (this.socket === null) {
      this.tries = 0;
      this.connect();
    }
  }

  connect() {
    this.socket?.close();
    clearTimeout(this.timer);
    this.round += 1;
    const round = this.round;
    this.timer = setTimeout(() => this.failed(round), OPENING * 1000);
    this.socket = this.plain ? this.events(round) : this.webSocket(round);
  }

  /** @param {number} round */
  webSocket(round) {
    const address = new URL(this.address);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.onmessage = ({ data }) => this.heard(round, data);
    socket.onclose = () => this.failed(round);
    socket.onerror = () => this.failed(round);
    return socket;
  }

  /** @param {number} round */
  events(round) {
    const source = new EventSource(this.address);
    const heard = (/** @type {MessageEvent} */ { data }) => this.heard(round, data);
    source.onmessage = heard;
    source.addEventListener("state", heard);
    source.addEventListener("change", heard);
    source.onerror = () => this.failed(round);
    return source;
  }

  /** @param {number} round @param {unknown} data */
  heard(round, data) {
    if (round !== this.round || typeof data !== "string") return;
    let event;
    try {
      event = RoomEvent.parse(data);
    } catch (error) {
      this.onodd(error);
      return;
    }
    if (event.type === "state") {
      this.open = true;
      this.tries = 0;
      this.onevent(event);
      this.onstate(true);
    } else if (this.open) {
      this.onevent(event);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.check(round), SILENCE * 1000);
  }

  /** @param {number} round */
  async check(round) {
    const answers = await this.ask(ANSWER);
    if (round !== this.round) return;
    if (!answers) this.lost(round);
    else if (this.open) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.check(round), SILENCE * 1000);
    }
  }

  /** @param {number} round */
  lost(round) {
    if (round !== this.round) return;
    this.failed(round);
  }

  /** This connection is over, or never was. @param {number} round */
  failed(round) {
    if (round !== this.round) return;
    this.round += 1;
    this.socket?.close();
    this.socket = null;
    // What never opened is tried the other way next; what was open and broke is tried the same way first. Neither way
    // says why it does not open: asking does, where it is because nobody is signed in any more.
    if (!this.open) {
      this.plain = !this.plain;
      void this.ask(ANSWER);
    }
    this.open = false;
    this.onstate(false);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), 1000 * wait(this.tries, Math.random(), { most: LONGEST_WAIT }));
    this.tries += 1;
  }
}
