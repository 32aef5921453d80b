/** Clips: where in one a moment lies, how they are made, and what is said of them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { besideIn, clipCalled, clipTime, halfOf, heldOf, lengthOf, linesOf, mediaTime, moved, nearest, outside, partAt, placeOf, saidOf } from "../../web/remote/clips.js";
import { begun, changed, marked, missing, momentAt, momentOf, sumOf, taken, wishOf } from "../../web/remote/draft.js";
import { entryOf } from "../../web/remote/entry.js";
import { decide } from "../../web/remote/keys.js";
import { positionAt } from "../../web/remote/position.js";
import { Exhibit, RoomState } from "../../web/shared/wire.js";
import { chance } from "./chance.js";

/** Two parts, the later one of the recording first. */
const TWO = [{ start: 20, stop: 26 }, { start: 4, stop: 8 }];
const CLIP = { id: "c1", name: "Arrival of the car", ranges: [{ start: 4, stop: 8, silent: false }], agreed: "", duration: 4 };
const exhibit = (/** @type {object} */ more = {}) =>
  Exhibit.read({ id: "e", ref: "JM/4", title: "Door", duration: 30, frames: 750, prepared: 30, video: { codec: "h264", width: 16, height: 9 }, ...more });

test("a moment is in the clip, at a time of it, or outside", () => {
  assert.equal(lengthOf(TWO), 10);
  assert.deepEqual([20, 25.9, 4, 7.9, 26, 8, 0].map((at) => partAt(TWO, at)), [0, 0, 1, 1, -1, -1, -1]);
  assert.equal(clipTime(TWO, 21), 1);
  assert.equal(clipTime(TWO, 5), 7);
  assert.equal(clipTime(TWO, 8), 10, "its very end");
  assert.equal(clipTime(TWO, 26), null, "the end of the first part is the beginning of the second");
  assert.deepEqual([0, 5.5, 6, 9, 10, 99, -1].map((time) => mediaTime(TWO, time)), [20, 25.5, 4, 7, 8, 8, 20]);
});

test("clip time and media time undo each other, wherever the parts lie", () => {
  const any = chance(7);
  for (let round = 0; round < 300; round += 1) {
    const cuts = Array.from({ length: 8 }, () => Math.floor(any() * 1000)).sort((a, b) => a - b).filter((cut, i, all) => i === 0 || cut !== all[i - 1]);
    const ranges = [];
    for (let i = 0; i + 1 < cuts.length; i += 2) ranges.push({ start: cuts[i] ?? 0, stop: cuts[i + 1] ?? 1 });
    if (ranges.length > 1 && any() < 0.5) ranges.reverse();
    const time = any() * lengthOf(ranges) * 0.999;
    const at = mediaTime(ranges, time);
    assert.ok(Math.abs((clipTime(ranges, at) ?? -1) - time) < 1e-6);
    assert.equal(nearest(ranges, at, 0.02), at);
    const wish = any() * 1000;
    assert.ok(partAt(ranges, nearest(ranges, wish, 0.02)) >= 0, "nothing but the clip can be meant");
    const spare = outside(ranges, 1000).reduce((sum, [from, to]) => sum + to - from, 0);
    assert.ok(Math.abs(spare + lengthOf(ranges) - 1000) < 1e-6);
  }
});

test("what lies outside leads to the next place inside; steps lead over the seam", () => {
  assert.equal(nearest(TWO, 3, 0.02), 4);
  assert.ok(Math.abs(nearest(TWO, 12, 0.02) - 7.98) < 1e-9, "the last picture of a part, not its end");
  assert.equal(nearest([], 12, 0.02), 12);
  assert.equal(moved(TWO, 25, 2, 0.02), 5);
  assert.equal(moved(TWO, 5, -2, 0.02), 25);
  assert.equal(moved(TWO, 21, -10, 0.02), 20);
  assert.ok(Math.abs(moved(TWO, 7, 10, 0.02) - 7.98) < 1e-9);
});

