/** Files on their way: what is done next, whatever happens, and what is said. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { sorted } from "../../web/remote/folder.js";
import { AT_ONCE, HERE, MOST, added, busy, EMPTY, heard, lines, next, rate, soonest, summary } from "../../web/remote/upload.js";
import { chance } from "./chance.js";

/** @typedef {import("../../web/remote/upload.js").Queue} Queue */

/** @param {string} name @param {Partial<import("../../web/remote/upload.js").Item>} [more] */
const file = (name, more = {}) => ({ name, path: "", size: 10_000_000, companion: false, set: "", restricted: false, exhibit: "", wanted: "", ...more });
/** @param {Queue} queue @param {number} now */
const doing = (queue, now = 0) => next(queue, now).map((action) => `${action.do} ${action.item.id}`);
/** @param {Queue} queue @param {...any} events @returns {Queue} */
const after = (queue, ...events) => events.reduce((before, event) => heard(before, { now: 0, ...event }), queue);
/** @param {Queue} queue @param {number} id */
const opened = (queue, id, offset = 0) =>
  after(queue, { id, type: "begun" }, { id, type: "looked", fingerprint: `f${id}`, known: null }, { id, type: "begun" }, { id, type: "opened", upload: `u${id}`, offset });
/** @param {Queue} queue @param {number} id */
const of = (queue, id) => /** @type {import("../../web/remote/upload.js").Item} */ (queue.items.find((item) => item.id === id));

test("files are opened one after the other, in order, and a few are sent at once", () => {
  let queue = added(EMPTY, ["a", "b", "c"].map((name) => file(name)));
  assert.deepEqual(doing(queue), ["look 1"]);
  queue = after(queue, { id: 1, type: "begun" });
  assert.deepEqual(doing(queue), []);
  queue = after(queue, { id: 1, type: "looked", fingerprint: "f1", known: null });
  assert.deepEqual(doing(queue), ["open 1"]);
  queue = after(queue, { id: 1, type: "begun" }, { id: 1, type: "opened", upload: "u1", offset: 0 });
  assert.deepEqual(doing(queue), ["send 1", "look 2"]);
  queue = opened(after(queue, { id: 1, type: "begun" }), 2);
  assert.deepEqual(doing(queue), ["send 2"]);
  assert.equal(AT_ONCE, 2);
});

test("pieces follow the rate, and end with the file", () => {
  let queue = opened(added(EMPTY, [file("a", { size: 5_000_000 })]), 1);
  const [first] = next(queue, 0);
  assert.ok(first.do === "send" && first.from === 0 && first.to === 256 << 10);
  queue = after(queue, { id: 1, type: "begun" }, { id: 1, type: "sent", offset: 3_000_000, now: 0.2 });
  const [quick] = next(queue, 0.2);
  assert.ok(quick.do === "send" && quick.from === 3_000_000 && quick.to === 3_000_000 + MOST);
  queue = after(queue, { id: 1, type: "sent", offset: 4_900_000, now: 1 });
  const [last] = next(queue, 1);
  assert.ok(last.do === "send" && last.to === 5_000_000);
  queue = after(queue, { id: 1, type: "sent", offset: 5_000_000, now: 1 });
  assert.equal(of(queue, 1).state, "done");
  assert.equal(busy(queue), false);
  assert.deepEqual(lines(queue), []);
});

test("on a thin line pieces are small", () => {
  let queue = opened(added(EMPTY, [file("a")]), 1);
  for (let n = 1; n <= 8; n += 1) queue = after(queue, { id: 1, type: "sent", offset: n * 20_000, now: n });
  const [piece] = next(queue, 8);
  assert.ok(piece.do === "send" && piece.to - piece.from === 64 << 10);
});

test("a file that is half there goes on, one that is all there is not sent again", () => {
  const queue = after(added(EMPTY, [file("a"), file("b")]), { id: 1, type: "begun" }, { id: 1, type: "looked", fingerprint: "f", known: { id: "u9", offset: 4_000_000, length: 10_000_000 } });
  assert.equal(of(queue, 1).upload, "u9");
  assert.deepEqual(doing(queue), ["open 1"]);
  const here = after(queue, { id: 2, type: "looked", fingerprint: "g", known: { id: "u8", offset: 10_000_000, length: 10_000_000 } });
  assert.equal(of(here, 2).state, "done");
  assert.equal(lines(here).find((line) => line.id === 2)?.says, HERE);
});

