/** The room clock over whole hearings: a simulated line, both machines' clocks, and the error that nobody can see. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { RoomClock, untilPing } from "../../web/shared/clock.js";
import { chance } from "./chance.js";

/**
 * @typedef {object} Line
 * @property {number} [there]  Seconds that the quickest message takes.
 * @property {number} [back]
 * @property {number} [jitter]  Seconds, mean of an exponential delay on top, each way on its own.
 * @property {number} [loss]  Share of round trips.
 * @property {(after: number) => boolean} [silent]  Nothing comes through.
 * @property {(after: number) => [number, number]} [queue]  Seconds more, there and back.
 * @property {number} [drift]  Of the room clock against the page's.
 * @property {(after: number) => number} [stepped]  Seconds that were added to the room clock's offset so far.
 * @property {number} [from]  Seconds after the start from which the error counts.
 * @property {number} [seconds]
 * @property {number} [seed]
 */

/**
 * Ten minutes by default, the page's clock read ten times a second at the granularity of a browser.
 * @param {Line} line
 */
const hearing = ({
  there = 0.002, back = 0.002, jitter = 0, loss = 0, silent = () => false, queue = () => [0, 0], drift = 1e-4, stepped = () => 0,
  from = 30, seconds = 600, seed = 1,
}) => {
  const random = chance(seed);
  const clock = new RoomClock();
  const began = 1000 + 100 * random();
  const late = () => -Math.log(1 - random()) * jitter;
  const read = (/** @type {number} */ own) => Math.floor(own * 1e4) / 1e4;
  const room = (/** @type {number} */ own) => own + 5000 + drift * (own - began) + stepped(own - began);
  const errors = [];
  let fastest = 0, lied = 0;
  for (let own = began, count = 0; own - began < seconds; count += 1, own += untilPing(count)) {
    const next = own + untilPing(count + 1);
    const [more, less] = queue(own - began);
    const received = own + there + more + late();
    const got = received + 0.0002 + back + less + late();
    if (random() >= loss && !silent(own - began)) {
      clock.add({ sent: read(own), received: room(received), replied: room(received + 0.0002), got: read(got) });
    }
    for (let at = got, before = NaN; at < next; at += 0.1) {
      const error = clock.at(at) - room(at);
      if (at - began < from) continue;
      errors.push(Math.abs(error));
      if (Math.abs(error) > clock.uncertainty(at)) lied += 1;
      if (!Number.isNaN(before)) fastest = Math.max(fastest, Math.abs((clock.at(at) - before) / 0.1 - 1));
      before = clock.at(at);
    }
  }
  errors.sort((one, other) => one - other);
  const worst = /** @type {number} */ (errors.at(-1));
  return { p99: errors[Math.floor(errors.length * 0.99)], worst, fastest, lied: lied / errors.length, clock };
};

/** Worst case of several hearings. @param {Line} line */
const hearings = (line) => {
  const all = Array.from({ length: 6 }, (_, seed) => hearing({ ...line, seed: seed + 1 }));
  const worst = (/** @type {"p99" | "worst" | "fastest" | "lied"} */ what) => Math.max(...all.map((one) => one[what]));
  const found = { p99: worst("p99"), worst: worst("worst"), fastest: worst("fastest"), lied: worst("lied") };
  return { ...found, steps: all.reduce((sum, one) => sum + one.clock.steps, 0) };
};

const ms = (/** @type {number} */ seconds) => `${(seconds * 1000).toFixed(2)} ms`;

/** @type {Array<[string, Line, number]>} name, line, seconds at the 99th percentile */
const LINES = [
  ["a cable, 100 millionths of drift", {}, 0.0005],
  ["the drift the other way", { drift: -1e-4 }, 0.0005],
  ["jitter of 5 ms", { jitter: 0.005 }, 0.002],
  ["jitter of 20 ms and every tenth lost", { jitter: 0.02, loss: 0.1 }, 0.006],
  ["a queue of 200 ms one way for a minute", { jitter: 0.003, queue: (at) => [at > 200 && at < 260 ? 0.2 : 0, 0] }, 0.002],
  ["the same on the way back", { jitter: 0.003, queue: (at) => [0, at > 200 && at < 260 ? 0.2 : 0] }, 0.002],
  ["a queue from the start", { jitter: 0.003, queue: (at) => [at < 30 ? 0.2 : 0, 0], from: 45 }, 0.002],
];

for (const [name, line, bound] of LINES) {
  test(`ten minutes over ${name}`, (t) => {
    const { p99, worst, fastest, lied, steps } = hearings(line);
    t.diagnostic(`99 %: ${ms(p99)}, worst: ${ms(worst)}, ${lied * 100} % outside what it says, ${steps} steps seen`);
    assert.ok(p99 < bound && worst < 2 * bound, `${p99} ${worst}`);
    assert.ok(lied < 0.002, `${lied}`);
    // Never a jump, never to be heard: the drift itself and what corrections add.
    if (steps === 0) assert.ok(fastest < 700e-6, `${fastest}`);
    assert.ok(steps <= 2, `${steps}`);
  });
}

for (const [there, back] of [[0.005, 0.025], [0.03, 0.001], [0.001, 0.1]]) {
  test(`${there * 1000} ms there and ${back * 1000} ms back: wrong by half the difference and no more`, (t) => {
    const { worst, steps, lied } = hearings({ there, back, jitter: 0.003 });
    t.diagnostic(`worst: ${ms(worst)}`);
    assert.ok(worst < Math.abs(there - back) / 2 + 0.002, `${worst}`);
    assert.equal(lied, 0); // it never says to be closer than it is: half of a round trip is more than half the difference
    assert.equal(steps, 0);
  });
}

for (const by of [3600, -5 * 3600, 0.5, -0.05, 0.02, -0.02]) {
  for (const way of [0.001, 0.03]) {
    test(`a clock set by ${by} s on a line of ${2000 * way} ms is followed within five round trips`, () => {
      const line = { there: way, back: way, jitter: 0.0005, stepped: (/** @type {number} */ at) => (at > 100 ? by : 0) };
      for (let seed = 1; seed < 5; seed += 1) {
        const after = hearing({ ...line, from: 107, seed });
        assert.equal(after.clock.steps, 1);
        assert.ok(after.worst < 0.002, `${after.worst}`);
      }
    });
  }
}

test("a quarter of an hour without an answer costs only what the drift was not known by", (t) => {
  const silent = (/** @type {number} */ at) => at > 300;
  const { worst, lied } = hearings({ jitter: 0.002, silent, seconds: 1200, from: 290 });
  t.diagnostic(`worst: ${ms(worst)}`);
  assert.ok(worst < 0.02, `${worst}`); // of the 90 ms that it would be without
  assert.equal(lied, 0);
});
