/**
 * The page's own store of manifests, init segments and fragments: in memory, and below it on the disk. Edge: the browser's
 * crypto.
 *
 * Nothing is stored whose SHA-256 is not the one that the manifest names. Who plays asks memory, which answers at once;
 * what lies around the playheads is brought there from the disk before it is asked for.
 */

import { KIND_FRAGMENT, KIND_INIT, KIND_ROWS, ManifestRows } from "../../web/shared/wire.js";
import { Keeper, keyOf } from "./keeper.js";
import { Shelf } from "./shelf.js";

/** @typedef {import("./shelf.js").Key} Key */
/** @typedef {import("./shelf.js").Manifest} Manifest */
/** @typedef {import("./shelf.js").Playhead} Playhead */
/** @typedef {import("./chunks.js").Whole} Whole */
/** @typedef {import("../../web/shared/wire.js").Wanted} Wanted */

/**
 * What became of an object: `kept`; `held` (there already); `unknown` (its row has not come, or it has another length);
 * `refused` (another hash); `no-room` (all that is held is dearer).
 * @typedef {"kept" | "held" | "unknown" | "refused" | "no-room"} Fate
 */

/** What was on the disk when it was opened: rows and init segments with their bytes, verified; of fragments the sizes.
 * @typedef {{small: [string, ArrayBuffer][], fragments: [string, number][]}} Found */

/** Seconds at a stretch that reading what is on the disk may take. */
const TURN = 0.03;
/** Rows in one object of the disk, … */
const ROWS = 256;
/** … and objects that came with few, one by one as a recording was fetched, until they are written anew. */
const CROWD = 128;

export class Vault {
  /** @type {Map<string, ArrayBuffer>} */
  #bytes = new Map();
  /** @type {Set<(rendition: string) => void>} */
  #listeners = new Set();
  /** @type {Keeper | null} */
  #keeper = null;
  /** Renditions whose rows are on the disk, and go there as they come: in how many objects. @type {Map<string, number>} */
  #written = new Map();
  /** Goes up with every change of what is held. */
  version = 0;
  /** Objects whose hash was wrong, cumulative. */
  refused = 0;

  /** @param {{budget?: number}} [how] bytes of fragments to hold in memory */
  constructor({ budget = 1 << 30 } = {}) {
    this.shelf = new Shelf(budget);
  }

  get budget() {
    return this.shelf.budget;
  }

  /** Bytes that may lie on the disk; 0 while there is none. */
  get disk() {
    return this.#keeper === null ? 0 : this.shelf.room.disk.budget;
  }

  /** @param {string} rendition @returns {Manifest | undefined} live: it grows in place */
  manifest(rendition) {
    return this.shelf.manifest(rendition);
  }

  /** @param {string} rendition @param {number} track @returns {ArrayBuffer | undefined} */
  init(rendition, track) {
    return this.#bytes.get(name(rendition, track, "init"));
  }

  /** In memory. @param {string} rendition @param {number} track @param {number} index @returns {ArrayBuffer | undefined} */
  fragment(rendition, track, index) {
    return this.#bytes.get(name(rendition, track, index)) ?? this.#keeper?.waiting({ rendition, track, index });
  }

