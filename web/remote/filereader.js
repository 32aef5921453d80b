/**
 * Files as a browser gives them: from a drop, a picker, or a handle kept from before; their bytes, and what they are
 * recognised by. Edge: File, DataTransfer and WebCrypto.
 */

/** @typedef {import("./folder.js").Picked} Picked */
/** @typedef {Picked & {file: File, handle: FileSystemFileHandle | null}} Found */

/** Bytes of a file's beginning that tell it from others of its size and time. */
const HEAD = 1 << 20;

/** It cannot be read: the disc was taken out, or the file is not what it was. */
export class Unreadable extends Error {}

/**
 * @param {File} file
 * @param {number} from
 * @param {number} to
 * @returns {Promise<Uint8Array<ArrayBuffer>>} Rejects with Unreadable.
 */
export const read = async (file, from, to) => {
  try {
    const data = new Uint8Array(await file.slice(from, to).arrayBuffer());
    if (data.byteLength === to - from) return data;
  } catch {
    // What a browser says of it differs from one to the next.
  }
  throw new Unreadable();
};

/**
 * Its size, its time, and the hash of its beginning.
 * @param {File} file
 * @returns {Promise<string>} Rejects with Unreadable.
 */
export const fingerprint = async (file) => {
  const head = await read(file, 0, Math.min(HEAD, file.size));
  return `${file.size}-${file.lastModified}-${hex(await digest(head))}`;
};

/** @param {Uint8Array<ArrayBuffer>} data @returns {Promise<Uint8Array>} SHA-256 */
export const digest = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));

/** @param {Uint8Array} data */
const hex = (data) => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {File} file @param {string} [path] @param {FileSystemFileHandle | null} [handle] @returns {Found} */
export const found = (file, path = "", handle = null) => ({ name: file.name, path, size: file.size, modified: file.lastModified, file, handle });

/** From a file or folder picker. @param {FileList | null} list @returns {Found[]} */
export const picked = (list) =>
  [...(list ?? [])].map((file) => found(file, (file.webkitRelativePath ?? "").split("/").slice(0, -1).join("/")));

/**
 * What was dropped, folders with all that is in them. To be called within the event: what it holds is gone afterwards.
 * @param {DataTransfer} data
 * @returns {Promise<Found[]>}
 */
export const dropped = async (data) => {
  const items = [...data.items].filter((item) => item.kind === "file");
  // Both are asked for at once, before the event is over.
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = items.map((item) => item.getAsFile());
  const handles = items.map((item) => handleOf(item));
  const lists = await Promise.all(
    items.map(async (_, n) => {
      const entry = entries[n];
      if (entry?.isDirectory) return walk(/** @type {FileSystemDirectoryEntry} */ (entry));
      const file = files[n];
      return file === null ? [] : [found(file, "", await handles[n])];
    }),
  );
  return lists.flat();
};

/** Something that has files is being dragged. @param {DataTransfer | null} data */
export const hasFiles = (data) => data !== null && [...data.types].includes("Files");

/** @param {DataTransferItem} item @returns {Promise<FileSystemFileHandle | null>} where the browser has such */
const handleOf = async (item) => {
  const asked = /** @type {{getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>}} */ (/** @type {unknown} */ (item));
  try {
    const handle = (await asked.getAsFileSystemHandle?.()) ?? null;
    return handle?.kind === "file" ? /** @type {FileSystemFileHandle} */ (handle) : null;
  } catch {
    return null;
  }
};

/** @param {FileSystemDirectoryEntry} folder @returns {Promise<Found[]>} */
const walk = async (folder) => {
  const reader = folder.createReader();
  /** @type {Found[]} */
  const all = [];
  for (;;) {
    // A reader gives a hundred at a time, and nothing at the end.
    const some = await new Promise((/** @type {(entries: FileSystemEntry[]) => void} */ done) => reader.readEntries(done, () => done([])));
    if (some.length === 0) return all;
    for (const entry of some) {
      if (entry.isDirectory) all.push(...(await walk(/** @type {FileSystemDirectoryEntry} */ (entry))));
      else {
        const file = await new Promise((/** @type {(file: File | null) => void} */ done) => /** @type {FileSystemFileEntry} */ (entry).file(done, () => done(null)));
        if (file !== null) all.push(found(file, folder.fullPath.replace(/^\//u, "")));
      }
    }
  }
};
