/**
 * What is on the display: one player up, one held ready unseen, decoded pictures in front of it while it rests, and a
 * black cover. Edge: the page's elements.
 *
 * main.js wires it: `new Picture(root, vault, clock, { Player, LeafPlayer, Mse, Projector })`. It carries out every stage that it is given;
 * which of two stages is the later one is the business of whoever receives them.
 *
 * Black is made by the cover alone, and before anything else: it needs no player and no decoder to answer.
 * @module
 */

import { Learned } from "./approach.js";
import { Tally } from "./face.js";
import { Failures } from "./failures.js";
import { FrameLog } from "./framelog.js";
import { Holes } from "./holes.js";
import { leavesOf } from "./leaves.js";
import { cast, same, seen } from "./scene.js";
import { moved, part } from "./view.js";

/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */
/** @typedef {import("./face.js").Face} Face */
/** @typedef {import("./face.js").State} State */
/** @typedef {import("./face.js").Vault} Vault */
/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./view.js").View} View */

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
  transformOrigin: "0 0",
};

/** Of an element whose picture is seen whole. */
const UNCUT = { transform: "none", clipPath: "none" };

/** Where it is read, and hides little; under the black. */
const MARK = {
  position: "absolute", left: "2vw", bottom: "2vh", margin: "0", padding: "0.4em 0.8em", zIndex: "3", display: "none",
  background: "#000", color: "#ffd54a", font: "600 2.2vh sans-serif",
};

export class Picture {
  /** @type {Stage|null} */
  #stage = null;
  /** @type {Face|null} */
  #shown = null;
  /** @type {Face|null} */
  #cue = null;
  /** The player whose picture is in front. @type {Face|null} */
  #up = null;
  /** The part of that picture which fills the display. @type {View|null} */
  #view = null;
  /** @type {Set<Face>} */
  #players = new Set();
  #learned = new Learned();
  /** @type {HTMLElement} */
  #cover;
  #covered = true;
  log = new FrameLog();
  /** Of players that are gone. */
  #gone = new Tally();
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
   * @param {{Player: typeof import("./player.js").Player, LeafPlayer: typeof import("./leafplayer.js").LeafPlayer,
   *   Mse: typeof import("./mse.js").Mse, Projector: typeof import("./projector.js").Projector}} parts  The edges it
   *   stands on.
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
    const usable = [...this.#players].filter((player) => player.phase !== "failed" && this.#fits(player));
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
      sound: up?.audible ?? false,
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
    const { canvas: film, front } = this.projector;
    const seen = this.#covered ? null : front ? { source: film, ...part(this.#view, film) } : this.#up?.seen(this.#view);
    if (!seen) return null;
    const scale = Math.min(1, maxWidth / seen.width, maxWidth / seen.height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(seen.width * scale));
    canvas.height = Math.max(1, Math.round(seen.height * scale));
    const pen = canvas.getContext("2d"), { width, height } = canvas;
    if (pen) pen.imageSmoothingQuality = "high";
    pen?.drawImage(seen.source, seen.x, seen.y, seen.width, seen.height, 0, 0, width, height);
    /** @type {Blob|null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.7));
    return blob && { blob, width, height };
  }

  /** Which part of the picture is seen, and how sharp: another word whenever that changes. */
  get part() {
    const up = this.#up;
    return JSON.stringify([this.#view, up && "sharp" in up ? up.sharp : null]);
  }

  /** The display has another size. */
  resized() {
    for (const player of this.#players) player.tick();
    this.#crop(this.#view);
  }

  // Who plays what

  /**
   * @param {Scene|null} scene
   * @param {boolean} sound
   * @returns {Face|null}
   */
  #make(scene, sound) {
    if (scene === null || !this.#failures.again(scene.rendition, performance.now() / 1000)) return null;
    const player = new (this.#kind(scene.rendition))({
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
    Object.assign(player.element.style, { ...FILLING, zIndex: "0", opacity: "0" });
    this.root.append(player.element);
    this.#players.add(player);
    return player;
  }

  /** Who plays it: a recording, while nothing is known of it. @param {string} rendition */
  #kind(rendition) {
    return leavesOf(this.vault.manifest(rendition)) ? this.parts.LeafPlayer : this.parts.Player;
  }

  /** @param {Face} player */
  #fits(player) {
    return player instanceof this.#kind(player.rendition);
  }

  /** What is wrong with what a scene asks for. @param {Scene|null|undefined} scene @param {Face|null} player */
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
      this.#gone.add(player.tally());
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
    this.#zoom(stage.shown);
    if (seen(stage, this.#up)) this.#uncover();
    else this.#blacken();
    this.#mark.style.display = shown?.skips ? "block" : "none";
    this.#prepare(stage, led);
    this.#settling = false;
    this.#wind();
  }

  /** @param {Face} player */
  #raise(player) {
    this.#lower();
    this.#up = player;
    player.element.style.zIndex = "2";
    player.element.style.opacity = "1";
    if (!this.#covered) this.#note();
  }

  #lower() {
    const before = this.#up;
    this.#up = null;
    this.projector.hide();
    if (!before) return;
    before.mute();
    Object.assign(before.element.style, { ...UNCUT, zIndex: "0", opacity: "0" });
  }

  /** Puts the part that is asked for over the display, once the picture of which it is a part is there. @param {Scene|null} scene */
  #zoom(scene) {
    const up = this.#up?.rendition === scene?.rendition ? this.#up : null;
    const frame = scene && up?.rest(scene);
    if (scene && up && (frame ? this.#front?.start === frame.start : up.presentable)) this.#crop(scene.view);
  }

  /** @param {View|null} view */
  #crop(view) {
    this.#view = view;
    const up = this.#up, video = up && "video" in up ? up.video : null;
    // Leaves are painted where they belong.
    const cut = view && video ? moved(view, { width: video.videoWidth, height: video.videoHeight },
      { width: this.root.clientWidth, height: this.root.clientHeight }) : UNCUT;
    for (const element of [video, this.projector.canvas]) {
      if (element && (cut !== UNCUT || element.style.transform !== "none")) Object.assign(element.style, cut);
    }
  }

  #blacken() {
    this.#up?.mute();
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

  /** The player has come to what the projector showed, or to something later. @param {Face} player */
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
    for (const player of this.#players) if (player.rendition === rendition || player.detail === rendition) player.arrived();
    this.projector.arrived(rendition);
    // Only now is it known who plays it.
    if (this.#stage && [this.#shown, this.#cue].some((player) => player?.rendition === rendition && !this.#fits(player))) {
      this.apply(this.#stage);
    }
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
   * @param {Face} player
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
    const sums = new Tally().add(this.#gone);
    for (const player of this.#players) sums.add(player.tally());
    return sums;
  }
}