test("a presenter that is away is tried again, later and later, and asked how far it came", () => {
  let queue = opened(added(EMPTY, [file("a")]), 1);
  let now = 0;
  for (const wait of [1, 2, 4, 8, 15, 15]) {
    queue = after(queue, { id: 1, type: "begun", now }, { id: 1, type: "away", now });
    assert.equal(soonest(queue, now), wait);
    assert.deepEqual(doing(queue, now), []);
    assert.match(lines(queue)[0].says, /does not answer. It goes on by itself/u);
    now += wait;
    assert.deepEqual(doing(queue, now), ["open 1"]);
  }
  queue = after(queue, { id: 1, type: "begun", now }, { id: 1, type: "opened", upload: "u1", offset: 3_000_000, now });
  assert.deepEqual([of(queue, 1).state, of(queue, 1).sent, of(queue, 1).says], ["send", 3_000_000, ""]);
});

test("a damaged piece is sent again, but not for ever", () => {
  let queue = opened(added(EMPTY, [file("a")]), 1);
  for (let n = 0; n < 4; n += 1) {
    queue = after(queue, { id: 1, type: "begun" }, { id: 1, type: "damaged" });
    assert.deepEqual(doing(queue), ["send 1"]);
  }
  queue = after(queue, { id: 1, type: "begun" }, { id: 1, type: "damaged" });
  assert.equal(of(queue, 1).state, "stopped");
  queue = after(queue, { id: 1, type: "go-on" });
  assert.deepEqual(doing(queue), ["open 1"]);
});

test("what passes is waited for, what does not stops in words", () => {
  for (const status of [423, 429, 503, 507]) {
    const queue = after(opened(added(EMPTY, [file("a")]), 1), { id: 1, type: "begun" }, { id: 1, type: "refused", status, says: "Wait." });
    assert.equal(of(queue, 1).state, "rest", String(status));
    assert.match(lines(queue)[0].says, /Wait\.$/u);
  }
  for (const status of [400, 404, 413, 422]) {
    const queue = after(opened(added(EMPTY, [file("a")]), 1), { id: 1, type: "begun" }, { id: 1, type: "refused", status, says: "No." });
    assert.deepEqual([of(queue, 1).state, lines(queue)[0].tone, busy(queue)], ["stopped", "stop", false]);
  }
  const elsewhere = after(opened(added(EMPTY, [file("a")]), 1), { id: 1, type: "begun" }, { id: 1, type: "refused", status: 409, says: "" });
  assert.deepEqual(doing(elsewhere), ["open 1"]);
});

test("a disc that was taken out is said, what came is kept, and it goes on from there", () => {
  let queue = after(opened(added(EMPTY, [file("cctv.mp4")]), 1), { id: 1, type: "sent", offset: 3_100_000 }, { id: 1, type: "begun" }, { id: 1, type: "unreadable" });
  const [line] = lines(queue);
  assert.match(line.says, /^The 3\.1 MB already here are kept\. It cannot be read any more: the disc or stick was taken out/u);
  assert.deepEqual([line.tone, line.can], ["stop", "go-on"]);
  assert.deepEqual(doing(queue), []);
  queue = after(queue, { id: 1, type: "go-on" });
  assert.deepEqual(doing(queue), ["open 1"]);
});

test("pausing holds; what was under way counts; another takes the lane", () => {
  let queue = opened(opened(added(EMPTY, [file("a"), file("b"), file("c")]), 1), 2);
  queue = after(queue, { id: 1, type: "begun" }, { id: 2, type: "begun" }, { id: 1, type: "pause" });
  assert.deepEqual(doing(queue), []);
  queue = after(queue, { id: 1, type: "sent", offset: 1_000_000 });
  assert.deepEqual([of(queue, 1).state, of(queue, 1).sent], ["paused", 1_000_000]);
  assert.deepEqual(doing(queue), ["look 3"]);
  queue = after(queue, { id: 1, type: "go-on" });
  assert.deepEqual(doing(queue), ["open 1"]);
  assert.deepEqual(after(queue, { id: 1, type: "cancel" }).items.map((item) => item.id), [2, 3]);
});

test("companions come after a recording of their set", () => {
  let queue = added(EMPTY, [file("player.exe", { companion: true, set: "s" }), file("a", { set: "s" })]);
  assert.deepEqual(doing(queue), ["look 2"]);
  queue = opened(queue, 2);
  assert.deepEqual(doing(queue), ["look 1", "send 2"]);
});

test("an empty file is not sent, and says so", () => {
  const queue = added(EMPTY, [file("a", { size: 0 }), file("b", { size: 0, companion: true, set: "s" })]);
  assert.match(lines(queue)[0].says, /empty/u);
  assert.deepEqual(doing(queue), []);
});

