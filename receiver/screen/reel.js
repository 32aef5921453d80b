/**
 * One rendition as far as it is known: its frames, its end, and what a scene asks for on it. Pure.
 * @module
 */

import { hold } from "./approach.js";
import { Frames, middle, placed } from "./frames.js";
import { ending, wish } from "./scene.js";

/** Seconds before a hole: in the last frame of what is there. */
const BEFORE = 1e-3;
/** Seconds: times are floats on the way. */
const EDGE = 1e-6;
/** Seconds into a frame that a browser which counts microseconds certainly takes for that frame, and nobody for another. */
const INSIDE = 1e-4;

/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("./face.js").Manifest} Manifest */

/** Stands for the picture where a recording has none: it never begins. */
const SOUND_ONLY = { timescale: 1_000_000, first: Infinity, cover: 0 };

export class Reel {
  /** @type {Frames|null} */
  #frames = null;
  #known = -1;
  #find;
  #hole;

  /**
   * @param {() => Manifest|undefined} find  The manifest: it grows in place.
   * @param {(at: number) => {start: number, stop: number}|null} [hole]  What cannot be decoded around a time, MSE time.
   */
  constructor(find, hole = () => null) {
    this.#find = find;
    this.#hole = hole;
  }

  /** The frames known by now; null while nothing is known. */
  get frames() {
    const manifest = this.#find();
    if (!manifest || manifest.tracks.length === 0) return null;
    const place = manifest.tracks.findIndex((track) => track.kind === "video");
    const track = manifest.tracks[place];
    this.#frames ??= new Frames(track ?? SOUND_ONLY, manifest.origin);
    const rows = track ? (manifest.rows.get(track.index) ?? []) : [];
    const known = rows.length + (manifest.complete ? 0.5 : 0);
    if (known !== this.#known) {
      this.#known = known;
      this.#frames.update(placed(rows), manifest.complete, manifest.counts[place] ?? 0);
    }
    return this.#frames;
  }

  /**
   * What a scene asks for now. In a hole the last frame before it stays up; where there is none, there is nothing to show.
   * @param {Scene|null} scene
   * @param {number} now  Room clock, seconds.
   * @returns {{rest: boolean, at: number, hole: boolean}|null} `at`: seconds, MSE time. null while it cannot be said.
   */
  asked(scene, now) {
    const frames = this.#frames;
    if (scene === null || frames === null) return null;
    const { rest, media } = wish(scene, this.#find()?.duration, now, this.#hold(scene, frames));
    const at = media + frames.origin, hole = this.#hole(at);
    if (hole === null) return { rest, at, hole: false };
    return frames.at(hole.start - BEFORE) === null ? null : { rest: true, at: hole.start - BEFORE, hole: true };
  }

  /**
   * Where a player has to stop so that the scene's last frame stays up: seconds, MSE time.
   * @param {Scene} scene
   * @param {Frames} frames
   */
  stop(scene, frames) {
    return ending(scene, this.#find()?.duration) - this.#hold(scene, frames) + frames.origin;
  }

  /**
   * @param {Scene} scene
   * @param {Frames} frames
   */
  #hold(scene, frames) {
    if (scene.end === null) return 0;
    const more = scene.end < (this.#find()?.duration ?? Infinity) - 1e-6;
    return hold(frames.at(scene.end + frames.origin - 1e-6), more, scene.anchor.rate);
  }

  /**
   * Where to seek for a place in a scene: never behind its last frame, and just behind the edge of a frame, so that
   * rounding does not make it the one before.
   * @param {Scene} scene
   * @param {number} at  Seconds, MSE time.
   * @param {Frames} frames
   */
  entry(scene, at, frames) {
    const last = ending(scene, this.#find()?.duration) + frames.origin - EDGE;
    const target = Math.min(at, Math.max(0, last)), frame = frames.at(target);
    return frame ? Math.max(target, Math.min(frame.start + INSIDE, middle(frame))) : target;
  }
}
