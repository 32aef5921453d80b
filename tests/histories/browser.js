/**
 * A browser without a display: elements, video with Media Source Extensions, timers and a clock of its own, as far as the
 * screen's page uses them, in virtual time. What it shows it takes from the bytes that were appended.
 *
 * A coded fragment is JSON here: `{rendition, frames: [[pts, duration, number], …], key}` in seconds; an init segment
 * `{rendition}`.
 */

import { createHash } from "node:crypto";

/** Milliseconds. */
const APPEND = 2, REMOVE = 1, SEEK = 25, EACH_FRAME = 1, START = 8, REFRESH = 16;
/** Nothing comes in the same moment: a timer that begins itself anew gets on. */
const LEAST = 0.05;
/** In one slice of time; more means that something begins itself anew for ever. */
const TURNS_MOST = 20_000;
/** A tab that is hidden runs its timers once a second. */
const HIDDEN_EVERY = 1000;

let now = 0;
let counted = 0;
/** The page whose code runs. @type {Realm | null} */
let current = null;
/** @typedef {{at: number, order: number, call: () => void, realm: Realm, every: number, frame: boolean}} Due */
/** @type {Map<number, Due>} */
const due = new Map();

/** One page's life: what it set in motion ends with it. */
export class Realm {
  dead = false;
  hidden = false;
  /** Bytes that a SourceBuffer takes. */
  quota = Infinity;
  /** Called after each of its tasks. */
  onturn = () => {};
  /** Called with what nobody caught. @type {(error: unknown) => void} */
  onerror = () => {};

  constructor() {
    this.born = now;
  }

  /** Runs something as this page. @template T @param {() => T} call @returns {T | undefined} */
  run(call) {
    if (this.dead) return undefined;
    const before = current;
    current = this;
    try {
      return call();
    } finally {
      current = before;
    }
  }

  end() {
    this.dead = true;
    for (const [id, one] of due) if (one.realm === this) due.delete(id);
  }
}

const realm = () => /** @type {Realm} */ (current);

/** @param {() => void} call @param {number} after @param {{every?: number, frame?: boolean, engine?: boolean}} [how] */
const schedule = (call, after, { every = 0, frame = false, engine = false } = {}) => {
  counted += 1;
  due.set(counted, { at: wakes(now + Math.max(LEAST, after), engine), order: counted, call, realm: realm(), every, frame });
  return counted;
};

/** @param {number} at @param {boolean} engine */
const wakes = (at, engine) => (realm().hidden && !engine ? Math.ceil(at / HIDDEN_EVERY) * HIDDEN_EVERY : at);

export const clock = () => now;

/** Lets everything that was promised come about. */
const drain = () => new Promise((resolve) => setImmediateReal(resolve));
const setImmediateReal = setImmediate;

/** @param {number} to  milliseconds */
export async function advance(to) {
  for (let turns = 0; ; turns += 1) {
    let next = null;
    for (const entry of due) {
      const [, one] = entry;
      if (one.at <= to && (next === null || one.at < next[1].at || (one.at === next[1].at && one.order < next[1].order))) next = entry;
    }
    if (next === null) break;
    const [id, one] = next;
    if (turns > TURNS_MOST) throw new Error(`no end is in sight at ${now} ms: ${one.call}`);
    now = Math.max(now, one.at);
    due.delete(id);
    current = one.realm;
    if (one.frame && one.realm.hidden) {
      counted += 1;
      due.set(id, { ...one, at: now + HIDDEN_EVERY, order: counted });
    } else {
      if (one.every > 0) {
        counted += 1;
        due.set(id, { ...one, at: wakes(now + one.every, false), order: counted });
      }
      await turn(one.call);
    }
  }
  now = to;
}

/** Runs one task of the current page to its end. @param {() => void} call */
async function turn(call) {
  const own = current;
  try {
    call();
  } catch (error) {
    own?.onerror(error);
  }
  await drain();
  own?.onturn();
}

/** One task of a page, now. @param {Realm} of @param {() => void} call */
export async function task(of, call) {
  if (of.dead) return;
  current = of;
  await turn(call);
  current = null;
}

export class Element {
  tag = "";
  /** @type {Record<string, string>} */
  style = {};
  /** @type {Map<string, Set<() => void>>} */
  #listeners = new Map();

  /** @type {Element[]} */
  children = [];
  /** @type {Element | null} */
  #parent = null;

  /** @param {Element[]} more */
  append(...more) {
    for (const one of more) one.#parent = this;
    this.children.push(...more);
  }

  remove() {
    if (this.#parent) this.#parent.children = this.#parent.children.filter((one) => one !== this);
    this.#parent = null;
  }

  /** @param {string} name @param {() => void} call @param {{once?: boolean}} [how] */
  addEventListener(name, call, { once = false } = {}) {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all);
    const own = () => {
      if (once) all.delete(own);
      call();
    };
    all.add(own);
  }

