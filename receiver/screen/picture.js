/**
 * What is on the display: one player up, one held ready unseen, and a black cover. Edge: the page's elements.
 *
 * main.js wires it: `new Picture(root, vault, clock, { Player, Mse })`. It carries out every stage that it is given;
 * which of two stages is the later one is the business of whoever receives them.
 *
 * Black is made by the cover alone, and before anything else: it needs no player and no decoder to answer.
 * @module
 */

import { Learned } from "./approach.js";
import { cast, same } from "./scene.js";
import { Understudy } from "./understudy.js";

/** @typedef {import("../../web/shared/wire.js").Row} Row */
/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */
/** @typedef {import("../../web/shared/wire.js").Track} Track */
/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./player.js").Player} Player */

/**
 * What the picture needs to know of a rendition.
 * @typedef {object} Manifest
 * @property {[number, number]} origin  MSE time of media time 0: seconds as numerator and denominator.
 * @property {Track[]} tracks
 * @property {Map<number, Row[]>} rows  By track: the known rows, by ascending index; there may be gaps.
 * @property {boolean} complete
 * @property {number[]} counts  In the order of `tracks`.
 * @property {number|null} [duration]  Seconds of media time.
 */

/**
 * What the picture needs of the store.
 * @typedef {object} Vault
 * @property {(rendition: string) => Manifest|undefined} manifest
 * @property {(rendition: string, track: number) => ArrayBuffer|undefined} init
 * @property {(rendition: string, track: number, index: number) => ArrayBuffer|undefined} fragment
 * @property {(changed: (rendition: string) => void) => unknown} onchange
 */

/**
 * What is on the display, for the Report.
 * @typedef {object} State
 * @property {string|null} exhibit  What the screen follows; it may be behind the black.
 * @property {number|null} media_time  Seconds, of the frame on the display; null while it is black.
 * @property {number|null} frame
 * @property {boolean} playing
 * @property {boolean} blank  The display is black, for whatever reason.
 * @property {{count: number, seconds: number}} stalls
 * @property {number} dropped
 * @property {number} decoded
 * @property {number} late
 * @property {number} jumps
 * @property {boolean} sound
 * @property {boolean} cue_ready
 * @property {string|null} problem
 */

/** Milliseconds between two looks at players that are not at rest. */
const TICK = 50;
/** Frames remembered: two minutes at 60 in a second. */
const REMEMBERED = 7200;
/** Bytes in a buffer of the second player until it plays: some GOPs. */
const LEAN = 24 << 20;
/** A player that cannot decode is replaced: so many times in so many seconds, and not at once. */
const REPLACE = { times: 3, within: 60, pause: 1 };

export class Picture {
  /** @type {Stage|null} */
  #stage = null;
  /** @type {Player|null} */
  #shown = null;
  /** @type {Player|null} */
  #cue = null;
  /** The player whose picture is in front. @type {Player|null} */
  #up = null;
  /** Of what is shown too: stands unseen where the picture is likely to be asked next. @type {Player|null} */
  #second = null;
  #understudy = new Understudy();
  /** @type {Set<Player>} */
  #players = new Set();
  #learned = new Learned();
  /** @type {HTMLElement} */
  #cover;
  #covered = true;
  /** @type {Array<{clock: number, media_time: number}>} */
  #frames = [];
  /** Of players that are gone. */
  #gone = { count: 0, seconds: 0, dropped: 0, decoded: 0, jumps: 0 };
  /** By rendition: what is wrong with it, and when its players failed (seconds of the page's own clock).
   * @type {Map<string, {problem: string|null, times: number[]}>} */
  #failures = new Map();
  /** @type {number|undefined} */
  #timer;
  /** Until the second player moves. @type {number|undefined} */
  #calm;
  /** Renditions for which a second player is too much for this browser. @type {Set<string>} */
  #alone = new Set();
  #settling = false;
  /** Called at every change worth a report. @type {() => void} */
  onchange = () => {};

