/**
 * Files on their way to the presenter: what to do next, and what there is to say. Pure: what happened goes in, a new queue
 * comes out, and the time is an argument (seconds).
 *
 * Each file is looked at (what it is recognised by), opened (begun, or found half sent), and then sent in pieces, each with
 * its checksum. Files are opened one after the other, so that the list has them in order; a few are sent at once.
 *
 *     waits ─▶ look ─▶ open ─▶ send ─▶ done
 *                        ▲       │
 *                        └─ rest ◀┘  by itself, after a while
 *     paused, gone (the disc was taken out), stopped: until somebody does something
 */

import { size as bytes } from "./words.js";

/** Files that are sent at the same time: a browser has six connections to one machine, and blank needs one at any time. */
export const AT_ONCE = 2;
/** Bytes of a piece, at most: what is lost where the presenter is killed. Less on a thin line, so that it shows movement. */
export const MOST = 1 << 20;
const LEAST = 64 << 10;
/** Seconds that a piece should take. */
const PIECE_SECONDS = 1;
/** Seconds looked back for the rate. */
const WINDOW = 8;
/** Seconds before it is tried again, after so many failures in a row. */
const AGAIN = [1, 2, 4, 8, 15];
/** Pieces in a row that may be damaged on their way. */
const DAMAGED_MOST = 5;

/** @typedef {"waits" | "look" | "open" | "send" | "rest" | "paused" | "gone" | "stopped" | "done"} State */

/**
 * @typedef {object} Item
 * @property {number} id
 * @property {string} name
 * @property {string} path
 * @property {number} size
 * @property {boolean} companion
 * @property {string} set files that were handed over together
 * @property {boolean} restricted
 * @property {string} exhibit the one that it is to be the file of; empty where it becomes one
 * @property {string} wanted id of the half sent upload that it is to be the rest of; empty where it may be any file
 * @property {boolean} bundle it is no evidence but a hearing in a bundle
 * @property {State} state
 * @property {State} back where a rest or a pause goes on
 * @property {boolean} busy what its state says is being done just now
 * @property {string} fingerprint
 * @property {string | null} upload its id at the presenter
 * @property {number} sent bytes that are there
 * @property {number} tries failures in a row
 * @property {number} due when a rest is over
 * @property {string} says one sentence, where there is something to say
 */

/**
 * @typedef {object} Queue
 * @property {ReadonlyArray<Item>} items in order
 * @property {ReadonlyArray<readonly [number, number]>} came when how many bytes were there anew
 * @property {number} next id
 */

/** @typedef {{do: "look", item: Item} | {do: "open", item: Item} | {do: "send", item: Item, from: number, to: number}} Action */

/**
 * What happened to an item.
 * @typedef {{id: number, now: number} & (
 *   {type: "begun"} |
 *   {type: "looked", fingerprint: string, known: {id: string, offset: number, length: number} | null} |
 *   {type: "opened", upload: string, offset: number} |
 *   {type: "sent", offset: number} |
 *   {type: "damaged"} |
 *   {type: "away"} |
 *   {type: "refused", status: number, says: string} |
 *   {type: "unreadable"} |
 *   {type: "pause"} | {type: "go-on"} | {type: "cancel"}
 * )} Happened
 */

/** @type {Queue} */
export const EMPTY = { items: [], came: [], next: 1 };

export const HERE = "It is here already.";
export const OTHER = "This is not the file that was begun: its size, its date or its beginning is another. Choose the same file.";
export const REMOVED = "It was removed from the list meanwhile.";
export const AWAY = "The presenter does not answer. It goes on by itself.";
const LOST = "It cannot be read any more: the disc or stick was taken out, or the file was changed. Put it back, then go on.";
const DAMAGED = "Pieces of it arrive damaged again and again. Look at the network here, then go on.";

/**
 * @param {Queue} queue
 * @param {ReadonlyArray<{name: string, path: string, size: number, companion: boolean, set: string, restricted: boolean, exhibit: string, wanted: string, bundle?: boolean}>} files
 * @returns {Queue}
 */
export const added = (queue, files) => ({
  ...queue,
  next: queue.next + files.length,
  items: [
    ...queue.items,
    ...files.map((file, n) => ({
      bundle: false,
      ...file,
      id: queue.next + n,
      state: /** @type {State} */ ("waits"),
      back: /** @type {State} */ ("waits"),
      busy: false,
      fingerprint: "",
      upload: null,
      sent: 0,
      tries: 0,
      due: 0,
      says: file.size === 0 && !file.companion ? "This file is empty, so it is not sent." : "",
    })),
  ].map((item) => (item.state === "waits" && item.size === 0 && !item.companion ? { ...item, state: "stopped" } : item)),
});

