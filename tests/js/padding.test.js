import assert from "node:assert/strict";
import { test } from "node:test";

import { Padding } from "../../receiver/screen/padding.js";
import { HEADER, KIND_FRAGMENT, KIND_PADDING, VERSION } from "../../web/shared/wire.js";

/** @param {number} sent @param {{kind?: number, version?: number, length?: number}} [how] */
const message = (sent, { kind = KIND_PADDING, version = VERSION, length = 100 } = {}) => {
  const buffer = new ArrayBuffer(HEADER + length);
  const view = new DataView(buffer);
  view.setUint8(0, version);
  view.setUint8(1, kind);
  if (length >= 8) view.setFloat64(HEADER, sent);
  return buffer;
};

test("padding is counted, and nothing else is", () => {
  const padding = new Padding();
  assert.equal(padding.add(message(0), 1), true);
  assert.equal(padding.add(message(0, { kind: KIND_FRAGMENT }), 1), false);
  assert.equal(padding.add(message(0, { version: 9 }), 1), false);
  assert.equal(padding.add(new ArrayBuffer(3), 1), false);
  assert.equal(padding.bytes, HEADER + 100);
  assert.equal(padding.jitter, null);
});

test("what comes as evenly as it was sent has no jitter, whatever the clocks are", () => {
  const padding = new Padding();
  for (let n = 0; n < 100; n += 1) padding.add(message(5000 + n * 0.01), 17 + n * 0.01);
  assert.ok(padding.jitter !== null && padding.jitter < 1e-9);
});

test("each message that is 20 ms off moves it by a sixteenth of what is missing", () => {
  const padding = new Padding();
  padding.add(message(0), 0);
  padding.add(message(1), 1.02);
  assert.ok(Math.abs((padding.jitter ?? 0) - 0.02 / 16) < 1e-12);
  for (let n = 2; n < 400; n += 1) padding.add(message(n), n + (n % 2 === 0 ? 0 : 0.02));
  assert.ok(Math.abs((padding.jitter ?? 0) - 0.02) < 1e-6);
});

test("padding too short for a time, or with none that makes sense, is counted all the same", () => {
  const padding = new Padding();
  assert.equal(padding.add(message(0, { length: 4 }), 1), true);
  assert.equal(padding.add(message(NaN), 2), true);
  assert.equal(padding.add(message(Infinity), 2), true);
  assert.equal(padding.jitter, null);
  assert.equal(padding.bytes, 3 * HEADER + 204);
});
