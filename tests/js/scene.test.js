import assert from "node:assert/strict";
import test from "node:test";

import { cast, ending, passes, position, same, wish } from "../../receiver/screen/scene.js";

/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */

/** @param {Partial<Scene["anchor"]>} [anchor] @param {Partial<Scene>} [rest] @returns {Scene} */
const scene = (anchor = {}, rest = {}) => ({
  exhibit: "e", rendition: "r", anchor: { media: 5, clock: 100, rate: 1, ...anchor }, end: 20, view: null, ranges: [], detail: null, subtitles: null, ...rest,
});
/** @param {Partial<Stage>} parts @returns {Stage} */
const stage = (parts) => ({
  type: "stage", revision: 1, shown: null, cue: null, blank: false, volume: 1, sound: false, watch: false, card: null, ...parts,
});

test("position follows the anchor, and rests until its instant", () => {
  assert.equal(position(scene().anchor, 99), 5);
  assert.equal(position(scene().anchor, 103), 8);
  assert.equal(position(scene({ rate: 0.5 }).anchor, 104), 7);
  assert.equal(position(scene({ rate: 0 }).anchor, 1000), 5);
});

test("when a place is passed", () => {
  assert.equal(passes(scene({ rate: 2 }).anchor, 9), 102);
  assert.equal(passes(scene({ rate: 0 }).anchor, 9), Infinity);
});

test("a scene plays, and rests on its last frame from a little before its end", () => {
  assert.deepEqual(wish(scene(), 30, 103, 0.01), { rest: false, media: 8 });
  assert.equal(wish(scene(), 30, 114.98, 0.01).rest, false);
  const over = wish(scene(), 30, 114.995, 0.01);
  assert.ok(over.rest && over.media < 20 && over.media > 19.99999);
  assert.ok(wish(scene({ media: 20, rate: 0 }), 30, 0, 0.01).media < 20);
});

test("a paused scene rests where it is, also next to the end", () => {
  assert.deepEqual(wish(scene({ rate: 0, media: 12.5 }), 30, 500, 0.01), { rest: true, media: 12.5 });
});

test("the end is that of the scene or of the recording, whichever comes first", () => {
  assert.equal(ending(scene(), 30), 20);
  assert.equal(ending(scene(), 10), 10);
  assert.equal(ending(scene({}, { end: null }), undefined), Infinity);
});

test("same scenes", () => {
  assert.ok(same(scene(), scene()));
  assert.ok(same(null, null));
  for (const other of [null, scene({ clock: 101 }), scene({ media: 6 }), scene({ rate: 0 }), scene({}, { end: 9 }),
    scene({}, { rendition: "x" })]) assert.ok(!same(scene(), other));
});

/** @param {string} rendition @param {boolean} sound @param {number} [at] @param {number} [away]  From anywhere else. */
const player = (rendition, sound, at = NaN, away = 4) => ({
  rendition, sound, distance: (/** @type {Scene} */ asked) => (asked.anchor.media === at ? 0 : away),
});

test("a cued player goes up as it is", () => {
  const up = player("a", false), cued = player("b", false);
  const roles = cast([up, cued], stage({ shown: scene({}, { rendition: "b" }) }));
  assert.equal(roles.shown, cued);
  assert.equal(roles.cue, null);
});

test("of two players of one recording the one that stands there goes up", () => {
  const up = player("a", false, 1), cued = player("a", false, 5);
  assert.equal(cast([up, cued], stage({ shown: scene({ media: 5 }, { rendition: "a" }) })).shown, cued);
  const both = cast([up, cued], stage({
    shown: scene({ media: 1 }, { rendition: "a" }), cue: scene({ media: 5 }, { rendition: "a" }),
  }));
  assert.deepEqual([both.shown, both.cue], [up, cued]);
});

test("of several the nearest goes up, of equals the one that is up", () => {
  const asked = stage({ shown: scene({ media: 5 }, { rendition: "a" }) });
  const [up, seeking, playing] = [player("a", false, 1), player("a", false, 1, 3), player("a", false, 1, 2)];
  assert.equal(cast([up, seeking, playing], asked).shown, playing);
  assert.equal(cast([up, seeking], asked).shown, seeking);
  assert.equal(cast([playing, player("a", false, 1, 1)], asked).shown?.distance(scene()), 1);
  assert.equal(cast([up, player("a", false, 2)], asked).shown, up);
});

test("a seek keeps the player that is up", () => {
  const up = player("a", false, 1);
  assert.equal(cast([up], stage({ shown: scene({ media: 9 }, { rendition: "a" }) })).shown, up);
});

test("where the sound moves, another player is needed", () => {
  assert.equal(cast([player("a", false, 5)], stage({ shown: scene({}, { rendition: "a" }), sound: true })).shown, null);
});

test("who is for a range of a clip plays nothing else, and what comes next has a player of its own", () => {
  const ranges = [[3, 4], [8, 9]].map(([start, stop]) => ({ start: Number(start), stop: Number(stop), silent: false }));
  const [own, following] = ranges.map((range) => scene({ media: range.start }, { rendition: "a", ranges: [range] }));
  const [all, first, second] = [player("a", true), { ...player("a", false), part: ranges[0] }, { ...player("a", false), part: ranges[1] }];
  assert.ok(own && following);
  const roles = cast([all, second, first], { shown: own, next: following, cue: scene({}, { rendition: "a" }), sound: true });
  assert.deepEqual([roles.shown, roles.next, roles.cue], [first, second, all]);
  assert.equal(cast([first], { shown: following, cue: null, sound: true }).shown, null);
  assert.equal(cast([all, first], { shown: own, next: own, cue: own, sound: false }).next, null);
});
