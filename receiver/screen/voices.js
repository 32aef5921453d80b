/**
 * The sound of a clip: for each of its ranges a player of its own that has nothing but that sound. Edge: timers, and the
 * players that it is given.
 *
 * Pictures have to stop a moment before their range does, or a frame from outside of it might come up; sound has to go on
 * to the last sample, and must not wait where a picture does. So in a clip each goes its own way, both by the anchor. What
 * a voice has in its buffer ends with its range, to the sample: nothing has to be stopped in time.
 * @module
 */

import { LINGER, soundOf, starting } from "./part.js";
import { same } from "./scene.js";
import { joined, loudness, ramps, turns } from "./turns.js";

/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("./face.js").Given} Given */
/** @typedef {import("./face.js").Vault} Vault */
/** @typedef {import("./player.js").Player} Player */
/** @typedef {import("./turns.js").Turn} Turn */

/**
 * @typedef {object} Asked
 * @property {Scene} scene  As the room says it: with all its ranges.
 * @property {boolean} open  It is to be heard.
 * @property {number} volume
 */

export class Voices {
  /** By the range that they have. @type {Map<string, {player: Player, turn: Turn, of: Scene}>} */
  #voices = new Map();
  /** Ranges whose sound does not play. @type {Set<string>} */
  #mute = new Set();
  /** @type {Asked|null} */
  #asked = null;
  /** @type {number|undefined} */
  #timer;
  /** A problem's type. @type {string|null} */
  problem = null;

  /**
   * @param {Omit<Given, "rendition"|"sound"|"until"|"onframe"> & {Player: typeof import("./player.js").Player}} given
   */
  constructor(given) {
    this.given = given;
  }

  /** Whether somebody has to be woken in short order. */
  get busy() {
    return [...this.#voices.values()].some(({ player }) => player.busy);
  }

  /** Whether this can be heard, or would be if the range were not a silent one. */
  get audible() {
    return this.#asked !== null && this.#asked.open && this.problem === null;
  }

  /** @param {Asked|null} asked  From now on; null where there is no clip, or no sound. Idempotent. */
  follow(asked) {
    if (asked === null || asked.scene.rendition !== this.#asked?.scene.rendition) {
      this.#mute.clear();
      this.problem = null;
    }
    this.#asked = asked;
    this.#work();
  }

  /** Something of a rendition came. @param {string} rendition */
  arrived(rendition) {
    if (this.#asked?.scene.rendition === rendition) this.#work();
    for (const { player } of this.#voices.values()) if (player.rendition === rendition) player.arrived();
  }

  tick() {
    for (const { player } of this.#voices.values()) player.tick();
    if (this.#voices.size > 0) this.#work();
  }

  /** Nothing is heard, at once. */
  mute() {
    if (this.#asked) this.#asked.open = false;
    for (const { player } of this.#voices.values()) player.mute();
  }

  #work() {
    const asked = this.#asked, now = this.given.clock.now();
    clearTimeout(this.#timer);
    const wanted = asked ? this.#wanted(asked.scene, now) : new Map();
    for (const [key, { player, turn, of }] of this.#voices) {
      const ending = asked && same(of, asked.scene) && now >= turn.until && now < turn.until + LINGER;
      if (wanted.has(key) || ending) continue;
      player.close();
      this.#voices.delete(key);
    }
    if (asked === null) return;
    for (const [key, turn] of wanted) this.#sing(key, turn, asked, now);
    const next = Math.min(...[...wanted.values()].flatMap((turn) => ramps(turn, now)));
    if (next < Infinity) this.#timer = window.setTimeout(() => this.#work(), Math.max(0, next - now) * 1000);
  }

  /** @param {Scene} scene @param {number} now @returns {Map<string, Turn>} */
  #wanted(scene, now) {
    const { on, next } = turns(joined(scene, true), now);
    const due = [on, next].flatMap((turn) => (turn && !turn.silent && !over(turn, now) ? [turn] : []));
    return new Map(due.map((turn) => [`${scene.rendition} ${turn.number}`, turn]));
  }

  /** @param {string} key @param {Turn} turn @param {Asked} asked @param {number} now */
  #sing(key, turn, { scene, open, volume }, now) {
    const [range] = turn.scene.ranges, known = this.#voices.get(key), own = known?.turn.scene.ranges[0];
    if (range === undefined || this.#mute.has(key)) return;
    if (known && (own?.start !== range.start || own.stop !== range.stop)) {
      known.player.close();
      this.#voices.delete(key);
    }
    const player = this.#voices.get(key)?.player ?? this.#begin(key, turn, range);
    if (player === null) return;
    this.#voices.set(key, { player, turn, of: scene });
    player.follow(starting(turn.scene, this.given.vault), open, volume * loudness(turn, now));
  }

  /**
   * @param {string} key @param {Turn} turn @param {import("../../web/shared/wire.js").ClipRange} range
   * @returns {Player|null}  null while nothing is known of its sound, or where there is none.
   */
  #begin(key, { scene: { rendition } }, range) {
    const own = soundOf(this.given.vault, range);
    if (!own.vault.manifest(rendition)?.tracks.length) return null;
    return new this.given.Player({
      ...this.given, ...own, rendition, sound: true,
      onframe: () => {},
      onchange: () => this.#changed(key),
    });
  }

  /** @param {string} key */
  #changed(key) {
    const player = this.#voices.get(key)?.player;
    if (player?.phase !== "failed" && !player?.problem) return;
    const explained = this.given.holes.add(player.rendition, player.hole);
    player.close();
    this.#voices.delete(key);
    if (!explained) {
      this.#mute.add(key);
      this.problem = player.problem;
    }
    this.given.onchange();
  }
}

/** Whether nothing of it is left to be heard. @param {Turn} turn @param {number} now */
const over = ({ scene: { anchor, end }, until }, now) =>
  anchor.rate > 0 ? now >= until + LINGER : end !== null && anchor.media >= end - 0.01;
