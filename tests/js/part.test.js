import assert from "node:assert/strict";
import test from "node:test";

import { pictureOf, soundOf, starting } from "../../receiver/screen/part.js";

/** @typedef {import("../../receiver/screen/face.js").Manifest} Manifest */

/** Half-second fragments of 10 pictures a second; a keyframe every second; the sound in tenths. MSE time is 0.2 s ahead. */
const row = (/** @type {number} */ track, /** @type {number} */ index, /** @type {number} */ length) => ({
  track, index, start: 200 + index * length, duration: length, bytes: 10, keyframe: track === 1 || index % 2 === 0, sha256: "", added: [],
  pts: track === 1 ? [] : Array.from({ length: 5 }, (_, at) => 200 + index * length + at * 100),
});

/** @param {number} seconds  Known of it. @returns {Manifest} */
const manifest = (seconds, complete = true) => ({
  origin: [1, 5], complete, counts: [2 * seconds, 10 * seconds], duration: complete ? seconds : null,
  tracks: ["video", "audio"].map((kind, index) => ({
    index, kind: /** @type {"video"|"audio"} */ (kind), mime: `${kind}/webm`, timescale: 1000, init_sha256: "", init_bytes: 1, first: 200,
    width: 16, height: 9, cover: 0, shift: 0,
  })),
  rows: new Map([
    [0, Array.from({ length: 2 * seconds }, (_, index) => row(0, index, 500))],
    [1, Array.from({ length: 10 * seconds }, (_, index) => row(1, index, 100))],
  ]),
});

/** @param {Manifest|undefined} known */
const store = (known) => ({
  manifest: () => known,
  init: () => new ArrayBuffer(1),
  fragment: () => new ArrayBuffer(10),
  onchange: () => {},
});

test("of the picture there is what is before the end, and only what is needed goes into the buffer", () => {
  const { vault, until } = pictureOf(store(manifest(10)), { start: 3.25, stop: 4.75 });
  const part = vault.manifest("r");
  assert.deepEqual(part?.tracks.map(({ kind }) => kind), ["video"]);
  assert.deepEqual([part?.complete, part?.counts, part?.duration], [true, [10], 4.75]);
  const rows = part?.rows.get(0) ?? [];
  assert.equal(rows.length, 10, "all before it are known: frames are counted from the first");
  assert.deepEqual(rows.at(-1)?.pts, [4700, 4800, 4900]);
  assert.equal(rows.at(-1)?.duration, 300, "the last frame is up until the next would be");
  const held = Array.from({ length: 20 }, (_, index) => (vault.fragment("r", 0, index) ? index : -1)).filter((index) => index >= 0);
  assert.deepEqual(held, [6, 7, 8, 9], "from its keyframe on");
  assert.ok(vault.init("r", 0));
  assert.equal(until("r", 0, 8), Infinity);
  assert.ok(until("r", 0, 9) > 5 && until("r", 0, 9) < 5.05, "what comes behind is dropped");
});

test("a range that stops between two frames ends with the one that is up", () => {
  const rows = pictureOf(store(manifest(10)), { start: 1, stop: 2.04 }).vault.manifest("r")?.rows.get(0);
  assert.deepEqual(rows?.at(-1)?.pts, [2200]);
  assert.deepEqual(pictureOf(store(manifest(10)), { start: 1, stop: 2 }).vault.manifest("r")?.rows.get(0)?.at(-1)?.pts.at(-1), 2100);
});

test("while the rest is being prepared a part is complete once it is known what follows it", () => {
  const known = manifest(4, false), { vault } = pictureOf(store(known), { start: 3, stop: 4.7 });
  assert.deepEqual([vault.manifest("r")?.complete, vault.manifest("r")?.duration], [false, null]);
  const more = manifest(6);
  for (const [track, rows] of known.rows) rows.push(.../** @type {never[]} */ (more.rows.get(track)?.slice(rows.length)));
  assert.deepEqual([vault.manifest("r")?.complete, vault.manifest("r")?.duration], [true, 4.7]);
});

test("of the sound there is the range to its end, and a little before it for the decoder", () => {
  const { vault, until } = soundOf(store(manifest(10)), { start: 3.25, stop: 4.75 });
  const part = vault.manifest("r"), last = part?.rows.get(1)?.at(-1);
  assert.deepEqual(part?.tracks.map(({ kind }) => kind), ["audio"]);
  assert.deepEqual([last?.index, Math.round(Number(last?.duration))], [47, 50]);
  assert.deepEqual([30, 29, 47, 48].map((index) => vault.fragment("r", 1, index) !== undefined), [true, false, true, false]);
  assert.deepEqual([until("r", 1, 46), until("r", 1, 47)], [Infinity, 4.95]);
});

test("nothing is known of what nobody knows", () => {
  assert.equal(soundOf(store(undefined), { start: 1, stop: 2 }).vault.manifest("r"), undefined);
});

test("sound that begins in the middle of a range is waited for, and goes on to its end", () => {
  const known = manifest(10);
  const late = { ...known, tracks: known.tracks.map((track) => ({ ...track, first: 1700 })) };
  const turn = (/** @type {number} */ media, rate = 2) => ({
    exhibit: "e", rendition: "r", anchor: { media, clock: 100, rate }, end: 3, view: null, detail: null, subtitles: null, ranges: [],
  });
  assert.deepEqual(starting(turn(1), store(late)).anchor, { media: 1.5, clock: 100.25, rate: 2 });
  assert.deepEqual(starting(turn(1, 0), store(late)).anchor, { media: 1.5, clock: 100, rate: 0 });
  assert.deepEqual(starting(turn(2), store(late)).anchor, turn(2).anchor);
  assert.equal(starting(turn(2), store(late)).end, null);
});
