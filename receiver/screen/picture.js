/**
 * What is on the display: one player up, one held ready unseen for what is cued and one for a clip's next range, decoded
 * pictures in front while it rests, and a black cover. Edge: the page's elements.
 *
 * main.js wires it: `new Picture(root, vault, clock, { Player, LeafPlayer, Mse, Projector, Display, Voices })`. It carries
 * out every stage that it is given; which of two stages is the later one is the business of whoever receives them.
 *
 * Black comes before anything else.
 * @module
 */

import { Learned } from "./approach.js";
import { Tally } from "./face.js";
import { Failures } from "./failures.js";
import { FrameLog } from "./framelog.js";
import { Holes } from "./holes.js";
import { leavesOf } from "./leaves.js";
import { pictureOf } from "./part.js";
import { cast, heard, partOf, same, samePart, seen } from "./scene.js";
import { passing, turned, unfold } from "./turns.js";

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
/** Seconds before a seam that the next range comes up: what is done now is on the display with the next refresh. */
const EARLY = 0.01;
/** GiB of memory from which on a cue and a clip's next range have a player each. */
const ROOMY = 4;

export class Picture {
  /** As it came. @type {Stage|null} */
  #given = null;
  /** As it is now: of a clip, the turn of one range. @type {Stage|null} */
  #stage = null;
  /** @type {import("./turns.js").Turns|null} */
  #turns = null;
  /** @type {Face|null} */
  #shown = null;
  /** Has the first picture of a clip's next range ready. @type {Face|null} */
  #next = null;
  /** @type {Face|null} */
  #cue = null;
  /** The player whose picture is in front. @type {Face|null} */
  #up = null;
  /** @type {Set<Face>} */
  #players = new Set();
  #learned = new Learned();
  log = new FrameLog();
  /** Of players that are gone. */
  #gone = new Tally();
  #failures = new Failures();
  #holes = new Holes();
  /** @type {number|undefined} */
  #timer;
  /** Until the next range is on. @type {number|undefined} */
  #seam;
  /** The last picture of a range stays up until the player of the next one has its own. */
  #holding = false;
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
  /** Players of recordings at most, of those that are kept: what is shown, what is cued, a clip's next range. */
  most = (/** @type {{deviceMemory?: number}} */ (navigator).deviceMemory ?? ROOMY) >= ROOMY ? 3 : 2;
  /** Called at every change worth a report. @type {() => void} */
  onchange = () => {};

