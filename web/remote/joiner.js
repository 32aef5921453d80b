/**
 * Joins files that look like one recording, and takes them apart again. Pure: the presenter is asked by calls that come in
 * as arguments.
 */

import { changed, heard, keyOf, lines, moment } from "./joins.js";
import { sentenceOf } from "./words.js";

/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {import("./joins.js").Line} Line */

/**
 * @typedef {object} Calls
 * @property {() => Promise<string[][]>} ask what looks like one recording
 * @property {(ids: ReadonlyArray<string>, title: string) => Promise<string>} join gives the id of what was made; rejects with a sentence in `detail`
 * @property {(exhibit: string) => Promise<void>} remove likewise
 * @property {() => void} onchange
 */

export class Joiner {
  /** @param {Calls} calls */
  constructor(calls) {
    this.calls = calls;
    /** @type {import("./joins.js").Group[]} */
    this.groups = [];
    /** @type {ReadonlyArray<Exhibit>} */
    this.exhibits = [];
    /** @type {string | null} the list for which it was asked last */
    this.asked = null;
  }

  /**
   * The list as it is now. Asks where something else may look like one recording.
   * @param {ReadonlyArray<Exhibit>} exhibits
   * @param {boolean} may somebody could press the button
   * @returns {Line[]}
   */
  look(exhibits, may) {
    this.exhibits = exhibits;
    if (!may) {
      this.asked = null;
      return [];
    }
    const now = moment(exhibits);
    if (now !== this.asked) void this.ask(now);
    return lines(this.groups, exhibits);
  }

  /** @param {string} now */
  async ask(now) {
    this.asked = now;
    try {
      const found = await this.calls.ask();
      if (this.asked !== now) return;
      this.groups = heard(this.groups, found, this.exhibits);
      this.calls.onchange();
    } catch {
      // Nothing is offered then; the next change of the list asks anew.
    }
  }

  /** Its button was pressed. @param {Line} line */
  async press(line) {
    const group = this.groups.find(({ ids }) => keyOf(ids) === line.key);
    if (group === undefined || group.doing) return;
    this.say(line.key, { doing: true, said: "" });
    try {
      if (group.made === null) {
        const title = this.exhibits.find(({ id }) => id === group.ids[0])?.title ?? "";
        this.say(line.key, { made: await this.calls.join(group.ids, title) });
      } else {
        await this.calls.remove(group.made);
        this.say(line.key, { made: null });
      }
    } catch (refused) {
      this.say(line.key, { said: sentenceOf(refused) });
    }
    this.say(line.key, { doing: false });
  }

  /** @param {string} key @param {Partial<import("./joins.js").Group>} change */
  say(key, change) {
    this.groups = changed(this.groups, key, change);
    this.calls.onchange();
  }
}
