import assert from "node:assert/strict";
import test from "node:test";

import { same } from "../../receiver/screen/scene.js";
import { coming, joined, loudness, passing, ramps, READY, turned, turns, unfold } from "../../receiver/screen/turns.js";
import { chance } from "./chance.js";

/** @typedef {import("../../web/shared/wire.js").Scene} Scene */

const RANGES = [[20, 24], [5, 6, true], [8, 12]];

/** @param {Partial<Scene["anchor"]>} [anchor] @param {(number | boolean)[][]} [ranges] @returns {Scene} */
const scene = (anchor = {}, ranges = RANGES) => ({
  exhibit: "e", rendition: "r", anchor: { media: 20, clock: 100, rate: 1, ...anchor }, end: 12, view: null, detail: null,
  subtitles: "s",
  ranges: ranges.map(([start, stop, silent = false]) => ({ start: Number(start), stop: Number(stop), silent: Boolean(silent) })),
});

/** @param {import("../../receiver/screen/turns.js").Turn|null} turn */
const told = (turn) => turn && [turn.number, turn.scene.anchor.media, turn.scene.anchor.clock, turn.scene.end, turn.until];

test("a scene without ranges is its own turn", () => {
  const whole = scene({}, []);
  assert.equal(turns(whole, 500).on.scene, whole);
  assert.equal(turns(whole, 500).next, null);
  assert.ok(!turned(turns(whole, 0), turns(whole, 500)));
});

test("each range has its turn when the one before it is over, and the next is known before", () => {
  const asked = scene();
  const seen = [99, 100, 103.9, 104, 104.5, 105, 109, 1000].map((now) => [told(turns(asked, now).on), told(turns(asked, now).next)]);
  const [first, second, third] = [[0, 20, 100, 24, 104], [1, 5, 104, 6, 105], [2, 8, 105, 12, 109]];
  assert.deepEqual(seen, [
    [first, second], [first, second], [first, second], [second, third], [second, third], [third, null], [third, null], [third, null],
  ]);
  assert.deepEqual([turns(asked, 100).on.silent, turns(asked, 104.2).on.silent], [false, true]);
  assert.deepEqual(turns(asked, 104.2).on.scene.ranges.map(({ start }) => start), [5, 8]);
  assert.equal(turns(asked, 104.2).on.scene.subtitles, "s");
});

test("the same scene gives the same turns whenever it is asked", () => {
  for (let seed = 1; seed < 200; seed++) {
    const random = chance(seed);
    const ranges = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, at) => [at * 7 + random(), at * 7 + 1 + random() * 5]);
    ranges.sort(() => random() - 0.5);
    const begun = /** @type {number[]} */ (ranges[Math.floor(random() * ranges.length)]);
    const asked = scene({ media: Number(begun[0]) + random() * 0.5, rate: [0.5, 1, 2][Math.floor(random() * 3)] }, ranges);
    let before = turns(asked, 100);
    for (let now = 100; now < 160; now += 0.013) {
      const after = turns(asked, now);
      if (after.on.number === before.on.number) assert.ok(same(after.on.scene, before.on.scene));
      else {
        assert.equal(after.on.number, before.on.number + 1);
        assert.ok(before.next && same(after.on.scene, before.next.scene), "who was told of it has nothing new to do");
      }
      const { anchor, end } = after.on.scene, media = anchor.media + (now - anchor.clock) * anchor.rate;
      if (after.next) assert.ok(media < Number(end) + 0.03 && media >= anchor.media);
      before = after;
    }
    assert.equal(before.on.number, ranges.length - 1);
  }
});

test("at another rate a seam comes sooner or later", () => {
  assert.deepEqual(told(turns(scene({ rate: 2 }), 102).on), [1, 5, 102, 6, 102.5]);
  assert.deepEqual(told(turns(scene({ rate: 0.5, media: 23 }), 101.9).on), [0, 23, 100, 24, 102]);
});

test("paused, nothing passes; close to a seam the next range's first picture is wanted all the same", () => {
  const paused = turns(scene({ rate: 0, media: 23 }), 1e6);
  assert.deepEqual(told(paused.on), [0, 23, 100, 24, Infinity]);
  assert.deepEqual(told(paused.next), [1, 5, 100, 6, Infinity]);
  const early = scene({ rate: 0, media: 1 }, [[0, 2 + READY], [50, 60]]);
  assert.equal(turns(early, 0).next, null);
});

