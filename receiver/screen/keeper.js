/**
 * What goes between memory and the disk: what comes is written, what is about to be shown is read, and what was found
 * there at the start is read back at leisure. Pure: the disk, and the time to wait, are given to it.
 *
 * One thing at a time goes to the disk, and what is read for a playhead goes before anything that is to be written, so
 * that a seek waits for one small batch at most. What the disk says does not have to be believed: it is compared with the
 * hash in the manifest, each time. A disk that is full, slow or broken is a disk that keeps less.
 */

/** @typedef {import("./shelf.js").Key} Key */
/** @typedef {import("./shelf.js").Shelf} Shelf */

/** Bytes, and objects, that are written in one go: a read waits no longer than for these. */
const BATCH = { bytes: 1 << 20, count: 16 };
/** Bytes that may wait to be written; what comes beyond that stays in memory alone until there is time. */
const WAITING_MOST = 64 << 20;
/** Fragments that are read on one look at where the playheads are. */
const LOOK = 24;
/** Of the time: how much of it is spent on reading back what was there at the start. */
const LEISURE = 0.2;
/** A full disk keeps this share of what it took. */
const LESS = 0.95;

/**
 * @typedef {object} Write
 * @property {string} name
 * @property {string} sha   SHA-256, hexadecimal
 * @property {ArrayBuffer} bytes
 */

/**
 * The disk, as far as this needs it. What is asked of it may fail: then it is not asked again.
 * @typedef {object} Disk
 * @property {(objects: Write[]) => Promise<{written: number, full: boolean}>} write  the first `written` of them
 * @property {(name: string, sha: string) => Promise<ArrayBuffer | null>} read  null where it is not what it should be
 * @property {(names: string[], scrub: boolean) => Promise<void>} drop  `scrub`: nothing of it may be left there
 */

/**
 * @typedef {object} Given
 * @property {Shelf} shelf
 * @property {Disk} disk
 * @property {(key: Key) => ArrayBuffer | undefined} memory
 * @property {(key: Key, bytes: ArrayBuffer) => boolean} onfetched  it is wanted in memory; false where that has no room
 * @property {(rendition: string) => void} onchange  what is held of it is another
 * @property {() => void} onbudget  the disk takes more, or less, than before
 * @property {(problem: unknown) => void} onbroken
 * @property {() => number} now  seconds
 * @property {(seconds: number, call: () => void) => void} later
 */

export class Keeper {
  /** Things to write that are no fragments: small, and written first. @type {Write[]} */
  #small = [];
  /** Fragments that wait to be written: they are on the shelf's disk already. @type {Map<string, {key: Key, bytes: ArrayBuffer}>} */
  #waiting = new Map();
  #waitingBytes = 0;
  /** @type {{names: string[], scrub: boolean}[]} */
  #gone = [];
  /** What to bring into memory, as of the last look. @type {Key[]} */
  #wanted = [];
  /** Memory had no room for what was wanted last. */
  #sated = false;
  #resting = false;
  #busy = false;
  #broken = false;
  /** Not before this is anything read at leisure: seconds. */
  #leisure = 0;
  /** Rows objects are numbered. */
  #rows = 0;

  /** @param {Given} given @param {number} [rows] how many objects of rows there are already */
  constructor(given, rows = 0) {
    this.given = given;
    this.#rows = rows;
  }

  get broken() {
    return this.#broken;
  }

  /** Bytes that count as on the disk and are not written yet. */
  get unwritten() {
    return this.#waitingBytes;
  }

  /** A fragment that waits to be written. @param {Key} key @returns {ArrayBuffer | undefined} */
  waiting(key) {
    return this.#waiting.get(nameOf(key))?.bytes;
  }

  /** The playheads are elsewhere. */
  focus() {
    this.#wanted = [];
    this.#sated = false;
    this.work();
  }