test("all of it in one line: files, bytes, rate, time left", () => {
  let queue = opened(added(EMPTY, [file("a"), file("b")]), 1);
  assert.equal(summary(queue, 0), "0 of 2 files here, 0 kB of 20.0 MB");
  for (let n = 1; n <= 4; n += 1) queue = after(queue, { id: 1, type: "sent", offset: n * 1_000_000, now: n });
  assert.equal(rate(queue, 5), 1_000_000);
  assert.equal(summary(queue, 5), "0 of 2 files here, 4.0 MB of 20.0 MB, 1.0 MB/s, 20 s left");
  assert.equal(summary(EMPTY, 0), "");
});

test("whatever happens, every file ends or says what it waits for", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const dice = chance(seed);
    const pick = (/** @type {number} */ n) => Math.floor(dice() * n);
    let queue = added(EMPTY, Array.from({ length: 4 }, (_, n) => file(`f${n}`, { size: 1 + pick(3_000_000), companion: n > 0 && pick(3) === 0, set: "s" })));
    let now = 0;
    /** @type {import("../../web/remote/upload.js").Action[]} */
    let running = [];
    for (let step = 0; step < 400 && busy(queue); step += 1) {
      for (const action of next(queue, now)) {
        assert.ok(!running.some((one) => one.item.id === action.item.id), "one thing at a time for each file");
        running.push(action);
        queue = heard(queue, { id: action.item.id, type: "begun", now });
      }
      assert.ok(running.filter((one) => queue.items.some((item) => item.id === one.item.id)).length <= AT_ONCE + 2);
      now += dice();
      if (running.length === 0) {
        const wait = soonest(queue, now);
        if (wait !== null) now += wait;
        for (const item of queue.items) if (["paused", "gone", "stopped"].includes(item.state)) queue = heard(queue, { id: item.id, type: "go-on", now });
        continue;
      }
      const [action] = running.splice(pick(running.length), 1);
      const { id } = action.item;
      const luck = step > 200 ? 10 : pick(12);
      if (luck === 0) queue = heard(queue, { id, type: "away", now });
      else if (luck === 1) queue = heard(queue, { id, type: "unreadable", now });
      else if (luck === 2) queue = heard(queue, { id, type: "refused", status: [404, 409, 423, 507][pick(4)], says: "Why." , now });
      else if (luck === 3 && action.do === "send") queue = heard(queue, { id, type: "damaged", now });
      else if (action.do === "look") queue = heard(queue, { id, type: "looked", fingerprint: "f", known: null, now });
      else if (action.do === "open") queue = heard(queue, { id, type: "opened", upload: `u${id}`, offset: action.item.sent, now });
      else if (action.do === "send") queue = heard(queue, { id, type: "sent", offset: action.to, now });
      if (pick(10) === 0) queue = heard(queue, { id: 1 + pick(4), type: pick(2) === 0 ? "pause" : "go-on", now });
      for (const line of lines(queue)) assert.doesNotMatch(`${line.says} ${summary(queue, now)}`, /NaN|undefined|Infinity|null/u);
    }
    assert.equal(busy(queue), false, `seed ${seed}`);
  }
});

/** @param {string} path @param {number} [size] */
const lying = (path, size = 10) => ({ name: path.split("/").pop() ?? "", path: path.split("/").slice(0, -1).join("/"), size, modified: 0 });
/** @param {ReadonlyArray<{name: string}>} files */
const names = (files) => files.map((one) => one.name);

test("of a recorder's disc the recordings are evidence, in the order people count; the rest is kept beside them", () => {
  const { evidence, beside } = sorted(["cctv/ch10.mp4", "cctv/ch2.mp4", "cctv/player.exe", "cctv/index.dat", "cctv/.DS_Store", "cctv/sub/ch2.srt"].map((path) => lying(path)));
  assert.deepEqual(names(evidence), ["ch2.mp4", "ch10.mp4"]);
  assert.deepEqual(names(beside), ["index.dat", "player.exe", "ch2.srt"]);
});

test("of a kind that nobody knows, the largest is what the others are for", () => {
  const { evidence, beside } = sorted([lying("x/a.dav", 900), lying("x/b.dav", 1000), lying("x/info.bin", 5), lying("x/player.exe", 9999)]);
  assert.deepEqual([names(evidence), names(beside)], [["a.dav", "b.dav"], ["info.bin", "player.exe"]]);
});

test("files that were picked one by one stay in that order; whatever is picked alone is taken", () => {
  assert.deepEqual(names(sorted([lying("b.mp4"), lying("a.xyz"), lying("b.srt")]).evidence), ["b.mp4", "a.xyz"]);
  assert.deepEqual(names(sorted([lying("b.mp4"), lying("b.srt")]).beside), ["b.srt"]);
  assert.deepEqual(names(sorted([lying("notes.txt")]).evidence), ["notes.txt"]);
  assert.deepEqual(sorted([]), { evidence: [], beside: [] });
});