/**
 * What is to be begun now, in order. Each is then told of as `begun`.
 * @param {Queue} queue
 * @param {number} now
 * @returns {Action[]}
 */
export const next = (queue, now) => {
  const items = queue.items.map((item) => (item.state === "rest" && item.due <= now ? { ...item, state: item.back } : item));
  /** @type {Action[]} */
  const actions = [];
  let lanes = AT_ONCE - items.filter((item) => item.busy || item.state === "rest").length;
  let opening = items.some((item) => item.busy && (item.state === "open" || item.state === "look"));
  for (const item of items) {
    if (lanes <= 0) break;
    if (item.busy || !["waits", "look", "open", "send"].includes(item.state)) continue;
    if (item.state === "send") actions.push({ do: "send", item, from: item.sent, to: Math.min(item.size, item.sent + piece(queue, now)) });
    else if (opening || !mayOpen(item, items)) continue;
    else {
      opening = true;
      actions.push({ do: item.state === "open" ? "open" : "look", item });
    }
    lanes -= 1;
  }
  return actions;
};

/** A companion comes after a recording of its set. @param {Item} item @param {ReadonlyArray<Item>} items */
const mayOpen = (item, items) =>
  !item.companion || items.some((other) => !other.companion && other.set === item.set && other.upload !== null);

/** Seconds until `next` may have something that it has not now; null where only what happens can bring it. @param {Queue} queue @param {number} now */
export const soonest = (queue, now) => {
  const due = queue.items.filter((item) => item.state === "rest").map((item) => Math.max(0, item.due - now));
  return due.length > 0 ? Math.min(...due) : null;
};

/** @param {Queue} queue @param {number} now @returns {number} bytes of the next piece */
const piece = (queue, now) => {
  const sending = Math.max(1, queue.items.filter((item) => item.state === "send").length);
  const one = rate(queue, now);
  if (one === 0) return 4 * LEAST;
  return Math.max(LEAST, Math.min(MOST, Math.floor((one / sending) * PIECE_SECONDS / LEAST) * LEAST));
};

/**
 * @param {Queue} queue
 * @param {Happened} happened
 * @returns {Queue}
 */
export const heard = (queue, happened) => {
  const { id, now } = happened;
  const before = queue.items.find((item) => item.id === id);
  if (before === undefined) return queue;
  if (happened.type === "cancel") return { ...queue, items: queue.items.filter((item) => item.id !== id) };
  const after = changed(before, happened);
  const gain = happened.type === "sent" ? after.sent - before.sent : 0;
  return {
    ...queue,
    items: queue.items.map((item) => (item.id === id ? after : item)),
    came: [...queue.came.filter(([when]) => when > now - WINDOW), ...(gain > 0 ? [/** @type {const} */ ([now, gain])] : [])],
  };
};

/** @param {Item} item @param {Happened} happened @returns {Item} */
const changed = (item, happened) => {
  const { now } = happened;
  // What comes back of something that was begun before a pause counts, but does not end the pause.
  const held = item.state === "paused" || item.state === "stopped";
  /** @param {Partial<Item> & {state: State}} to @returns {Item} */
  const go = (to) => ({ ...item, busy: false, tries: 0, says: "", ...to, ...(held ? { state: item.state, back: to.state, says: item.says } : {}) });
  switch (happened.type) {
    case "begun":
      return { ...item, busy: true, state: item.state === "waits" ? "look" : item.state === "rest" ? item.back : item.state };
    case "looked": {
      const { fingerprint, known } = happened;
      if (known === null) return go({ state: "open", fingerprint });
      if (known.offset >= known.length) return go({ state: "done", fingerprint, upload: known.id, sent: item.size, says: HERE });
      return go({ state: "open", fingerprint, upload: known.id, sent: known.offset });
    }
    case "opened":
      return go({ state: happened.offset >= item.size ? "done" : "send", upload: happened.upload, sent: happened.offset });
    case "sent":
      return go({ state: happened.offset >= item.size ? "done" : "send", sent: happened.offset });
    case "damaged":
      if (item.tries + 1 >= DAMAGED_MOST) return go({ state: "stopped", back: "open", says: DAMAGED });
      return go({ state: "send", tries: item.tries + 1 });
    case "away":
      return rest(item, held, now, AWAY);
    case "refused":
      // Somebody else has it, the disk is full, or the presenter has a fault: that passes. All else stays as it is.
      if (happened.status === 423 || happened.status === 408 || happened.status === 429 || happened.status >= 500) return rest(item, held, now, happened.says);
      if (happened.status === 409 && item.upload !== null) return go({ state: "open", tries: item.tries + 1 });
      return go({ state: "stopped", back: "waits", upload: null, sent: 0, says: happened.says });
    case "unreadable":
      return go({ state: "gone", back: item.upload === null ? "waits" : "open", says: LOST });
    case "pause":
      return item.state === "done" || held ? item : { ...item, state: "paused", back: item.upload === null ? "waits" : "open", says: "" };
    case "go-on":
      return item.state === "done" || item.state === "send" ? item : { ...item, state: held || item.state === "gone" ? (item.upload === null ? "waits" : "open") : item.back, tries: 0, due: 0, says: "" };
    default:
      return item;
  }
};

