import assert from "node:assert/strict";
import { test } from "node:test";

import { Shelf } from "../../receiver/screen/shelf.js";
import { ManifestRows } from "../../web/shared/wire.js";

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(16));
/** @param {number} index @param {string} [rendition] */
const key = (index, rendition = A) => ({ rendition, track: 0, index });

/** Half-second fragments of a hundred bytes. @param {string} rendition @param {string} [exhibit] */
const part = (rendition, exhibit = `of ${rendition[0]}`) =>
  ManifestRows.read({
    exhibit, rendition, origin: [0, 1], complete: true, duration: 30, counts: [60],
    tracks: [{ index: 0, kind: "video", mime: "", timescale: 1000, init_sha256: "", init_bytes: 1, first: 0 }],
    rows: Array.from({ length: 60 }, (_, index) => [0, index, index * 500, 500, 100, index % 4 === 0, "", []]),
  });

/** @param {string[]} day */
const shelfOf = (disk = 1e9, ...day) => {
  const shelf = new Shelf(1e9, disk);
  for (const rendition of [A, B, C]) shelf.learn(part(rendition));
  shelf.order(day.map((rendition) => ({ exhibit: `of ${rendition[0]}`, rendition: null })));
  return shelf;
};

test("as long as nobody has said what the day is, nothing has to go and nothing may lie on a disk", () => {
  const shelf = new Shelf(1e9, 1e9);
  shelf.learn(part(A));
  assert.deepEqual([shelf.place(A), shelf.strangers()], [-1, []]);
});

test("what is not of the day stays only while it is shown or cued", () => {
  const shelf = shelfOf(1e9, B);
  shelf.focus({ rendition: A, media: 0 }, { rendition: C, media: 0 });
  assert.deepEqual(shelf.strangers(), []);
  shelf.focus(null, { rendition: C, media: 0 });
  assert.deepEqual(shelf.strangers(), [A]);
  shelf.focus(null, null);
  assert.deepEqual(shelf.strangers(), [A, C]);
});

test("another rendition of an exhibit of the day is a stranger, unless it is not known which will be shown", () => {
  const shelf = new Shelf(1e9, 1e9);
  shelf.learn(part(A, "one"));
  shelf.learn(part(B, "one"));
  shelf.order([{ exhibit: "one", rendition: B }]);
  assert.deepEqual([shelf.place(A), shelf.place(B)], [-1, 0]);
  shelf.order([{ exhibit: "two", rendition: null }, { exhibit: "one", rendition: null }]);
  assert.deepEqual([shelf.place(A), shelf.place(B)], [1, 1]);
});

test("from the disk goes first the rest of the last, then the beginnings of the last, and what is on stays", () => {
  const shelf = shelfOf(120 * 100, A, B, C);
  for (const rendition of [C, B]) for (let index = 0; index < 60; index += 1) shelf.put(key(index, rendition), "disk");
  shelf.focus({ rendition: C, media: 0 }, null);
  for (let index = 0; index < 60; index += 1) shelf.put(key(index), "disk");
  // A comes before B: B's rest goes for as much of A; then A's own rest finds nothing lesser than B's beginning.
  const left = (/** @type {string} */ rendition) => shelf.keys(rendition, "disk").map(({ index }) => index);
  assert.equal(left(C).length, 60, "what is shown stays");
  assert.deepEqual(left(B), Array.from({ length: 20 }, (_, at) => at), "of the last one its beginning");
  assert.ok(left(A).length >= 38 && left(A).every((index, at) => index === at), "of the first as much as there is room for");
  assert.ok(shelf.room.disk.bytes <= shelf.room.disk.budget);
});

test("what is held is what is in memory or on the disk, counted once", () => {
  const shelf = shelfOf(1e9, A);
  for (const index of [0, 1, 2]) shelf.put(key(index));
  for (const index of [2, 3, 7]) shelf.put(key(index), "disk");
  assert.deepEqual(shelf.holdings().tracks[0].fragments, [[0, 3], [7, 7]]);
  assert.deepEqual(shelf.held(A, { sound: false }), [[0, 2], [3.5, 4]]);
  assert.deepEqual([shelf.bytes, shelf.room.disk.bytes], [300, 300]);
  shelf.drop(key(2));
  assert.ok(shelf.holds(key(2)) && !shelf.holds(key(2), "held"));
  assert.deepEqual(shelf.toKeep(), [key(0), key(1)]);
});

test("what is given up in memory is still held where it is on the disk", () => {
  const shelf = new Shelf(10 * 100, 1e9);
  for (const rendition of [A, B]) shelf.learn(part(rendition));
  shelf.order([{ exhibit: "of a", rendition: A }, { exhibit: "of b", rendition: B }]);
  for (let index = 0; index < 10; index += 1) for (const tier of /** @type {const} */ (["held", "disk"])) shelf.put(key(index), tier);
  shelf.focus({ rendition: B, media: 0 }, null);
  for (let index = 0; index < 10; index += 1) assert.equal(shelf.put(key(index, B))?.length, 1);
  assert.deepEqual(shelf.holdings().tracks[0].fragments, [[0, 9]]);
  assert.deepEqual(shelf.toFetch(99), []);
  shelf.focus({ rendition: A, media: 4.2 }, null);
  assert.deepEqual(shelf.toFetch(99).map(({ index }) => index), [8, 9, 0, 1, 2, 3, 4, 5, 6, 7]);
});

test("what the disk had at the start counts only where it is what the manifest says", () => {
  const shelf = shelfOf(1e9, A);
  assert.ok(shelf.found(key(0), 100) && !shelf.found(key(0), 100) && !shelf.found(key(1), 99) && !shelf.found(key(99), 100));
  assert.deepEqual([shelf.unread, shelf.room.disk.bytes, shelf.toProve()], [100, 100, key(0)]);
  shelf.spoilt(key(0));
  assert.deepEqual([shelf.unread, shelf.room.disk.bytes, shelf.toProve()], [0, 0, null]);
  assert.deepEqual(shelf.holdings().damaged, { [A]: [[0, 0, 0]] });
});

test("where there is less room than there was, the least wanted goes", () => {
  const shelf = shelfOf(1e9, B, A);
  for (const rendition of [A, B]) for (let index = 0; index < 60; index += 1) shelf.put(key(index, rendition), "disk");
  shelf.room.disk.budget = 50 * 100;
  shelf.trim("disk");
  assert.deepEqual(shelf.holdings().tracks.map(({ fragments }) => fragments), [[[0, 19]], [[0, 29]], []]);
});
