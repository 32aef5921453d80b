import assert from "node:assert/strict";
import { test } from "node:test";

import { INDEX_MOST, RENDITIONS_MOST, SAFE_AHEAD, Shelf } from "../../receiver/screen/shelf.js";
import { ManifestRows } from "../../web/shared/wire.js";
import { chance, whole } from "./chance.js";

/** Half-second fragments of `bytes` each; every `gop`-th begins with a keyframe. */
const part = ({ rendition = "a".repeat(16), count = 60, gop = 4, bytes = 100, from = 0, to = -1, complete = true, sound = false, origin = 0, late = 0 } = {}) =>
  ManifestRows.read({
    exhibit: "e1", rendition, origin: [origin, 1], complete, duration: complete ? count / 2 : null,
    tracks: [track(0, "video", 1000), ...(sound ? [track(1, "audio", 48000)] : [])],
    counts: sound ? [count, count] : [count],
    rows: Array.from({ length: (to < 0 ? count : to) - from }, (_, at) => at + from).flatMap((index) => [
      [0, index, (origin + index / 2) * 1000 + (index === 0 ? late * 1000 : 0), 500 - (index === 0 ? late * 1000 : 0), bytes, index % gop === 0, "", []],
      ...(sound ? [[1, index, (origin + index / 2) * 48000, 24000, bytes, true, ""]] : []),
    ]),
  });

/** @param {number} index @param {string} kind @param {number} timescale */
const track = (index, kind, timescale) => ({ index, kind, mime: "", timescale, init_sha256: "", init_bytes: 1, first: 0 });

const A = "a".repeat(16);
const B = "b".repeat(16);
const C = "c".repeat(16);
const key = (/** @type {number} */ index, rendition = A, track = 0) => ({ rendition, track, index });
/** @param {Shelf} shelf */
const heldOf = (shelf, rendition = A, track = 0) => shelf.renditions.get(rendition)?.held.get(track)?.toRanges();

test("rows come in any order and again, and never change", () => {
  const shelf = new Shelf(1e9);
  shelf.learn(part({ from: 30, to: 40, complete: false }));
  shelf.learn(part({ from: 0, to: 10, complete: false }));
  shelf.learn(part({ from: 5, to: 35, complete: false, bytes: 7 }));
  const manifest = shelf.manifest(A);
  assert.deepEqual(manifest?.rows.get(0)?.map((row) => row.index), Array.from({ length: 40 }, (_, at) => at));
  assert.equal(shelf.row(key(7))?.bytes, 100);
  assert.equal(shelf.row(key(20))?.bytes, 7);
  assert.deepEqual([manifest?.complete, manifest?.duration], [false, null]);
  shelf.learn(part({ from: 40 }));
  assert.deepEqual([manifest?.complete, manifest?.duration, manifest?.counts], [true, 30, [60]]);
});

test("a track that comes later is added, counts only grow", () => {
  const shelf = new Shelf(1e9);
  shelf.learn(part({ count: 10 }));
  shelf.learn(part({ count: 6, sound: true }));
  assert.deepEqual(shelf.manifest(A)?.counts, [10, 6]);
  assert.equal(shelf.track(A, 1)?.kind, "audio");
});

test("a fragment without its row, or with an absurd number, is not taken", () => {
  const shelf = new Shelf(1e9);
  assert.equal(shelf.put(key(0)), null);
  shelf.learn(part({ count: 4 }));
  const rows = part({ count: 4 });
  rows.rows = [{ ...rows.rows[0], index: INDEX_MOST }, { ...rows.rows[0], index: -1 }, { ...rows.rows[0], track: 9 }];
  shelf.learn(rows);
  assert.equal(shelf.manifest(A)?.rows.get(0)?.length, 4);
  for (const index of [4, INDEX_MOST, -1]) assert.equal(shelf.put(key(index)), null);
  assert.equal(shelf.put(key(0, A, 9)), null);
});

