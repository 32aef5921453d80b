import assert from "node:assert/strict";
import { test } from "node:test";

import { APART, base64, EVERY, Pace, PicturePace, Rate } from "../../receiver/screen/report.js";
import { Report } from "../../web/shared/wire.js";
import { chance, whole } from "./chance.js";

const said = (/** @type {Partial<Report>} */ fields = {}) => Report.make({ revision: 1, ...fields });

test("a report goes out every quarter of a second, and at once where something changed", () => {
  const pace = new Pace();
  assert.equal(pace.due(said(), 0), true);
  assert.equal(pace.due(said(), EVERY - 0.01), false);
  assert.equal(pace.due(said(), EVERY), true);
  for (const [at, fields] of /** @type {[number, Partial<Report>][]} */ ([
    [0.3, { blank: false }], [0.35, { blank: false, exhibit: "e1" }], [0.4, { blank: false, exhibit: "e1", frame: 3 }],
    [0.45, { problem: "decoder" }], [0.5, { revision: 2 }], [0.55, { stalls: { count: 1, seconds: 0 } }],
  ])) assert.equal(pace.due(said(fields), at), true, JSON.stringify(fields));
});

test("frames of a playing picture and figures that run along are no changes", () => {
  const pace = new Pace();
  pace.due(said({ playing: true, frame: 1, media_time: 0.04 }), 0);
  assert.equal(pace.due(said({ playing: true, frame: 2, media_time: 0.08, late: 0.001, rtt: 0.01, held: [[0, 1]] }), 0.1), false);
});

test("however much changes, reports keep apart and no change is lost", () => {
  const pace = new Pace();
  pace.due(said(), 0);
  assert.equal(pace.due(said({ revision: 2 }), APART / 2), false);
  assert.equal(pace.due(said({ revision: 2 }), APART), true);
});

test("a new path is told at once", () => {
  const pace = new Pace();
  pace.due(said(), 10);
  pace.reset();
  assert.equal(pace.due(said(), 10.001), true);
});

test("the rate is that of the last two seconds", () => {
  const rate = new Rate();
  assert.equal(rate.value(0), null);
  for (let at = 0; at <= 10; at += 0.01) rate.add(10_000, at);
  const value = rate.value(10) ?? 0;
  assert.ok(Math.abs(value - 8000) < 500, `${value}`);
  assert.equal(rate.value(13), null);
  rate.add(16_384, 20);
  assert.ok((rate.value(20) ?? Infinity) < 700, "one message is no rate of gigabits");
});

test("base64 is that of everybody else", () => {
  const random = chance(1);
  for (const length of [0, 1, 2, 3, 1000, 0x8000, 0x8001, 100_000]) {
    const bytes = Uint8Array.from({ length }, () => whole(random, 256));
    assert.equal(base64(bytes), Buffer.from(bytes).toString("base64"));
  }
});

test("small pictures: twice a second at most, now and then without a change", () => {
  const pace = new PicturePace();
  let sent = 0;
  for (let tick = 0; tick < 40; tick += 1) sent += Number(pace.due(said({ media_time: tick }), tick / 4));
  assert.equal(sent, 20);
  const still = new PicturePace();
  sent = 0;
  for (let tick = 0; tick < 40; tick += 1) sent += Number(still.due(said(), tick / 4));
  assert.equal(sent, 2);
  assert.equal(still.due(said({ blank: false }), 10.5), true);
});