  /**
   * @param {HTMLElement} root  Filled by the picture; it has the size of the display.
   * @param {Vault} vault
   * @param {{now(): number}} clock  The room clock, seconds.
   * @param {{Player: typeof import("./player.js").Player, LeafPlayer: typeof import("./leafplayer.js").LeafPlayer,
   *   Mse: typeof import("./mse.js").Mse, Projector: typeof import("./projector.js").Projector,
   *   Display: typeof import("./display.js").Display, Voices: typeof import("./voices.js").Voices}} parts  The edges it
   *   stands on.
   */
  constructor(root, vault, clock, parts) {
    this.vault = vault;
    this.clock = clock;
    this.parts = parts;
    this.projector = new parts.Projector(vault);
    this.projector.onchange = () => this.#developed();
    this.projector.onfront = () => this.#stepUp();
    this.display = new parts.Display(root, this.projector.canvas);
    this.voices = new parts.Voices({
      vault, clock, learned: this.#learned, holes: this.#holes, onchange: () => this.onchange(), Mse: parts.Mse, Player: parts.Player,
    });
    vault.onchange((rendition) => this.#arrived(rendition));
  }

  /** @param {Stage} stage  The whole of what to do now; idempotent. */
  apply(stage) {
    this.#given = stage;
    this.#perform();
  }

  /** Does what is to be done of the stage now. */
  #perform() {
    const given = this.#given, before = this.#stage?.shown ?? null, next = this.#turns?.next?.scene ?? null;
    if (given === null) return;
    if (given.blank || !given.shown) this.#blacken();
    const { stage, turns } = this.#unfold(given), { shown, cue, sound } = stage;
    this.#take(shown);
    this.#stage = stage;
    this.#turns = turns;
    this.#await();
    const usable = [...this.#players].filter((player) => player.phase !== "failed" && this.#fits(player));
    if (this.#up) usable.sort((one, other) => Number(other === this.#up) - Number(one === this.#up));
    const coming = this.#coming;
    const roles = cast(usable, { shown, next: coming, cue, sound });
    this.#holding = same(shown, before) ? this.#holding : next !== null && same(shown, next);
    this.#shown = roles.shown ?? this.#make(shown, sound);
    this.#next = roles.next ?? this.#make(coming, sound);
    this.#cue = roles.cue ?? this.#make(cue, sound);
    this.#settle();
    this.#dismiss();
    this.onchange();
  }

  /** What is asked for a moment from now. @param {Stage} stage */
  #unfold(stage) {
    return unfold(stage, this.clock.now() + EARLY, ({ rendition }) => this.#kind(rendition) !== this.parts.Player);
  }

  /** Looks again when the next range is on. */
  #await() {
    clearTimeout(this.#seam);
    const left = (this.#turns?.next ? this.#turns.on.until : Infinity) - EARLY - this.clock.now();
    if (left === Infinity) return;
    this.#seam = window.setTimeout(() => {
      this.#tick();
      this.#await();
    }, Math.max(1, left * 1000));
  }

  /** A clip's next range, where there may be a player for it. */
  get #coming() {
    return (this.most > (this.#stage?.cue ? 2 : 1) && this.#turns?.next?.scene) || null;
  }

  /** @returns {State} */
  state() {
    const up = this.display.covered ? null : this.#up;
    const sums = [...this.#players].reduce((sum, player) => sum.add(player.tally()), new Tally().add(this.#gone));
    const frame = up && this.#front;
    return {
      exhibit: this.#stage?.shown?.exhibit ?? null,
      media_time: frame?.media ?? null,
      frame: frame?.number ?? null,
      playing: (this.#shown?.playing ?? false) || (this.#turns !== null && passing(this.#turns, this.clock.now())),
      blank: this.display.covered,
      stalls: { count: sums.count, seconds: sums.seconds },
      dropped: sums.dropped,
      decoded: sums.decoded,
      late: this.#shown?.late ?? 0,
      jumps: sums.jumps,
      sound: (up?.audible ?? false) || (up !== null && this.voices.audible),
      cue_ready: this.#cue?.presentable ?? false,
      problem: this.#problem(this.#stage?.shown, this.#shown) ?? this.#problem(this.#stage?.cue, this.#cue) ?? this.voices.problem,
      skipped: this.#skipped(this.#stage?.shown?.rendition ?? ""),
    };
  }

  /** The last n frames that came onto the display, by the room clock. @param {number} n */
  frames(n) {
    return this.log.last(n);
  }

  /** A JPEG of what is on the display; null while it is black. @param {number} maxWidth  Pixels. */
  still(maxWidth) {
    return this.display.still(this.#up, this.projector.front !== null, maxWidth);
  }

  /** Which part of the picture is seen, and how sharp: another word whenever that changes. */
  get part() {
    const up = this.#up;
    return JSON.stringify([this.display.view, up && "sharp" in up ? up.sharp : null]);
  }

  /** The display has another size. */
  resized() {
    for (const player of this.#players) player.tick();
    this.display.crop(this.display.view, this.#up);
  }

  // Who plays what

  /**
   * @param {Scene|null} scene
   * @param {boolean} sound
   * @returns {Face|null}
   */
  #make(scene, sound) {
    if (scene === null || !this.#failures.again(scene.rendition, performance.now() / 1000)) return null;
    const part = partOf(scene), kind = this.#kind(scene.rendition);
    const player = new kind({
      ...(part && kind === this.parts.Player ? pictureOf(this.vault, part) : { vault: this.vault }),
      clock: this.clock,
      rendition: scene.rendition,
      part,
      sound: heard(scene, sound),
      learned: this.#learned,
      holes: this.#holes,
      onchange: () => this.#changed(),
      onframe: (from, clock, frame) => this.#framed(from, clock, frame),
      Mse: this.parts.Mse,
    });
    this.display.add(player.element);
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
      if ([this.#shown, this.#next, this.#cue, this.#up].includes(player)) continue;
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
    if (this.#turns?.next) this.#next?.follow(this.#turns.next.scene, false, stage.volume);
    if (stage.shown && !led) shown?.follow(stage.shown, open && stage.sound && this.#up === shown, stage.volume);
    if (this.#up && this.#up.rendition !== stage.shown?.rendition) this.#lower();
    if (shown?.presentable && this.#up !== shown) this.#raise(shown);
    else if (stage.shown && this.#up && this.#up !== shown) this.#meanwhile(this.#up, stage.shown);
    if (stage.shown && this.#up === shown && !led) shown?.follow(stage.shown, open && stage.sound, stage.volume);
    if (stage.shown && this.#up?.stands(stage.shown)) this.#unveil(this.#up);
    this.#zoom(stage.shown);
    if (seen(stage, this.#up)) this.#uncover();
    else this.#blacken();
    this.display.mark(shown?.skips ?? false);
    this.#sound(open);
    this.#prepare(stage, led);
    this.#settling = false;
    this.#wind();
  }

  /**
   * What is in front goes where the scene is, until another can take its place; where that is another part, it stands.
   * @param {Face} up @param {Scene} scene
   */
  #meanwhile(up, scene) {
    if (samePart(up.part, partOf(scene))) up.follow(scene, false, 0);
    else if (!this.#holding) up.stay();
  }

  /** @param {Face} player */
  #raise(player) {
    this.#lower();
    this.#up = player;
    this.#holding = false;
    this.display.raise(player.element);
    if (!this.display.covered) this.#note();
  }

  #lower() {
    const before = this.#up;
    this.#up = null;
    this.projector.hide();
    if (!before) return;
    before.mute();
    this.display.lower(before.element);
  }

  /** Puts the part that is asked for over the display, once the picture of which it is a part is there. @param {Scene|null} scene */
  #zoom(scene) {
    const up = this.#up?.rendition === scene?.rendition ? this.#up : null;
    const frame = scene && up?.rest(scene);
    if (scene && up && (frame ? this.#front?.start === frame.start : up.presentable)) this.display.crop(scene.view, up);
  }

  /** A clip's sound goes beside its picture. @param {boolean} open  It is to be heard. */
  #sound(open) {
    const scene = this.#given?.shown, { sound = false, volume = 1 } = this.#given ?? {};
    const clip = scene && sound && scene.ranges.length > 0 && this.#kind(scene.rendition) === this.parts.Player;
    this.voices.follow(clip ? { scene, open: open && this.#up !== null, volume } : null);
  }

  #blacken() {
    this.#up?.mute();
    this.voices.mute();
    this.display.black(true);
  }

  #uncover() {
    if (!this.display.covered) return;
    this.display.black(false);
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
    const needed = this.#cue?.decoding || this.#next?.decoding || (cue && !this.#cue);
    if (needed || (!near && (!stands || wait > 0))) return projector.halt();
    projector.aim(player.rendition, frames, frame);
    if (stands) projector.prove(player.rendition, frames, frame, player.video);
    return undefined;
  }

  /** The player has come to what the projector showed, or to something later. @param {Face} player */
  #unveil(player) {
    const { front } = this.projector;
    this.projector.hide();
    if (front && front.start !== player.presented?.start && !this.display.covered) this.#note();
  }

  /** A picture was decoded. */
  #developed() {
    const scene = this.#stage?.shown, player = this.#shown;
    if (!scene || !player) return;
    if (!player.stands(scene) || !this.projector.proved(player.rendition)) this.#settle();
  }

  /** A decoded picture is in front. */
  #stepUp() {
    if (!this.display.covered) this.#note();
    this.#settle();
    this.onchange();
  }

  // What happens

  /** @param {string} rendition */
  #arrived(rendition) {
    for (const player of this.#players) if (player.rendition === rendition || player.detail === rendition) player.arrived();
    this.voices.arrived(rendition);
    this.projector.arrived(rendition);
    // Only now is it known who plays it.
    if ([this.#shown, this.#cue].some((player) => player?.rendition === rendition && !this.#fits(player))) this.#perform();
    this.#wind();
  }

  #changed() {
    for (const player of [this.#shown, this.#next, this.#cue]) {
      if (player?.phase !== "failed") continue;
      const explained = this.#holes.add(player.rendition, player.hole);
      if (!explained) this.#failures.add(player.rendition, player.problem, performance.now() / 1000);
      if (player === this.#shown) this.#shown = null;
      else if (player === this.#next) this.#next = null;
      else this.#cue = null;
    }
    this.#settle();
    this.#dismiss();
    this.onchange();
  }

  /** Keeps a clock running while anything is not at rest. */
  #wind() {
    const busy = this.#wanting || this.voices.busy || [...this.#players].some((player) => player.busy);
    if (busy && this.#timer === undefined) {
      this.#timer = window.setInterval(() => this.#tick(), TICK);
    } else if (!busy && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Whether a player is to be made. */
  get #wanting() {
    const { shown, cue } = this.#stage ?? {};
    return Boolean((shown && !this.#shown) || (cue && !this.#cue) || (this.#coming && !this.#next));
  }

  #tick() {
    if (this.#wanting || (this.#given && turned(this.#turns, this.#unfold(this.#given).turns))) this.#perform();
    for (const player of this.#players) player.tick();
    this.voices.tick();
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
    if (!this.display.covered && !this.projector.front) this.log.add(clock, frame.media);
  }

  /** What was made ready unseen comes onto the display as a whole: with the next frame that the page draws. */
  #note() {
    const player = this.#up;
    requestAnimationFrame(() => {
      const frame = this.#front;
      if (player && frame && player === this.#up && !this.display.covered) this.log.add(this.clock.now(), frame.media);
    });
  }
}
