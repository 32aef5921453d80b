import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ago, checksOf } from "../../web/remote/checks.js";
import { hear } from "../../web/remote/model.js";
import { Change, Event } from "../../web/shared/wire.js";

/** @param {string} name of a state */
const model = (name) => {
  const { state } = JSON.parse(readFileSync(new URL(`../states/${name}.json`, import.meta.url), "utf8"));
  const heard = hear(null, Event.read(state), 50);
  assert.ok(heard !== null);
  return heard;
};
const around = { acting: true, now: 50, clock: 100, unix: 1795950000, east: 0 };

test("what was found stands in groups, the gravest first, the newest check first", () => {
  const { results, running, can, word } = checksOf(model("checked"), around);
  assert.deepEqual(results.map(({ name, when }) => `${name} ${when}`), ["Room check today at 09:00", "Case check yesterday at 17:00"]);
  assert.deepEqual(results.map(({ tone }) => tone), ["wait", "stop"]);
  assert.deepEqual(results[1].groups.map(({ words }) => words), ["Stands in the way (1)", "To be looked at (1)", "Good to know (1)"]);
  assert.deepEqual([running, can, word], [null, true, "1 thing has to be looked at before the hearing."]);
});

test("while one runs it is told how far it is, and none can be begun", () => {
  const { running, can, word, results } = checksOf(model("checking"), around);
  assert.deepEqual(running, { kind: "room", name: "Room check", doing: "The lines to Jury left and Judge are measured: 6 of 10 s.", part: 0.52 });
  assert.equal(can, false);
  assert.equal(word, "The room check runs.", "said once, not with every second");
  assert.equal(results.length, 2, "the last results stay");
});

test("a change has the checks only where they changed", () => {
  const before = model("checking");
  const after = hear(before, Change.make({ revision: 8 }), 51);
  assert.equal(after?.checks, before.checks);
  const said = hear(before, Event.read({ type: "change", revision: 8, checks: { said: "It was cancelled." } }), 51);
  assert.deepEqual(said && checksOf(said, around).word, "It was cancelled.");
});

test("a test card goes onto screens that answer, while nothing is shown", () => {
  const none = checksOf(model("ready"), around);
  assert.deepEqual(new Set(none.cards.map(({ up, can, says }) => JSON.stringify([up, can, says]))), new Set(['[false,true,""]']));
  assert.equal(none.cardsNote, "");
  const up = checksOf(model("test-card"), around).cards;
  assert.deepEqual([up[0].up, up[0].can, up[0].says], [true, true, "goes by itself in 24 s"]);
  assert.deepEqual(up.slice(1).map((one) => one.up), [false, false, false]);
  const playing = checksOf(model("playing"), around);
  assert.ok(playing.cards.every(({ can }) => !can));
  assert.notEqual(playing.cardsNote, "");
  assert.notEqual(playing.roomNote, "");
  assert.ok(checksOf(model("screen-silent"), around).cards.some(({ can, says }) => !can && says === "does not answer"));
  assert.ok(checksOf(model("ready"), { ...around, acting: false }).cards.every(({ can }) => !can));
});

test("when it was, as one would say it", () => {
  const noon = 1795953600;
  assert.equal(ago(noon, noon, 0), "today at 12:00");
  assert.equal(ago(noon, noon + 12 * 3600, 0), "yesterday at 12:00");
  assert.equal(ago(noon, noon + 12 * 3600, -60), "today at 11:00", "by the clock on the wall here");
  assert.equal(ago(noon, noon + 3 * 86400, 0), "3 days ago at 12:00");
  assert.equal(ago(noon, noon - 5, 0), "today at 12:00", "clocks may differ by a little");
});