test("a range far off is made ready when it is near", () => {
  const long = scene({ media: 0 }, [[0, 60], [100, 110]]);
  assert.equal(turns(long, 120).next, null);
  assert.ok(turned(turns(long, 120), turns(long, 150.01)));
  assert.equal(turns(long, 150.01).next?.number, 1);
});

test("on a seam the next range is on, at the end of the last one that", () => {
  const at = (/** @type {number} */ media) => turns(scene({ rate: 0, media }), 0).on;
  assert.deepEqual([24, 24 - 1e-9, 6, 12, 5, 20].map((media) => at(media).number), [1, 1, 2, 2, 1, 0]);
  assert.equal(at(12).scene.anchor.media, 12);
  assert.equal(at(24 - 1e-3).number, 0);
  // Nobody asks for what is outside, and if somebody did, it would not be shown.
  assert.deepEqual([at(30), at(0), at(7.5)].map(({ scene: { anchor } }) => anchor.media), [24, 5, 8]);
});

test("a stage's clips are unfolded, but not where what is shown stands", () => {
  /** @type {import("../../web/shared/wire.js").Stage} */
  const stage = { type: "stage", revision: 1, shown: scene(), cue: scene({ rate: 0 }), blank: false, volume: 1, sound: true, watch: false, card: null };
  const made = unfold(stage, 104.1, () => false);
  assert.deepEqual([made.stage.shown?.end, made.stage.cue?.end, made.turns?.next?.number], [6, 24, 2]);
  assert.deepEqual(unfold(stage, 104.1, () => true).stage.shown, scene({}, []));
  assert.deepEqual(unfold({ ...stage, shown: null, cue: null }, 0, () => false), { stage: { ...stage, shown: null, cue: null }, turns: null });
});

test("ranges that go on where the one before them stops are one picture, and one sound where both are heard", () => {
  const adjoining = scene({}, [[0, 2], [2, 3, true], [3, 5], [5, 6], [4.5, 5]]);
  const parts = (/** @type {boolean} */ heard) => joined(adjoining, heard).ranges.map(({ start, stop }) => [start, stop]);
  assert.deepEqual(parts(false), [[0, 6], [4.5, 5]]);
  assert.deepEqual(parts(true), [[0, 2], [2, 3], [3, 6], [4.5, 5]]);
});

test("what is still to come, in the order in which it is played", () => {
  assert.deepEqual(coming(scene(), 101, 60), [
    { from: 21, to: 24, after: 0 }, { from: 5, to: 6, after: 3 }, { from: 8, to: 12, after: 4 },
  ]);
  assert.deepEqual(coming(scene(), 104.5, 0), [{ from: 5.5, to: 6, after: 0 }]);
  assert.deepEqual(coming(scene(), 1000, 60), [{ from: 12, to: 12, after: 0 }]);
  assert.deepEqual(coming(scene({}, []), 101, 60), []);
});

test("passing over a seam is not stopping", () => {
  const at = (/** @type {number} */ now) => passing(turns(scene(), now), now);
  assert.deepEqual([100, 102, 103.95, 104.2, 104.6, 104.95, 105.3, 107, 109.2].map(at), [false, false, true, true, false, true, true, false, false]);
  assert.ok(!passing(turns(scene({ rate: 0, media: 23.99 }), 104), 104));
});

test("sound is as loud as it should be but where it is cut", () => {
  const [on, next] = [turns(scene(), 102).on, turns(scene({}, [[20, 24], [5, 9]]), 102).next];
  assert.ok(next);
  assert.deepEqual([90, 100, 103.98, 104, 104.1].map((now) => loudness(on, now)), [1, 1, 1, 0, 0]);
  assert.ok(Math.abs(loudness(on, 103.995) - 0.5) < 1e-6);
  assert.ok(loudness(next, 103) > 0.2 && loudness(next, 104) < 0.3 && loudness(next, 104.02) === 1 && loudness(next, 107.999) === 1);
  assert.ok(ramps(on, 102).every((at) => at >= 103.98 && at <= 104.001));
  assert.deepEqual(ramps(turns(scene({ rate: 0 }), 0).on, 200), []);
});
