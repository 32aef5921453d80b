/**
 * Carries files to the presenter: does what upload.js says is next, and tells it what came of it. Edge: timers.
 */

import { sorted } from "./folder.js";
import { EMPTY, MOST, OTHER, REMOVED, added, busy, heard, next, soonest } from "./upload.js";

/** @typedef {import("./upload.js").Item} Item */
/** @typedef {import("./upload.js").Action} Action */
/** @typedef {import("./folder.js").Picked & {file: File, handle: FileSystemFileHandle | null}} Found */
/** @typedef {{status: number, says: string, offset: number | null}} Answer */

/**
 * @typedef {object} Parts
 * @property {{
 *   list(): Promise<import("../shared/wire.js").Sent[] | null>,
 *   create(length: number, words: Record<string, string>): Promise<Answer & {upload: string, exhibit: string}>,
 *   offset(upload: string): Promise<Answer>,
 *   send(upload: string, from: number, data: Uint8Array<ArrayBuffer>, digest: Uint8Array): Promise<Answer>,
 *   cancel(upload: string): Promise<Answer>,
 * }} sender
 * @property {{
 *   fingerprint(file: File): Promise<string>,
 *   read(file: File, from: number, to: number): Promise<Uint8Array<ArrayBuffer>>,
 *   digest(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array>,
 * }} files their reading rejects where a file cannot be read any more
 * @property {{keep(upload: string, handle: FileSystemFileHandle | null): Promise<void>, forget(upload: string): Promise<void>}} handles
 * @property {() => string} ref the next reference in the list; empty where nothing can be told
 * @property {(exhibit: string) => Promise<void>} took it is in the list now
 * @property {(item: Item) => void} whole a bundle is here, all of it
 * @property {() => string} name of a set; another one each time
 * @property {() => number} now seconds
 */

/** The presenter keeps names in one spelling; systems have two for letters with accents. @param {string} a @param {string} b */
const same = (a, b) => a.normalize("NFC") === b.normalize("NFC");

export class Porter {
  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    this.queue = EMPTY;
    /** @type {Map<number, {file: File, handle: FileSystemFileHandle | null}>} */
    this.files = new Map();
    /** @type {Map<number, {from: number, piece: Promise<{data: Uint8Array<ArrayBuffer>, digest: Uint8Array}>}>} read ahead of being sent */
    this.ahead = new Map();
    this.onchange = () => {};
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  get busy() {
    return busy(this.queue);
  }

  /**
   * @param {ReadonlyArray<Found>} found
   * @param {{restricted?: boolean, exhibit?: string, wanted?: string, bundle?: boolean}} [how]
   */
  add(found, { restricted = false, exhibit = "", wanted = "", bundle = false } = {}) {
    const { evidence, beside } = exhibit !== "" || wanted !== "" || bundle ? { evidence: found.slice(0, 1), beside: [] } : sorted(found);
    const set = beside.length > 0 ? this.parts.name() : "";
    // What is small comes right after the first recording, so that it is not waited for until all of them are here.
    const order = [...evidence.slice(0, 1), ...beside, ...evidence.slice(1)];
    // Another file is picked for the same one: what was said of the one before is over.
    for (const item of this.queue.items) if (wanted !== "" && item.wanted === wanted && item.state === "stopped") this.press(item.id, "cancel");
    const first = this.queue.next;
    this.queue = added(
      this.queue,
      order.map((file) => ({ name: file.name, path: file.path, size: file.size, companion: beside.includes(file), set, restricted, exhibit, wanted, bundle })),
    );
    order.forEach(({ file, handle }, n) => this.files.set(first + n, { file, handle }));
    this.work();
  }

  /** @param {number} id @param {"pause" | "go-on" | "cancel"} type */
  press(id, type) {
    const item = this.queue.items.find((one) => one.id === id);
    this.tell({ id, type, now: this.parts.now() });
    if (type === "cancel" && item !== undefined) {
      this.ahead.delete(id);
      this.files.delete(id);
      if (item.upload !== null && item.state !== "done") void this.giveUp(item.upload);
    }
  }

  /** @param {"pause" | "go-on"} type */
  pressAll(type) {
    for (const { id, state } of this.queue.items) if (state !== "done" && state !== "stopped") this.press(id, type);
  }

  /** It is being sent from here. @param {string} upload */
  has(upload) {
    return this.queue.items.some((item) => (item.upload === upload || item.wanted === upload) && item.state !== "done" && item.state !== "stopped");
  }

  /** @param {import("./upload.js").Happened} happened */
  tell(happened) {
    this.queue = heard(this.queue, happened);
    this.work();
  }

  work() {
    clearTimeout(this.timer);
    const now = this.parts.now();
    for (const action of next(this.queue, now)) {
      this.queue = heard(this.queue, { id: action.item.id, type: "begun", now });
      void this.run(action);
    }
    const wait = soonest(this.queue, now);
    if (wait !== null) this.timer = setTimeout(() => this.work(), wait * 1000 + 5);
    this.onchange();
  }