  /**
   * Calls back, after the change, whenever a manifest grew or something of a rendition came or went.
   * @param {(rendition: string) => void} listener
   * @returns {() => void} stops it
   */
  onchange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * There is a disk from now on. Reading what is known of hours of recordings takes long; others have a turn in between.
   * @param {import("./keeper.js").Disk} disk @param {Found} found @param {number} budget bytes
   * @param {{onbudget: () => void, onbroken: (problem: unknown) => void,
   *   later: (seconds: number, call: () => void) => void, now: () => number}} how
   */
  async openDisk(disk, found, budget, how) {
    const { shelf } = this;
    shelf.room.disk.budget = budget;
    const numbers = found.small.map(([at]) => Number(/\/rows\/(\d+)$/u.exec(at)?.[1] ?? 0));
    const keeper = new Keeper(
      {
        ...how, shelf, disk,
        memory: ({ rendition, track, index }) => this.#bytes.get(name(rendition, track, index)),
        onfetched: (key, bytes) => this.#fetched(key, bytes),
        onchange: (rendition) => this.#changed(rendition),
      },
      numbers.reduce((most, one) => Math.max(most, one), 0),
    );
    /** Names of what cannot be used any more. @type {string[]} */
    const orphans = [];
    let began = how.now();
    for (const [at, bytes] of found.small) {
      if (at.includes("/rows/") && !this.#recalled(at.slice(0, 16), bytes)) orphans.push(at);
      if (how.now() - began < TURN) continue;
      await new Promise((resolve) => how.later(0, () => resolve(null)));
      began = how.now();
    }
    for (const [at, bytes] of found.small) {
      const [rendition, track, part] = at.split("/");
      if (part !== "init") continue;
      if (shelf.track(rendition, Number(track)) === undefined) orphans.push(at);
      else {
        this.#bytes.set(at, bytes);
        shelf.putInit(rendition, Number(track));
      }
    }
    for (const [at] of found.small) {
      const rendition = at.slice(0, 16);
      if (!shelf.renditions.has(rendition)) orphans.push(at); // it had to go meanwhile
      else this.#written.set(rendition, (this.#written.get(rendition) ?? 0) + 1);
    }
    for (const [at, bytes] of found.fragments) {
      const key = keyOf(at);
      if (key === null || !shelf.found(key, bytes)) orphans.push(at);
    }
    this.#keeper = keeper;
    keeper.discard(orphans);
    this.#tidy();
    keeper.focus();
    this.version += 1;
  }

  /** The exhibits that may lie on the disk, the most wanted first. @param {readonly Wanted[]} wanted */
  order(wanted) {
    this.shelf.order(wanted);
    this.#tidy();
  }

  /**
   * Takes in one object of the media stream. Throws `Malformed` where manifest rows are none.
   * @param {Whole} object
   * @returns {Promise<Fate>}
   */
  async take({ kind, track, rendition, index, bytes }) {
    if (kind === KIND_ROWS) return this.#learn(rendition, bytes);
    if (kind === KIND_INIT) return this.#takeInit(rendition, track, bytes);
    if (kind === KIND_FRAGMENT) return this.#takeFragment(rendition, track, index, bytes);
    return "unknown";
  }

  /**
   * Where the playheads are: nothing that they need now is given up, and what the disk has of it is fetched.
   * @param {Playhead | null} shown @param {Playhead | null} cue
   */
  focus(shown, cue) {
    this.shelf.focus(shown, cue);
    for (const rendition of this.shelf.strangers()) this.#forget(rendition);
    this.#keeper?.focus();
  }

  /** @param {string} rendition @param {{sound: boolean}} wanted */
  held(rendition, wanted) {
    return this.shelf.held(rendition, wanted);
  }

  holdings() {
    const said = this.shelf.holdings();
    return { ...said, disk: said.disk - (this.#keeper?.unwritten ?? 0), refused: this.refused };
  }

  /** Nothing of it stays: not in memory, and not on the disk. */
  empty() {
    for (const rendition of [...this.shelf.renditions.keys()]) this.#forget(rendition);
  }

  /** What may not stay goes, what may and is not on the disk yet goes there. */
  #tidy() {
    const { shelf } = this;
    for (const rendition of [...shelf.renditions.keys()]) {
      const lasts = shelf.place(rendition) >= 0;
      if (shelf.day !== null && !lasts) {
        const keys = shelf.keys(rendition, "disk");
        for (const key of keys) shelf.drop(key, "disk");
        if (this.#written.delete(rendition) || keys.length > 0) this.#keeper?.forget(rendition, keys);
        if (!shelf.isOn(rendition)) this.#forget(rendition);
      } else if (lasts && this.#keeper !== null && !this.#written.has(rendition)) this.#write(rendition);
    }
    this.#keeper?.sweep();
  }

  /** @param {string} rendition */
  #forget(rendition) {
    const keys = this.shelf.keys(rendition, "disk");
    this.shelf.forget(rendition);
    for (const at of [...this.#bytes.keys()]) if (at.startsWith(`${rendition}/`)) this.#bytes.delete(at);
    if (this.#written.delete(rendition) || keys.length > 0) this.#keeper?.forget(rendition, keys);
    this.#changed(rendition);
  }

  /** What is known of a rendition goes onto the disk. @param {string} rendition */
  #write(rendition) {
    const manifest = this.manifest(rendition);
    if (manifest === undefined) return;
    this.#written.set(rendition, 0);
    const { exhibit, origin, tracks, complete, counts, duration } = manifest;
    const rows = [...manifest.rows.values()].flat();
    for (let at = 0; at === 0 || at < rows.length; at += ROWS) {
      const part = { exhibit, rendition, origin, tracks, rows: rows.slice(at, at + ROWS), complete, counts, duration };
      void this.#keepRows(rendition, written(part));
    }
    for (const track of tracks) {
      const bytes = this.init(rendition, track.index);
      if (bytes !== undefined) this.#keeper?.keepSmall(rendition, `${track.index}/init`, track.init_sha256, bytes);
    }
  }

  /** @param {string} rendition @param {ArrayBuffer} bytes */
  async #keepRows(rendition, bytes) {
    const sha = await hash(bytes);
    if (this.#written.has(rendition)) this.#keeper?.keepSmall(rendition, "rows", sha, bytes);
  }

  /** @param {string} rendition @param {ArrayBuffer} bytes @returns {Fate} */
  #learn(rendition, bytes) {
    const part = ManifestRows.parse(new TextDecoder().decode(bytes));
    if (part.rendition !== rendition) return "refused";
    const before = this.shelf.weight(rendition);
    const unfinished = this.manifest(rendition)?.complete === false;
    const forgotten = this.shelf.learn(part);
    if (forgotten !== null) this.#forget(forgotten);
    if (this.#keeper !== null && this.shelf.place(rendition) >= 0) {
      const objects = this.#written.get(rendition);
      const whole = unfinished && part.complete;
      if (objects === undefined || objects > CROWD || whole) {
        if (objects !== undefined) this.#keeper.discard([`${rendition}/rows/`]);
        this.#write(rendition);
      } else if (this.shelf.weight(rendition) !== before) {
        this.#written.set(rendition, objects + 1);
        void this.#keepRows(rendition, bytes);
      }
    }
    this.#changed(rendition);
    return "kept";
  }

  /** @param {string} rendition @param {number} track @param {ArrayBuffer} bytes @returns {Promise<Fate>} */
  async #takeInit(rendition, track, bytes) {
    const wanted = this.shelf.track(rendition, track);
    if (wanted === undefined) return "unknown";
    if (this.init(rendition, track) !== undefined) return "held";
    if (!(await this.#genuine(bytes, wanted.init_sha256))) return "refused";
    if (this.shelf.track(rendition, track) === undefined) return "unknown";
    this.#bytes.set(name(rendition, track, "init"), bytes);
    this.shelf.putInit(rendition, track);
    if (this.#written.has(rendition)) this.#keeper?.keepSmall(rendition, `${track}/init`, wanted.init_sha256, bytes);
    this.#changed(rendition);
    return "kept";
  }

  /** @param {string} rendition @param {number} track @param {number} index @param {ArrayBuffer} bytes @returns {Promise<Fate>} */
  async #takeFragment(rendition, track, index, bytes) {
    const key = { rendition, track, index };
    const row = this.shelf.row(key);
    if (row === undefined || row.bytes !== bytes.byteLength) return "unknown";
    if (this.shelf.holds(key)) return "held";
    if (!(await this.#genuine(bytes, row.sha256))) return "refused";
    if (this.shelf.holds(key)) return "held";
    if (this.shelf.row(key) === undefined) return "unknown";
    // What nobody looks at now need not be in memory, where it can be on the disk.
    const on = this.shelf.isOn(rendition);
    const below = !on && (this.#keeper?.keep(key, bytes) ?? false);
    const here = below || this.#hold(key, bytes);
    const kept = (on && (this.#keeper?.keep(key, bytes) ?? false)) || here;
    this.#changed(rendition);
    return kept ? "kept" : "no-room";
  }

  /** Takes verified bytes into memory. @param {Key} key @param {ArrayBuffer} bytes @returns {boolean} there was room */
  #hold(key, bytes) {
    const gone = this.shelf.put(key);
    if (gone === null) return false;
    this.#bytes.set(name(key.rendition, key.track, key.index), bytes);
    for (const one of gone) this.#bytes.delete(name(one.rendition, one.track, one.index));
    for (const one of new Set(gone.map(({ rendition }) => rendition))) if (one !== key.rendition) this.#changed(one);
    return true;
  }

  /** The disk gave it. @param {Key} key @param {ArrayBuffer} bytes */
  #fetched(key, bytes) {
    if (!this.#hold(key, bytes)) return false;
    this.#changed(key.rendition);
    return true;
  }

  /** Rows that were on the disk; another version's may not be read any more. @param {string} rendition @param {ArrayBuffer} bytes */
  #recalled(rendition, bytes) {
    try {
      return this.#learn(rendition, bytes) === "kept";
    } catch {
      return false;
    }
  }

  /** @param {ArrayBuffer} bytes @param {string} sha256 hexadecimal */
  async #genuine(bytes, sha256) {
    const genuine = (await hash(bytes)) === sha256;
    if (!genuine) {
      this.refused += 1;
      this.version += 1;
    }
    return genuine;
  }

  /** @param {string} rendition */
  #changed(rendition) {
    this.version += 1;
    for (const listener of this.#listeners) listener(rendition);
  }
}

/** SHA-256, hexadecimal. @param {ArrayBuffer} bytes */
const hash = async (bytes) => {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** As the presenter would send it. @param {ManifestRows} part @returns {ArrayBuffer} */
const written = (part) => {
  const rows = part.rows.map((row) => [
    row.track, row.index, row.start, row.duration, row.bytes, row.keyframe, row.sha256, row.pts, row.added,
  ]);
  return new TextEncoder().encode(JSON.stringify({ ...part, rows })).buffer;
};

/** @param {string} rendition @param {number} track @param {number | "init"} part */
const name = (rendition, track, part) => `${rendition}/${track}/${part}`;
