/**
 * Where the browser lets a page keep hold of a file (Chromium, of what was dropped), it is found again after a reload
 * without being picked. Edge: IndexedDB. Where there is no such thing, nothing is kept and nothing fails.
 */

const NAME = "courtcast-files";
const STORE = "handles";

export class Handles {
  /** @param {string} upload @param {FileSystemFileHandle | null} handle */
  async keep(upload, handle) {
    if (handle !== null) await this.work("readwrite", (store) => store.put(handle, upload));
  }

  /** @param {string} upload */
  async forget(upload) {
    await this.work("readwrite", (store) => store.delete(upload));
  }

  /**
   * Asks for leave to read it where the browser wants that; to be called by a press.
   * @param {string} upload
   * @returns {Promise<{file: File, handle: FileSystemFileHandle} | null>}
   */
  async find(upload) {
    const handle = /** @type {(FileSystemFileHandle & {requestPermission?: (how: {mode: string}) => Promise<string>}) | null} */ (await this.work("readonly", (store) => store.get(upload)));
    if (!handle) return null;
    try {
      if ((await handle.requestPermission?.({ mode: "read" })) === "denied") return null;
      return { file: await handle.getFile(), handle };
    } catch {
      return null;
    }
  }

  /** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} act @returns {Promise<unknown>} null where it does not work */
  work(mode, act) {
    return new Promise((done) => {
      try {
        const opening = indexedDB.open(NAME, 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
        opening.onerror = () => done(null);
        opening.onsuccess = () => {
          const db = opening.result;
          try {
            const request = act(db.transaction(STORE, mode).objectStore(STORE));
            request.onsuccess = () => done(request.result ?? null);
            request.onerror = () => done(null);
          } catch {
            done(null);
          }
          db.close();
        };
      } catch {
        done(null);
      }
    });
  }
}