  /** @param {Action} action */
  async run(action) {
    const { id } = action.item;
    /** @type {import("./upload.js").Happened} */
    let happened;
    try {
      happened = await this.act(action);
    } catch {
      this.ahead.delete(id);
      happened = { id, type: "unreadable", now: this.parts.now() };
    }
    this.tell(happened);
    const item = this.queue.items.find((one) => one.id === id);
    if (item?.state === "done") {
      this.files.delete(id);
      this.ahead.delete(id);
      if (item.upload !== null) void this.parts.handles.forget(item.upload);
      if (item.bundle) this.parts.whole(item);
    }
  }

  /** @param {Action} action @returns {Promise<import("./upload.js").Happened>} */
  act(action) {
    if (action.do === "send") return this.send(action.item, action.from, action.to);
    return action.do === "look" ? this.look(action.item) : this.open(action.item);
  }

  /** @param {Item} item @returns {Promise<import("./upload.js").Happened>} */
  async look(item) {
    const about = { id: item.id, now: this.parts.now() };
    const fingerprint = await this.parts.files.fingerprint(this.file(item));
    const list = await this.parts.sender.list();
    const now = this.parts.now();
    if (list === null) return { ...about, now, type: "away" };
    const known =
      item.wanted === ""
        ? list.find((one) => one.fingerprint === fingerprint && one.bundle === item.bundle && same(one.path, item.path) && (item.exhibit === "" || one.exhibit === item.exhibit))
        : list.find((one) => one.id === item.wanted);
    if (item.wanted !== "" && known?.fingerprint !== fingerprint) return { ...about, now, type: "refused", status: 422, says: known === undefined ? REMOVED : OTHER };
    return { ...about, now, type: "looked", fingerprint, known: known ?? null };
  }

  /** @param {Item} item @returns {Promise<import("./upload.js").Happened>} */
  async open(item) {
    const { sender, handles } = this.parts;
    const { id } = item;
    if (item.upload !== null) {
      const told = await sender.offset(item.upload);
      const now = this.parts.now();
      if (told.status === 404 || told.status === 410) return { id, now, type: "refused", status: told.status, says: REMOVED };
      return told.offset === null || told.status !== 200 ? this.refused(id, told) : { id, now, type: "opened", upload: item.upload, offset: told.offset };
    }
    const file = this.file(item);
    const told = await sender.create(item.size, {
      filename: item.name,
      relativePath: item.path === "" ? "" : `${item.path}/${item.name}`,
      filetype: file.type,
      lastModified: String(file.lastModified),
      fingerprint: item.fingerprint,
      set: item.set,
      companion: item.companion ? "yes" : "",
      bundle: item.bundle ? "yes" : "",
      restricted: item.restricted ? "yes" : "",
      exhibit: item.exhibit,
      ref: item.companion || item.bundle || item.exhibit !== "" ? "" : this.parts.ref(),
    });
    if (told.status !== 201) return this.refused(id, told);
    if (!this.queue.items.some((one) => one.id === id)) void this.giveUp(told.upload);
    void handles.keep(told.upload, this.files.get(id)?.handle ?? null);
    if (told.exhibit !== "") await this.parts.took(told.exhibit);
    return { id, now: this.parts.now(), type: "opened", upload: told.upload, offset: told.offset ?? 0 };
  }

  /** @param {Item} item @param {number} from @param {number} to @returns {Promise<import("./upload.js").Happened>} */
  async send(item, from, to) {
    const { id } = item;
    const held = this.ahead.get(id);
    const { data, digest } = await (held?.from === from ? held.piece : this.piece(item, from, to));
    // The next one is read and hashed while this one is on its way.
    const end = from + data.byteLength;
    this.ahead.delete(id);
    if (end < item.size) {
      const piece = this.piece(item, end, Math.min(item.size, end + Math.min(MOST, to - from)));
      piece.catch(() => {});
      this.ahead.set(id, { from: end, piece });
    }
    const told = await this.parts.sender.send(/** @type {string} */ (item.upload), from, data, digest);
    const now = this.parts.now();
    if (told.status === 204 && told.offset !== null) return { id, now, type: "sent", offset: told.offset };
    if (told.status === 460) return { id, now, type: "damaged" };
    if (told.status === 404 || told.status === 410) return { id, now, type: "refused", status: told.status, says: REMOVED };
    return this.refused(id, told);
  }

  /** @param {Item} item @param {number} from @param {number} to */
  async piece(item, from, to) {
    const data = await this.parts.files.read(this.file(item), from, to);
    return { data, digest: await this.parts.files.digest(data) };
  }

  /** @param {number} id @param {Answer} told @returns {import("./upload.js").Happened} */
  refused(id, { status, says }) {
    const now = this.parts.now();
    return status === 0 ? { id, now, type: "away" } : { id, now, type: "refused", status, says };
  }

  /** @param {string} upload */
  async giveUp(upload) {
    await this.parts.sender.cancel(upload);
    await this.parts.handles.forget(upload);
  }

  /** @param {Item} item @returns {File} */
  file(item) {
    const known = this.files.get(item.id);
    if (known === undefined) throw new Error("it was taken off the list");
    return known.file;
  }
}
