import assert from "node:assert/strict";
import { test } from "node:test";

import { Stagehand, wanted } from "../../receiver/screen/stagehand.js";
import { Scene, Stage } from "../../web/shared/wire.js";

const scene = Scene.read({ exhibit: "e1", rendition: "a".repeat(16), anchor: { media: 10, clock: 100, rate: 1 }, end: 20 });
const stage = (/** @type {Partial<Stage>} */ fields) => Stage.make({ blank: false, shown: scene, ...fields });

test("a stage waits for the room clock, black does not", () => {
  const hand = new Stagehand();
  hand.begin();
  assert.equal(hand.take(stage({ revision: 1 })), null);
  assert.equal(hand.on, false);
  const black = hand.take(stage({ revision: 2, blank: true }));
  assert.deepEqual([black?.blank, black?.shown], [true, null]);
  assert.deepEqual(hand.timed(), stage({ revision: 2, blank: true }));
  assert.equal(hand.on, true);
  assert.equal(hand.timed(), null);
});

test("black on a new path keeps what is up behind it", () => {
  const hand = new Stagehand();
  hand.timed();
  hand.take(stage({ revision: 5 }));
  hand.begin();
  const black = hand.take(stage({ revision: 6, blank: true, shown: null }));
  assert.deepEqual([black?.blank, black?.shown], [true, scene]);
  assert.equal(hand.timed()?.shown, null);
});

test("late stages are ignored on a path that is in use again, too", () => {
  const hand = new Stagehand(), [one, other] = [{}, {}];
  hand.begin(one);
  hand.timed();
  hand.take(stage({ revision: 5 }));
  hand.begin(other);
  hand.timed();
  assert.equal(hand.take(stage({ revision: 2 }))?.revision, 2, "another presenter");
  hand.begin(one);
  hand.timed();
  assert.equal(hand.take(stage({ revision: 4 })), null);
  assert.equal(hand.take(stage({ revision: 5 }))?.revision, 5);
});

test("late stages are ignored, the same one again is not", () => {
  const hand = new Stagehand();
  hand.timed();
  assert.ok(hand.take(stage({ revision: 5 })));
  assert.equal(hand.take(stage({ revision: 4, blank: true })), null);
  assert.equal(hand.applied?.revision, 5);
  assert.ok(hand.take(stage({ revision: 5, watch: true })));
  assert.equal(hand.applied?.watch, true);
});

test("another presenter counts its own revisions", () => {
  const hand = new Stagehand();
  hand.timed();
  hand.take(stage({ revision: 500 }));
  hand.begin();
  hand.take(stage({ revision: 1 }));
  assert.equal(hand.applied?.revision, 500);
  hand.timed();
  assert.equal(hand.applied?.revision, 1);
});

test("what waits for the clock is the latest, and is lost with its path", () => {
  const hand = new Stagehand();
  hand.begin();
  hand.take(stage({ revision: 2 }));
  hand.take(stage({ revision: 3 }));
  hand.take(stage({ revision: 1 }));
  assert.equal(hand.timed()?.revision, 3);
  hand.begin();
  hand.take(stage({ revision: 9 }));
  hand.begin();
  assert.equal(hand.timed(), null);
});

test("the wanted moment follows the anchor between the ends", () => {
  assert.equal(wanted(scene, 103), 13);
  assert.equal(wanted(scene, 1000), 20);
  assert.equal(wanted(scene, 0), 0);
  assert.equal(wanted({ ...scene, end: null, anchor: { media: 4, clock: 0, rate: 0 } }, 1e6), 4);
});
