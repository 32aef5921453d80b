/**
 * The button under a finger keeps its meaning. Pure.
 *
 * A finger that is on its way when somebody makes another exhibit ready would put up the wrong one. So a meaning
 * counts only after it has stood for half a second, and a press counts only where the meaning was the same when the
 * finger came down and when it lifted. In between, the button does nothing, and says so.
 */

/** Seconds that a new meaning has to stand before a press can mean it: longer than a person's reaction. */
export const SETTLE = 0.5;

export class Steady {
  constructor() {
    /** @type {string | null} */
    this.meaning = null;
    this.since = -Infinity;
    /** @type {string | null} what it meant when the finger came down; null while none is down */
    this.down = null;
  }

  /**
   * What the button means from now on.
   * @param {string | null} meaning null: nothing
   * @param {number} now seconds
   * @param {boolean} [expected] whoever presses has just brought it about: it counts at once
   */
  mean(meaning, now, expected = false) {
    if (meaning === this.meaning) return;
    this.meaning = meaning;
    this.since = expected ? -Infinity : now;
  }

  /** @param {number} now @returns {boolean} */
  settled(now) {
    return now - this.since >= SETTLE;
  }

  /** A finger or a key went down on it. @param {number} now */
  press(now) {
    this.down = this.settled(now) ? this.meaning : "";
  }

  /**
   * It lifted (or the button was activated without one, as screen readers do).
   * @param {number} now
   * @returns {"act" | "unsettled" | "nothing"} what to do
   */
  release(now) {
    const down = this.down;
    this.down = null;
    if (this.meaning === null) return "nothing";
    if (!this.settled(now)) return "unsettled";
    return down === null || down === this.meaning ? "act" : "unsettled";
  }
}
