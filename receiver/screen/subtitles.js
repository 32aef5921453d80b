/**
 * The subtitles of what is shown and cued: lists that come in parts, and which of their lines are up at a moment. Pure.
 *
 * They are kept as long as a stage names them, whatever becomes of the path. Nothing is said of the time: the moment is
 * that of the picture which is on the display.
 * @module
 */

/** @typedef {import("../../web/shared/wire.js").Cue} Cue */
/** @typedef {import("../../web/shared/wire.js").Words} Words */
/** @typedef {{shown: {subtitles: string|null}|null, cue: {subtitles: string|null}|null}} Named  What a stage names. */

/** Lists that may come before the stage which names them. */
const EARLY = 4;
/** Cues that are up at a time; of more, those that began last. */
const AT_ONCE = 3;
/** Seconds by which a frame may lie before a cue's beginning and still be its first: times are rounded on the way. */
const ROUNDING = 0.002;
/** Characters up to which a text is written large, and how large otherwise: shares of the display's height. */
const LARGE = 90, SIZES = [5.2, 4, 3.2];

export class Subtitles {
  /** @type {Map<string, {total: number, cues: Cue[]}>} */
  #lists = new Map();

  /**
   * A part of a list. One that does not follow what is here is let pass: it will be sent again.
   * @param {Words} words
   */
  take({ id, first, total, cues }) {
    const list = this.#lists.get(id) ?? { total, cues: [] };
    if (first > list.cues.length) return;
    list.cues.push(...cues.slice(list.cues.length - first));
    this.#lists.delete(id);
    this.#lists.set(id, list);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > EARLY && oldest !== undefined) this.#lists.delete(oldest);
  }

  /** Lets go of all lists that are not named. @param {Named} stage */
  keep({ shown, cue }) {
    for (const id of [...this.#lists.keys()]) if (id !== shown?.subtitles && id !== cue?.subtitles) this.#lists.delete(id);
  }

  /** How many there are of each list, from the first on. */
  held() {
    return Object.fromEntries([...this.#lists].map(([id, { cues }]) => [id, cues.length]));
  }

  /** All that a scene needs is here. @param {{subtitles: string|null}|null} scene */
  whole(scene) {
    if (scene === null || scene.subtitles === null) return true;
    const list = this.#lists.get(scene.subtitles);
    return list !== undefined && list.cues.length >= list.total;
  }

  /**
   * The lines that are up.
   * @param {string|null|undefined} id
   * @param {number|null} media  Of the frame on the display, seconds.
   * @returns {string[]}
   */
  at(id, media) {
    const cues = id ? this.#lists.get(id)?.cues : undefined;
    if (!cues || media === null) return [];
    const now = media + ROUNDING;
    return cues.slice(0, begun(cues, now)).filter(({ end }) => now < end).slice(-AT_ONCE).map(({ text }) => text);
  }
}

/** How many of them have begun. @param {ReadonlyArray<Cue>} cues  By their beginnings. @param {number} now */
function begun(cues, now) {
  let low = 0, high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Cue} */ (cues[middle]).start <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How a text is set, so that it stays over the lower part of the picture: of two lines each keeps its own, more are run
 * together, and a long one is written smaller.
 * @param {string[]} texts
 * @returns {{lines: string[], size: number}}  `size`: per cent of the display's height.
 */
export function setting(texts) {
  const lines = texts.flatMap((text) => (text.split("\n").length > 2 ? [text.replaceAll("\n", " ")] : text.split("\n")));
  const length = Math.max(lines.join(" ").length, lines.length > 2 ? LARGE + 1 : 0);
  const size = SIZES[Math.min(SIZES.length - 1, Math.floor(Math.max(0, length - 1) / LARGE))] ?? 3.2;
  return { lines, size };
}
