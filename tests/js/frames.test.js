import assert from "node:assert/strict";
import test from "node:test";

import { Frames, middle, placed } from "../../receiver/screen/frames.js";

const track = { timescale: 1000, first: 100, cover: 0 };

/** @param {number} index @param {number[]} pts @param {number} stop @returns {import("../../web/shared/wire.js").Row} */
const row = (index, pts, stop) => ({
  track: 0, index, start: pts[0] ?? 0, duration: stop - (pts[0] ?? 0), bytes: 1, keyframe: true, sha256: "", added: [], pts,
});

/** @param {import("../../web/shared/wire.js").Row[]} rows @param {boolean} [complete] @param {number} [count] */
const frames = (rows, complete = true, count = rows.length) => {
  const made = new Frames(track, [1, 10]);
  made.update(placed(rows), complete, count);
  return made;
};

const whole = frames([row(0, [100, 133, 300], 400), row(1, [400, 433], 500)]);

test("a frame is on from its own time to before the next one's", () => {
  for (const [at, number] of /** @type {const} */ ([[0.1, 0], [0.1329, 0], [0.133, 1], [0.2999, 1], [0.3, 2], [0.4, 3]])) {
    assert.equal(whole.at(at)?.number, number, `at ${at}`);
  }
});

test("before the first frame there is none, past the end it is the last", () => {
  assert.equal(whole.at(0.0999), null);
  assert.equal(whole.at(0.5)?.number, 4);
  assert.equal(whole.at(99)?.number, 4);
});

test("times are MSE time, media time begins at the origin", () => {
  const frame = whole.at(0.3);
  assert.deepEqual([frame?.start, frame?.stop, frame?.media.toFixed(6)], [0.3, 0.4, "0.200000"]);
});

test("the browser's microseconds, cut off, name the same frame", () => {
  const third = new Frames({ timescale: 3, first: 0, cover: 0 }, [0, 1]);
  third.update(placed([row(0, [0, 1, 2], 3)]), true, 1);
  assert.equal(third.shown(0.333333)?.number, 1);
  assert.equal(third.shown(0.666666)?.number, 2);
});

test("a frame's own time is in it after sums of floating point", () => {
  const ntsc = new Frames({ timescale: 30000, first: 0, cover: 0 }, [1001, 15000]);
  const pts = Array.from({ length: 5000 }, (_, n) => 2002 + n * 1001);
  ntsc.update(placed([row(0, pts, 2002 + 5000 * 1001)]), true, 1);
  for (let n = 0; n < 5000; n++) {
    const media = (n * 1001) / 30000;
    assert.equal(ntsc.at(media + ntsc.origin)?.number, n);
    assert.equal(ntsc.at(media + ntsc.origin - 1e-6)?.number ?? -1, n - 1);
  }
});

test("pictures of neighbouring fragments may interleave", () => {
  const made = frames([row(0, [100, 200, 400], 500), row(1, [300, 500], 600)]);
  assert.deepEqual([0.1, 0.2, 0.3, 0.4, 0.5].map((at) => made.at(at)?.number), [0, 1, 2, 3, 4]);
  assert.equal(made.at(0.2)?.stop, 0.3);
});

test("behind rows that are not known frames have no number, and between them there are none", () => {
  const made = frames([row(0, [100, 133], 166), row(3, [600, 633], 666)], false, 4);
  assert.equal(made.at(0.14)?.number, 1);
  assert.equal(made.at(0.3), null);
  assert.equal(made.at(0.61)?.number, null);
  assert.equal(made.at(0.61)?.start, 0.6);
  assert.equal(made.at(0.7), null, "the last row is not known to be the last");
});

test("rows that come later are taken in", () => {
  const made = frames([row(0, [100], 200)], false, 1);
  made.update(placed([row(0, [100], 200), row(1, [200], 300)]), true, 2);
  assert.equal(made.at(9)?.number, 1);
  assert.equal(made.length, 2);
});

test("frames between two times, and the one after", () => {
  assert.equal(whole.between(0.1, 0.433), 5);
  assert.equal(whole.between(0.4, 0.41), 1);
  const last = whole.at(0.433);
  const first = whole.at(0.1);
  assert.ok(first && last);
  assert.equal(whole.after(first)?.number, 1);
  assert.equal(whole.after(last), null);
});

test("a seek aims into the frame, not far behind its start", () => {
  const frame = { media: 0, number: 0 };
  assert.ok(Math.abs(middle({ ...frame, start: 1, stop: 1.016 }) - 1.008) < 1e-9);
  assert.equal(middle({ ...frame, start: 1, stop: 9 }), 1.025);
});

test("where the first frame's time was moved down, the picture begins at its cover", () => {
  assert.equal(new Frames({ timescale: 1000, first: 0, cover: 1500 }, [0, 1]).first, 1.5);
});

test("the frame before, and none before the first", () => {
  const [first, second] = [whole.at(0.1), whole.at(0.133)];
  assert.ok(first && second);
  assert.equal(whole.before(second)?.number, 0);
  assert.equal(whole.before(first), null);
});

test("what lies before a gap in what is known is not the frame before", () => {
  const holed = frames([row(0, [100, 133], 200), row(2, [400, 433], 500)], true, 3);
  const behind = holed.at(0.4);
  assert.ok(behind);
  assert.equal(holed.before(behind), null);
});

test("a frame's neighbours, up to where rows are missing", () => {
  const third = whole.at(0.3);
  assert.ok(third);
  assert.deepEqual(whole.around(third, 1, 1), { ticks: [133, 300, 400], at: 1 });
  assert.deepEqual(whole.around(third, 9, 9), { ticks: [100, 133, 300, 400, 433], at: 2 });
  const gap = frames([row(0, [100, 133, 300], 400), row(2, [500, 533], 600)], false, 3), last = gap.at(0.3);
  assert.ok(last);
  assert.deepEqual(gap.around(last, 1, 9), { ticks: [133, 300], at: 1 });
});

test("a step goes to a frame or a few beside", () => {
  const [first, second, last] = [whole.at(0.1), whole.at(0.133), whole.at(0.433)];
  assert.ok(first && second && last);
  assert.ok(whole.beside(first, second) && whole.beside(second, first) && whole.beside(second, last));
  assert.ok(!whole.beside(first, first) && !whole.beside(first, last));
});
