/** The words of every named state of the room, without a browser: what is said, and how it is said. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { hear } from "../../web/remote/model.js";
import { look } from "../../web/remote/room.js";
import { gist, plain } from "../../web/remote/say.js";
import { Event } from "../../web/shared/wire.js";

const folder = new URL("../states/", import.meta.url);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -5));

/** @param {string} name */
const state = (name) => {
  const { state: told, link, expect } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
  const event = Event.read(told);
  const model = hear(null, event, 50);
  assert.ok(model !== null);
  const clock = model.room.clock;
  return { view: look(model, { link, now: 50, clock, east: 60, zones: null, build: "" }), expect, model };
};

/** @param {import("../../web/remote/room.js").View} view what a person reads, in the order of the page */
const words = (view) => ({
  sentence: plain(view.sentence),
  ready: [view.ready.about, view.ready.safe?.text ?? "", view.ready.time, view.ready.frame, view.ready.mark, ...view.ready.empty].filter(Boolean),
  live: [view.live.about, view.live.safe?.text ?? "", view.live.time, view.live.frame, view.live.mark, ...view.live.empty].filter(Boolean),
  buttons: [view.show.label, view.down.label, view.play.label],
  can: [view.acting && view.show.meaning !== null, view.acting && view.down.can, view.acting && view.play.can],
  rows: view.rows.map((row) =>
    [`${row.ref} ${row.title}`, row.parts.map((part) => part.text).join(" · "), row.coming, row.problem ?? "", row.notes].filter(Boolean).join(" | "),
  ),
  screens: view.tiles.map((tile) => [tile.name, tile.shows, tile.holds.text, tile.problem ?? ""].filter(Boolean).join(" | ")),
  found: view.found.map((found) => found.name),
  start: [view.rowsEmpty, view.screensEmpty].filter(Boolean),
});

for (const name of names) {
  test(`${name}: the words`, () => {
    const { view, expect } = state(name);
    if (process.env.BLESS === "1") console.log(JSON.stringify({ [name]: words(view) }));
    else assert.deepEqual(words(view), expect);
  });

  test(`${name}: no word that blames, apologises or shows the machine`, () => {
    const said = JSON.stringify(words(state(name).view));
    assert.doesNotMatch(said, /\b(error|invalid|please|sorry|oops|undefined|NaN|null|\[object)\b/iu);
    assert.doesNotMatch(said, /\s{2,}|\s[.,]/u);
  });
}

test("every place that can be bad says what to do next", () => {
  for (const row of state("problems").view.rows.filter((one) => one.needsLink)) {
    assert.match(row.problem ?? "", /\b(Ask|Open|Paste|Look|Choose)\b/u);
  }
});

test("a viewer has no control, and neither has anybody without a connection", () => {
  assert.equal(state("viewer").view.acting, false);
  assert.equal(state("reconnecting").view.acting, false);
  assert.equal(state("playing").view.acting, true);
});

test("the gist does not run with the clock, the sentence does", () => {
  const { model } = state("playing");
  const later = { ...model, screens: model.screens.map((screen) => ({ ...screen, report: screen.report && { ...screen.report, media_time: 41.5 } })) };
  const around = /** @type {const} */ ({ link: "live", now: 50, clock: 100, east: 0, zones: null, build: "" });
  const [one, two] = [look(model, around).sentence, look(later, around).sentence];
  assert.equal(gist(one), gist(two));
  assert.notEqual(plain(one), plain(two));
});

test("what a screen cannot decode is named beside it", () => {
  const { model } = state("playing");
  const around = /** @type {const} */ ({ link: "live", now: 50, clock: 100, east: 0, zones: null, build: "" });
  /** @param {[number, number][]} skipped */
  const problems = (skipped) => look({ ...model, screens: model.screens.map((screen) => ({ ...screen, report: screen.report && { ...screen.report, skipped } })) }, around).tiles.map((tile) => tile.problem);
  assert.ok(problems([]).every((problem) => problem === null));
  assert.ok(problems([[8, 10], [65.5, 66]]).includes("No picture from 0:08 to 0:10 and 1:05 to 1:06: that part of the file cannot be decoded there."));
});

test("a screen that stops reporting is not said to show anything", () => {
  const { model } = state("playing");
  const around = /** @type {const} */ ({ link: "live", now: 60, clock: 110, east: 0, zones: null, build: "" });
  const view = look(model, around);
  assert.equal(plain(view.sentence), "No screen answers, so it is not known what the room sees.");
  assert.ok(view.tiles.every((tile) => tile.picture === null));
});

test("who will see it is said on the button, and nobody is no answer", () => {
  const { model } = state("ready");
  const around = /** @type {const} */ ({ link: "live", now: 50, clock: 100, east: 0, build: "" });
  assert.equal(look(model, { ...around, zones: ["judge"] }).show.label, "Show JM/4 to judge only");
  assert.equal(look(model, { ...around, zones: [] }).show.meaning, null);
  assert.notEqual(look(model, { ...around, zones: ["judge"] }).show.meaning, look(model, { ...around, zones: null }).show.meaning);
});

test("a clock is named only where it is not well known", () => {
  const { model } = state("playing");
  const around = /** @type {const} */ ({ link: "live", now: 50, clock: 100, east: 0, zones: null, build: "" });
  const about = (/** @type {number | null} */ clock_uncertainty) =>
    look({ ...model, screens: model.screens.map((screen) => ({ ...screen, online: true, report: screen.report && { ...screen.report, clock_uncertainty } })) }, around).tiles.map((tile) => tile.about).join();
  assert.match(about(0.12), /its clock may be off by 120 ms/);
  for (const well of [null, 0.001, 0.05]) assert.doesNotMatch(about(well), /clock/);
});

test("the path is named only where it is the slower one, and the screen answers", () => {
  const { model } = state("playing");
  const around = /** @type {const} */ ({ link: "live", now: 50, clock: 100, east: 0, zones: null, build: "" });
  /** @param {Partial<import("../../web/shared/wire.js").Screen>} fields */
  const about = (fields) => look({ ...model, screens: model.screens.map((screen) => ({ ...screen, ...fields })) }, around).tiles.map((tile) => tile.about);
  assert.ok(about({ path: "websocket" }).every((words) => words.includes("slower connection")));
  for (const fields of [{ path: /** @type {const} */ ("webrtc") }, { path: null }, { path: /** @type {const} */ ("websocket"), online: false }]) {
    assert.ok(!about(fields).some((words) => words.includes("slower")));
  }
});
