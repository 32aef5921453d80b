/**
 * Pictures from the presenter: stills of exhibits and what each screen shows. Edge: fetch, object URLs.
 *
 * Stills are decoded on the machine that plays, so few are asked for at once, what is looked at comes first, and what came
 * once is kept. A node keeps its picture until the next one is there: nothing blinks.
 */

/** Stills asked for at the same time. */
const AT_ONCE = 2;
/** Stills kept; the least recently used goes first. One of 960 pixels has about 1 MB. */
const KEPT = 120;
/** Pictures of screens kept: each is shown once, in one or two places. */
const PASSING = 16;
/** Seconds before a still that was not there yet is asked for again; doubled each time. */
const AGAIN = 2;
const LONGEST = 30;

/** @typedef {{path: string, urgent: boolean}} Wish */

export class Images {
  /** @param {string} base address of the API, with a slash at its end */
  constructor(base) {
    this.base = base;
    /** @type {Map<string, string>} path → object URL, oldest use first */
    this.held = new Map();
    /** @type {Map<HTMLImageElement, Wish>} what each node is to show */
    this.wishes = new Map();
    /** @type {Set<string>} */
    this.asked = new Set();
    /** @type {Map<string, {until: number, wait: number}>} */
    this.refused = new Map();
    /** @type {(node: HTMLImageElement) => void} a node has its picture */
    this.onshown = () => {};
  }

  /**
   * What a node is to show from now on; null: nothing.
   * @param {HTMLImageElement} node
   * @param {string | null} path below the API
   * @param {boolean} [urgent] somebody waits for it: it goes past the queue
   */
  put(node, path, urgent = false) {
    if (path === null) {
      this.wishes.delete(node);
      if (!node.hidden) {
        node.hidden = true;
        node.removeAttribute("src");
        delete node.dataset.path;
      }
      return;
    }
    this.wishes.set(node, { path, urgent });
    if (node.dataset.path === path) return;
    const url = this.held.get(path);
    if (url !== undefined) this.show(node, path, url);
    else this.work();
  }

  /** A node is gone from the page. @param {HTMLImageElement} node */
  forget(node) {
    this.wishes.delete(node);
  }

  /** Asks for what is wanted and allowed now. To be called now and then: what was not there yet comes later. */
  work() {
    const now = performance.now() / 1000;
    const wanted = [...this.wishes.entries()]
      .filter(([node, { path }]) => node.dataset.path !== path && !this.asked.has(path))
      .map(([, wish]) => wish)
      .filter(({ path }) => (this.refused.get(path)?.until ?? 0) <= now);
    for (const { path } of wanted.filter((wish) => wish.urgent)) void this.fetch(path);
    const queue = wanted.filter((wish) => !wish.urgent && !this.asked.has(wish.path));
    for (const { path } of queue) {
      if (this.asked.size >= AT_ONCE) break;
      void this.fetch(path);
    }
  }

  /** @param {string} path */
  async fetch(path) {
    if (this.asked.has(path)) return;
    this.asked.add(path);
    try {
      const answer = await fetch(this.base + path, { signal: AbortSignal.timeout(20_000) });
      if (!answer.ok) throw new Error(String(answer.status));
      this.hold(path, URL.createObjectURL(await answer.blob()));
      this.refused.delete(path);
    } catch {
      const wait = Math.min(LONGEST, (this.refused.get(path)?.wait ?? AGAIN / 2) * 2);
      this.refused.set(path, { until: performance.now() / 1000 + wait, wait });
      if (this.refused.size > 1000) this.refused.clear();
    } finally {
      this.asked.delete(path);
    }
    this.work();
  }

  /** @param {string} path @param {string} url */
  hold(path, url) {
    this.held.set(path, url);
    for (const [node, wish] of this.wishes) if (wish.path === path) this.show(node, path, url);
    this.drop("exhibits/", KEPT);
    this.drop("screens/", PASSING);
  }

  /** @param {string} kind how their paths begin @param {number} most how many of them are kept */
  drop(kind, most) {
    const kept = [...this.held.keys()].filter((path) => path.startsWith(kind));
    const used = new Set([...this.wishes.keys()].map((node) => node.dataset.path));
    for (const path of kept.slice(0, Math.max(0, kept.length - most))) {
      if (used.has(path)) continue;
      URL.revokeObjectURL(this.held.get(path) ?? "");
      this.held.delete(path);
    }
  }

  /** @param {HTMLImageElement} node @param {string} path @param {string} url */
  show(node, path, url) {
    this.held.delete(path);
    this.held.set(path, url);
    node.dataset.path = path;
    node.src = url;
    node.hidden = false;
    this.onshown(node);
  }
}
