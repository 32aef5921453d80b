/**
 * Where playback is now, from the anchor and an estimate of the room clock. Pure.
 *
 * Every state of the room carries the room clock at which it was written. The smallest difference between this page's
 * clock and that one belongs to the message that was on its way for the shortest time; a state that was written long
 * before it was sent only gives a larger one, so it does no harm.
 */

import { clipTime, mediaTime } from "./clips.js";

/** @typedef {import("../shared/wire.js").RoomState} RoomState */

/** So many of the latest messages count: enough to hold a quick one, few enough to follow a clock that drifts. */
export const KEPT = 64;

export class HeardClock {
  constructor() {
    /** @type {number[]} page's clock less the room's, seconds */
    this.differences = [];
  }

  /** A new connection: another presenter's clock may have another origin. */
  reset() {
    this.differences = [];
  }

  /**
   * @param {number} clock the room's, as written in the message
   * @param {number} now this page's, when it came in
   */
  hear(clock, now) {
    this.differences.push(now - clock);
    if (this.differences.length > KEPT) this.differences.shift();
  }

  /**
   * @param {number} now this page's clock, seconds
   * @returns {number | null} the room's; null before anything was heard
   */
  at(now) {
    return this.differences.length === 0 ? null : now - Math.min(...this.differences);
  }
}

/**
 * Media time of what is shown, or null where nothing is.
 * @param {RoomState} room
 * @param {number | null} clock the room clock now
 * @param {number | null} duration of the exhibit
 * @returns {number | null}
 */
export const positionAt = (room, clock, duration) => {
  if (room.shown === null) return null;
  const { anchor } = room;
  if (anchor === null) return room.position ?? room.shown.at;
  const since = room.playing && clock !== null ? Math.max(0, clock - anchor.clock) : 0;
  const { ranges } = room.shown;
  const from = ranges.length === 0 ? null : clipTime(ranges, anchor.media);
  if (from !== null) return mediaTime(ranges, from + since * anchor.rate);
  const media = anchor.media + since * anchor.rate;
  return Math.max(0, duration === null ? media : Math.min(media, duration));
};
