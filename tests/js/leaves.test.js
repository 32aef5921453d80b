import assert from "node:assert/strict";
import test from "node:test";

import { leafOf, Leaves, leavesOf } from "../../receiver/screen/leaves.js";
import { LEAVES, Scene, Track } from "../../web/shared/wire.js";

/** A picture of so many bytes that knows when it was closed. */
class Sheet {
  closed = false;
  height = 1;
  /** @param {number} bytes */
  constructor(bytes) {
    this.width = bytes / 4;
  }
  close() {
    this.closed = true;
  }
}
const EVERY = () => true;

/** @returns {Leaves<Sheet>} */
const made = () => new Leaves(100);

/** @param {Leaves<Sheet>} leaves @param {number} bytes @param {(leaf: number) => boolean} [open] @returns {number[]} */
const decode = (leaves, bytes, open = EVERY) => {
  const order = [];
  for (let next = leaves.next(open); next !== null; next = leaves.next(open)) {
    order.push(next);
    leaves.take(next, new Sheet(bytes));
    assert.ok(order.length < 9, "it decodes for ever");
  }
  return order;
};

test("media time is the leaf's number, and the last one stays up", () => {
  const manifest = { origin: /** @type {[number, number]} */ ([0, 1]), tracks: [], rows: new Map(), complete: true, counts: [4], duration: 4 };
  const at = (/** @type {number} */ media, end = /** @type {number | null} */ (4)) =>
    leafOf(Scene.make({ exhibit: "e", rendition: "r", anchor: { media, clock: 0, rate: 0 }, end }), manifest);
  assert.deepEqual([0, 0.000001, 1.000001, 1.9999999, 2.5, 3, 4, 9].map((media) => at(media)), [0, 0, 1, 2, 2, 3, 3, 3]);
  assert.equal(at(3, null), 3);
  assert.equal(leafOf(Scene.make({ exhibit: "e", rendition: "r", anchor: { media: 7, clock: 0, rate: 0 } }), { ...manifest, complete: false, duration: null }), 7);
  assert.equal(leavesOf(manifest), undefined);
  assert.equal(leavesOf(undefined), undefined);
  const track = Track.make({ index: 2, kind: "video", mime: LEAVES, timescale: 1, init_sha256: "", init_bytes: 0, first: 0 });
  assert.equal(leavesOf({ ...manifest, tracks: [track] }), track);
});

test("the one asked for comes first, then the next on the way, then the one behind", () => {
  const leaves = made();
  leaves.aim(3, 9);
  assert.deepEqual(decode(leaves, 40), [3, 4, 2]);
  leaves.aim(2, 9);
  assert.deepEqual(decode(leaves, 40), [1]);
  leaves.aim(0, 9);
  assert.deepEqual(decode(leaves, 40), [0]);
  leaves.aim(8, 9);
  assert.deepEqual(decode(leaves, 40), [8, 7]);
});

test("nothing is decoded before the one asked for", () => {
  const leaves = made();
  leaves.aim(3, 9);
  assert.equal(leaves.next((leaf) => leaf !== 3), null);
  leaves.spoil(3);
  assert.ok(leaves.broken(3));
  assert.equal(leaves.next((leaf) => leaf !== 4), 2);
  // Asked for again after another one, it is tried again.
  leaves.aim(6, 9);
  leaves.aim(3, 9);
  assert.ok(!leaves.broken(3));
});

test("those around go as far as their bytes do, and are not tried twice; the one asked for is kept, however large", () => {
  const leaves = made();
  leaves.aim(3, 9);
  assert.deepEqual(decode(leaves, 80), [3, 4, 2]);
  assert.deepEqual([2, 3, 4].map((leaf) => leaves.get(leaf) !== undefined), [false, true, true]);
  leaves.aim(4, 9);
  assert.deepEqual(decode(leaves, 4000), [5]);
  assert.deepEqual([3, 4, 5].map((leaf) => leaves.get(leaf) !== undefined), [true, true, false]);
});

test("what is not wanted any more is closed", () => {
  const leaves = made(), sheets = [3, 4, 7].map(() => new Sheet(8));
  leaves.aim(3, 9);
  leaves.take(3, sheets[0]);
  leaves.take(4, sheets[1]);
  leaves.take(7, sheets[2]);
  assert.deepEqual(sheets.map(({ closed }) => closed), [false, false, true]);
  leaves.aim(4, 9);
  leaves.aim(5, 9);
  assert.deepEqual(sheets.map(({ closed }) => closed), [true, false, true]);
  leaves.clear();
  assert.ok(sheets[1].closed);
});
