/**
 * What is on the display: one player up, one held ready unseen, decoded pictures in front of it while it rests, and a
 * black cover. Edge: the page's elements.
 *
 * main.js wires it: `new Picture(root, vault, clock, { Player, Mse, Projector })`. It carries out every stage that it is given;
 * which of two stages is the later one is the business of whoever receives them.
 *
 * Black is made by the cover alone, and before anything else: it needs no player and no decoder to answer.
 * @module
 */

import { Learned } from "./approach.js";
import { Failures } from "./failures.js";
import { FrameLog } from "./framelog.js";
import { Holes } from "./holes.js";
import { cast, same, seen } from "./scene.js";

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
 * @property {[number, number][]} skipped  Media time of what is shown that cannot be decoded here, and is left out.
 */

/** Milliseconds between two looks at players that are not at rest. */
const TICK = 50;
/** Seconds after the last step until the player behind goes there too, which would slow down a step that comes then: longer
 * than somebody looks who steps from frame to frame. While the picture is not decoded yet, at most. */
const CALM = 0.5, PATIENCE = 2;
/** Seconds at rest until the pictures around are decoded: the other screens of this machine are through with their seek. */
const SOON = 0.2;
/** Of everything that shows pictures: all lie exactly over each other. */
const FILLING = {
  position: "absolute", inset: "0", width: "100%", height: "100%", objectFit: "contain", background: "#000",
};

/** Where it is read, and hides little; under the black. */
const MARK = {
  position: "absolute", left: "2vw", bottom: "2vh", margin: "0", padding: "0.4em 0.8em", zIndex: "3", display: "none",
  background: "#000", color: "#ffd54a", font: "600 2.2vh sans-serif",
};

export class Picture {
  /** @type {Stage|null} */
  #stage = null;
  /** @type {Player|null} */
  #shown = null;
  /** @type {Player|null} */
  #cue = null;
  /** The player whose picture is in front. @type {Player|null} */
  #up = null;
  /** @type {Set<Player>} */
  #players = new Set();
  #learned = new Learned();
  /** @type {HTMLElement} */
  #cover;
  #covered = true;
  log = new FrameLog();
  /** Of players that are gone. */
  #gone = { count: 0, seconds: 0, dropped: 0, decoded: 0, jumps: 0 };
  #failures = new Failures();
  #holes = new Holes();
  /** Says that the picture stands where it could not be decoded. @type {HTMLElement} */
  #mark;
  /** @type {number|undefined} */
  #timer;
  /** Until the projector, or the player behind it, goes on. @type {number|undefined} */
  #calm;
  /** When something else was asked for last, and since when the player stands on that: seconds. */
  #asked = -Infinity;
  #rested = Infinity;
  /** When the player behind follows the steps: seconds. */
  #calmAt = 0;
  /** What was asked for last is a step from what was in front. */
  #stepped = false;
  #settling = false;
  /** Called at every change worth a report. @type {() => void} */
  onchange = () => {};