  /**
   * @param {HTMLElement} root  Filled by the picture; it has the size of the display.
   * @param {Vault} vault
   * @param {{now(): number}} clock  The room clock, seconds.
   * @param {{Player: typeof import("./player.js").Player, Mse: typeof import("./mse.js").Mse}} parts  The edges it stands on.
   */
  constructor(root, vault, clock, parts) {
    this.root = root;
    this.vault = vault;
    this.clock = clock;
    this.parts = parts;
    this.#cover = document.createElement("div");
    root.append(this.#cover);
    if (getComputedStyle(root).position === "static") root.style.position = "relative";
    root.style.overflow = "hidden";
    root.style.background = "#000";
    Object.assign(this.#cover.style, { position: "absolute", inset: "0", background: "#000", zIndex: "3" });
    vault.onchange((rendition) => this.#arrived(rendition));
  }

  /** @param {Stage} stage  The whole of what to do now; idempotent. */
  apply(stage) {
    this.#foresee(stage);
    this.#stage = stage;
    if (stage.blank || !stage.shown) this.#blacken();
    const usable = [...this.#players].filter((player) => player.phase !== "failed");
    if (this.#up) usable.sort((one, other) => Number(other === this.#up) - Number(one === this.#up));
    const roles = cast(usable, stage);
    const seconds = [this.#second, this.#up];
    this.#shown = roles.shown ?? this.#make(stage.shown, stage.sound);
    this.#cue = roles.cue ?? this.#make(stage.cue, stage.sound);
    this.#second = seconds.find((player) => player && this.#doubles(player, stage)) ?? null;
    this.#settle();
    this.#dismiss();
    this.onchange();
  }

  /** @returns {State} */
  state() {
    const up = this.#covered ? null : this.#up;
    const sums = this.#sums();
    const frame = up?.presented ?? null;
    return {
      exhibit: this.#stage?.shown?.exhibit ?? null,
      media_time: frame?.media ?? null,
      frame: frame?.number ?? null,
      playing: this.#shown?.playing ?? false,
      blank: this.#covered,
      stalls: { count: sums.count, seconds: sums.seconds },
      dropped: sums.dropped,
      decoded: sums.decoded,
      late: this.#shown?.late ?? 0,
      jumps: sums.jumps,
      sound: up !== null && up.sound && !up.video.muted,
      cue_ready: this.#cue?.presentable ?? false,
      problem: this.#problem(this.#stage?.shown, this.#shown) ?? this.#problem(this.#stage?.cue, this.#cue),
    };
  }

  /**
   * @param {number} n
   * @returns {Array<{clock: number, media_time: number}>} The last n frames that came onto the display: room clock.
   */
  frames(n) {
    return n > 0 ? this.#frames.slice(-n) : [];
  }

  /**
   * @param {number} maxWidth  Pixels.
   * @returns {Promise<{blob: Blob, width: number, height: number}|null>} A JPEG of what is on the display; null while
   *   it is black.
   */
  async still(maxWidth) {
    const video = this.#up?.video;
    if (this.#covered || !video || video.readyState < 2) return null;
    const scale = Math.min(1, maxWidth / video.videoWidth);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { width, height } = canvas;
    /** @type {Blob|null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.7));
    return blob && { blob, width, height };
  }

  // Who plays what

  /**
   * @param {Scene|null} scene
   * @param {boolean} sound
   * @param {number} [lean]  Bytes in a buffer until it plays.
   * @returns {Player|null}
   */
  #make(scene, sound, lean) {
    if (scene === null || !this.#mayMake(scene.rendition)) return null;
    const player = new this.parts.Player({
      vault: this.vault,
      clock: this.clock,
      rendition: scene.rendition,
      sound,
      lean,
      learned: this.#learned,
      onchange: () => this.#changed(),
      onframe: (from, clock, frame) => this.#framed(from, clock, frame),
      Mse: this.parts.Mse,
    });
    Object.assign(player.video.style, {
      position: "absolute", inset: "0", width: "100%", height: "100%", objectFit: "contain", background: "#000",
      zIndex: "0", opacity: "0",
    });
    this.root.append(player.video);
    this.#players.add(player);
    return player;
  }

  /** A recording that cannot be decoded must not keep the page busy making players. @param {string} rendition */
  #mayMake(rendition) {
    const now = performance.now() / 1000;
    const times = this.#failures.get(rendition)?.times.filter((at) => now - at < REPLACE.within) ?? [];
    return times.length < REPLACE.times && now - (times.at(-1) ?? -Infinity) >= REPLACE.pause;
  }

  /** What is wrong with what a scene asks for. @param {Scene|null|undefined} scene @param {Player|null} player */
  #problem(scene, player) {
    if (!scene) return null;
    return player?.problem ?? (player?.presentable ? null : (this.#failures.get(scene.rendition)?.problem ?? null));
  }

  /** Lets go of players that nobody needs; the one in front stays until another can take its place. */
  #dismiss() {
    for (const player of this.#players) {
      if ([this.#shown, this.#cue, this.#up, this.#second].includes(player)) continue;
      this.#players.delete(player);
      const sums = tally(player);
      this.#gone.count += sums.count;
      this.#gone.seconds += sums.seconds;
      this.#gone.dropped += sums.dropped;
      this.#gone.decoded += sums.decoded;
      this.#gone.jumps += sums.jumps;
      player.close();
    }
  }

  /** Gives each player its scene, and puts in front what may be put there. */
  #settle() {
    const stage = this.#stage;
    if (stage === null || this.#settling) return;
    this.#settling = true;
    const shown = this.#shown;
    for (const player of this.#players) player.unhurried = player !== this.#up;
    const open = !stage.blank && stage.shown !== null;
    if (stage.cue) this.#cue?.follow(stage.cue, false, stage.volume);
    if (stage.shown) shown?.follow(stage.shown, open && stage.sound && this.#up === shown, stage.volume);
    if (this.#up && this.#up.rendition !== stage.shown?.rendition) this.#lower();
    if (shown?.presentable && this.#up !== shown) this.#raise(shown);
    else if (stage.shown && this.#up && ![shown, this.#second].includes(this.#up)) {
      this.#up.follow(stage.shown, false, stage.volume);
    }
    if (stage.shown && this.#up === shown) shown?.follow(stage.shown, open && stage.sound, stage.volume);
    if (open && this.#up !== null && !this.#up.before) this.#uncover();
    else this.#blacken();
    this.#rehearse(stage);
    this.#settling = false;
    this.#wind();
  }

  /** @param {Player} player */
  #raise(player) {
    this.#lower();
    this.#up = player;
    player.video.style.zIndex = "2";
    player.video.style.opacity = "1";
    if (!this.#covered) this.#note();
  }

  #lower() {
    const before = this.#up;
    this.#up = null;
    if (!before) return;
    before.video.muted = true;
    before.video.style.zIndex = "0";
    before.video.style.opacity = "0";
  }

  #blacken() {
    if (this.#up) this.#up.video.muted = true;
    if (this.#covered) return;
    this.#covered = true;
    this.#cover.style.display = "block";
  }

  #uncover() {
    if (!this.#covered) return;
    this.#covered = false;
    this.#cover.style.display = "none";
    this.#note();
  }

  // The second player

  /** Takes note of which way somebody steps. @param {Stage} stage  About to be carried out. */
  #foresee(stage) {
    const last = this.#stage?.shown ?? null;
    if (stage.shown === null || same(stage.shown, last)) return;
    const up = this.#up?.rendition === stage.shown.rendition ? this.#up : null;
    const before = last?.rendition === stage.shown.rendition ? last : null;
    const asked = up?.frame(stage.shown) ?? null;
    this.#understudy.asked((before && up?.frame(before)) ?? null, asked, performance.now() / 1000);
  }

  /** Whether a player can be the second one of what is shown. @param {Player} player @param {Stage} stage */
  #doubles(player, stage) {
    if (player === this.#shown || player === this.#cue || player.phase === "failed" || !stage.shown) return false;
    return player.rendition === stage.shown.rendition && player.sound === stage.sound;
  }

  /** Sends the second player to its place, once the picture rests. @param {Stage} stage */
  #rehearse(stage) {
    clearTimeout(this.#calm);
    const shown = this.#shown;
    if (!stage.shown || !shown?.frames || !shown.presented || this.#alone.has(shown.rendition)) return;
    if (shown !== this.#up || this.#covered || !shown.resting) return;
    const place = this.#understudy.place(shown.frames, shown.presented);
    if (!place || place.media >= (stage.shown.end ?? Infinity)) return;
    const wait = this.#understudy.wait(performance.now() / 1000);
    if (wait > 0) {
      this.#calm = window.setTimeout(() => this.#settle(), wait * 1000);
      return;
    }
    this.#second ??= this.#make(stage.shown, stage.sound, LEAN);
    this.#second?.follow({ ...stage.shown, anchor: { media: place.media, clock: 0, rate: 0 } }, false, 0);
  }

  // What happens

  /** @param {string} rendition */
  #arrived(rendition) {
    for (const player of this.#players) if (player.rendition === rendition) player.arrived();
    this.#wind();
  }

  #changed() {
    if (this.#second && (this.#second.problem !== null || this.#second.phase === "failed")) {
      this.#alone.add(this.#second.rendition);
      this.#second = null;
    }
    for (const player of [this.#shown, this.#cue]) {
      if (player?.phase !== "failed") continue;
      const before = this.#failures.get(player.rendition)?.times.slice(1 - REPLACE.times) ?? [];
      const times = [...before, performance.now() / 1000];
      this.#failures.set(player.rendition, { problem: player.problem, times });
      if (player === this.#shown) this.#shown = null;
      else this.#cue = null;
    }
    this.#settle();
    this.#dismiss();
    this.onchange();
  }

  /** Keeps a clock running while anything is not at rest. */
  #wind() {
    const wanting = this.#stage !== null && ((this.#stage.shown && !this.#shown) || (this.#stage.cue && !this.#cue));
    const busy = wanting || [...this.#players].some((player) => player.busy);
    if (busy && this.#timer === undefined) {
      this.#timer = window.setInterval(() => this.#tick(), TICK);
    } else if (!busy && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #tick() {
    const stage = this.#stage;
    if (stage && ((stage.shown && !this.#shown) || (stage.cue && !this.#cue))) this.apply(stage);
    for (const player of this.#players) player.tick();
    this.#settle();
  }

  /**
   * A frame came onto a player's element: it counts where that one is in front.
   * @param {Player} player
   * @param {number} clock
   * @param {Frame} frame
   */
  #framed(player, clock, frame) {
    if (player === this.#up && !this.#covered) this.#remember(clock, frame.media);
  }

  /** What was made ready unseen comes onto the display as a whole: with the next frame that the page draws. */
  #note() {
    const player = this.#up;
    requestAnimationFrame(() => {
      const frame = player?.presented;
      if (player && frame && player === this.#up && !this.#covered) this.#remember(this.clock.now(), frame.media);
    });
  }

  /**
   * @param {number} clock
   * @param {number} media
   */
  #remember(clock, media) {
    this.#frames.push({ clock, media_time: media });
    if (this.#frames.length > 2 * REMEMBERED) this.#frames = this.#frames.slice(-REMEMBERED);
  }

  // Sums

  #sums() {
    const sums = { ...this.#gone };
    for (const player of this.#players) {
      const own = tally(player);
      sums.count += own.count;
      sums.seconds += own.seconds;
      sums.dropped += own.dropped;
      sums.decoded += own.decoded;
      sums.jumps += own.jumps;
    }
    return sums;
  }
}

/** @param {Player} player */
function tally(player) {
  const quality = player.video.getVideoPlaybackQuality();
  const stalls = player.stalls();
  return {
    count: stalls.count,
    seconds: stalls.seconds,
    dropped: quality.droppedVideoFrames,
    decoded: quality.totalVideoFrames,
    jumps: player.jumps,
  };
}