test("picture by picture over the seam", () => {
  const one = exhibit();
  assert.equal(halfOf(one), 0.02);
  assert.equal(besideIn(TWO, { at: 25.98, frame: 649 }, 1, one), 4);
  assert.ok(Math.abs((besideIn(TWO, { at: 4.02, frame: 100 }, -1, one) ?? 0) - 25.98) < 1e-9);
  assert.equal(besideIn(TWO, { at: 20.02, frame: 500 }, -1, one), 20.02, "there is nothing before its first");
});

test("what is outside is known for the bar", () => {
  assert.deepEqual(outside(TWO, 30), [[0, 4], [8, 20], [26, 30]]);
  assert.deepEqual(outside([], 30), []);
  assert.deepEqual(outside(TWO, null), []);
});

test("a screen is safe when it holds what the clip will still play, and nothing more is asked", () => {
  assert.equal(heldOf([[4, 8], [20, 26]], TWO, 22), true);
  assert.equal(heldOf([[4, 8]], TWO, 5), true, "the first part is over");
  assert.equal(heldOf([[4, 8], [20, 24]], TWO, 22), false);
  assert.equal(heldOf([[20, 26]], TWO, 22), false);
});

test("playing passes from the end of a part to the beginning of the next", () => {
  const room = RoomState.read({
    revision: 1, playing: true, clock: 100, shown: { exhibit: "e", at: 24, clip: "x", ranges: TWO }, anchor: { media: 24, clock: 100, rate: 1 },
  });
  assert.equal(positionAt(room, 101, 30), 25);
  assert.equal(positionAt(room, 103, 30), 5);
  assert.equal(positionAt(room, 190, 30), 8);
});

test("the list: all of it first, and what each is", () => {
  const of = exhibit({ clips: [{ ...CLIP, ranges: [...CLIP.ranges, { start: 20, stop: 21, silent: true }], agreed: "both, today" }] });
  const room = RoomState.read({ revision: 1, cued: { exhibit: "e", at: 4, clip: CLIP.name, ranges: CLIP.ranges } });
  const [all, one] = linesOf(of, room);
  assert.deepEqual([all?.id, all?.time, all?.ready], [null, "0:30", false]);
  assert.deepEqual([one?.agreed, one?.says, one?.ready, one?.live], ["both, today", "2 parts, one of them without sound", true, false]);
  assert.deepEqual(linesOf(exhibit(), room), []);
  assert.equal(saidOf([{ start: 0, stop: 1, silent: true }]), "without sound");
  assert.deepEqual(placeOf(of, TWO, 5), { time: "0:07.000", says: "of 0:10 · 0:05.000 in JM/4" });
});

test("typed: JM/4 arrival", () => {
  const all = [exhibit({ clips: [CLIP, { ...CLIP, id: "c2", name: "Arrival of the van" }, { ...CLIP, id: "c3", name: "0:12" }] }), exhibit({ id: "f", ref: "JM/5" })];
  assert.deepEqual([entryOf("jm4 arrival of the c", all, null).clip, entryOf("JM/4 Arrival of the car", all, null).clip], [CLIP.name, CLIP.name]);
  assert.equal(entryOf("jm4 arrival", all, null).clip, null, "two may be meant");
  assert.equal(entryOf("jm5 arrival", all, null).clip, null);
  assert.deepEqual([entryOf("jm4 0:12", all, null).at, entryOf("jm4 0:12", all, null).clip], [12, null], "a time is a time");
  assert.equal(clipCalled(exhibit({ clips: [CLIP] }), " "), null);
});

test("a picture that is marked is shown, first and last", () => {
  const one = exhibit();
  assert.deepEqual(momentOf(one, 0.5, 12), { start: 0.48, stop: 0.52 });
  assert.deepEqual(momentOf(one, 0.48, 12), { start: 0.48, stop: 0.52 });
  const uneven = exhibit({ frames: 899, duration: 29.97 });
  const { start, stop } = momentOf(uneven, 100.5 / (899 / 29.97), 100);
  const rate = 899 / 29.97;
  assert.ok(start >= 100 / rate && stop > start && stop <= 101 / rate, "never a bit of the picture beside it");
  assert.deepEqual(momentOf(one, 7.3, 12), { start: 7.3, stop: 7.301 }, "where numbers say nothing, nothing of the next one");
  assert.deepEqual(momentOf(exhibit({ video: null, frames: null }), 7.3, null), { start: 7.3, stop: 7.3 });
});

