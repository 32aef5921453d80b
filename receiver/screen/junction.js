/**
 * Which of the open paths to the presenter is in use: the newest one. Pure.
 *
 * A newer path takes over as soon as it is open; the ones before it stay in hand until the presenter has said something
 * over it. Where it closes without that, the one before is in use again, and begins anew with hello and holdings.
 */

/**
 * @typedef {object} Path  an open connection
 * @property {(text: string) => boolean} send  on `control`; false where it is closed
 * @property {number} buffered  what was sent on `control` and has not left, or not arrived where that is known
 * @property {() => void} close
 */

export class Junction {
  /** The newest last. @type {Path[]} */
  #open = [];

  /** @param {{onopen: (path: Path) => void, onclose: () => void}} handlers  the path in use is another; there is none */
  constructor(handlers) {
    this.handlers = handlers;
  }

  /** The path in use. @returns {Path | null} */
  get current() {
    return this.#open.at(-1) ?? null;
  }

  /** @param {Path} path */
  opened(path) {
    this.#open.push(path);
    this.handlers.onopen(path);
  }

  /** One that was never open does not matter. @param {Path} path */
  closed(path) {
    const used = this.current;
    this.#open = this.#open.filter((one) => one !== path);
    if (used !== path) return;
    const { current } = this;
    if (current === null) this.handlers.onclose();
    else this.handlers.onopen(current);
  }

  /** The presenter said something over a path. @param {Path} path @returns {boolean} it is the one in use */
  heard(path) {
    if (this.current !== path) return false;
    for (const old of this.#open.slice(0, -1)) old.close();
    return true;
  }
}
