import assert from "node:assert/strict";
import { test } from "node:test";

import { card, GRACE, Hearing, QUIET, RECEIVER_WITHIN, resumed } from "../../receiver/screen/card.js";
import { Idle } from "../../web/shared/wire.js";
import { chance } from "./chance.js";

const idle = Idle.make({ name: "Jury left", zone: "jury", code: "12345678", address: "10.0.0.7:8470" });
const calm = { hearing: false, staged: true, on: false, idle, receiver: true, replaced: false, age: 100 };

test("a screen that nobody uses shows who it is", () => {
  assert.deepEqual(card(calm), {
    name: "Jury left", zone: "jury", code: "1234 5678", address: "10.0.0.7:8470",
    state: "To use this screen, type this code in the remote.",
  });
});

test("nothing of it is up while a picture is on, or black after one", () => {
  for (const facts of [{ on: true }, { hearing: true }, { hearing: true, receiver: false }, { hearing: true, idle: null }]) {
    assert.equal(card({ ...calm, ...facts }), null);
  }
});

test("a page that was just loaded waits for a presenter that has a link", () => {
  const linked = { ...calm, staged: false, idle: { ...idle, linked: true } };
  assert.equal(card({ ...linked, age: GRACE - 0.1 }), null);
  assert.equal(card({ ...linked, age: GRACE })?.state, "Ready.");
  assert.equal(card({ ...linked, age: 0.1, staged: true })?.state, "Ready.");
});

test("each state has its sentence", () => {
  const said = (/** @type {Partial<Idle>} */ facts) => card({ ...calm, idle: { ...idle, ...facts } });
  assert.match(said({ pairing: "Court 4" })?.state ?? "", /^Court 4 is being paired/u);
  assert.equal(said({ pairing: "Court 4" })?.code, "");
  assert.match(said({ code: null, locked: true })?.state ?? "", /new code/u);
  assert.equal(said({ paired: 1 })?.state, "Waiting for the presenter.");
  assert.match(card({ ...calm, receiver: false })?.state ?? "", /does not answer/u);
  assert.deepEqual(card({ ...calm, replaced: true, receiver: false }), {
    name: "", zone: "", code: "", address: "", state: "This screen is open in another window.",
  });
  assert.equal(card({ ...calm, idle: null, age: RECEIVER_WITHIN - 0.1 }), null);
  assert.match(card({ ...calm, idle: null, age: RECEIVER_WITHIN })?.state ?? "", /does not answer/u);
});

test("a hearing begins with the first picture and outlasts every short absence", () => {
  const hearing = new Hearing(false);
  assert.equal(hearing.update({ on: false, attached: true }, 0), false);
  assert.equal(hearing.update({ on: true, attached: true }, 10), true);
  assert.equal(hearing.update({ on: false, attached: true }, 20), true);
  assert.equal(hearing.update({ on: false, attached: true }, 20 + 10 * QUIET), true);
  assert.equal(hearing.update({ on: false, attached: false }, 10_000), true);
  assert.equal(hearing.update({ on: false, attached: false }, 10_000 + QUIET - 1), true);
  assert.equal(hearing.update({ on: false, attached: true }, 10_000 + QUIET), true);
  assert.equal(hearing.update({ on: false, attached: false }, 20_000), true);
  assert.equal(hearing.update({ on: false, attached: false }, 20_000 + QUIET), false);
});

test("a picture that is on without its presenter stays a hearing", () => {
  const hearing = new Hearing(false);
  for (const now of [0, QUIET, 10 * QUIET]) assert.equal(hearing.update({ on: true, attached: false }, now), true);
});

test("a reload in the middle of a hearing does not end it, one long after it does", () => {
  assert.equal(resumed(null, 1000), false);
  assert.equal(resumed(1000, 1000 + QUIET - 1), true);
  assert.equal(resumed(1000, 1000 + QUIET), false);
  assert.equal(resumed(1000, 990), true, "the clock was set back a little");
  assert.equal(resumed(NaN, 1000), false);
  assert.equal(new Hearing(true).update({ on: false, attached: false }, 0), true);
});

test("whatever happens, from the first picture on the card is away for ten minutes without a presenter", () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const random = chance(seed);
    const hearing = new Hearing(random() < 0.3);
    let [now, on, attached, quietSince] = [0, false, true, hearing.going ? 0 : -Infinity];
    for (let step = 0; step < 100; step += 1) {
      if (random() < 0.2) on = !on;
      if (random() < 0.2) attached = !attached;
      if (on || attached) quietSince = on || hearing.going ? now : quietSince;
      const going = hearing.update({ on, attached }, now);
      const up = card({ ...calm, hearing: going, on, staged: random() < 0.5, receiver: random() < 0.5, age: now });
      if (now - quietSince < QUIET) assert.equal(up, null);
      now += random() < 0.1 ? random() * 2 * QUIET : random() * 5;
    }
  }
});