  /** @param {string} name */
  emit(name) {
    for (const call of [...(this.#listeners.get(name) ?? [])]) call();
  }

  /** As an event of its own. @param {string} name @param {number} [after] */
  later(name, after = 0) {
    schedule(() => this.emit(name), after, { engine: true });
  }
}

/** @typedef {{start: number, stop: number, key: boolean, bytes: number, rendition: string, broken: boolean,
 *   frames: [number, number, number][]}} Piece */

export class Buffer_ extends Element {
  updating = false;
  /** By start. @type {Piece[]} */
  pieces = [];
  initialised = false;
  /** Where the decoder could go on without a keyframe. */
  #reached = NaN;

  /** @param {Source} source @param {string} mime */
  constructor(source, mime) {
    super();
    this.source = source;
    this.video = mime.startsWith("video/");
  }

  get bytes() {
    return this.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
  }

  /** @param {ArrayBuffer} data */
  appendBuffer(data) {
    if (this.updating) throw new DOMException("busy", "InvalidStateError");
    if (this.bytes + data.byteLength > realm().quota) throw new DOMException("full", "QuotaExceededError");
    if (this.source.readyState === "ended") this.source.readyState = "open";
    this.#update(APPEND, () => {
      const coded = JSON.parse(new TextDecoder().decode(data));
      if (!("frames" in coded)) this.initialised = true;
      else this.#take(coded, data.byteLength);
    });
  }

  /** @param {number} from @param {number} to */
  remove(from, to) {
    if (this.updating) throw new DOMException("busy", "InvalidStateError");
    this.#update(REMOVE, () => {
      let gone = false;
      this.pieces = this.pieces.filter((piece) => {
        // What depends on something that is gone goes as well, up to the next keyframe.
        gone = (piece.start >= from - 1e-9 && piece.start < to) || (gone && !piece.key);
        return !gone;
      });
      this.#reached = NaN;
    });
  }

  /** @returns {[number, number][]} */
  get ranges() {
    /** @type {[number, number][]} */
    const found = [];
    for (const { start, stop } of this.pieces) {
      const last = found.at(-1);
      if (last && start - last[1] < 1e-3) last[1] = stop;
      else found.push([start, stop]);
    }
    return found;
  }

  get buffered() {
    const { ranges } = this;
    return {
      length: ranges.length,
      start: (/** @type {number} */ n) => ranges[n][0],
      end: (/** @type {number} */ n) => ranges[n][1],
    };
  }

  /** @param {any} coded @param {number} bytes */
  #take(coded, bytes) {
    const { frames, key, rendition, broken = false } = coded;
    const start = frames[0][0], last = frames.at(-1), stop = last[0] + last[1];
    if (!key && !(Math.abs(start - this.#reached) < 1e-6)) return; // without its keyframe: dropped in silence
    this.pieces = this.pieces.filter((piece) => piece.stop <= start + 1e-9 || piece.start >= stop - 1e-9);
    this.pieces.push({ start, stop, key, bytes, rendition, broken, frames });
    this.pieces.sort((a, b) => a.start - b.start);
    this.#reached = stop;
  }

  /** @param {number} after @param {() => void} work */
  #update(after, work) {
    this.updating = true;
    schedule(() => {
      work();
      this.updating = false;
      this.source.video?.changed();
      this.emit("updateend");
    }, after, { engine: true });
  }
}

export class Source extends Element {
  static isTypeSupported() {
    return true;
  }

  readyState = "closed";
  /** @type {Buffer_[]} */
  buffers = [];
  /** @type {Video | null} */
  video = null;

  setLiveSeekableRange() {}

  /** @param {string} mime */
  addSourceBuffer(mime) {
    const buffer = new Buffer_(this, mime);
    this.buffers.push(buffer);
    return buffer;
  }

  endOfStream() {
    this.readyState = "ended";
    this.video?.changed();
  }
}

/** @type {Map<string, Source>} */
const sources = new Map();

export class Video extends Element {
  muted = false;
  volume = 1;
  preservesPitch = true;
  paused = true;
  ended = false;
  seeking = false;
  /** @type {{code: number, message: string} | null} */
  error = null;
  videoWidth = 0;
  videoHeight = 0;
  /** What is on the element: its last picture. @type {{rendition: string, number: number, pts: number, stop: number} | null} */
  picture = null;
  decoded = 0;
  #rate = 1;
  /** Where its clock stood, and when. */
  #base = 0;
  #since = 0;
  #running = false;
  #metadata = false;
  #playable = false;
  /** @type {((now: number, frame: {mediaTime: number, expectedDisplayTime: number}) => void) | null} */
  #callback = null;
  /** A frame came that nobody was told of, since the page is hidden. */
  #missed = false;
  /** Counts what makes an earlier plan void. */
  #plan = 0;
  /** @type {Source | null} */
  #source = null;