test("what was put is held once and counted once", () => {
  const shelf = new Shelf(1e9);
  shelf.learn(part());
  assert.deepEqual(shelf.put(key(3)), []);
  assert.deepEqual(shelf.put(key(3)), []);
  assert.equal(shelf.bytes, 100);
  shelf.drop(key(3));
  shelf.drop(key(3));
  assert.equal(shelf.bytes, 0);
});

test("behind the playhead goes first, the furthest first, and never its own GOP", () => {
  const shelf = new Shelf(20 * 100);
  shelf.learn(part());
  for (let index = 0; index < 20; index += 1) shelf.put(key(index));
  shelf.focus({ rendition: A, media: 7.1 }, null);
  assert.deepEqual(shelf.put(key(40)), [key(0)]);
  for (let index = 41; index < 52; index += 1) assert.deepEqual(shelf.put(key(index)), [key(index - 40)]);
  // 12 … 15 are the GOP of 7.1 s, and what follows is needed within ten seconds: the far end is given up for the near.
  assert.equal(shelf.put(key(52)), null);
  assert.deepEqual(shelf.put(key(20)), [key(51)]);
  assert.deepEqual(heldOf(shelf)?.[0], [12, 20]);
});

test("another recording goes before what is shown and cued, the one used longest ago first", () => {
  const shelf = new Shelf(30 * 100);
  for (const rendition of [A, B, C]) shelf.learn(part({ rendition }));
  shelf.focus({ rendition: B, media: 0 }, null);
  shelf.focus({ rendition: A, media: 0 }, null);
  for (let index = 0; index < 10; index += 1) for (const rendition of [A, B, C]) shelf.put(key(index, rendition));
  shelf.focus({ rendition: A, media: 20 }, { rendition: B, media: 0 });
  const gone = Array.from({ length: 12 }, (_, at) => shelf.put(key(40 + at))?.[0]);
  assert.deepEqual(gone.slice(0, 10).map((one) => one?.rendition), Array(10).fill(C));
  assert.equal(gone[0]?.index, 9);
  assert.deepEqual(gone.slice(10), [key(0), key(1)]);
});

test("what is needed now is never given up, whatever comes", () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const random = chance(seed);
    const shelf = new Shelf(5000 + whole(random, 4000));
    const gop = 1 + whole(random, 6);
    for (const rendition of [A, B, C]) shelf.learn(part({ rendition, gop, bytes: 50 + whole(random, 150), sound: random() < 0.5 }));
    for (let step = 0; step < 400; step += 1) {
      const heads = [A, B].map((rendition) => ({ rendition, media: random() * 30 }));
      if (random() < 0.1) shelf.focus(random() < 0.8 ? heads[0] : null, random() < 0.8 ? heads[1] : null);
      const needed = [shelf.shown, shelf.cue].flatMap((head) => (head === null ? [] : needs(shelf, head, gop)));
      const before = needed.filter((one) => shelf.holds(one));
      const incoming = key(whole(random, 60), [A, B, C][whole(random, 3)], whole(random, 2));
      const had = shelf.holds(incoming);
      const gone = shelf.put(incoming);
      for (const one of before) assert.ok(shelf.holds(one), `seed ${seed}: ${JSON.stringify(one)} was given up`);
      assert.ok(shelf.bytes <= shelf.budget);
      assert.equal(shelf.bytes, recount(shelf));
      if (gone !== null) assert.ok(shelf.holds(incoming));
      else assert.equal(shelf.holds(incoming), had);
      for (const one of gone ?? []) assert.ok(!shelf.holds(one));
    }
  }
});

/** @param {Shelf} shelf @param {{rendition: string, media: number}} head @param {number} gop */
const needs = (shelf, { rendition, media }, gop) =>
  [0, 1].flatMap((track) =>
    Array.from({ length: 60 }, (_, index) => key(index, rendition, track)).filter(({ index }) => {
      const at = Math.floor(media * 2);
      const first = track === 0 ? at - (at % gop) : at;
      return shelf.row(key(index, rendition, track)) && index >= first && index / 2 < media + SAFE_AHEAD;
    }),
  );

