/**
 * Calls to the presenter. Edge: fetch.
 *
 * Commands that move the room are sent one after another, in the order of the presses, each on the revision that the one
 * before it made: so one's own quick presses never refuse each other, and somebody else's change in between does.
 */

import { RoomState } from "../shared/wire.js";

/** Seconds that a call may take before it counts as lost. The presenter answers within milliseconds. */
const PATIENCE = 8;
/** Seconds between two tries of a blank: it goes on until it is through, or a newer command makes it void. */
const BLANK_EVERY = 0.5;
/** Seconds that one try of a blank may take. */
const BLANK_PATIENCE = 2;

/** Why a call was not carried out: a problem document, or our own words where none came. */
export class Refusal extends Error {
  /** @param {string} type @param {string} detail @param {number} status 0 where nothing answered */
  constructor(type, detail, status) {
    super(detail);
    this.name = "Refusal";
    this.type = type;
    this.detail = detail;
    this.status = status;
  }
}

export class Api {
  /** @param {string} base address of the API, with a slash at its end */
  constructor(base) {
    this.base = base;
    /** @type {Promise<unknown>} the command before this one */
    this.last = Promise.resolve();
    /** Of the room as our own commands left it. */
    this.revision = 0;
    this.blanking = 0;
    /**
     * The room as an answer gave it.
     * @type {(room: RoomState) => void}
     */
    this.onroom = () => {};
    this.onsignedout = () => {};
  }

  /**
   * @param {string} method
   * @param {string} path below the API
   * @param {object} [body]
   * @returns {Promise<any>} what the answer holds. Rejects with Refusal.
   */
  async call(method, path, body) {
    return this.request(method, path, body, PATIENCE);
  }

  /**
   * A command to the room.
   * @param {string} path like `room/show`
   * @param {object} body
   * @param {number} seen revision of the room that was looked at
   * @param {boolean} bound it is meant for that room only; otherwise it means the same in any
   * @returns {Promise<RoomState>} Rejects with Refusal.
   */
  command(path, body, seen, bound) {
    const turn = this.last.then(async () => {
      const basis = Math.max(seen, this.revision);
      const sent = bound ? { ...body, revision: basis } : body;
      const room = RoomState.read(await this.request("POST", path, sent, PATIENCE));
      // More than one step on: somebody else's change is in it too, which nobody here has seen yet.
      if (room.revision <= basis + 1) this.revision = room.revision;
      this.onroom(room);
      return room;
    });
    this.last = turn.catch(() => {});
    return turn;
  }

  /**
   * Blank: past every queue, again and again until it is through.
   * @param {(tries: number) => void} onretry
   * @returns {Promise<RoomState | null>} null where a later blank took over. Rejects with Refusal where it is forbidden.
   */
  async blank(onretry) {
    this.blanking += 1;
    const mine = this.blanking;
    for (let tries = 1; ; tries += 1) {
      const sent = performance.now();
      try {
        const room = RoomState.read(await this.request("POST", "room/blank", {}, BLANK_PATIENCE));
        this.onroom(room);
        return room;
      } catch (error) {
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) throw error;
      }
      if (mine !== this.blanking) return null;
      onretry(tries);
      await pause(Math.max(0, BLANK_EVERY - (performance.now() - sent) / 1000));
    }
  }

  /**
   * When a picture comes up, as the presenter labels its still.
   * @param {string} path of the still
   * @returns {Promise<number | null>} seconds; null where that cannot be had
   */
  async timeOf(path) {
    try {
      const answer = await fetch(this.base + path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE * 1000) });
      await answer.body?.cancel();
      const time = answer.ok ? answer.headers.get("media-time") : null;
      return time === null ? null : Number(time);
    } catch {
      return null;
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object | undefined} body
   * @param {number} patience seconds
   * @returns {Promise<any>}
   */
  async request(method, path, body, patience) {
    /** @type {Response} */
    let answer;
    try {
      answer = await fetch(this.base + path, {
        method,
        ...sent(body),
        cache: "no-store",
        keepalive: path === "room/blank",
        signal: AbortSignal.timeout(patience * 1000),
      });
    } catch {
      throw new Refusal("unreachable", "The presenter does not answer. Nothing was changed; look at the network here.", 0);
    }
    if (answer.status === 401) this.onsignedout();
    if (answer.status === 204) return null;
    let told;
    try {
      told = await answer.json();
    } catch {
      told = null;
    }
    if (answer.ok && told !== null) return told;
    const detail = typeof told?.detail === "string" ? told.detail : "The presenter could not do this.";
    throw new Refusal(String(told?.type ?? "unknown").split("/").pop() ?? "unknown", detail, answer.status);
  }
}

/** A file goes as it is, everything else as JSON. @param {object | undefined} body @returns {RequestInit} */
const sent = (body) => {
  if (body === undefined) return {};
  return body instanceof Blob ? { body } : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
};

/** @param {number} seconds @returns {Promise<void>} */
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
