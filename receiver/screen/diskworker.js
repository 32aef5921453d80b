/**
 * The page's disk: one file of blocks and its journal, in the origin private file system. Edge: a worker of its own, since
 * files are opened for reading and writing in place nowhere else, and since a disk makes its caller wait.
 *
 * Order of writing: the bytes, then that they are there, each flushed. So after a power cut nothing counts as there that
 * is not; and what is there is compared with its hash each time it is read.
 */

import { BLOCK, Blocks, blocksFor } from "./blocks.js";
import { begin, line, read, replay } from "./journal.js";

/** @typedef {import("./blocks.js").Run} Run */
/** @typedef {import("./journal.js").Entry} Entry */

/** A file that is open for this worker alone.
 * @typedef {object} Handle
 * @property {(into: ArrayBufferView, how: {at: number}) => number} read
 * @property {(from: ArrayBufferView, how: {at: number}) => number} write
 * @property {() => number} getSize
 * @property {(size: number) => void} truncate
 * @property {() => void} flush
 * @property {() => void} close
 */

const FOLDER = "courtcast";
const BLOCKS = "blocks";
const JOURNALS = ["journal-a", "journal-b"];
/** Bytes of a journal from which on it is begun anew, where that makes it less than half as long. */
const LONG = 1 << 20;
/** Bytes of zeros that are written in one go over what may not stay; somebody else may have a turn between two. */
const SCRUB = 1 << 20;

const pause = () => new Promise((resolve) => setTimeout(resolve, 0));

class Store {
  /** @type {Map<string, Entry>} */
  entries = new Map();
  blocks = new Blocks();
  #generation = 0;
  /** Which of the journals counts. */
  #which = 0;
  #length = 0;

