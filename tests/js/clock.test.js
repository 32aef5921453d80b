import assert from "node:assert/strict";
import { test } from "node:test";

import { RoomClock, untilPing } from "../../web/shared/clock.js";
import { wait } from "../../web/shared/backoff.js";
import { chance } from "./chance.js";

/** A trip at own time `at`: the true offset, and the seconds that each way took. */
const trip = (/** @type {number} */ at, /** @type {number} */ offset, /** @type {number} */ there, /** @type {number} */ back, held = 0.0002) => ({
  sent: at, received: at + there + offset, replied: at + there + held + offset, got: at + there + held + back,
});

test("it knows nothing before the first trip", () => {
  const clock = new RoomClock();
  assert.deepEqual([clock.known, clock.offset, clock.rtt, clock.at(5), clock.uncertainty(5)], [false, null, null, 5, Infinity]);
});

test("the offset is wrong by at most what it says, whatever the network does", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const random = chance(seed);
    const [offset, drift] = [(random() - 0.5) * 1e6, (random() - 0.5) * 8e-5];
    const clock = new RoomClock();
    let own = random() * 1e4;
    for (let count = 0; count < 60; count += 1) {
      own += 0.06 + random();
      const late = () => (random() < 0.2 ? random() * 0.4 : 0.001 + random() * 0.01);
      const truth = (/** @type {number} */ t) => offset + drift * t;
      const one = { ...trip(own, truth(own), late(), late()) };
      assert.equal(clock.add(one), true);
      const asked = one.got + random() * 2;
      const off = Math.abs(clock.at(asked) - (asked + truth(asked)));
      assert.ok(off <= clock.uncertainty(asked) + 1e-6, `${off} > ${clock.uncertainty(asked)}`);
      own = one.got;
    }
  }
});

test("one quick trip among slow ones is believed", () => {
  const clock = new RoomClock();
  for (let at = 0; at < 8; at += 1) clock.add(trip(at, 100, 0.2, 0.02));
  clock.add(trip(8, 100, 0.001, 0.001));
  for (let at = 9; at < 14; at += 1) clock.add(trip(at, 100, 0.02, 0.2));
  assert.ok(Math.abs(/** @type {number} */ (clock.offset) - 100) < 1e-9);
  assert.ok(Math.abs(/** @type {number} */ (clock.rtt) - 0.002) < 1e-9);
});

test("the quick way there and the quick way back need not be of one trip", () => {
  const clock = new RoomClock();
  for (let at = 0; at < 8; at += 1) clock.add(at % 2 ? trip(at, 100, 0.2, 0.001) : trip(at, 100, 0.001, 0.2));
  assert.ok(Math.abs(clock.at(8) - 108) < 0.001, `${clock.at(8) - 108}`);
});

test("the round trip that is told is a recent one", () => {
  const clock = new RoomClock();
  clock.add(trip(0, 100, 0.001, 0.001));
  for (let at = 1; at < 20; at += 1) clock.add(trip(at, 100, 0.004, 0.004));
  assert.ok(/** @type {number} */ (clock.rtt) > 0.007);
});

test("another presenter's clock is taken at once", () => {
  const clock = new RoomClock();
  for (let at = 0; at < 10; at += 1) clock.add(trip(at, 100, 0.001, 0.001));
  clock.add(trip(10, -5000, 0.03, 0.03));
  assert.equal(clock.steps, 1);
  assert.ok(Math.abs(clock.at(11) + 4989) < 1e-9);
});

test("what cannot have been is not counted", () => {
  const clock = new RoomClock();
  for (const impossible of [
    { sent: 2, received: 100, replied: 100, got: 1 },
    { sent: 1, received: 100, replied: 99, got: 2 },
    { sent: 1, received: 100, replied: 105, got: 2 },
    { sent: NaN, received: 100, replied: 100, got: 2 },
  ]) assert.equal(clock.add(impossible), false);
  assert.equal(clock.known, false);
});

test("pings come in a burst, then one a second", () => {
  const first = Array.from({ length: 8 }, (_, sent) => untilPing(sent)).reduce((sum, one) => sum + one, 0);
  assert.ok(first < 0.6);
  assert.equal(untilPing(100), 1);
});

test("waiting doubles up to its bound and is spread", () => {
  assert.equal(wait(0, 1), 0.25);
  assert.equal(wait(0, 0), 0.125);
  assert.equal(wait(3, 1), 2);
  assert.equal(wait(1e9, 1), 5);
  assert.equal(wait(9, 0.5, { first: 1, most: 60 }), 45);
});
