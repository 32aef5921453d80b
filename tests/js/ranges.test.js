import assert from "node:assert/strict";
import { test } from "node:test";

import { IndexSet, intersect, join } from "../../web/shared/ranges.js";
import { chance, whole } from "./chance.js";

/** @param {Set<number>} plain @returns {[number, number][]} */
const rangesOf = (plain) => {
  /** @type {[number, number][]} */
  const ranges = [];
  for (const index of [...plain].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges;
};

test("an IndexSet is a set", () => {
  for (let seed = 0; seed < 60; seed += 1) {
    const random = chance(seed);
    const [ours, plain] = [new IndexSet(), /** @type {Set<number>} */ (new Set())];
    for (let step = 0; step < 200; step += 1) {
      const index = whole(random, 30);
      if (random() < 0.6) {
        assert.equal(ours.add(index), !plain.has(index));
        plain.add(index);
      } else assert.equal(ours.delete(index), plain.delete(index));
      assert.deepEqual(ours.toRanges(), rangesOf(plain));
      assert.equal(ours.size, plain.size);
      const asked = whole(random, 30);
      assert.equal(ours.has(asked), plain.has(asked));
    }
  }
});

test("toRanges is a copy", () => {
  const set = new IndexSet();
  set.add(1);
  set.toRanges()[0][1] = 9;
  assert.equal(set.has(9), false);
});

test("join and intersect agree with single moments", () => {
  for (let seed = 100; seed < 160; seed += 1) {
    const random = chance(seed);
    /** @returns {[number, number][]} */
    const spans = () => Array.from({ length: whole(random, 6) }, () => {
      const from = whole(random, 40);
      return [from, from + 1 + whole(random, 8)];
    });
    const [a, b] = [spans(), spans()];
    const [one, other] = [join(a), join(b)];
    const both = intersect(one, other);
    /** @param {[number, number][]} where @param {number} t */
    const in_ = (where, t) => where.some(([from, to]) => from < t && t < to);
    for (let t = 0.5; t < 50; t += 1) {
      assert.equal(in_(one, t), in_(a, t));
      assert.equal(in_(both, t), in_(a, t) && in_(b, t));
    }
    for (const [at, [from]] of one.entries()) if (at > 0) assert.ok(from > one[at - 1][1]);
  }
});

test("join bridges gaps up to the slack and leaves its input alone", () => {
  const spans = /** @type {[number, number][]} */ ([[2, 3], [0, 1], [3.01, 4]]);
  assert.deepEqual(join(spans, 0.02), [[0, 1], [2, 4]]);
  assert.deepEqual(spans, [[2, 3], [0, 1], [3.01, 4]]);
});
