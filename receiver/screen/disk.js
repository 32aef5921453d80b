/**
 * The page's end of its disk, which a worker minds. Edge: the browser's Worker.
 */

/** @typedef {import("./keeper.js").Write} Write */
/** @typedef {import("./vault.js").Found} Found */

/** Seconds for one answer: a card that takes longer is broken. Rubbing out what may not stay takes its time. */
const WITHIN = 30;
const SCRUB_WITHIN = 600;
/** Another page of this screen, just replaced by this one, may still have the files: seconds between tries, and tries. */
const AGAIN = { after: 0.1, times: 100 };

export class Disk {
  #worker;
  #id = 0;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: unknown) => void}>} */
  #asked = new Map();
  #closed = false;

  constructor() {
    this.#worker = new Worker(new URL("./diskworker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#answered(data);
    this.#worker.onerror = () => this.#end(new DiskError("AbortError", "its worker ended"));
  }

  /**
   * Throws where there is none to be had.
   * @returns {Promise<Found & {used: number, free: number}>}
   */
  async open() {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#ask("open", []);
      } catch (error) {
        const taken = error instanceof DiskError && error.name === "NoModificationAllowedError";
        if (!taken || this.#closed || tries >= AGAIN.times) {
          this.close();
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, AGAIN.after * 1000));
      }
    }
  }

  /** @param {Write[]} objects @returns {Promise<{written: number, full: boolean}>} */
  write(objects) {
    return this.#ask("write", [objects]);
  }

  /** @param {string} name @param {string} sha @returns {Promise<ArrayBuffer | null>} */
  read(name, sha) {
    return this.#ask("read", [name, sha]);
  }

  /** @param {string[]} names @param {boolean} scrub @returns {Promise<void>} */
  drop(names, scrub) {
    return this.#ask("drop", [names, scrub], scrub ? SCRUB_WITHIN : WITHIN);
  }

  /** Lets the files go, for another page. */
  close() {
    if (this.#closed) return;
    this.#end(new DiskError("AbortError", "closed"));
  }

  /** @param {string} call @param {unknown[]} given @param {number} [within] @returns {Promise<any>} */
  #ask(call, given, within = WITHIN) {
    if (this.#closed) return Promise.reject(new DiskError("AbortError", "closed"));
    const id = (this.#id += 1);
    const answer = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    const limit = setTimeout(() => this.#end(new DiskError("TimeoutError", call)), within * 1000);
    this.#worker.postMessage({ id, call, given });
    return answer.finally(() => clearTimeout(limit));
  }

  /** @param {{id: number, value?: unknown, error?: string, detail?: string}} answer */
  #answered({ id, value, error, detail }) {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new DiskError(error, detail ?? ""));
  }

  /** @param {DiskError} error */
  #end(error) {
    if (this.#closed) return;
    this.#closed = true;
    this.#worker.terminate();
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}

class DiskError extends Error {
  /** @param {string} name the browser's @param {string} detail */
  constructor(name, detail) {
    super(detail);
    this.name = name;
  }
}
