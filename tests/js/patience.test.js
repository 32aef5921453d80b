import assert from "node:assert/strict";
import { test } from "node:test";

import { FAULTS_MOST, held, LIFE_WITHIN, Patience, START_WITHIN } from "../../receiver/screen/patience.js";

/** Asks once a second, as the net does; gives the first verdict and when it came.
 * @param {Patience} patience @param {number} until @param {(now: number) => void} [each] */
const watch = (patience, until, each = () => {}) => {
  for (let now = 1; now <= until; now += 1) {
    each(now);
    const why = patience.verdict(now);
    if (why !== null) return { why, now };
  }
  return null;
};

test("a page that works is left alone", () => {
  const patience = new Patience(0, 0, 0);
  assert.equal(watch(patience, 1000, (now) => patience.alive(now % 2 === 0, now)), null);
});

test("a page that never starts, or falls silent, starts again", () => {
  assert.deepEqual(watch(new Patience(0, 0, 0), 100), { why: "silent", now: START_WITHIN + 1 });
  const patience = new Patience(0, 0, 0);
  const fate = watch(patience, 100, (now) => now <= 10 && patience.alive(true, now));
  assert.deepEqual(fate, { why: "silent", now: 10 + LIFE_WITHIN + 1 });
});

test("a fault while starting does not wait for the silence", () => {
  const patience = new Patience(0, 0, 0);
  patience.fault(0.5);
  assert.deepEqual(watch(patience, 100), { why: "start", now: 1 });
});

test("a fault is answered when nothing is up, and the picture stays until then", () => {
  const patience = new Patience(0, 0, 0);
  const fate = watch(patience, 100, (now) => {
    patience.alive(now < 30, now);
    if (now === 5) patience.fault(now);
  });
  assert.deepEqual(fate, { why: "fault", now: 30 });
});

test("faults without end are answered even under a picture", () => {
  const patience = new Patience(0, 0, 0);
  const fate = watch(patience, 100, (now) => {
    patience.alive(true, now);
    for (let count = 0; count < 4; count += 1) patience.fault(now);
  });
  assert.deepEqual(fate, { why: "faults", now: FAULTS_MOST / 4 });
  const slow = new Patience(0, 0, 0);
  assert.equal(watch(slow, 300, (now) => { slow.alive(true, now); if (now % 3 === 0) slow.fault(now); }), null);
});

test("reloads grow further apart and are forgiven", () => {
  const first = (/** @type {number} */ tries) => {
    const patience = new Patience(0, tries, 1);
    patience.fault(0);
    return watch(patience, 200)?.now;
  };
  assert.deepEqual([0, 1, 3, 5, 10].map(first), [1, 2, 8, 32, 60]);
  assert.deepEqual(held([100, 500, "x", null, 690], 700), [500, 690]);
  assert.deepEqual(held("no list", 700), []);
  assert.equal(held(Array(50).fill(699), 700).length, 10);
});

test("a machine that slept is no page that hangs", () => {
  const patience = new Patience(0, 0, 0);
  patience.alive(true, 1);
  assert.equal(patience.verdict(1), null);
  assert.equal(patience.verdict(4000), null);
  patience.alive(true, 4000.5);
  assert.equal(patience.verdict(4001), null);
  const starting = new Patience(0, 0, 0);
  assert.equal(starting.verdict(1), null);
  assert.equal(starting.verdict(4000), null);
});

test("what is told is bounded, and told again later", () => {
  const patience = new Patience(0, 0, 0);
  const told = (/** @type {number} */ now) => Array.from({ length: 100 }, () => patience.worthTelling(now)).filter(Boolean).length;
  assert.deepEqual([told(0), told(9), told(10), told(30)], [10, 0, 10, 10]);
});

test("another version is taken when nothing is up", () => {
  const patience = new Patience(0, 0, 0);
  patience.outdated();
  assert.deepEqual(watch(patience, 100, (now) => patience.alive(now < 7, now)), { why: "outdated", now: 7 });
});
