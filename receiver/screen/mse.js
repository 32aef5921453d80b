/**
 * A MediaSource that is fed with whole GOPs from the vault: one queue for each SourceBuffer. Edge: the browser's MSE.
 * What goes in and out next is decided by slide.js; here it is done, and looked after.
 * @module
 */

import { GOP_MOST } from "../../web/shared/wire.js";
import { placed } from "./frames.js";
import { Slide } from "./slide.js";

/** @typedef {import("../../web/shared/wire.js").Track} Track */
/** @typedef {import("./holes.js").Hole} Hole */
/** @typedef {import("./face.js").Vault} Vault */

/** Seconds on both sides of a GOP's edge, so that rounding to microseconds never takes a neighbour's frame with it. */
const EDGE = 0.0005;
/** Seconds that the playhead may move before the window is looked at again: GOPs are longer. */
const NEAR = 0.1;
/** Seconds: longer than any recording. */
const ENDLESS = 1e7;
/** How often a GOP that did not arrive in the buffer is tried again before it is called undecodable. */
const TRIES = 2;
/** Milliseconds for which the element may be silent about an append that was refused. */
const REFUSED = 2000;

/**
 * @typedef {object} Lane  One track on its way into its SourceBuffer.
 * @property {Track} track
 * @property {SourceBuffer} buffer
 * @property {Slide} slide
 * @property {number} known  Rows known when the slide was last told.
 * @property {Array<import("../../web/shared/wire.js").Row|undefined>} rows  At their index.
 * @property {boolean} complete
 * @property {boolean} begun  The init segment is in.
 * @property {(() => void)|null} done  What to do when the step under way is through.
 * @property {number} index  Of the fragment appended last.
 * @property {Map<number, number>} failed  By a GOP's first index: how often it was lost.
 */

/**
 * @typedef {object} Feed
 * @property {Vault} vault
 * @property {string} rendition
 * @property {boolean} sound  Append the sound track too; without it there is none.
 * @property {number} [budget]  Bytes in one SourceBuffer; otherwise what a GOP may have, which is well under the 158 MB of
 *   video at which Chromium begins to refuse.
 * @property {(rendition: string, track: number, index: number) => number} [until]  Nothing of a fragment that ends later is
 *   kept, of sound to the very sample: seconds, MSE time.
 * @property {(track: number, first: number) => boolean} left  Whether a GOP is left out, since it cannot be decoded.
 * @property {(hole: Hole) => boolean} onhole  A GOP turned out to be such a one; whether it is left out from now on.
 * @property {() => void} onchange  More is in the buffer, or a problem came up.
 * @property {() => void} ondisturbed  What is under the playhead was taken out and comes again: seek again.
 */

/**
 * Whether a step is through. Not only `updating`: that ends a little before the event that says so, and what another
 * lane's event begins in between would be taken for what is already done.
 * @param {Lane} lane
 */
const free = (lane) => lane.done === null && !lane.buffer.updating;

export class Mse {
  /** @type {Lane[]} */
  #lanes = [];
  #at = -1;
  /** Where it was when `aim` last had something to do: a step of no length may lead into another GOP. */
  #worked = -1;
  #playing = false;
  #closed = false;
  #budget;
  /** The browser took less than that: nothing is kept but what is needed. */
  #tight = false;
  #url;
  /** An append was refused: the element will say why. */
  #refused = false;
  /** A problem's type. @type {string|null} */
  problem = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {Feed} feed
   */
  constructor(video, feed) {
    this.video = video;
    this.feed = feed;
    this.#budget = feed.budget ?? GOP_MOST;
    this.source = new MediaSource();
    this.source.addEventListener("sourceopen", () => {
      // Without a duration only what is in the buffer counts as seekable, and a seek elsewhere lands at its end.
      this.source.setLiveSeekableRange(0, ENDLESS);
      this.work();
    }, { once: true });
    this.#url = URL.createObjectURL(this.source);
    video.src = this.#url;
  }

  /**
   * Where the playhead is or is going to be.
   * @param {number} at  Seconds, MSE time.
   * @param {boolean} playing
   */
  aim(at, playing) {
    const from = this.#worked;
    const over = this.#lanes.some(({ slide }) => slide.gopAt(at) !== slide.gopAt(from));
    const still = playing === this.#playing && !over && Math.abs(at - from) < NEAR;
    this.#at = at;
    this.#playing = playing;
    if (still) return;
    this.#worked = at;
    this.work();
  }

