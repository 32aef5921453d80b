/** The examples of every message, which pytest reads as well (tests/wire/test_examples.py). */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { Malformed } from "../../web/shared/check.js";
import * as wire from "../../web/shared/wire.js";
import { unpack } from "../../receiver/screen/chunks.js";

const FOLDER = new URL("../wire/examples/", import.meta.url);
/** @param {string} name */
const load = (name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
/** @param {string} hex */
const buffer = (hex) => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16)).buffer;

for (const name of readdirSync(FOLDER).filter((one) => one.endsWith(".json") && one !== "media.json")) {
  const { message, good, bad } = load(name);
  const codec = /** @type {any} */ (wire)[message];

  for (const { why, text, reads } of good) {
    test(`${name}: ${why}`, () => {
      const value = codec.parse(text);
      assert.deepEqual(value, reads);
      if (message !== "ManifestRows") assert.deepEqual(codec.read(JSON.parse(JSON.stringify(value))), reads);
    });
  }

  for (const { why, text } of bad) {
    test(`${name}: ${why} is refused`, () => {
      assert.throws(() => codec.parse(text), Malformed);
    });
  }
}

const media = load("media.json");

for (const { message, payload, ...header } of media.good) {
  test(`media: ${header.rendition} ${header.index}`, () => {
    const piece = unpack(buffer(message));
    assert.ok(piece);
    const { payload: bytes, ...rest } = piece;
    assert.deepEqual(rest, header);
    assert.deepEqual(bytes, new Uint8Array(buffer(payload)));
  });
}

for (const { why, message } of media.bad) {
  test(`media: ${why} is refused`, () => assert.equal(unpack(buffer(message)), null));
}