  /**
   * @param {HTMLElement} root  Filled by the picture; it has the size of the display.
   * @param {Vault} vault
   * @param {{now(): number}} clock  The room clock, seconds.
   * @param {{Player: typeof import("./player.js").Player, Mse: typeof import("./mse.js").Mse,
   *   Projector: typeof import("./projector.js").Projector}} parts  The edges it stands on.
   */
  constructor(root, vault, clock, parts) {
    this.root = root;
    this.vault = vault;
    this.clock = clock;
    this.parts = parts;
    this.#cover = document.createElement("div");
    this.projector = new parts.Projector(vault);
    this.projector.onchange = () => this.#developed();
    this.projector.onfront = () => this.#stepUp();
    Object.assign(this.projector.canvas.style, { ...FILLING, zIndex: "3" });
    this.#mark = document.createElement("p");
    this.#mark.textContent = "Picture missing";
    Object.assign(this.#mark.style, MARK);
    root.append(this.projector.canvas, this.#cover, this.#mark);
    if (getComputedStyle(root).position === "static") root.style.position = "relative";
    root.style.overflow = "hidden";
    root.style.background = "#000";
    Object.assign(this.#cover.style, { position: "absolute", inset: "0", background: "#000", zIndex: "4" });
    vault.onchange((rendition) => this.#arrived(rendition));
  }

  /** @param {Stage} stage  The whole of what to do now; idempotent. */
  apply(stage) {
    this.#take(stage.shown);
    this.#stage = stage;
    if (stage.blank || !stage.shown) this.#blacken();
    const usable = [...this.#players].filter((player) => player.phase !== "failed");
    if (this.#up) usable.sort((one, other) => Number(other === this.#up) - Number(one === this.#up));
    const roles = cast(usable, stage);
    this.#shown = roles.shown ?? this.#make(stage.shown, stage.sound);
    this.#cue = roles.cue ?? this.#make(stage.cue, stage.sound);
    this.#settle();
    this.#dismiss();
    this.onchange();
  }

  /** @returns {State} */
  state() {
    const up = this.#covered ? null : this.#up;
    const sums = this.#sums();
    const frame = up && this.#front;
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
      skipped: this.#skipped(this.#stage?.shown?.rendition ?? ""),
    };
  }

  /**
   * @param {number} n
   * @returns {Array<{clock: number, media_time: number}>} The last n frames that came onto the display: room clock.
   */
  frames(n) {
    return this.log.last(n);
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
    const source = this.projector.front ? this.projector.canvas : video;
    canvas.getContext("2d")?.drawImage(source, 0, 0, canvas.width, canvas.height);
    const { width, height } = canvas;
    /** @type {Blob|null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.7));
    return blob && { blob, width, height };
  }

  // Who plays what

  /**
   * @param {Scene|null} scene
   * @param {boolean} sound
   * @returns {Player|null}
   */
  #make(scene, sound) {
    if (scene === null || !this.#failures.again(scene.rendition, performance.now() / 1000)) return null;
    const player = new this.parts.Player({
      vault: this.vault,
      clock: this.clock,
      rendition: scene.rendition,
      sound,
      learned: this.#learned,
      holes: this.#holes,
      onchange: () => this.#changed(),
      onframe: (from, clock, frame) => this.#framed(from, clock, frame),
      Mse: this.parts.Mse,
    });
    Object.assign(player.video.style, { ...FILLING, zIndex: "0", opacity: "0" });
    this.root.append(player.video);
    this.#players.add(player);
    return player;
  }

  /** What is wrong with what a scene asks for. @param {Scene|null|undefined} scene @param {Player|null} player */
  #problem(scene, player) {
    if (!scene) return null;
    if (player?.lost) return "decoder";
    return player?.problem ?? (player?.presentable ? null : this.#failures.problem(scene.rendition));
  }

  /** Lets go of players that nobody needs; the one in front stays until another can take its place. */
  #dismiss() {
    for (const player of this.#players) {
      if ([this.#shown, this.#cue, this.#up].includes(player)) continue;
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
    const open = !stage.blank && stage.shown !== null;
    const led = this.#project(stage);
    if (stage.cue) this.#cue?.follow(stage.cue, false, stage.volume);
    if (stage.shown && !led) shown?.follow(stage.shown, open && stage.sound && this.#up === shown, stage.volume);
    if (this.#up && this.#up.rendition !== stage.shown?.rendition) this.#lower();
    if (shown?.presentable && this.#up !== shown) this.#raise(shown);
    else if (stage.shown && this.#up && this.#up !== shown) this.#up.follow(stage.shown, false, stage.volume);
    if (stage.shown && this.#up === shown && !led) shown?.follow(stage.shown, open && stage.sound, stage.volume);
    if (stage.shown && this.#up?.stands(stage.shown)) this.#unveil(this.#up);
    if (seen(stage, this.#up)) this.#uncover();
    else this.#blacken();
    this.#mark.style.display = shown?.skips ? "block" : "none";
    this.#prepare(stage, led);
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
    this.projector.hide();
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

  /** @param {string} rendition @returns {[number, number][]} */
  #skipped(rendition) {
    const [above, below] = this.vault.manifest(rendition)?.origin ?? [0, 1], origin = above / below;
    return this.#holes.spans(rendition).map(({ start, stop }) => [Math.max(0, start - origin), stop - origin]);
  }

  // The pictures around the one at rest

  /** The frame in front. */
  get #front() {
    return this.projector.front ?? this.#up?.presented ?? null;
  }

  /** Takes note of what is asked for next. @param {Scene|null} scene */
  #take(scene) {
    if (same(scene, this.#stage?.shown ?? null)) return;
    this.#asked = performance.now() / 1000;
    const player = this.#up?.rendition === scene?.rendition ? this.#up : null, front = this.#front;
    const frame = scene && player?.rest(scene);
    this.#stepped = Boolean(frame && front && player?.frames?.beside(front, frame));
  }

  /**
   * Puts the frame asked for in front, where it is decoded.
   * @param {Stage} stage
   * @returns {boolean}  Whether the player behind stays where it is meanwhile: more steps are likely to come.
   */
  #project({ shown: scene }) {
    const player = this.#shown, { projector } = this;
    projector.forget();
    if (!scene || !player?.frames || player !== this.#up || !projector.proved(player.rendition)) return false;
    const frame = player.rest(scene);
    if (!frame || player.stands(scene)) return false;
    if (this.#stepped && !this.#cue?.decoding) projector.aim(player.rendition, player.frames, frame);
    if (!projector.reaches(player.rendition, player.frames, frame)) return false;
    projector.show(player.frames, frame, player.video);
    this.#calmAt = this.#asked + (projector.front?.start === frame.start ? CALM : PATIENCE);
    return performance.now() / 1000 < this.#calmAt;
  }

  /**
   * Decodes what lies around the frame asked for while nothing else needs a decoder.
   * @param {Stage} stage
   * @param {boolean} led  The player behind waits for the end of the steps.
   */
  #prepare({ shown: scene, cue }, led) {
    clearTimeout(this.#calm);
    const player = this.#shown, { projector } = this, now = performance.now() / 1000;
    const frames = player?.frames, frame = scene && player === this.#up ? player?.rest(scene) : null;
    if (!scene || !player || !frames || !frame || frames.length < 2) return projector.clear();
    const stands = player.stands(scene);
    const near = this.#stepped || projector.reaches(player.rendition, frames, frame);
    this.#rested = stands ? Math.min(this.#rested, now) : Infinity;
    const wait = led ? this.#calmAt - now : near ? 0 : this.#rested + SOON - now;
    // Who is led is let go by this alone, even if its time came since that was decided.
    if (led || (wait > 0 && wait < Infinity)) {
      this.#calm = window.setTimeout(() => this.#settle(), Math.max(0, wait) * 1000);
    }
    const needed = this.#cue?.decoding || (cue && !this.#cue);
    if (needed || (!near && (!stands || wait > 0))) return projector.halt();
    projector.aim(player.rendition, frames, frame);
    if (stands) projector.prove(player.rendition, frames, frame, player.video);
    return undefined;
  }

  /** The player has come to what the projector showed, or to something later. @param {Player} player */
  #unveil(player) {
    const { front } = this.projector;
    this.projector.hide();
    if (front && front.start !== player.presented?.start && !this.#covered) this.#note();
  }

  /** A picture was decoded. */
  #developed() {
    const scene = this.#stage?.shown, player = this.#shown;
    if (!scene || !player) return;
    if (!player.stands(scene) || !this.projector.proved(player.rendition)) this.#settle();
  }

  /** A decoded picture is in front. */
  #stepUp() {
    if (!this.#covered) this.#note();
    this.#settle();
    this.onchange();
  }

  // What happens

  /** @param {string} rendition */
  #arrived(rendition) {
    for (const player of this.#players) if (player.rendition === rendition) player.arrived();
    this.projector.arrived(rendition);
    this.#wind();
  }

  #changed() {
    for (const player of [this.#shown, this.#cue]) {
      if (player?.phase !== "failed") continue;
      const explained = this.#holes.add(player.rendition, player.hole);
      if (!explained) this.#failures.add(player.rendition, player.problem, performance.now() / 1000);
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
    if (player !== this.#up) return;
    if (this.projector.front && this.#stage?.shown && player.stands(this.#stage.shown)) {
      // It was in front already where the picture rests: only a playing one brings another.
      const same = this.projector.front.start === frame.start;
      this.projector.hide();
      if (same) return;
    }
    if (!this.#covered && !this.projector.front) this.log.add(clock, frame.media);
  }

  /** What was made ready unseen comes onto the display as a whole: with the next frame that the page draws. */
  #note() {
    const player = this.#up;
    requestAnimationFrame(() => {
      const frame = this.#front;
      if (player && frame && player === this.#up && !this.#covered) this.log.add(this.clock.now(), frame.media);
    });
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
