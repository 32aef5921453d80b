import assert from "node:assert/strict";
import test from "node:test";

import { gops, Slide } from "../../receiver/screen/slide.js";
import { chance } from "./chance.js";

/** @typedef {import("../../web/shared/wire.js").Row} Row */

/** Half-second fragments; every `gop`-th begins with a keyframe. @param {{count?: number, gop?: number, bytes?: number}} [how] @returns {Row[]} */
const rows = ({ count = 40, gop = 4, bytes = 100 } = {}) =>
  Array.from({ length: count }, (_, index) => ({
    track: 0, index, start: index * 500, duration: 500, bytes, keyframe: index % gop === 0, sha256: "", added: [], pts: [],
  }));

/** @param {Array<Row | undefined>} known @param {boolean} [complete] @param {number} [count] */
const slide = (known, complete = true, count = known.length) => {
  const made = new Slide();
  made.update(known, 1000, complete, count);
  return made;
};

const all = () => true;

/** Does what the slide says until it is at rest. @param {Slide} made @param {Partial<import("../../receiver/screen/slide.js").View>} view */
const settle = (made, view) => {
  const done = [];
  for (let step = made.next({ at: 0, playing: false, budget: 1e9, held: all, ...view }); step; ) {
    if (step.kind === "too-large") return [...done, "too-large"];
    done.push(step.kind === "append" ? step.index : `-${step.gop.first}${step.disturbs ? "!" : ""}`);
    if (step.kind === "append") made.appended(step.index);
    else made.removed(step.gop);
    assert.ok(done.length < 1000, "it comes to rest");
    step = made.next({ at: 0, playing: false, budget: 1e9, held: all, ...view });
  }
  return done;
};

const range = (/** @type {number} */ from, /** @type {number} */ to) => Array.from({ length: to - from }, (_, n) => from + n);

test("GOPs begin at keyframes and end where the next begins, or at the end", () => {
  const found = gops(rows({ count: 6 }), 1000, true, 6);
  assert.deepEqual(found.map(({ first, next, start, stop, whole }) => [first, next, start, stop, whole]),
    [[0, 4, 0, 2, true], [4, 6, 2, 3, true]]);
  assert.equal(gops(rows({ count: 6 }), 1000, false, 6)[1]?.whole, false);
});

test("fragments whose keyframe is not known belong to no GOP", () => {
  /** @type {Array<Row | undefined>} */
  const known = rows({ count: 12 });
  known[5] = undefined;
  assert.deepEqual(gops(known, 1000, true, 12).map(({ first, next, whole }) => [first, next, whole]),
    [[0, 4, true], [4, 5, false], [8, 12, true]]);
});

test("a recording that fits goes in whole: from the playhead's keyframe on, then what is behind, nearest first", () => {
  const made = slide(rows({ count: 16 }));
  assert.deepEqual(settle(made, { at: 5 }), [...range(8, 16), ...range(4, 8), ...range(0, 4)]);
  assert.ok(made.toTheEnd(0));
});

test("while it plays, the GOP behind the one being played is left alone", () => {
  const made = slide(rows({ count: 16 }));
  assert.deepEqual(settle(made, { at: 5, playing: true }), [...range(8, 16), ...range(0, 4)]);
});

test("nothing goes in between the fragments of a GOP that are still to come", () => {
  const made = slide(rows({ count: 16 }));
  assert.deepEqual(settle(made, { at: 0, held: (index) => index !== 2 }), [0, 1]);
  assert.deepEqual(settle(made, {}), range(2, 16));
});

test("ahead, a GOP of which nothing is held does not keep the next ones out", () => {
  const made = slide(rows({ count: 16 }));
  assert.deepEqual(settle(made, { held: (index) => index < 4 || index >= 8 }), [...range(0, 4), ...range(8, 16)]);
});

test("a GOP that a seek left unfinished is taken out and begun again", () => {
  const made = slide(rows({ count: 16 }));
  settle(made, { held: (index) => index < 2 });
  settle(made, { at: 5, held: (index) => index < 2 || (index >= 8 && index < 12) });
  assert.deepEqual(settle(made, { at: 0 }).slice(0, 5), ["-0!", 0, 1, 2, 3]);
});

test("over the budget the furthest behind goes first, never the GOP being played nor, while playing, the one behind it", () => {
  const made = slide(rows({ count: 40 }));
  assert.deepEqual(settle(made, { at: 0, budget: 1200 }), range(0, 12));
  assert.deepEqual(settle(made, { at: 4.5, playing: true, budget: 1200 }), ["-0", ...range(12, 16)]);
  assert.equal(made.bytes, 1200);
});

test("two GOPs that fill the budget do not keep playing from going on", () => {
  const made = slide(rows({ count: 40 }));
  settle(made, { at: 0, budget: 700 });
  assert.ok(made.covers(3.9, 1000), "the next one is in, a little over the budget");
  assert.deepEqual(settle(made, { at: 2.5, playing: true, budget: 700 }), [], "just after the edge nothing goes");
  assert.deepEqual(settle(made, { at: 3.2, playing: true, budget: 700 }), ["-0", 8, 9, 10, 11]);
});

