import assert from "node:assert/strict";
import { test } from "node:test";

import { BLOCK, Blocks, blocksFor } from "../../receiver/screen/blocks.js";
import { begin, crc32, line, lines, read, replay } from "../../receiver/screen/journal.js";
import { chance, whole } from "./chance.js";

/** @typedef {import("../../receiver/screen/blocks.js").Run} Run */

test("blocks: nothing is given twice, and what is free at the end is no part of the file", () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const random = chance(seed);
    const blocks = new Blocks();
    /** @type {Run[][]} */
    const taken = [];
    for (let step = 0; step < 300; step += 1) {
      if (taken.length > 0 && random() < 0.48) blocks.give(taken.splice(whole(random, taken.length), 1)[0]);
      else taken.push(blocks.take(1 + whole(random, 20)));
      const used = new Set(taken.flat().flatMap(([first, count]) => Array.from({ length: count }, (_, at) => first + at)));
      assert.equal(used.size, taken.flat().reduce((sum, [, count]) => sum + count, 0), "no block twice");
      assert.equal(blocks.used, used.size);
      assert.equal(blocks.end, Math.max(-1, ...used) + 1);
      const again = new Blocks(taken.flat());
      assert.deepEqual([again.free, again.end], [blocks.free, blocks.end]);
    }
  }
});

test("blocks: what is free can be held back for a while", () => {
  const blocks = new Blocks();
  const [first, second] = [blocks.take(4), blocks.take(2)];
  blocks.give(first);
  const free = blocks.takeFree();
  assert.deepEqual([free, blocks.take(1)], [[[0, 4]], [[6, 1]]]);
  blocks.give(free);
  assert.deepEqual([blocks.take(4), second], [[[0, 4]], [[4, 2]]]);
});

test("blocks: every object has at least one", () => {
  assert.deepEqual([0, 1, BLOCK, BLOCK + 1].map(blocksFor), [1, 1, 1, 2]);
});

test("the checksum is the usual one", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

/** @param {string} put @param {Run[]} at */
const record = (put, ...at) => ({ put, bytes: 5, sha: "ab", at });

test("a journal says again what was said to it", () => {
  const entries = new Map([["a", { bytes: 1, sha: "x", at: /** @type {Run[]} */ ([[0, 1]]) }]]);
  const bytes = new Uint8Array([...begin(3, entries), ...lines([record("b", [1, 2]), { gone: ["a"] }, record("ü", [0, 1])])]);
  const { records, good } = read(bytes);
  assert.equal(good, bytes.length);
  const state = replay(records);
  assert.equal(state?.generation, 3);
  assert.deepEqual([...(state?.entries ?? [])], [
    ["b", { bytes: 5, sha: "ab", at: [[1, 2]] }],
    ["ü", { bytes: 5, sha: "ab", at: [[0, 1]] }],
  ]);
});

test("wherever the power goes, what was whole is there and nothing else", () => {
  const start = begin(1, new Map());
  const more = ["a", "b", "c"].map((name, at) => line(record(name, [at, 1])));
  const all = new Uint8Array([...start, ...more.flatMap((one) => [...one])]);
  for (let length = 0; length <= all.length; length += 1) {
    const { records, good } = read(all.subarray(0, length));
    const state = replay(records);
    if (length < start.length) {
      assert.equal(state, null, "the one before it counts");
      continue;
    }
    const ends = more.map((_, at) => start.length + more.slice(0, at + 1).reduce((sum, one) => sum + one.length, 0));
    assert.equal(state?.entries.size, ends.filter((end) => end <= length).length);
    assert.equal(good, [start.length, ...ends].filter((end) => end <= length).at(-1));
  }
});

test("a damaged line ends it, wherever the damage is", () => {
  const all = new Uint8Array([...begin(1, new Map()), ...line(record("a", [0, 1])), ...line(record("b", [1, 1]))]);
  const whole = read(all).good;
  for (let at = 0; at < all.length; at += 1) {
    const broken = all.slice();
    broken[at] ^= 1;
    const { records, good } = read(broken);
    assert.ok(good <= at && good < whole);
    assert.ok((replay(records)?.entries.size ?? 0) < 2);
  }
});

test("of two that claim a block the later one has it", () => {
  const said = [record("a", [0, 4]), record("b", [4, 2]), record("c", [2, 1], [9, 1]), record("d", [5, 1])];
  const state = replay(read(new Uint8Array([...begin(1, new Map()), ...lines(said)])).records);
  assert.deepEqual([...(state?.entries.keys() ?? [])], ["c", "d"]);
});

test("what another form wrote is none", () => {
  assert.equal(replay([{ form: 99, generation: 1 }, { begun: 0 }]), null);
  assert.equal(replay([]), null);
});
