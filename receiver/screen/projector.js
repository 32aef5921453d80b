/**
 * Shows decoded pictures around the one on which the room rests, so that a step waits for no decoder. Edge: the
 * browser's `VideoDecoder`, and a canvas that lies exactly over the players.
 *
 * It is used for a recording only after it has proved there, on one picture, that it gives the pixels that the player
 * gives. Whatever goes wrong here is no fault of the page: the players do all of this themselves, only slower.
 * @module
 */

import { configuration, samples } from "./boxes.js";
import { allowance, Film } from "./film.js";

/** @typedef {import("./boxes.js").Config} Config */
/** @typedef {import("./film.js").Run} Run */
/** @typedef {import("./frames.js").Frame} Frame */
/** @typedef {import("./frames.js").Frames} Frames */
/** @typedef {import("./face.js").Vault} Vault */

/** Coded pictures that wait in the decoder at most: enough to keep it busy, and soon dropped when it has to stop. */
const QUEUE = 6;
/** Levels (of 255) by which no channel of any pixel may differ from the player's, and the width at which it is looked. */
const ROUNDING = 2, PROOF = 480;

/**
 * @typedef {object} Threading  What of a recording goes through the decoder.
 * @property {string} rendition
 * @property {import("../../web/shared/wire.js").Track} track
 * @property {Film<VideoFrame>} film
 * @property {Config|null} config  Once it is known that the browser takes it.
 */

export class Projector {
  /** @type {Threading|null} */
  #thread = null;
  /** @type {VideoDecoder|null} */
  #decoder = null;
  /** @type {Run|null} */
  #run = null;
  /** Coded pictures of the fragment that the decoder is given now, and how many it has had. */
  #coded = { data: new ArrayBuffer(0), samples: /** @type {import("./boxes.js").Sample[]} */ ([]), given: 0 };
  /** The decoder gives out what it has. */
  #draining = false;
  #going = false;
  /** By rendition: whether its pictures are the player's. @type {Map<string, boolean>} */
  #proofs = new Map();
  /** What is drawn with the page's next frame, and that this is asked for. */
  #due = /** @type {{tick: number, frame: Frame, like: {videoWidth: number, videoHeight: number}}|null} */ (null);
  #asked = false;
  /** The frame that is in front. @type {Frame|null} */
  front = null;
  /** Another frame is in front, from the frame on that the page draws next. @type {() => void} */
  onfront = () => {};
  /** A picture came that may be waited for, or this cannot be used any more. @type {() => void} */
  onchange = () => {};

  /** @param {Vault} vault */
  constructor(vault) {
    this.vault = vault;
    this.budget = allowance(/** @type {{deviceMemory?: number}} */ (navigator).deviceMemory);
    this.canvas = document.createElement("canvas");
    this.canvas.style.display = "none";
    this.pen = this.canvas.getContext("2d", { alpha: false });
  }

  /** Whether it may be shown: its pictures are those of the player. @param {string} rendition */
  proved(rendition) {
    return this.#proofs.get(rendition) === true;
  }

  /** Whether pictures of that frame are held here, or on their way. @param {string} rendition @param {Frames} frames @param {Frame} frame */
  reaches(rendition, frames, frame) {
    const thread = this.#thread;
    return thread?.rendition === rendition && thread.config !== null && thread.film.reaches(frames.tick(frame));
  }