/** @param {Item} item @param {boolean} held @param {number} now @param {string} says @returns {Item} */
const rest = (item, held, now, says) => {
  const back = item.upload === null ? (item.fingerprint === "" ? "waits" : "open") : "open";
  if (held) return { ...item, busy: false, back };
  return { ...item, busy: false, state: "rest", back, tries: item.tries + 1, due: now + AGAIN[Math.min(item.tries, AGAIN.length - 1)], says };
};

/** Something is on its way, or would be lost with the page. @param {Queue} queue */
export const busy = (queue) => queue.items.some((item) => !["done", "stopped"].includes(item.state));

/** Bytes a second lately. @param {Queue} queue @param {number} now */
export const rate = (queue, now) => {
  const lately = queue.came.filter(([when]) => when > now - WINDOW);
  if (lately.length === 0) return 0;
  const span = Math.max(0.25, Math.min(WINDOW, now - queue.came[0][0]));
  return lately.reduce((sum, [, n]) => sum + n, 0) / span;
};

/**
 * @typedef {object} Line
 * @property {number} id
 * @property {string} name
 * @property {string} says
 * @property {"quiet" | "wait" | "stop" | "good"} tone
 * @property {number | null} part 0 … 1; null where there is no bar
 * @property {"pause" | "go-on" | null} can
 * @property {boolean} cancel it can be given up, or taken off the list
 */

/** @param {Queue} queue @returns {Line[]} those that are not done, and those of which there is something to say */
export const lines = (queue) => queue.items.filter((item) => item.state !== "done" || item.says !== "").map(line);

/** @param {Item} item @returns {Line} */
const line = (item) => {
  const { state } = item;
  const part = item.size === 0 ? 0 : item.sent / item.size;
  const tone = state === "stopped" || state === "gone" ? "stop" : state === "done" ? "good" : item.says !== "" ? "wait" : "quiet";
  return {
    id: item.id,
    name: item.path === "" ? item.name : `${item.path}/${item.name}`,
    says: [howFar(item), item.says].filter(Boolean).join(" "),
    tone,
    part: state === "done" || state === "stopped" ? null : part,
    can: state === "done" ? null : state === "paused" || state === "gone" || state === "rest" || state === "stopped" ? "go-on" : "pause",
    cancel: true,
  };
};

/** @param {Item} item @returns {string} */
const howFar = (item) => {
  const of = `${bytes(item.sent)} of ${bytes(item.size)}`;
  if (item.state === "waits" || (item.state === "look" && item.sent === 0)) return `${bytes(item.size)}, waits`;
  if (item.state === "paused") return `${of}, paused.`;
  if (item.state === "gone") return item.sent > 0 ? `The ${bytes(item.sent)} already here are kept.` : "";
  if (item.state === "stopped" || item.state === "done") return "";
  return item.says === "" ? of : `${of}.`;
};

/** All of it in one line. @param {Queue} queue @param {number} now @returns {string} empty where nothing is on its way */
export const summary = (queue, now) => {
  const all = queue.items.filter((item) => item.state !== "stopped");
  const left = all.filter((item) => item.state !== "done");
  if (left.length === 0) return "";
  const [sent, whole] = [all.reduce((sum, item) => sum + item.sent, 0), all.reduce((sum, item) => sum + item.size, 0)];
  const pace = rate(queue, now);
  const words = [`${all.length - left.length} of ${all.length} ${all.length === 1 ? "file" : "files"} here`, `${bytes(sent)} of ${bytes(whole)}`];
  if (pace > 0) words.push(`${bytes(pace)}/s`, `${left.every((item) => item.state === "paused") ? "paused" : duration((whole - sent) / pace)}`);
  return words.join(", ");
};

/** @param {number} seconds */
const duration = (seconds) => {
  if (seconds < 5) return "nearly there";
  if (seconds < 90) return `${Math.ceil(seconds / 5) * 5} s left`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
};
