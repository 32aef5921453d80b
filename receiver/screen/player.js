/**
 * One exhibit in one video element, kept where the room says it is. Edge: the video element.
 *
 * What it does is one of the phases of phases.js; `#turn` is the one place where it goes from one to another. A picture
 * at rest stands on exactly the frame that was asked for. A picture that plays was started so that its clock passes the
 * anchor's instant: the player knows by now how late its own element starts, and calls `play` that much earlier.
 * @module
 */

import { LIMITS, apart, near, pace } from "./approach.js";
import { attend } from "./element.js";
import { Tally } from "./face.js";
import { Follower } from "./follower.js";
import { middle } from "./frames.js";
import { follows } from "./phases.js";
import { Reel } from "./reel.js";
import { passes, position, same } from "./scene.js";
import { Stall } from "./stall.js";
import { part } from "./view.js";

/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./frames.js").Frames} Frames */
/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("./view.js").View} View */
/** @typedef {import("./face.js").Given} Given */

/** Whether two places are the same. @param {number} one  Seconds, MSE time. @param {number} other */
const level = (one, other) => Math.abs(one - other) <= 1e-6;

/** Seconds; unlike the room clock it never jumps, so that it is good for measuring how long something takes. */
const steady = () => performance.now() / 1000;

export class Player {
  /** @type {import("./phases.js").Phase} */
  #phase = "still";
  /** @type {Scene|null} */
  #scene = null;
  #reel;
  /** Where the seek goes that is under way or was last: seconds, MSE time. */
  #target = NaN;
  /** @type {Scene|null} For whom it goes there. */
  #errand = null;
  #tries = 0;
  #began = 0;
  #expected = 0;
  /** By when the frame of the last seek should be known. */
  #tellBy = 0;
  /** @type {Frame|null} Where the step under way goes. */
  #step = null;
  #deadline = 0;
  /** @type {number|undefined} */
  #timer;
  /** What is under the playhead was taken out of the buffer meanwhile. */
  #disturbed = false;
  /** Since the last command the picture has not played yet: that it stands is no stall. */
  #commanded = true;
  /** Whether the start under way teaches how late this player starts. */
  #lesson = false;
  /** Where the player's clock stood when it last ran: seconds, MSE time. */
  #ran = 0;
  /** Where it stood when it was told to play. */
  #from = 0;
  #audible = false;
  /** It played until now, and has not come to rest: a frame a little further on is reached by playing on. */
  #coasting = false;
  #follower = new Follower();
  #stall = new Stall();
  #closed = false;
  /** The frame on the display. @type {Frame|null} */
  presented = null;
  jumps = 0;
  /** A problem's type. @type {string|null} */
  problem = null;
  detail = /** @type {string|null} */ (null); // Only leaves have a sharper part.
  /** What made it fail, as far as that is known. @type {import("./holes.js").Hole|null} */
  hole = null;

  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    this.rendition = given.rendition;
    this.sound = given.sound;
    this.part = given.part ?? null;
    const { vault, rendition, sound, holes } = given;
    this.#reel = new Reel(() => vault.manifest(rendition), (at) => holes.around(rendition, at));
    this.element = this.video = document.createElement("video");
    attend(this.video, {
      fail: () => this.#fail(),
      happen: () => this.#happened(),
      frame: (mediaTime, display) => this.#framed(mediaTime, display),
    });
    this.mse = new given.Mse(this.video, {
      vault, rendition, sound, until: given.until,
      left: (track, first) => holes.has(rendition, track, first),
      onhole: (hole) => holes.add(rendition, hole),
      onchange: () => this.#happened(),
      ondisturbed: () => this.#happened(this.#disturbed = true),
    });
  }

  get phase() { return this.#phase; }

  /** Whether it needs `tick` in short order; at rest it is woken by events alone. */
  get busy() {
    if (this.#phase === "failed" || this.#scene === null) return false;
    return this.#phase !== "still" || this.skips || !this.#satisfied();
  }

  /** Whether it waits where nothing can be decoded, on the last picture before that. */
  get skips() { return this.#asked()?.hole ?? false; }

  /** Whether there is nothing to show where it stands, nor before. */
  get lost() { return this.#scene !== null && this.#reel.frames !== null && this.#asked() === null; }

  /** Whether what is on the display is what the scene asks for now: it may be put up. */
  get presentable() {
    if (this.#scene === null || this.video.readyState < 2) return false;
    return this.#phase === "running" || this.#phase === "due" || this.#satisfied();
  }

  /** Whether it plays, and is not held up. */
  get playing() { return this.#phase === "running" && !this.#stall.stalled; }

  /** Seconds late against the anchor; 0 while it does not play. */
  get late() { return this.#phase === "running" ? (this.#follower.error ?? 0) : 0; }

  /** Whether the picture has not begun yet where this stands: black, though the browser shows the first frame early. */
  get before() {
    const frames = this.#reel.frames;
    const asked = this.#asked();
    if (asked === null || frames === null) return false;
    return (this.#phase === "running" ? this.video.currentTime : asked.at) < frames.first - 1e-3;
  }

  get audible() { return this.sound && !this.video.muted; }

  tally() {
    const { droppedVideoFrames: dropped, totalVideoFrames: decoded } = this.video.getVideoPlaybackQuality();
    const stalls = { count: this.#stall.count, seconds: this.#stall.seconds(steady()) };
    return Object.assign(new Tally(), { ...stalls, dropped, decoded, jumps: this.jumps });
  }

  mute() { this.video.muted = true; }

  /** What is to be seen of its picture where that is a view. @param {View|null} view @returns {import("./face.js").Seen|null} */
  seen(view) {
    const { video } = this;
    return video.readyState < 2 ? null : { source: video, ...part(view, { width: video.videoWidth, height: video.videoHeight }) };
  }

  /** Whether it is decoding its way to a place. */
  get decoding() { return this.#phase === "seeking" && this.mse.covers(this.#target); }

  /** The frames of this recording known by now; null while nothing is known. */
  get frames() { return this.#reel.frames; }

  /**
   * How far it is from what a scene asks for: see `cast`.
   * @param {Scene} scene
   */
  distance(scene) {
    const frames = this.#reel.frames;
    const asked = this.#asked(scene);
    if (this.#scene === null || frames === null || asked === null) return 4;
    if (this.#phase === "running") return apart(asked.at - this.video.currentTime, asked.rest);
    const frame = frames.at(asked.at);
    if (frame === null) return scene.anchor.media === this.#scene.anchor.media && this.presentable ? 0 : 4;
    if (this.#phase === "seeking") return frames.at(this.#target)?.start === frame.start ? 3 : 4;
    if (this.presented?.start === frame.start && !this.#disturbed) return 0;
    return this.#steppable(frame) ? 2 : 4;
  }

  /** @param {Scene} scene @returns {Frame|null} On which it rests now; null while it plays. */
  rest(scene) {
    const asked = this.#asked(scene);
    return asked?.rest ? (this.#reel.frames?.at(asked.at) ?? null) : null;
  }

  /** Whether the element shows what a scene asks for now: that frame, or the playing picture. @param {Scene} scene */
  stands(scene) {
    const frame = this.rest(scene), here = this.video.currentTime;
    if (frame) return this.#satisfied() && this.presented?.start === frame.start;
    if (this.presented === null || (this.#phase !== "running" && this.#phase !== "due")) return false;
    return here >= this.presented.start - LIMITS.near && here < this.presented.stop + LIMITS.near;
  }

  /**
   * @param {Scene} scene  What to do from now on; idempotent.
   * @param {boolean} audible
   * @param {number} volume
   */
  follow(scene, audible, volume) {
    this.#audible = audible && this.sound;
    this.video.volume = Math.min(1, Math.max(0, volume));
    if (this.#phase !== "stepping") this.video.muted = !this.#audible;
    if (same(scene, this.#scene)) return;
    this.#scene = scene;
    this.#commanded = true;
    this.#tries = this.#tellBy = 0;
    if (this.#phase === "due") this.#turn("still");
    if (this.#phase === "running") this.#follower.reset(steady());
    this.tick();
  }

  /** Stands where it is: somebody else is on the way to what is asked for. */
  stay() {
    if (this.#scene !== null && follows(this.#phase, "still")) this.#turn("still");
    this.#scene = null;
  }

  /** Something of this rendition came into the vault. */
  arrived() {
    this.mse.work();
    this.tick();
  }

  /** Brings the picture one decision nearer to what is asked: short, idempotent, called often while `busy`. */
  tick() {
    if (this.#closed || this.#phase === "failed" || this.#scene === null) return;
    if (this.mse.problem !== null && this.problem === null) {
      this.problem = this.mse.problem;
      this.given.onchange();
    }
    const frames = this.#reel.frames;
    if (frames === null) return;
    const asked = this.#asked();
    if (asked === null) return;
    if (asked.rest) this.#rest(asked.at, frames);
    else this.#run(this.#scene, asked.at, frames, this.given.clock.now());
    this.#count(asked.rest);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.video.pause();
    this.mse.close();
    this.video.remove();
  }

  // At rest

  /** @param {number} at  Seconds, MSE time. @param {Frames} frames */
  #rest(at, frames) {
    this.#coasting ||= this.#phase === "running";
    if (this.#phase === "running" || this.#phase === "due") this.#turn("still");
    const frame = frames.at(at);
    const target = frame ? middle(frame) : at;
    this.mse.aim(target, false);
    if (this.video.readyState < 1) return;
    if (this.#phase === "stepping") {
      if (frame && frame.start === this.#step?.start && steady() < this.#deadline) return;
      this.#turn("still");
    }
    if (this.#phase === "seeking") {
      if (!level(target, this.#target) || this.#disturbed) this.#seek(target, frames);
      return;
    }
    if (this.#satisfied()) this.#coasting = false;
    if (this.#satisfied() || steady() < this.#tellBy) return;
    if (frame && this.#steppable(frame)) return this.#stepTo(frame);
    return this.#seek(target, frames);
  }

  /** Whether the frame that the scene rests on is the one on the display. */
  #satisfied() {
    const frames = this.#reel.frames;
    const asked = this.#asked();
    if (asked === null || frames === null || this.#disturbed || this.#phase !== "still" || !asked.rest) return false;
    const { at } = asked, frame = frames.at(at);
    if (frame) return this.presented?.start === frame.start;
    return at < frames.first && Math.abs(this.video.currentTime - at) < 1e-3 && this.video.readyState >= 2;
  }

  /**
   * Whether playing on by a frame or a few is possible, and quicker than a seek. Nobody does so from rest, since the
   * frame behind may be up before anybody can stop.
   * @param {Frame} frame
   */
  #steppable(frame) {
    const ready = this.#coasting && !this.#disturbed && this.video.readyState >= 3 && !this.video.ended && this.mse.covers(frame.stop);
    return ready && this.presented !== null && near(this.presented, frame, this.video.currentTime);
  }

  /** @param {Frame} frame */
  #stepTo(frame) {
    this.#turn("stepping");
    this.#step = frame;
    this.#deadline = steady() + LIMITS.stepping;
    this.video.muted = true;
    this.#pace(frame);
    this.video.play().catch(() => {});
  }

  /** @param {Frame} frame */
  #pace(frame) {
    if (this.presented) this.video.playbackRate = pace(this.presented, frame, this.video.currentTime);
  }

  // Playing

  /**
   * @param {Scene} scene
   * @param {number} at  Seconds, MSE time: where playback should be now.
   * @param {Frames} frames
   * @param {number} now
   * @returns {void}
   */
  #run(scene, at, frames, now) {
    if (this.#phase === "running") return this.#keep(scene, at, frames, now);
    const here = this.video.currentTime;
    if (this.#phase === "due") return this.mse.aim(here, false);
    if (this.video.readyState < 1) return this.mse.aim(at, false);
    if (this.#phase === "stepping") this.#turn("still");
    if (this.#phase === "seeking" && this.#errand === scene && !this.#disturbed) {
      return this.mse.aim(this.#target, false);
    }
    if (this.#phase === "still") {
      // It came to the end a little before the room does.
      if ((this.video.ended || here >= this.#reel.stop(scene, frames)) && at >= here - LIMITS.late) return undefined;
      const lag = this.given.learned.start(this.sound) / scene.anchor.rate;
      const wait = passes(scene.anchor, here - frames.origin) - now - lag;
      // Further on than the room it waits only where it went for this start: else the room's picture comes first.
      const ahead = here - frames.origin - position(scene.anchor, now) < LIMITS.late || this.#errand === scene;
      const standing = !this.#disturbed && this.video.readyState >= 3;
      if (standing && wait > -LIMITS.late && ahead) return this.#agree(scene, wait);
    }
    return this.#meet(scene, frames, now);
  }

  /** Plays when it is time. @param {Scene} scene @param {number} wait  Seconds. */
  #agree(scene, wait) {
    this.#turn("due");
    this.video.playbackRate = scene.anchor.rate;
    this.video.preservesPitch = Math.abs(scene.anchor.rate - 1) > LIMITS.pitch;
    this.#lesson = wait >= 0;
    this.#timer = window.setTimeout(() => this.#play(), Math.max(0, wait * 1000));
  }

  #play() {
    if (this.#phase !== "due" || this.#closed) return;
    this.#turn("running");
    this.#from = this.#ran = this.video.currentTime;
    this.#follower.reset(steady());
    this.video.play().catch((error) => {
      // Without a touch some browsers play no sound: a picture in time is worth more.
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.video.muted = true;
      this.video.play().catch(() => {});
    });
    this.given.onchange();
  }

  /**
   * Seeks to where playback will be when the seek is through, and waits there.
   * @param {Scene} scene
   * @param {Frames} frames
   * @param {number} now
   */
  #meet(scene, frames, now) {
    const soon = position(scene.anchor, now) + frames.origin;
    const cost = this.given.learned.start(this.sound) + 1.3 * this.#cost(soon, frames);
    const clock = Math.max(scene.anchor.clock, now + cost);
    const target = this.#reel.entry(scene, position(scene.anchor, clock) + frames.origin, frames);
    this.mse.aim(target, false);
    if (this.mse.covers(target)) this.#seek(target, frames);
  }

  /**
   * Looks whether the clock is where it should be, and corrects it gently.
   * @param {Scene} scene
   * @param {number} at
   * @param {Frames} frames
   * @param {number} now
   * @returns {void}
   */
  #keep(scene, at, frames, now) {
    const here = this.video.currentTime;
    this.mse.aim(here, true);
    const stop = this.#reel.stop(scene, frames);
    if (this.video.ended || here >= stop) return this.#turn("still");
    const error = (at - here) / scene.anchor.rate;
    const strayed = this.#commanded && Math.abs(error) > LIMITS.late;
    const moving = Math.abs(here - this.#from) > 0.02;
    if (!strayed && !moving && !this.#stall.stalled) return undefined;
    this.#commanded &&= strayed;
    const verdict = this.#follower.read(steady(), error);
    if (this.#lesson && verdict.error !== null) {
      this.#lesson = false;
      this.given.learned.started(this.sound, verdict.error);
    }
    const dry = this.#stall.stalled && !this.mse.covers(here + LIMITS.dry); // What comes next here comes too late.
    if (strayed || dry || verdict.jump || this.#disturbed) {
      if (!strayed && !dry) this.jumps++;
      this.#turn("still");
      return this.#run(scene, at, frames, now);
    }
    const rate = scene.anchor.rate * verdict.rate;
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate;
    this.#ran = here;
    const left = (stop - here) / scene.anchor.rate;
    if (left < 0.1) {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.tick(), Math.max(0, left * 1000));
    }
    return undefined;
  }

  /** What a seek takes: seconds. @param {number} target  Seconds, MSE time. @param {Frames} frames */
  #cost(target, frames) {
    return this.given.learned.seek(frames.between(this.mse.entry(target) ?? target, target));
  }

  // Between the phases

  /** @param {number} target  Seconds, MSE time. @param {Frames} frames */
  #seek(target, frames) {
    this.#tries = level(target, this.#target) ? this.#tries + 1 : 1;
    this.#coasting = false;
    this.#turn("seeking");
    this.#target = target;
    this.#errand = this.#scene;
    this.#disturbed = false;
    this.#began = steady();
    this.#expected = this.mse.covers(target) ? this.#cost(target, frames) : 0;
    this.mse.aim(target, false);
    this.video.currentTime = target;
  }

  /** Takes note of whatever the element or the buffer just did. @param {unknown} [_] */
  #happened(_) {
    if (this.#closed || this.#phase === "failed") return;
    const now = steady();
    if (this.#phase === "seeking" && !this.video.seeking) {
      if (this.#expected > 0) this.given.learned.sought(this.#expected, now - this.#began);
      this.#turn("still");
      this.#tellBy = now + LIMITS.told * 2 ** Math.min(this.#tries - 1, LIMITS.doublings);
    }
    this.tick();
    this.given.onchange();
  }

  /** @param {number} mediaTime  As the browser says. @param {number} display  Milliseconds of the page's own clock. */
  #framed(mediaTime, display) {
    const frame = this.#closed ? null : this.#reel.frames?.shown(mediaTime);
    if (frame) this.#present(frame, this.given.clock.now() + display / 1000 - steady());
    return !this.#closed;
  }

  /** @param {Frame} frame @param {number} clock  Room clock at which it is on the display. */
  #present(frame, clock) {
    this.presented = frame;
    const frames = this.#reel.frames;
    if (frames?.at(this.#target)?.start === frame.start) this.#tellBy = 0;
    this.given.onframe(this, clock, frame);
    if (this.#phase === "running") return;
    if (this.#phase === "stepping" && this.#step) {
      if (frame.start >= this.#step.start) this.#turn("still");
      else this.#pace(this.#step);
    }
    this.tick();
    this.given.onchange();
  }

  /** @param {import("./phases.js").Phase} phase */
  #turn(phase) {
    if (!follows(this.#phase, phase)) {
      console.error(`player: ${this.#phase} cannot become ${phase}`);
      return;
    }
    const before = this.#phase;
    this.#phase = phase;
    clearTimeout(this.#timer);
    if (before !== "running" && before !== "stepping") return;
    this.video.pause();
    this.video.playbackRate = 1;
    if (before === "stepping") this.video.muted = !this.#audible;
  }

  #fail() {
    if (this.#closed || this.#phase === "failed") return;
    this.#turn("failed");
    this.hole = this.mse.culprit();
    this.problem ??= "decoder";
    this.given.onchange();
  }

  #asked(scene = this.#scene) {
    return this.#reel.asked(scene, this.given.clock.now());
  }

  /** @param {boolean} rest */
  #count(rest) {
    const still = rest || this.#commanded || this.video.ended || this.#phase === "failed";
    const before = this.#stall.stalled;
    this.#stall.poll(steady(), still ? null : this.#phase === "running" ? this.video.currentTime : this.#ran);
    if (this.#stall.stalled !== before) this.given.onchange();
  }
}