  /** Pictures held, and their bytes at most. */
  get held() {
    return { pictures: this.#thread?.film.size ?? 0, budget: this.budget };
  }

  /**
   * Decodes what lies around a frame, from now on.
   * @param {string} rendition
   * @param {Frames} frames
   * @param {Frame} frame
   */
  aim(rendition, frames, frame) {
    if (this.#proofs.get(rendition) === false || typeof VideoDecoder === "undefined") return;
    if (this.#thread?.rendition !== rendition) this.#open(rendition);
    if (this.#thread === null) return;
    this.#thread.film.aim(frames, frame);
    this.#going = true;
    this.#work();
  }

  /** Stops decoding at once; what is held stays. */
  halt() {
    if (!this.#going && this.#run === null) return;
    this.#going = false;
    this.#run = null;
    this.#draining = false;
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.reset();
  }

  /** Lets go of all pictures and of the decoder. What is in front stays there. */
  clear() {
    this.halt();
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
    this.#thread?.film.clear();
    this.#thread = null;
  }

  /**
   * Puts a frame in front, if its picture is held: at once, but only one for each frame that the page draws, so that of
   * steps which come faster than that the last one alone costs a drawing.
   * @param {Frames} frames @param {Frame} frame
   * @param {{videoWidth: number, videoHeight: number}} like  The element whose place it takes.
   */
  show(frames, frame, like) {
    this.#due = this.front?.start === frame.start ? null : { tick: frames.tick(frame), frame, like };
    if (this.#due === null || this.#asked || !this.#thread?.film.picture(this.#due.tick)) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
    this.#draw();
  }

  /** What is not drawn yet is not asked for any more. */
  forget() {
    this.#due = null;
  }

  #draw() {
    const picture = this.#due && this.#thread?.film.picture(this.#due.tick);
    if (!this.#due || !picture || !this.pen) return;
    const { frame, like } = this.#due, { videoWidth: width, videoHeight: height } = like;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.pen.drawImage(picture, 0, 0, width, height);
    this.canvas.style.display = "block";
    this.front = frame;
    this.#due = null;
    this.onfront();
  }

  hide() {
    this.#due = null;
    if (this.front === null) return;
    this.front = null;
    this.canvas.style.display = "none";
  }

  /**
   * Looks once, where that is possible now, whether the pictures here are those of the player.
   * @param {string} rendition @param {Frames} frames
   * @param {Frame} frame  On which the player stands.
   * @param {HTMLVideoElement} video  The player's.
   */
  prove(rendition, frames, frame, video) {
    if (this.#proofs.has(rendition) || this.#thread?.rendition !== rendition || video.videoWidth === 0) return;
    const picture = this.#thread.film.picture(frames.tick(frame));
    if (!picture) return;
    const width = Math.min(PROOF, video.videoWidth), height = Math.ceil((width * video.videoHeight) / video.videoWidth);
    const pen = new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true });
    /** @param {CanvasImageSource} source */
    const read = (source) => {
      pen?.drawImage(source, 0, 0, width, height);
      return pen?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    };
    const own = read(picture), theirs = read(video);
    const equal = own.length > 0 && own.every((level, at) => Math.abs(level - /** @type {number} */ (theirs[at])) <= ROUNDING);
    if (equal) this.#proofs.set(rendition, true);
    else this.#rule(rendition);
  }

  /** Something of this rendition came. @param {string} rendition */
  arrived(rendition) {
    if (this.#going && this.#thread?.rendition === rendition) this.#work();
  }

  // The decoder

  /** @param {string} rendition */
  #open(rendition) {
    this.clear();
    const track = this.vault.manifest(rendition)?.tracks.find((one) => one.kind === "video");
    const init = track && this.vault.init(rendition, track.index);
    if (!track || !init) return;
    const config = configuration(init, track.mime);
    const film = /** @type {Film<VideoFrame>} */ (new Film(this.budget, (track.width * track.height * 3) / 2));
    if (config === null || !film.worth) return this.#rule(rendition);
    const thread = { rendition, track, film, config: /** @type {Config|null} */ (null) };
    this.#thread = thread;
    // Pictures of a hardware decoder come out of a small pool, and holding them stops it.
    const wanted = { ...config, hardwareAcceleration: /** @type {const} */ ("prefer-software") };
    void VideoDecoder.isConfigSupported(/** @type {VideoDecoderConfig} */ (wanted)).then(
      ({ supported }) => {
        if (this.#thread !== thread) return;
        if (!supported) return this.#rule(rendition);
        thread.config = wanted;
        this.#work();
      },
      () => this.#rule(rendition),
    );
  }

  /** This recording is not shown from here. @param {string} rendition */
  #rule(rendition) {
    this.#proofs.set(rendition, false);
    if (this.#thread?.rendition === rendition) this.clear();
    this.onchange();
  }

  #work() {
    const thread = this.#thread;
    if (!this.#going || this.#draining || !thread?.config) return;
    const { rendition, track, film } = thread;
    const rows = this.vault.manifest(rendition)?.rows.get(track.index) ?? [];
    const held = (/** @type {number} */ index) => this.vault.fragment(rendition, track.index, index) !== undefined;
    try {
      while (this.#going && !this.#draining && (this.#decoder?.decodeQueueSize ?? 0) < QUEUE) {
        const next = film.next(rows, this.#run, held);
        if (next === null) return;
        if (next !== "on") this.#begin(thread, next.from);
        if (!this.#feed(thread)) this.#drain(rows);
      }
    } catch {
      this.#rule(rendition); // A decoder that does not take what it said it would.
    }
  }

  /** @param {Threading} thread @param {import("../../web/shared/wire.js").Row} row  With a keyframe. */
  #begin(thread, row) {
    if (!this.#decoder || this.#decoder.state === "closed") this.#decoder = this.#make(thread);
    else this.#decoder.reset();
    this.#decoder.configure(/** @type {VideoDecoderConfig} */ (thread.config));
    this.#run = { row: row.index - 1, reached: row.start - 1 };
    this.#coded = { data: new ArrayBuffer(0), samples: [], given: 0 };
  }

  /** @param {Threading} thread */
  #make(thread) {
    const decoder = new VideoDecoder({
      output: (picture) => {
        if (this.#decoder !== decoder || this.#run === null) return void picture.close();
        if (thread.film.size === 0) thread.film.measure(picture.allocationSize());
        if (!thread.film.worth) {
          picture.close();
          return void this.#rule(thread.rendition);
        }
        thread.film.take(picture.timestamp, picture, this.#run);
        this.#work();
        this.onchange();
      },
      error: (error) => {
        if (this.#decoder !== decoder) return;
        this.#decoder = null;
        this.#run = null;
        this.#draining = false;
        // The browser takes decoders back that idle for long, which says nothing about the recording.
        if (error.name !== "QuotaExceededError") this.#rule(thread.rendition);
      },
    });
    decoder.ondequeue = () => this.#work();
    return decoder;
  }

  /**
   * Gives the decoder one more coded picture.
   * @param {Threading} thread
   * @returns {boolean}  Whether there was one.
   */
  #feed({ rendition, track }) {
    const run = /** @type {Run} */ (this.#run);
    const begins = this.#coded.given === this.#coded.samples.length;
    if (begins) {
      const data = this.vault.fragment(rendition, track.index, run.row + 1);
      if (!data) return false;
      const coded = samples(data);
      if (coded === null || coded.length === 0) throw new TypeError("a fragment without coded pictures");
      run.row++;
      this.#coded = { data, samples: coded, given: 0 };
    }
    const { pts, at, size } = /** @type {import("./boxes.js").Sample} */ (this.#coded.samples[this.#coded.given++]);
    // Times go through the decoder unread: they are ticks here, so that nothing is rounded.
    const type = begins && this.#key(rendition, track.index, run.row) ? "key" : "delta";
    const data = new Uint8Array(this.#coded.data, at, size);
    this.#decoder?.decode(new EncodedVideoChunk({ type, timestamp: pts, data }));
    return true;
  }

  /** @param {string} rendition @param {number} track @param {number} index */
  #key(rendition, track, index) {
    const rows = this.vault.manifest(rendition)?.rows.get(track) ?? [];
    // Rows have no doubles, so that none lies behind its own index.
    for (let at = Math.min(index, rows.length - 1); at >= 0; at--) if (rows[at]?.index === index) return rows[at].keyframe;
    return false;
  }

  /** There is no more to give: what the decoder still has comes out. @param {ReadonlyArray<import("../../web/shared/wire.js").Row>} rows */
  #drain(rows) {
    const decoder = this.#decoder, run = this.#run, thread = this.#thread;
    this.#draining = true;
    void decoder?.flush().then(
      () => {
        if (this.#run !== run || run === null) return;
        thread?.film.ended(rows, run);
        this.#run = null;
        this.#draining = false;
        this.#work();
        this.onchange();
      },
      () => {}, // Reset meanwhile, or an error: that is told elsewhere.
    );
  }
}
