import assert from "node:assert/strict";
import test from "node:test";

import { Follower, LIMITS, median } from "../../receiver/screen/follower.js";

/**
 * A player that starts with an error and obeys as told; `noise` is added to readings.
 * @param {{error: number, seconds: number, obeys?: number, drift?: number, noise?: (n: number) => number}} how
 */
const run = ({ error, seconds, obeys = 1, drift = 0, noise = () => 0 }) => {
  const follower = new Follower();
  follower.reset(0);
  let rate = 1;
  const rates = new Set([1]);
  /** @type {number[]} */
  const jumps = [];
  const trace = [];
  for (let n = 1; n * 0.05 <= seconds; n++) {
    const now = n * 0.05;
    error -= 0.05 * (rate - 1) * obeys - 0.05 * drift;
    const verdict = follower.read(now, error + noise(n));
    rate = verdict.rate;
    rates.add(rate);
    if (verdict.jump) {
      jumps.push(now);
      error = 0;
      follower.reset(now);
      rate = 1;
    }
    trace.push({ now, error, rate });
  }
  return { error, rates: [...rates], jumps, trace };
};

const noise = (/** @type {number} */ n) => 0.0008 * Math.sin(n * 12.9898) + (n % 11 === 0 ? 0.02 : 0);

test("an error within the band is left alone", () => {
  const done = run({ error: 0.002, seconds: 20 });
  assert.deepEqual(done.rates, [1]);
});

for (const error of [0.03, -0.03, 0.004, 0.08]) {
  test(`an error of ${error * 1000} ms is worked off gently, and stays off`, () => {
    const done = run({ error, seconds: 30, noise });
    assert.ok(Math.abs(done.error) <= LIMITS.out, `${done.error}`);
    assert.deepEqual(done.jumps, []);
    for (const rate of done.rates) assert.ok(rate === 1 || (Math.abs(rate - 1) >= LIMITS.least - 1e-9 && Math.abs(rate - 1) <= LIMITS.rate + 1e-9));
    const settled = done.trace.filter(({ now }) => now > 22);
    assert.ok(settled.every(({ rate }) => rate === 1), "it does not hunt");
  });
}

test("30 ms are worked off within 8 s", () => {
  const done = run({ error: 0.03, seconds: 8, noise });
  assert.ok(Math.abs(done.error) < 0.0025, `${done.error}`);
});

test("it does not overshoot", () => {
  const done = run({ error: 0.02, seconds: 30 });
  assert.ok(Math.min(...done.trace.map(({ error }) => error)) > -LIMITS.in);
});

test("a large error is one jump", () => {
  const done = run({ error: 0.4, seconds: 10 });
  assert.equal(done.jumps.length, 1);
  assert.ok(/** @type {number} */ (done.jumps[0]) < 1);
});

test("a clock that does not move as told is not believed for longer than 2 s", () => {
  const done = run({ error: 0.05, seconds: 10, obeys: 0, noise });
  assert.equal(done.jumps.length, 1);
  const [at] = done.jumps;
  assert.ok(at !== undefined && at > LIMITS.obey && at < LIMITS.obey + 1.2, `${at}`);
});

test("never two jumps within a second", () => {
  const follower = new Follower();
  follower.reset(0);
  const jumps = [];
  for (let n = 1; n < 200; n++) if (follower.read(n * 0.05, 2).jump) jumps.push(n * 0.05);
  assert.ok(jumps.length > 3);
  for (let n = 1; n < jumps.length; n++) {
    assert.ok(/** @type {number} */ (jumps[n]) - /** @type {number} */ (jumps[n - 1]) >= LIMITS.pause);
  }
});

test("jumps that do not help become rare, and after a calm the next one is quick again", () => {
  const follower = new Follower();
  follower.reset(0);
  /** @type {number[]} */
  const jumps = [];
  for (let n = 1; n < 1200; n++) {
    const now = n * 0.05;
    if (follower.read(now, now < 40 || now > 55 ? 2 : 0).jump) jumps.push(now);
  }
  const gaps = jumps.slice(1).map((at, n) => Math.round(at - /** @type {number} */ (jumps[n])));
  assert.deepEqual(gaps.slice(0, 5), [1, 2, 4, 8, 8]);
  assert.ok(jumps.some((at) => at > 55 && at < 56.5));
});

test("single wild readings are nothing", () => {
  const done = run({ error: 0, seconds: 20, noise: (n) => (n % 5 === 0 ? 0.3 : 0) });
  assert.deepEqual(done.rates, [1]);
  assert.deepEqual(done.jumps, []);
});

test("a clock that runs 100 millionths wrong is held", () => {
  const done = run({ error: 0, seconds: 120, drift: 1e-4, noise });
  assert.ok(Math.max(...done.trace.map(({ error }) => Math.abs(error))) < LIMITS.out + 0.001);
  assert.deepEqual(done.jumps, []);
});

test("median", () => {
  assert.equal(median([3]), 3);
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 2, 3, 100]), 2.5);
});
