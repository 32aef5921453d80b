import assert from "node:assert/strict";
import test from "node:test";

import { hold, Learned, LIMITS, near, pace } from "../../receiver/screen/approach.js";

/** @param {number} n @param {number} [each] */
const frame = (n, each = 1 / 24) => ({ start: n * each, stop: (n + 1) * each, media: n * each, number: n });

test("the next frames are near, those before and far ahead are not", () => {
  const from = frame(24);
  assert.ok(near(from, frame(25), from.start + 0.02));
  assert.ok(near(from, frame(25), from.start - 0.015), "a frame is up a little before its time");
  assert.ok(near(from, frame(30), from.start + 0.02));
  assert.ok(!near(from, frame(23), from.start + 0.02));
  assert.ok(!near(from, frame(24), from.start + 0.02));
  assert.ok(!near(from, frame(40), from.start + 0.02));
  assert.ok(!near(from, frame(25), frame(26).start), "the player's clock is past it");
  assert.ok(!near(from, frame(25), 0), "the player's clock is elsewhere");
});

for (const rate of [10, 24, 30, 60, 120]) {
  test(`at ${rate} frames a second the next one stands long enough to stop on it`, () => {
    const [from, to] = [frame(100, 1 / rate), frame(101, 1 / rate)];
    for (const here of [from.start, from.start + 0.3 / rate, to.start - 1e-4]) {
      const quick = pace(from, to, here);
      assert.ok(quick >= LIMITS.slowest && quick <= LIMITS.quickest);
      assert.ok(1 / rate / quick >= Math.min(LIMITS.stand, 1 / rate / LIMITS.slowest) - 1e-9);
    }
  });
}

test("up to the frame before it goes at the usual pace", () => {
  assert.equal(pace(frame(10), frame(13), frame(10).start), 1);
});

test("a player learns how late it starts, with and without sound apart", () => {
  const learned = new Learned();
  for (let n = 0; n < 8; n++) learned.started(true, 0.12 - learned.start(true));
  assert.ok(Math.abs(learned.start(true) - 0.12) < 0.001);
  assert.equal(learned.start(false), LIMITS.startSilent);
  for (let n = 0; n < 8; n++) learned.started(true, 5);
  assert.equal(learned.start(true), LIMITS.startMost);
});

test("it learns how long seeks take: longer at once, shorter little by little", () => {
  const learned = new Learned();
  const usual = learned.seek(100);
  learned.sought(usual, 3 * usual);
  assert.ok(Math.abs(learned.seek(100) - 3 * usual) < 1e-9);
  learned.sought(3 * usual, usual);
  assert.ok(learned.seek(100) < 3 * usual && learned.seek(100) > 2 * usual);
});

test("at the end of a range it stops early enough, and on the last frame", () => {
  const refresh = 1 / 60;
  for (const rate of [24, 25, 30, 50, 60]) {
    const last = frame(99, 1 / rate);
    const stop = last.stop - hold(last, true);
    assert.ok(stop > last.start - refresh && stop < last.stop - refresh, `${rate}`);
  }
  assert.ok(hold(frame(99), false) < 0.01);
  assert.ok(hold(null, true) < 0.01);
});