test("the presenter knows better when a picture comes up, and when the next one does", async () => {
  const one = exhibit({ state: "ready" });
  const times = new Map([[12, 0.471], [13, 0.502], [749, 29.9]]);
  const timeOf = async (/** @type {number} */ frame) => times.get(frame) ?? null;
  assert.deepEqual(await momentAt(one, { at: 0.48, frame: 12 }, timeOf), { start: 0.471, stop: 0.502 });
  assert.deepEqual(await momentAt(one, { at: 29.95, frame: 749 }, timeOf), { start: 29.9, stop: 30 }, "the last one lasts to the end");
  assert.deepEqual(await momentAt(one, { at: 0.8, frame: 20 }, timeOf), momentOf(one, 0.8, 20));
});

test("parts are marked, moved, ordered, silenced and taken out", () => {
  const one = exhibit({ clips: [CLIP] });
  let draft = begun(one);
  assert.equal(draft.name, "Clip 2");
  draft = marked(draft, "out", { start: 1, stop: 1.04 });
  assert.match(draft.said, /beginning first/u);
  draft = marked(marked(draft, "in", { start: 1, stop: 1.04 }), "out", { start: 2, stop: 2.04 });
  assert.deepEqual(draft.parts, [{ start: 1, stop: 2.04, silent: false }]);
  draft = marked(draft, "in", { start: 1.5, stop: 1.54 });
  assert.match(missing(draft, one.clips), /end of the part/u);
  draft = marked(draft, "out", { start: 3, stop: 3.04 });
  assert.match(draft.said, /overlap with part 1/u);
  draft = marked(marked(draft, "in", { start: 5, stop: 5.04 }), "out", { start: 4, stop: 4.04 });
  assert.match(draft.said, /before its beginning/u);
  draft = marked(draft, "out", { start: 5, stop: 5.04 });
  assert.deepEqual(draft.parts[1], { start: 5, stop: 5.04, silent: false }, "one picture is a part");
  draft = changed(changed(draft, 1, "up"), 0, "silent");
  assert.deepEqual(draft.parts.map(({ start, silent }) => [start, silent]), [[5, true], [1, false]]);
  draft = marked(changed(draft, 1, "move"), "out", { start: 6, stop: 6.04 });
  assert.match(draft.said, /overlap with part 1/u);
  draft = marked(draft, "in", { start: 0.5, stop: 0.54 });
  assert.deepEqual(draft.parts[1], { start: 0.5, stop: 2.04, silent: false });
  assert.equal(changed(draft, 1, "move").moving, null);
  assert.equal(sumOf(draft), "0:01 · 2 parts, one of them without sound");
  assert.equal(changed(draft, 0, "remove").parts.length, 1);
  assert.deepEqual(wishOf({ ...draft, name: " a ", agreed: " b " }), { name: "a", agreed: "b", ranges: draft.parts });
});

test("what is missing is said; a clip keeps its own name", () => {
  const one = exhibit({ clips: [CLIP] });
  assert.match(missing(begun(one), one.clips), /at least one part/u);
  const draft = taken(one, Exhibit.read(one).clips[0] ?? assert.fail());
  assert.equal(missing(draft, one.clips), "");
  assert.match(missing({ ...draft, clip: null }, one.clips), /has that name/u);
  assert.match(missing({ ...draft, name: "  " }, one.clips), /a name/u);
});

test("I and O mark while a clip is made, and begin a reference otherwise", () => {
  const stroke = (/** @type {string} */ key, /** @type {boolean} */ making, focus = "page") =>
    decide({ key, repeat: false, chord: false, making, focus: /** @type {"page"} */ (focus) });
  assert.deepEqual(stroke("i", true), { act: "mark-in" });
  assert.deepEqual(stroke("O", true, "control"), { act: "mark-out" });
  assert.deepEqual(stroke("i", false), { type: "i" });
  assert.equal(stroke("i", true, "text"), null);
  assert.equal(stroke("o", true, "dialog"), null);
});