test("where the browser took less than was believed, nothing but the GOP being played is kept before it stands still", () => {
  const made = slide(rows({ count: 40 }));
  settle(made, { at: 0, budget: 700, tight: true });
  assert.ok(!made.covers(3.9, 1000), "the next one is not tried over the budget");
  assert.ok(made.alone(0) && made.alone(3) && !made.alone(4));
  assert.deepEqual(settle(made, { at: 2.1, playing: true, budget: 700, tight: true }), ["-0", 4, 5, 6, 7]);
  assert.deepEqual(settle(made, { at: 8.1, playing: true, budget: 100, tight: true }), ["-4", 16, 17, 18, 19],
    "whether the GOP at the playhead fits is for the browser to say");
  assert.ok(made.covers(8.1, 1000));
});

test("after a jump back over the budget the furthest ahead goes", () => {
  const made = slide(rows({ count: 40 }));
  settle(made, { at: 10, budget: 1200 });
  assert.deepEqual(settle(made, { at: 6, budget: 1200 }), ["-28", 12, 13, 14, 15, "-24", 16, 17, 18, 19]);
});

test("a GOP larger than the budget is a problem with a name", () => {
  assert.deepEqual(settle(slide(rows({ gop: 40 })), { budget: 1200 }), ["too-large"]);
});

test("what is covered", () => {
  const made = slide(rows({ count: 8 }));
  settle(made, { held: (index) => index < 2 });
  assert.ok(made.covers(0.9, 1000));
  assert.ok(!made.covers(1.1, 1000));
  assert.ok(!made.covers(2.1, 1000));
  settle(made, {});
  assert.ok(made.covers(3.99, 1000));
  assert.ok(made.covers(9, 1000), "behind the end nothing more is needed");
  assert.ok(!slide(rows({ count: 8 }), false, 8).covers(9, 1000));
});

test("sound begins late and ends early: before and behind it nothing is needed", () => {
  const sound = rows({ count: 4, gop: 1 }).map((row) => ({ ...row, start: row.start + 700 }));
  const made = slide(sound);
  settle(made, { at: 0 });
  assert.ok(made.covers(0, 1000) && made.covers(50, 1000) && made.toTheEnd(50));
});

test("the GOP behind one just appended is worth a look", () => {
  const made = slide(rows({ count: 8 }));
  for (const index of range(4, 8)) assert.equal(made.appended(index), null);
  assert.equal(made.appended(0)?.first, 4);
});

test("its edges are the first and the last GOP in the buffer", () => {
  const made = slide(rows({ count: 40 }));
  assert.deepEqual(made.edges(), []);
  settle(made, { at: 5, budget: 1200 });
  assert.deepEqual(made.edges().map(({ first }) => first), [8, 16]);
});

/** A SourceBuffer as Chromium's is: what does not follow on its GOP's keyframe is dropped without a word. */
class Buffer {
  /** @type {Set<number>} */
  has = new Set();
  /** @type {number | null} */
  last = null;

  /** @param {Row} row */
  append(row) {
    if (row.keyframe || this.last === row.index - 1) {
      this.has.add(row.index);
      this.last = row.index;
    } else this.last = null;
  }

  /** @param {number} from @param {number} to */
  remove(from, to) {
    for (let index = from; index < to; index++) this.has.delete(index);
    if (this.last !== null && this.last >= from && this.last < to) this.last = null;
  }
}

test("whatever comes when, and wherever the playhead goes, the buffer holds what the slide believes", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = chance(seed);
    const pick = (/** @type {number} */ below) => Math.floor(random() * below);
    const count = 12 + pick(40);
    const known = rows({ count, gop: 1 + pick(7), bytes: 100 });
    const budget = 100 * (8 + pick(30));
    const made = slide(known);
    const buffer = new Buffer();
    const held = new Set();
    let at = 0;
    let playing = false;
    for (let turn = 0; turn < 120; turn++) {
      const what = pick(6);
      if (what < 3) for (let n = 0, from = pick(count); n < 6; n++) held.add((from + n) % count);
      else if (what === 3) at = random() * count * 0.5;
      else if (what === 4) playing = !playing;
      else at = Math.min(at + 0.5, count * 0.5 - 0.01);
      for (let steps = 0; ; steps++) {
        assert.ok(steps < 500, "it comes to rest");
        const view = { at, playing, budget, held: (/** @type {number} */ index) => held.has(index) };
        const step = made.next(view);
        if (!step || step.kind === "too-large") break;
        if (step.kind === "append") {
          assert.ok(held.has(step.index));
          buffer.append(/** @type {Row} */ (known[step.index]));
          made.appended(step.index);
          assert.ok(buffer.has.has(step.index), "what was appended was taken");
        } else {
          const inside = at >= step.gop.start && at < step.gop.stop;
          assert.equal(step.disturbs, inside);
          buffer.remove(step.gop.first, step.gop.next);
          made.removed(step.gop);
        }
      }
      assert.equal(made.bytes, buffer.has.size * 100);
      const here = made.gopAt(at);
      assert.ok(here);
      // What is being played and the GOP behind it stay, whatever they weigh.
      const heaviest = Math.max(...gops(known, 1000, true, count).map(({ bytes }) => bytes));
      assert.ok(made.bytes <= Math.max(1.5 * budget, 2 * heaviest));
      const reachable = range(here.first, here.next).every((index) => held.has(index));
      if (reachable && here.bytes <= budget) assert.ok(made.covers(at, 1000), "the playhead has what it needs");
    }
  }
});