  /** @param {Handle} data @param {Handle[]} journals */
  constructor(data, journals) {
    this.data = data;
    this.journals = journals;
    const states = journals.map((journal) => {
      const bytes = new Uint8Array(journal.getSize());
      journal.read(bytes, { at: 0 });
      const { records, good } = read(bytes);
      return { state: replay(records), good };
    });
    const [first, second] = states.map(({ state }) => state?.generation ?? -1);
    this.#which = first >= second ? 0 : 1;
    const { state, good } = states[this.#which];
    if (state === null) {
      this.#beginAnew();
      return;
    }
    this.#generation = state.generation;
    this.#length = good;
    // What follows was being written when the power went.
    if (journals[this.#which].getSize() > good) journals[this.#which].truncate(good);
    const size = data.getSize();
    for (const [name, entry] of state.entries) {
      if (entry.at.every(([from, count]) => (from + count - 1) * BLOCK < size)) this.entries.set(name, entry);
    }
    this.blocks = new Blocks([...this.entries.values()].flatMap(({ at }) => at));
    this.#cut();
  }

  get bytes() {
    return [...this.entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * @param {{name: string, sha: string, bytes: ArrayBuffer}[]} objects
   * @returns {{written: number, full: boolean}}
   */
  write(objects) {
    /** @type {[string, Entry][]} */
    const done = [];
    let full = false;
    for (const { name, sha, bytes } of objects) {
      const at = this.blocks.take(blocksFor(bytes.byteLength));
      if (!this.#put(at, new Uint8Array(bytes))) {
        this.blocks.give(at);
        full = true;
        break;
      }
      done.push([name, { bytes: bytes.byteLength, sha, at }]);
    }
    try {
      this.data.flush();
      this.#say(done.map(([put, entry]) => line({ put, ...entry })));
    } catch (error) {
      if (!isFull(error)) throw error;
      for (const [, { at }] of done.splice(0)) this.blocks.give(at);
      full = true;
    }
    for (const [name, entry] of done) {
      const before = this.entries.get(name);
      if (before !== undefined) this.blocks.give(before.at);
      this.entries.set(name, entry);
    }
    if (full) this.#cut();
    return { written: done.length, full };
  }

  /** @param {string} name @param {string} sha @returns {Promise<ArrayBuffer | null>} */
  async read(name, sha) {
    const entry = this.entries.get(name);
    if (entry === undefined) return null;
    const bytes = new Uint8Array(entry.bytes);
    let have = 0;
    for (const [first, count] of entry.at) {
      const part = bytes.subarray(have, have + count * BLOCK);
      if (this.data.read(part, { at: first * BLOCK }) !== part.length) break;
      have += part.length;
    }
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (have === entry.bytes && found === sha) return bytes.buffer;
    if (this.entries.get(name) === entry) await this.drop([name], false);
    return null;
  }

  /** @param {string[]} names those that end with a slash mean all that begin so @param {boolean} scrub */
  async drop(names, scrub) {
    const begins = names.filter((name) => name.endsWith("/"));
    const all = begins.length === 0 ? names : [
      ...names, ...[...this.entries.keys()].filter((name) => begins.some((begin) => name.startsWith(begin))),
    ];
    /** @type {[string, Entry][]} */
    const gone = [];
    for (const name of new Set(all)) {
      const entry = this.entries.get(name);
      if (entry === undefined) continue;
      this.entries.delete(name);
      gone.push([name, entry]);
    }
    if (gone.length === 0) return;
    const freed = gone.flatMap(([, { at }]) => at);
    if (scrub) {
      // Also what was given up for want of room may have been of it.
      freed.push(...this.blocks.takeFree());
      for (const run of freed) await this.#scrub(run);
      this.data.flush();
    }
    this.blocks.give(freed);
    // Whoever finds this not written after a power cut finds names whose blocks hold something else. (What was written
    // again meanwhile is not gone.)
    this.#say([line({ gone: gone.map(([name]) => name).filter((name) => !this.entries.has(name)) })]);
    this.#cut();
  }

  close() {
    for (const handle of [this.data, ...this.journals]) handle.close();
  }

  /** @param {Run[]} at @param {Uint8Array} bytes @returns {boolean} there was room */
  #put(at, bytes) {
    let done = 0;
    for (const [first, count] of at) {
      const part = bytes.subarray(done, done + count * BLOCK);
      try {
        if (this.data.write(part, { at: first * BLOCK }) !== part.length) return false;
      } catch (error) {
        if (isFull(error)) return false;
        throw error;
      }
      done += part.length;
    }
    return true;
  }

  /** @param {Run} run */
  async #scrub([first, count]) {
    for (let done = 0; done < count * BLOCK; done += SCRUB) {
      this.data.write(new Uint8Array(Math.min(SCRUB, count * BLOCK - done)), { at: first * BLOCK + done });
      await pause();
    }
  }

  /** Adds to the journal. @param {Uint8Array[]} more */
  #say(more) {
    const journal = this.journals[this.#which];
    const before = this.#length;
    try {
      for (const one of more) {
        if (journal.write(one, { at: this.#length }) !== one.length) throw new DOMException("", "QuotaExceededError");
        this.#length += one.length;
      }
      journal.flush();
    } catch (error) {
      journal.truncate(before);
      this.#length = before;
      throw error;
    }
    if (this.#length > LONG && this.#length > 2 * begin(0, this.entries).length) this.#beginAnew();
  }

  /** The other journal begins with all there is; once that is whole it is the one that counts. */
  #beginAnew() {
    const other = 1 - this.#which;
    const bytes = begin(this.#generation + 1, this.entries);
    this.journals[other].truncate(0);
    this.journals[other].write(bytes, { at: 0 });
    this.journals[other].flush();
    this.journals[this.#which].truncate(0);
    this.#which = other;
    this.#generation += 1;
    this.#length = bytes.length;
  }

  /** The file is no longer than it has to be. */
  #cut() {
    if (this.data.getSize() > this.blocks.end * BLOCK) this.data.truncate(this.blocks.end * BLOCK);
  }
}

/** @param {unknown} error */
const isFull = (error) => error instanceof DOMException && error.name === "QuotaExceededError";

/** @type {Store | null} */
let store = null;

const open = async () => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  /** @type {Handle[]} */
  const handles = [];
  try {
    for (const name of [BLOCKS, ...JOURNALS]) {
      const file = /** @type {FileSystemFileHandle & {createSyncAccessHandle: () => Promise<Handle>}} */ (
        await folder.getFileHandle(name, { create: true })
      );
      handles.push(await file.createSyncAccessHandle());
    }
    store = new Store(handles[0], handles.slice(1));
  } catch (error) {
    for (const handle of handles) handle.close();
    throw error;
  }
  /** @type {[string, ArrayBuffer][]} */
  const small = [];
  /** @type {[string, number][]} */
  const fragments = [];
  for (const [name, { bytes, sha }] of [...store.entries]) {
    if (/\/\d+$/u.test(name) && !name.includes("/rows/")) fragments.push([name, bytes]);
    else {
      const read = await store.read(name, sha);
      if (read !== null) small.push([name, read]);
    }
  }
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  return { small, fragments, used: store.bytes, free: Math.max(0, quota - usage) };
};

/** @type {{[call: string]: (...given: any[]) => unknown}} */
const CALLS = {
  open,
  write: (/** @type {Parameters<Store["write"]>[0]} */ objects) => store?.write(objects),
  read: (/** @type {string} */ name, /** @type {string} */ sha) => store?.read(name, sha),
  drop: (/** @type {string[]} */ names, /** @type {boolean} */ scrub) => store?.drop(names, scrub),
  close: () => store?.close(),
};

addEventListener("message", async ({ data: { id, call, given } }) => {
  const answer = (/** @type {object} */ what, /** @type {Transferable[]} */ moved = []) =>
    /** @type {{postMessage: (message: object, moved: Transferable[]) => void}} */ (/** @type {unknown} */ (self)).postMessage({ id, ...what }, moved);
  try {
    const value = await CALLS[call](...given);
    answer({ value }, value instanceof ArrayBuffer ? [value] : []);
  } catch (error) {
    answer({ error: error instanceof Error ? error.name : "Error", detail: String(error) });
  }
});
