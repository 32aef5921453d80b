/** Files that look like one recording: when it is asked, what is said, and what the one button does. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Joiner } from "../../web/remote/joiner.js";
import { changed, heard, lines, moment } from "../../web/remote/joins.js";

/** @typedef {import("../../web/shared/wire.js").Exhibit} Exhibit */

/** @param {string} id @param {Partial<Exhibit>} [more] */
const file = (id, more = {}) => /** @type {Exhibit} */ ({ id, ref: `JM/${id}`, title: `${id}.mp4`, state: "ready", parts: [], problem: null, ...more });
/** @param {string} id @param {string[]} of @param {Partial<Exhibit>} [more] */
const joined = (id, of, more = {}) => file(id, { parts: of.map((one) => /** @type {any} */ ({ id: one })), ...more });
const FOUR = ["1", "2", "3", "4"].map((id) => file(id));

test("a line stands under the last of them in the list, and names them", () => {
  const [two] = lines(heard([], [["1", "2"]], FOUR), FOUR);
  assert.deepEqual([two.at, two.text, two.label, two.does], ["2", "JM/1 and JM/2 look like one recording.", "Join them", "join"]);
  const [three] = lines(heard([], [["1", "2", "4"]], FOUR), [FOUR[3], FOUR[1], FOUR[0]]);
  assert.equal(three.at, "1", "in whatever order the list is");
  assert.equal(three.text, "JM/1, JM/2 and JM/4 look like one recording.");
  const [four] = lines(heard([], [["1", "2", "3", "4"]], FOUR), FOUR);
  assert.equal(four.text, "These 4 files, JM/1 to JM/4, look like one recording.");
});

test("without one of them there is nothing to say", () => {
  assert.deepEqual(lines(heard([], [["1", "9"]], FOUR), FOUR), []);
  assert.deepEqual(lines([], FOUR), []);
});

test("what was joined here can be undone in the same place, until it is gone", () => {
  const groups = changed(heard([], [["1", "2"]], FOUR), "1 2", { made: "5" });
  const with5 = [...FOUR, joined("5", ["1", "2"])];
  const [line] = lines(heard(groups, [], with5), with5);
  assert.deepEqual([line.at, line.does, line.label, line.text], ["2", "undo", "Undo", "They are joined as JM/5, and stay here as well."]);
  assert.deepEqual(lines(groups, FOUR), [], "taken out elsewhere");
  assert.equal(lines(changed(groups, "1 2", { doing: true }), FOUR)[0].does, "join", "the list says it first");
  assert.equal(lines(heard(groups, [["1", "2"]], FOUR), FOUR)[0].does, "join", "and they look like one as before");
  const failed = [...FOUR, joined("5", ["1", "2"], { state: "failed", problem: { type: "not-joinable", detail: "JM/2 has another size." } })];
  assert.equal(lines(groups, failed)[0].text, "They cannot be joined. JM/2 has another size.");
});

test("it is asked again when something else may look like one", () => {
  const before = moment(FOUR);
  assert.notEqual(moment([...FOUR, file("5")]), before);
  assert.notEqual(moment([...FOUR, joined("5", ["1", "2"], { state: "preparing" })]), before);
  assert.equal(moment([...FOUR, file("5", { state: "fetching" })]), before);
  assert.equal(moment(FOUR.map((one) => ({ ...one, title: "x" }))), before);
});

/** A presenter that proposes the first two files until they are joined. */
class Presenter {
  constructor() {
    this.exhibits = FOUR;
    /** @type {string[]} */
    this.calls = [];
    this.fails = "";
    this.joiner = new Joiner({
      ask: async () => {
        this.calls.push("ask");
        return this.exhibits.some((one) => one.parts.length > 0) ? [] : [["1", "2"]];
      },
      join: async (ids, title) => {
        this.calls.push(`join ${ids.join("+")} ${title}`);
        if (this.fails !== "") throw Object.assign(new Error(this.fails), { detail: this.fails });
        this.exhibits = [...FOUR, joined("5", [...ids])];
        return "5";
      },
      remove: async (id) => {
        this.calls.push(`remove ${id}`);
        this.exhibits = this.exhibits.filter((one) => one.id !== id);
      },
      onchange: () => {},
    });
  }

  async line(may = true) {
    this.joiner.look(this.exhibits, may);
    await new Promise((done) => setTimeout(done));
    return this.joiner.look(this.exhibits, may)[0] ?? null;
  }
}

test("one press joins, the next one undoes it", async () => {
  const there = new Presenter();
  const before = /** @type {import("../../web/remote/joins.js").Line} */ (await there.line());
  const pressing = there.joiner.press(before);
  assert.equal(there.joiner.look(there.exhibits, true)[0].doing, true);
  void there.joiner.press(before);
  await pressing;
  const after = /** @type {import("../../web/remote/joins.js").Line} */ (await there.line());
  assert.deepEqual([after.at, after.does, after.doing], ["2", "undo", false]);
  await there.joiner.press(after);
  assert.equal((await there.line())?.does, "join");
  assert.deepEqual(there.calls, ["ask", "join 1+2 1.mp4", "ask", "remove 5", "ask"], "twice pressed is once done");
});

test("what was refused is said, and can be tried again", async () => {
  const there = new Presenter();
  there.fails = "The disk is full.";
  await there.joiner.press(/** @type {any} */ (await there.line()));
  const line = await there.line();
  assert.deepEqual([line?.said, line?.does, line?.doing], ["The disk is full.", "join", false]);
});

test("whoever only watches is offered nothing, and nothing is asked for them", async () => {
  const there = new Presenter();
  assert.equal(await there.line(false), null);
  assert.deepEqual(there.calls, []);
});