/** @param {Shelf} shelf */
const recount = (shelf) => {
  let bytes = 0;
  for (const [rendition, { held }] of shelf.renditions) {
    for (const [track, set] of held) {
      for (const [first, last] of set.ranges) for (let index = first; index <= last; index += 1) bytes += shelf.row({ rendition, track, index })?.bytes ?? NaN;
    }
  }
  return bytes;
};

test("held is media time, of the picture, and of the sound where it counts", () => {
  const shelf = new Shelf(1e9);
  shelf.learn(part({ count: 10, sound: true, origin: 2, late: 0.25 }));
  for (const index of [0, 1, 2, 6, 9]) shelf.put(key(index));
  for (const index of [1, 2, 3, 9]) shelf.put(key(index, A, 1));
  assert.deepEqual(shelf.held(A, { sound: false }), [[0, 1.5], [3, 3.5], [4.5, 5]]);
  assert.deepEqual(shelf.held(A, { sound: true }), [[0.5, 1.5], [4.5, 5]]);
  assert.deepEqual(shelf.held(B, { sound: true }), []);
});

test("a recording without a picture is held by its sound", () => {
  const shelf = new Shelf(1e9);
  const rows = part({ count: 4 });
  rows.tracks[0].kind = "audio";
  shelf.learn(rows);
  shelf.put(key(0));
  assert.deepEqual(shelf.held(A, { sound: false }), [[0, 0.5]]);
});

test("holdings say all that a presenter has to know", () => {
  const shelf = new Shelf(1e9);
  shelf.learn(part({ count: 6, sound: true, complete: false }));
  shelf.putInit(A, 1);
  for (const index of [0, 1, 4]) shelf.put(key(index));
  assert.deepEqual(shelf.holdings(), {
    tracks: [
      { rendition: A, track: 0, init: false, fragments: [[0, 1], [4, 4]] },
      { rendition: A, track: 1, init: true, fragments: [] },
    ],
    rows: { [A]: [[0, 0, 5], [1, 0, 5]] },
    bytes: 300,
    disk: 0,
    unread: 0,
    damaged: {},
  });
});

test("of too many recordings the one used longest ago is forgotten, never one that is up", () => {
  const shelf = new Shelf(1e9);
  const name = (/** @type {number} */ at) => at.toString(16).padStart(16, "0");
  shelf.learn(part({ rendition: name(0) }));
  shelf.put(key(0, name(0)));
  shelf.focus({ rendition: name(0), media: 0 }, null);
  for (let at = 1; at < RENDITIONS_MOST; at += 1) {
    assert.equal(shelf.learn(part({ rendition: name(at) })), null);
    shelf.put(key(0, name(at)));
  }
  assert.equal(shelf.learn(part({ rendition: name(RENDITIONS_MOST) })), name(1));
  assert.equal(shelf.manifest(name(1)), undefined);
  assert.equal(shelf.renditions.size, RENDITIONS_MOST);
  assert.equal(shelf.bytes, (RENDITIONS_MOST - 1) * 100);
});

test("a recording of six hours goes through a gigabyte, and what is about to be played is never given up", () => {
  const bytes = 500_000, shelf = new Shelf(1 << 30), count = 6 * 3600 * 2;
  shelf.learn(part({ count, bytes }));
  /** @param {number} index */
  const take = (index) => shelf.holds(key(index)) || shelf.put(key(index));
  for (let index = 0; index < 2200; index += 1) take(index); // more than fits
  for (const media of [900, 1500, 10_800, 21_590, 5]) {
    shelf.focus({ rendition: A, media }, null);
    const from = media * 2 - ((media * 2) % 4), to = Math.min(count, (media + SAFE_AHEAD) * 2);
    for (let index = from; index < to; index += 1) assert.notEqual(take(index), null, `${index}`);
    for (let index = from; index < to; index += 1) assert.ok(shelf.holds(key(index)), `${index} at ${media}`);
    assert.ok(shelf.bytes <= 1 << 30);
  }
});
