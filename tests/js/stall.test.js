import assert from "node:assert/strict";
import test from "node:test";

import { Stall } from "../../receiver/screen/stall.js";

/** @param {Stall} stall @param {number} from @param {number} to @param {(now: number) => number | null} where */
const watch = (stall, from, to, where) => {
  for (let now = from; now < to - 1e-9; now += 0.05) stall.poll(now, where(now));
};

test("a clock that moves does not stall, however slowly", () => {
  const stall = new Stall();
  watch(stall, 0, 5, (now) => now * 0.0625);
  assert.deepEqual([stall.count, stall.seconds(5)], [0, 0]);
});

test("a clock that stands has stalled, and its seconds count from when it stopped", () => {
  const stall = new Stall();
  watch(stall, 0, 1, (now) => now);
  watch(stall, 1, 3, () => 1);
  assert.ok(stall.stalled);
  assert.equal(stall.count, 1);
  assert.ok(Math.abs(stall.seconds(3) - 2) < 0.1);
  watch(stall, 3, 5, (now) => now - 2);
  assert.ok(!stall.stalled);
  assert.ok(Math.abs(stall.seconds(9) - 2.05) < 0.1);
});

test("a twitch is no movement", () => {
  const stall = new Stall();
  watch(stall, 0, 1, () => 1);
  stall.poll(1, 1.01);
  assert.ok(stall.stalled);
  watch(stall, 1.05, 2, () => 1.01);
  assert.equal(stall.count, 1);
});

test("a jump to where the room is ends it", () => {
  const stall = new Stall();
  watch(stall, 0, 1, () => 1);
  stall.poll(1, 4);
  assert.ok(!stall.stalled);
});

test("what need not move does not stall, and ends a stall", () => {
  const stall = new Stall();
  watch(stall, 0, 1, () => null);
  assert.equal(stall.count, 0);
  watch(stall, 1, 2, () => 7);
  assert.equal(stall.count, 1);
  stall.poll(2, null);
  assert.ok(!stall.stalled);
  assert.ok(Math.abs(stall.seconds(50) - 1) < 0.1);
});