  set src(/** @type {string} */ url) {
    this.#source = sources.get(url) ?? null;
    if (this.#source === null) return;
    this.#source.video = this;
    const source = this.#source;
    schedule(() => {
      source.readyState = "open";
      source.emit("sourceopen");
    }, 1, { engine: true });
  }

  removeAttribute() {
    if (this.#source) this.#source.readyState = "closed";
    this.#source = null;
  }

  load() {
    this.#plan += 1;
    this.#running = false;
    this.picture = null;
  }

  get currentTime() {
    if (!this.#running) return this.#base;
    return Math.max(this.#base, Math.min(this.#base + ((now - this.#since) / 1000) * this.#rate, this.#limit(this.#base)));
  }

  set currentTime(/** @type {number} */ at) {
    this.#halt();
    this.#base = at;
    this.seeking = true;
    this.ended = false;
    this.#plan += 1;
    this.#arrive(this.#plan);
  }

  get playbackRate() {
    return this.#rate;
  }

  set playbackRate(/** @type {number} */ rate) {
    this.#mark();
    this.#rate = rate;
    if (this.#running) this.#go();
  }

  get readyState() {
    if (!this.#metadata) return 0;
    if (this.seeking || this.error) return 1;
    const at = this.currentTime;
    if (!this.#covers(at)) return this.picture ? 2 : 1;
    return this.#limit(at) - at > 0.01 || this.ended ? 4 : 2;
  }

  play() {
    this.paused = false;
    this.#start();
    return Promise.resolve();
  }

  pause() {
    this.#halt();
    this.paused = true;
  }

  /** @param {(now: number, frame: {mediaTime: number, expectedDisplayTime: number}) => void} call */
  requestVideoFrameCallback(call) {
    this.#callback = call;
  }

  getVideoPlaybackQuality() {
    return { droppedVideoFrames: 0, totalVideoFrames: this.decoded };
  }

  /** Something was appended or taken away. */
  changed() {
    if (this.error || this.#source === null) return;
    const { buffers } = this.#source;
    if (!this.#metadata) {
      if (buffers.length === 0 || !buffers.every((buffer) => buffer.initialised)) return;
      this.#metadata = true;
      [this.videoWidth, this.videoHeight] = [640, 360];
      this.later("loadedmetadata");
    }
    if (this.seeking) return;
    if (this.#running) return this.#go();
    if (!this.#playable && this.#covers(this.#base)) {
      this.#playable = true;
      this.#present(this.#base);
      this.later("canplay");
    }
    if (!this.paused) this.#start();
  }

  // Where there is something to show

  /** @param {number} at @returns {number} to where it goes on from a time without a gap, in every buffer */
  #limit(at) {
    const { buffers = [], readyState = "" } = this.#source ?? {};
    const ends = buffers.map((buffer) => buffer.ranges.find(([from, to]) => from <= at + 1e-6 && at <= to + 1e-6)?.[1] ?? at);
    return readyState === "ended" ? Math.max(...ends) : Math.min(...ends);
  }

  /** @param {number} at */
  #covers(at) {
    const { buffers = [], readyState = "" } = this.#source ?? {};
    const ended = readyState === "ended";
    return buffers.length > 0 && buffers.every((buffer) =>
      buffer.ranges.some(([from, to]) => from <= at + 1e-6 && (at < to - 1e-9 || (ended && at <= to + 0.05))));
  }

  /** @param {number} at */
  #frame(at) {
    const pieces = this.#source?.buffers.find((buffer) => buffer.video)?.pieces ?? [];
    let found = null;
    for (const piece of pieces) {
      if (piece.start > at + 1e-6) break;
      for (const [pts, duration, number] of piece.frames) {
        if (pts <= at + 1e-6) found = { rendition: piece.rendition, number, pts, stop: pts + duration, piece };
      }
    }
    return found;
  }

  // What happens in time

  #mark() {
    this.#base = this.currentTime;
    this.#since = now;
  }

  #halt() {
    this.#mark();
    this.#running = false;
    this.#plan += 1;
    if (this.seeking) this.#arrive(this.#plan);
  }

  #start() {
    if (this.paused || this.seeking || this.#running || this.error || !this.#metadata) return;
    if (this.#limit(this.#base) - this.#base <= 0.01) return;
    this.#running = true;
    this.#since = now + START;
    this.later("playing", START);
    this.#go();
  }

  /** Plans what comes next while it runs: a frame, or the end of what there is. */
  #go() {
    this.#plan += 1;
    const plan = this.#plan;
    const at = this.#running && now < this.#since ? this.#base : this.currentTime;
    const limit = this.#limit(at), frame = this.#frame(at);
    const next = Math.min(limit, Math.max(at + 1e-3, frame?.stop ?? limit));
    schedule(() => this.#plan === plan && this.#pass(next, limit), ((next - at) / this.#rate) * 1000 + Math.max(0, this.#since - now), { engine: true });
  }

  /** @param {number} at @param {number} limit */
  #pass(at, limit) {
    this.#base = at;
    this.#since = now;
    if (at < limit - 1e-6) {
      this.#present(at);
      if (this.#running) this.#go();
      return;
    }
    this.#running = false;
    if (this.#source?.readyState === "ended") {
      this.ended = true;
      this.paused = true;
      this.emit("ended");
    } else this.emit("waiting");
  }

  /** @param {number} plan */
  #arrive(plan) {
    const wait = () => {
      if (this.#plan !== plan || this.error || this.#source === null) return;
      if (this.#metadata && this.#covers(this.#base)) schedule(land, SEEK + EACH_FRAME, { engine: true });
      else schedule(wait, REFRESH, { engine: true });
    };
    const land = () => {
      if (this.#plan !== plan || this.error || this.#source === null) return;
      if (!this.#covers(this.#base)) return wait();
      this.seeking = false;
      this.#since = now;
      this.#present(this.#base);
      if (this.error) return;
      this.emit("seeked");
      this.#start();
    };
    wait();
  }

  /** @param {number} at */
  #present(at) {
    const frame = this.#frame(at);
    if (frame === null) return;
    if (frame.piece.broken) {
      this.#running = false;
      const timestamp = Math.round(frame.pts * 1e6);
      this.error = { code: 3, message: `PIPELINE_ERROR_DECODE: Failed to send video packet for decoding: {timestamp=${timestamp}}` };
      return this.emit("error");
    }
    const { rendition, number, pts, stop } = frame;
    const same = this.picture?.number === number && this.picture.rendition === rendition;
    this.picture = { rendition, number, pts, stop };
    this.decoded += 1;
    if (this.#callback === null || (same && this.#running)) return;
    if (realm().hidden) this.#missed = true;
    else this.#tell(pts);
  }

  /** Its page is not hidden any more. */
  reveal() {
    if (this.#missed && this.picture && this.#callback) this.#tell(this.picture.pts);
  }

  /** @param {number} pts */
  #tell(pts) {
    const call = this.#callback, told = now - realm().born;
    this.#callback = null;
    this.#missed = false;
    const tell = () => call?.(told, { mediaTime: pts, expectedDisplayTime: told });
    if (this.#running) tell();
    else schedule(tell, REFRESH, { engine: true });
  }
}

/** Puts all of it where the page's modules look for it. To be called once, before they are imported. */
export function install() {
  const timers = {
    setTimeout: (/** @type {() => void} */ call, after = 0) => schedule(call, after),
    setInterval: (/** @type {() => void} */ call, every = 0) => schedule(call, every, { every }),
    clearTimeout: (/** @type {number} */ id) => void due.delete(id),
    clearInterval: (/** @type {number} */ id) => void due.delete(id),
    requestAnimationFrame: (/** @type {(at: number) => void} */ call) =>
      schedule(() => call(now - realm().born), REFRESH, { frame: true }),
  };
  const define = (/** @type {string} */ name, /** @type {unknown} */ value) =>
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  for (const [name, value] of Object.entries(timers)) define(name, value);
  define("window", timers);
  define("performance", { now: () => now - realm().born });
  define("getComputedStyle", () => ({ position: "static" }));
  define("MediaSource", Source);
  define("document", {
    createElement: (/** @type {string} */ tag) => {
      return Object.assign(tag === "video" ? new Video() : new Element(), { tag, getContext: () => null });
    },
  });
  URL.createObjectURL = (/** @type {any} */ source) => {
    counted += 1;
    sources.set(`blob:${counted}`, source);
    return `blob:${counted}`;
  };
  URL.revokeObjectURL = (url) => void sources.delete(url);
  define("crypto", {
    subtle: {
      digest: (/** @type {string} */ _, /** @type {ArrayBuffer} */ bytes) => {
        const found = createHash("sha256").update(new Uint8Array(bytes)).digest();
        return Promise.resolve(found.buffer.slice(found.byteOffset, found.byteOffset + found.byteLength));
      },
    },
  });
}

/** A new history: nothing is left of the one before. */
export function restart() {
  due.clear();
  sources.clear();
  now = 0;
  current = null;
}