  /** A fragment that may lie on the disk. @param {Key} key @param {ArrayBuffer} bytes @returns {boolean} it will */
  keep(key, bytes) {
    const { shelf } = this.given;
    if (this.#broken || shelf.place(key.rendition) < 0) return false;
    if (shelf.holds(key, "disk")) return true;
    if (this.#waitingBytes + bytes.byteLength > WAITING_MOST) return false;
    const gone = shelf.put(key, "disk");
    if (gone === null) return false;
    this.#waiting.set(nameOf(key), { key, bytes });
    this.#waitingBytes += bytes.byteLength;
    this.#drop(gone, false);
    return true;
  }

  /** Rows or an init segment. @param {string} rendition @param {string} part @param {string} sha @param {ArrayBuffer} bytes */
  keepSmall(rendition, part, sha, bytes) {
    if (this.#broken || this.given.shelf.place(rendition) < 0) return;
    const name = part === "rows" ? `${rendition}/rows/${(this.#rows += 1)}` : `${rendition}/${part}`;
    this.#small.push({ name, sha, bytes });
    this.work();
  }

  /** All that is in memory and may lie on the disk. */
  sweep() {
    const { shelf, memory } = this.given;
    for (const key of shelf.toKeep()) {
      const bytes = memory(key);
      if (bytes !== undefined && !this.keep(key, bytes)) return;
    }
  }

  /** Names of which nobody knows what they are. @param {string[]} names */
  discard(names) {
    if (names.length > 0) this.#gone.push({ names, scrub: false });
    this.work();
  }

  /** Nothing of these may be left there. @param {string} rendition @param {Key[]} keys those that were on the disk */
  forget(rendition, keys) {
    this.#small = this.#small.filter(({ name }) => !name.startsWith(`${rendition}/`));
    this.#drop(keys, true, `${rendition}/`);
  }

  /** @param {Key[]} keys @param {boolean} scrub @param {string} [also] everything whose name begins so */
  #drop(keys, scrub, also) {
    const names = also === undefined ? [] : [also];
    for (const key of keys) {
      const name = nameOf(key);
      const waits = this.#waiting.get(name);
      if (waits !== undefined) {
        this.#waiting.delete(name);
        this.#waitingBytes -= waits.bytes.byteLength;
      }
      if (also === undefined) names.push(name);
    }
    if (names.length > 0) this.#gone.push({ names, scrub });
    for (const rendition of new Set(keys.map((key) => key.rendition))) this.given.onchange(rendition);
    this.work();
  }

  /** Does what is to be done next, and goes on until nothing is. */
  work() {
    if (this.#busy || this.#broken) return;
    const step = this.#step();
    if (step === null) return;
    this.#busy = true;
    step().then(
      () => {
        this.#busy = false;
        this.work();
      },
      (problem) => this.#fail(problem),
    );
  }

  /** @returns {(() => Promise<void>) | null} */
  #step() {
    const { shelf, now, later } = this.given;
    const fetched = this.#next();
    if (fetched !== null) return () => this.#fetch(fetched, true);
    const gone = this.#gone.shift();
    if (gone !== undefined) return () => this.#give(gone);
    if (this.#small.length > 0 || this.#waiting.size > 0) return () => this.#write();
    const proved = shelf.unread > 0 ? shelf.toProve() : null;
    if (proved === null) return null;
    const wait = this.#leisure - now();
    if (wait <= 0) return () => this.#prove(proved);
    if (!this.#resting) {
      later(wait, () => {
        this.#resting = false;
        this.work();
      });
    }
    this.#resting = true;
    return null;
  }

  /** What is to come into memory next. @returns {Key | null} */
  #next() {
    const { shelf } = this.given;
    if (this.#sated) return null;
    if (this.#wanted.length === 0) this.#wanted = shelf.toFetch(LOOK);
    for (let key = this.#wanted.shift(); key !== undefined; key = this.#wanted.shift()) {
      if (shelf.holds(key, "disk") && !shelf.holds(key, "held")) return key;
    }
    return null;
  }

  /** Rubbing out takes long: nothing waits for it. @param {{names: string[], scrub: boolean}} gone */
  async #give({ names, scrub }) {
    const dropped = this.given.disk.drop(names, scrub);
    if (!scrub) return dropped;
    dropped.catch((problem) => this.#fail(problem));
    return undefined;
  }

  /** @param {Key} key @param {boolean} wanted in memory */
  async #fetch(key, wanted) {
    const { shelf, disk, onfetched, onchange } = this.given;
    const waits = this.waiting(key);
    const sha = shelf.row(key)?.sha256 ?? "";
    const bytes = waits ?? (await disk.read(nameOf(key), sha));
    if (!shelf.holds(key, "disk")) return;
    if (bytes !== null) {
      if (waits === undefined) shelf.proved(key);
      if (wanted && !onfetched(key, bytes)) this.#sated = true;
      return;
    }
    shelf.spoilt(key);
    onchange(key.rendition);
  }

  /** @param {Key} key */
  async #prove(key) {
    const began = this.given.now();
    await this.#fetch(key, false);
    const now = this.given.now();
    this.#leisure = now + (now - began) * (1 / LEISURE - 1);
    if (this.given.shelf.unread === 0) this.given.onchange(key.rendition);
  }

  async #write() {
    const { shelf, disk } = this.given;
    /** @type {(Write & {key?: Key})[]} */
    const batch = [];
    let bytes = 0;
    const fits = (/** @type {ArrayBuffer} */ more) =>
      batch.length === 0 || (batch.length < BATCH.count && bytes + more.byteLength <= BATCH.bytes);
    for (const one of this.#small) {
      if (!fits(one.bytes)) break;
      batch.push(one);
      bytes += one.bytes.byteLength;
    }
    for (const [name, { key, bytes: data }] of this.#waiting) {
      if (!fits(data)) break;
      batch.push({ name, sha: shelf.row(key)?.sha256 ?? "", bytes: data, key });
      bytes += data.byteLength;
    }
    const { written, full } = await disk.write(batch.map(({ name, sha, bytes: data }) => ({ name, sha, bytes: data })));
    for (const { name, key, bytes: data } of batch.slice(0, written)) {
      if (key === undefined) this.#small = this.#small.filter((one) => one.name !== name);
      const waits = this.#waiting.get(name);
      if (waits?.bytes !== data) continue;
      this.#waiting.delete(name);
      this.#waitingBytes -= data.byteLength;
    }
    for (const rendition of new Set(batch.slice(0, written).flatMap(({ key }) => key?.rendition ?? []))) {
      this.given.onchange(rendition);
    }
    if (full) this.#shrink();
  }

  /** The disk took no more: live within what it took, and give up what is wanted least. */
  #shrink() {
    const { shelf, onbudget } = this.given;
    const room = shelf.room.disk;
    const took = room.bytes - this.#waitingBytes;
    const waiting = [...this.#waiting.values()];
    for (const { key } of waiting) shelf.drop(key, "disk");
    this.#waiting.clear();
    this.#waitingBytes = 0;
    room.budget = Math.min(room.budget, Math.floor(took * LESS));
    this.#drop(shelf.trim("disk"), false);
    if (room.budget < BATCH.bytes) this.#small = [];
    for (const { key, bytes } of waiting) this.keep(key, bytes);
    for (const rendition of new Set(waiting.map(({ key }) => key.rendition))) this.given.onchange(rendition);
    onbudget();
  }

  /** @param {unknown} problem */
  #fail(problem) {
    if (this.#broken) return;
    const { shelf, onchange, onbudget, onbroken } = this.given;
    this.#broken = true;
    shelf.room.disk.budget = 0;
    for (const rendition of [...shelf.renditions.keys()]) {
      const keys = shelf.keys(rendition, "disk");
      for (const key of keys) shelf.drop(key, "disk");
      if (keys.length > 0) onchange(rendition);
    }
    this.#waiting.clear();
    this.#small = [];
    onbudget();
    onbroken(problem);
  }
}

/** @param {Key} key */
export const nameOf = ({ rendition, track, index }) => `${rendition}/${track}/${index}`;

/** @param {string} name @returns {Key | null} null where it names no fragment */
export const keyOf = (name) => {
  const found = /^([0-9a-f]{16})\/(\d+)\/(\d+)$/u.exec(name);
  return found && { rendition: found[1], track: Number(found[2]), index: Number(found[3]) };
};