  /** Whether the time can be shown and played on from. @param {number} at  Seconds, MSE time. */
  covers(at) {
    return this.#lanes.length > 0 && this.#lanes.every((lane) => lane.slide.covers(at, lane.track.timescale));
  }

  /** Start of the GOP from which a decoder begins for a time. @param {number} at  Seconds, MSE time. */
  entry(at) {
    const lane = this.#lanes.find((candidate) => candidate.track.kind === "video");
    return lane?.slide.gopAt(at)?.start;
  }

  /** Bytes in the fullest SourceBuffer. */
  get bytes() {
    return Math.max(0, ...this.#lanes.map((lane) => lane.slide.bytes));
  }

  /** Does what can be done now: called at every change of the vault, of the aim, and after every step. */
  work() {
    if (this.#closed || this.#refused || this.source.readyState === "closed" || this.video.error) return;
    if (this.#lanes.length === 0 && !this.#open()) return;
    const manifest = this.feed.vault.manifest(this.feed.rendition);
    if (!manifest) return;
    for (const lane of this.#lanes) {
      const rows = manifest.rows.get(lane.track.index) ?? [];
      if (rows.length !== lane.known || manifest.complete !== lane.complete) {
        lane.known = rows.length;
        lane.rows = placed(rows);
        lane.complete = manifest.complete;
        const count = manifest.counts[manifest.tracks.findIndex((track) => track.index === lane.track.index)] ?? 0;
        lane.slide.update(lane.rows, lane.track.timescale, manifest.complete, count);
      }
      if (free(lane)) this.#step(lane);
    }
    this.#finish();
  }

  close() {
    this.#closed = true;
    URL.revokeObjectURL(this.#url);
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** Makes the SourceBuffers: all at once, since Chromium takes none after the first init segment. */
  #open() {
    const { vault, rendition, sound } = this.feed;
    const tracks = (vault.manifest(rendition)?.tracks ?? []).filter((track) => track.kind === "video" || sound);
    if (tracks.length === 0 || tracks.some((track) => !vault.init(rendition, track.index))) return false;
    try {
      this.#lanes = tracks.map((track) => this.#lane(track));
    } catch {
      return this.#fail("decoder"); // The browser has no decoder for it.
    }
    return true;
  }

  /**
   * @param {Track} track
   * @returns {Lane}
   */
  #lane(track) {
    const buffer = this.source.addSourceBuffer(track.mime);
    /** @type {Lane} */
    const lane = {
      track, buffer, slide: new Slide(), known: -1, rows: [], complete: false, begun: false, done: null,
      index: 0, failed: new Map(),
    };
    buffer.addEventListener("error", () => {
      // The element says so only later, and which track it was. Until then every append is swallowed or refused, in all
      // tracks, and all of it would look damaged.
      if (this.#refused || this.#closed) return;
      this.#refused = true;
      setTimeout(() => this.#closed || this.video.error || this.#fail("decoder"), REFUSED);
    });
    buffer.addEventListener("updateend", () => {
      const done = lane.done;
      lane.done = null;
      if (this.#closed || this.#refused || this.video.error) return;
      done?.();
      this.feed.onchange();
      this.work();
    });
    return lane;
  }

  /** @param {Lane} lane */
  #step(lane) {
    const { vault, rendition } = this.feed;
    if (!lane.begun) {
      const init = vault.init(rendition, lane.track.index);
      if (init && this.#append(lane, init, () => {})) lane.begun = true;
      return;
    }
    const step = lane.slide.next({
      at: this.#at,
      playing: this.#playing,
      budget: this.#budget,
      tight: this.#tight,
      held: (index) => vault.fragment(rendition, lane.track.index, index) !== undefined,
      left: this.#left(lane),
    });
    if (step === null) return;
    if (step.kind === "too-large") {
      this.#fail("gop-too-large");
    } else if (step.kind === "remove") {
      this.#remove(lane, step.gop, step.disturbs);
    } else {
      const data = vault.fragment(rendition, lane.track.index, step.index);
      if (data) this.#append(lane, data, () => this.#look(lane, step.index), step.index);
    }
  }

  /**
   * @param {Lane} lane
   * @param {ArrayBuffer} data
   * @param {() => void} done
   * @param {number} [index]  Of the fragment; none for an init segment.
   */
  #append(lane, data, done, index) {
    const { rendition, until } = this.feed;
    try {
      if (index !== undefined && until) lane.buffer.appendWindowEnd = until(rendition, lane.track.index, index);
      lane.buffer.appendBuffer(data);
      lane.done = done;
      lane.index = index ?? lane.index;
      return true;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") return this.#fail("decoder");
      if (index === undefined || lane.slide.alone(index)) return this.#fail("gop-too-large");
      // The browser holds less than we believed: live within four fifths of what it took.
      this.#budget = Math.min(this.#budget, Math.floor(lane.slide.bytes * 0.8));
      this.#tight = true;
      this.#step(lane);
      return false;
    }
  }

  /**
   * @param {Lane} lane
   * @param {import("./slide.js").Gop} gop
   * @param {boolean} disturbs
   */
  #remove(lane, gop, disturbs) {
    lane.buffer.remove(Math.max(0, gop.start - EDGE), gop.stop - EDGE);
    lane.done = () => {
      lane.slide.removed(gop);
      if (disturbs) this.feed.ondisturbed();
    };
  }

  /**
   * Whether the buffer grew as the manifest says, and whether what came next is still there.
   * @param {Lane} lane
   * @param {number} index
   */
  #look(lane, index) {
    const fragment = lane.rows[index];
    const following = lane.slide.appended(index);
    const gop = lane.slide.gopOf(index);
    if (fragment && gop && !this.#has(lane, (fragment.start + fragment.duration / 2) / lane.track.timescale)) {
      const failed = (lane.failed.get(gop.first) ?? 0) + 1;
      lane.failed.set(gop.first, failed);
      if (failed > TRIES && !this.feed.onhole(this.#hole(lane, gop))) this.#fail("decoder");
      else this.#remove(lane, gop, this.#within(gop));
    } else if (following && !this.#has(lane, following.start + 2 * EDGE)) {
      this.#remove(lane, following, this.#within(following));
    } else {
      this.#miss(lane, index);
    }
  }

  /**
   * Notices what the browser took away without a word because it ran short of room, and lives within less from then on.
   * @param {Lane} lane
   * @param {number} index  Of the fragment just appended, which is there.
   */
  #miss(lane, index) {
    for (;;) {
      const gone = lane.slide.edges().find((gop) =>
        (index < gop.first || index >= gop.next) && !this.#has(lane, gop.start + 2 * EDGE));
      if (!gone) return;
      lane.slide.removed(gone);
      this.#budget = Math.min(this.#budget, Math.floor(lane.slide.bytes * 0.8));
      this.#tight = true;
      if (this.#within(gone)) this.feed.ondisturbed();
    }
  }

  /** @param {Lane} lane @returns {(first: number) => boolean} */
  #left(lane) {
    return (first) => this.feed.left(lane.track.index, first);
  }

  /** @param {Lane} lane @param {import("./slide.js").Gop} gop @returns {Hole} */
  #hole({ track }, { first, start, stop }) {
    return { track: track.index, first, start, stop };
  }

  /**
   * The GOP at which the browser gave up, by its own words: `…{timestamp=12012000 …}` are microseconds,
   * `…CHUNK_DEMUXER_ERROR…` is about what was appended last. Where they name nothing, nothing is to be blamed: it may be
   * far from the playhead.
   * @returns {Hole|null}
   */
  culprit() {
    const said = this.video.error?.message ?? "", told = /timestamp=(\d+)/u.exec(said);
    const kind = /audio/iu.test(said) ? "audio" : "video";
    const lane = this.#lanes.find(({ track }) => track.kind === kind) ?? this.#lanes[0];
    const gop = said.includes("CHUNK_DEMUXER") ? lane?.slide.gopOf(lane.index)
      : told ? lane?.slide.gopAt(Number(told[1]) / 1e6) : undefined;
    return lane && gop ? this.#hole(lane, gop) : null;
  }

  /** @param {import("./slide.js").Gop} gop */
  #within(gop) {
    return this.#at >= gop.start && this.#at < gop.stop;
  }

  /**
   * @param {Lane} lane
   * @param {number} time  Seconds, MSE time.
   */
  #has(lane, time) {
    const { buffered } = lane.buffer;
    for (let range = 0; range < buffered.length; range++) {
      if (buffered.start(range) <= time && time <= buffered.end(range)) return true;
    }
    return false;
  }

  /** Says that this is the end, once all to the end is in: else the last frame is out of reach. */
  #finish() {
    if (this.source.readyState !== "open" || !this.#lanes.every((lane) => lane.begun && free(lane))) return;
    if (this.#lanes.every((lane) => lane.slide.toTheEnd(this.#at, this.#left(lane)))) this.source.endOfStream();
  }

  /**
   * @param {string} problem
   * @returns {false}
   */
  #fail(problem) {
    this.problem = problem;
    this.#closed = true;
    this.feed.onchange();
    return false;
  }
}
