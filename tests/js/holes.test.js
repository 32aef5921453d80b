import assert from "node:assert/strict";
import { test } from "node:test";

import { Failures } from "../../receiver/screen/failures.js";
import { FrameLog } from "../../receiver/screen/framelog.js";
import { Holes, HOLES_MOST } from "../../receiver/screen/holes.js";
import { Reel } from "../../receiver/screen/reel.js";

const hole = (/** @type {number} */ first, start = first, stop = start + 2, track = 0) => ({ track, first, start, stop });

test("a hole explains a failure once, and only so many do", () => {
  const holes = new Holes();
  assert.equal(holes.add("a", null), false);
  assert.equal(holes.add("a", hole(4)), true);
  assert.equal(holes.add("a", hole(4)), false, "it was left out, and that did not help");
  assert.equal(holes.add("b", hole(4)), true, "of another recording");
  for (let first = 100; holes.of("a").length < HOLES_MOST; first += 10) assert.equal(holes.add("a", hole(first)), true);
  assert.equal(holes.add("a", hole(1000)), false);
  assert.deepEqual([holes.has("a", 0, 4), holes.has("a", 1, 4), holes.has("a", 0, 5)], [true, false, false]);
});

test("holes that touch are one, in whatever order and on whichever track they came", () => {
  const holes = new Holes();
  for (const one of [hole(8, 8, 10), hole(2, 2, 4), hole(3, 3.5, 6, 1), hole(6, 6.001, 8)]) holes.add("a", one);
  assert.deepEqual(holes.spans("a"), [{ start: 2, stop: 10 }]);
  assert.deepEqual([holes.around("a", 1.99), holes.around("a", 10)], [null, null]);
  assert.deepEqual(holes.around("a", 2), { start: 2, stop: 10 });
});

test("in a hole the last frame before it is asked for, and nothing where there is none", () => {
  const rows = Array.from({ length: 5 }, (_, index) => ({
    track: 0, index, start: index * 1000, duration: 1000, bytes: 1, keyframe: true, sha256: "", added: /** @type {[number, number][]} */ ([]),
    pts: Array.from({ length: 10 }, (_, frame) => index * 1000 + frame * 100),
  }));
  const track = { index: 0, kind: /** @type {const} */ ("video"), mime: "", timescale: 1000, init_sha256: "", init_bytes: 1, first: 0, width: 1, height: 1, cover: 0, shift: 0 };
  const manifest = { origin: /** @type {[number, number]} */ ([0, 1]), tracks: [track], rows: new Map([[0, rows]]), complete: true, counts: [5], duration: 5 };
  const holes = new Holes();
  holes.add("r", hole(3, 3, 4));
  const reel = new Reel(() => manifest, (at) => holes.around("r", at));
  assert.ok(reel.frames);
  /** @param {number} media @param {number} rate */
  const asked = (media, rate = 0) => reel.asked({ exhibit: "e", rendition: "r", anchor: { media, clock: 0, rate }, end: 5, view: null, ranges: [], detail: null, subtitles: null }, 0);
  assert.deepEqual(asked(2.5), { rest: true, at: 2.5, hole: false });
  assert.equal(asked(3.2, 1)?.rest, true, "it does not play there");
  assert.equal(asked(3.2)?.hole, true);
  assert.equal(reel.frames.at(asked(3.2)?.at ?? 0)?.number, 29);
  assert.equal(asked(4)?.hole, false);
  holes.add("r", hole(0, 0, 1));
  assert.equal(asked(0.5), null);
});

test("a player that failed is replaced a few times, and not at once", () => {
  const failures = new Failures();
  assert.equal(failures.again("a", 0), true);
  failures.add("a", "decoder", 0);
  assert.deepEqual([failures.again("a", 0.5), failures.again("a", 1), failures.again("b", 0.5)], [false, true, true]);
  failures.add("a", "decoder", 1);
  failures.add("a", "decoder", 2);
  assert.deepEqual([failures.again("a", 30), failures.again("a", 61)], [false, true]);
  assert.deepEqual([failures.problem("a"), failures.problem("b")], ["decoder", null]);
});

test("frames are remembered once, the last ones", () => {
  const log = new FrameLog();
  log.add(1, 0);
  log.add(1.02, 0);
  log.add(1.2, 0);
  log.add(1.3, 0.1);
  assert.deepEqual(log.last(2), [{ clock: 1.2, media_time: 0 }, { clock: 1.3, media_time: 0.1 }]);
  assert.equal(log.last(9).length, 3);
  assert.deepEqual(log.last(0), []);
  for (let at = 0; at < 20_000; at += 1) log.add(10 + at, at);
  assert.ok(log.last(1e9).length <= 14_400);
});
