import assert from "node:assert/strict";
import { test } from "node:test";

import { HEADER, KIND_FRAGMENT, KIND_INIT, KIND_ROWS } from "../../web/shared/wire.js";
import { Assembler, BEGUN_MOST, OBJECT_MOST } from "../../receiver/screen/chunks.js";
import { chance, whole } from "./chance.js";

const RENDITION = "00f3a2b1c4d5e6f7";

/** @param {{kind?: number, track?: number, rendition?: string, index?: number, offset?: number, total: number}} header
 * @param {Uint8Array} payload */
const message = ({ kind = KIND_FRAGMENT, track = 0, rendition = RENDITION, index = 0, offset = 0, total }, payload) => {
  const bytes = new Uint8Array(HEADER + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, kind);
  view.setUint8(2, track);
  view.setBigUint64(4, BigInt(`0x${rendition}`));
  view.setUint32(12, index);
  view.setUint32(16, offset);
  view.setUint32(20, total);
  bytes.set(payload, HEADER);
  return bytes.buffer;
};

/** @param {() => number} random @param {number} length */
const noise = (random, length) => Uint8Array.from({ length }, () => whole(random, 256));

/** @param {Parameters<typeof message>[0]} header @param {Uint8Array} object @param {number} size */
const pieces = (header, object, size) => {
  const cut = [];
  for (let offset = 0; offset < object.length; offset += size) {
    cut.push(message({ ...header, offset, total: object.length }, object.subarray(offset, offset + size)));
  }
  return cut;
};

test("objects come out whole, however their pieces are mixed", () => {
  for (let seed = 0; seed < 100; seed += 1) {
    const random = chance(seed);
    const objects = Array.from({ length: BEGUN_MOST }, (_, index) => ({
      header: { kind: [KIND_ROWS, KIND_INIT, KIND_FRAGMENT][whole(random, 3)], track: whole(random, 2), index, total: 0 },
      bytes: noise(random, 1 + whole(random, 300)),
    }));
    const queues = objects.map(({ header, bytes }) => pieces(header, bytes, 1 + whole(random, 80)));
    const assembler = new Assembler();
    let came = 0;
    while (queues.some((queue) => queue.length > 0)) {
      const next = queues.filter((queue) => queue.length > 0)[whole(random, queues.filter((queue) => queue.length > 0).length)];
      const object = assembler.add(/** @type {ArrayBuffer} */ (next.shift()));
      if (object === null) continue;
      came += 1;
      const { header, bytes } = objects[object.index];
      assert.deepEqual({ ...object, bytes: new Uint8Array(object.bytes) }, {
        kind: header.kind, track: header.track, index: header.index, rendition: RENDITION, bytes,
      });
    }
    assert.equal(came, objects.length);
    assert.equal(assembler.begun.size, 0);
    assert.equal(assembler.lost, 0);
  }
});

test("an object sent anew from its start replaces what was there of it", () => {
  const assembler = new Assembler();
  const [first] = pieces({ total: 0 }, Uint8Array.of(1, 2, 3, 4), 2);
  assert.equal(assembler.add(first), null);
  const fresh = pieces({ total: 0 }, Uint8Array.of(5, 6, 7, 8), 2).map((piece) => assembler.add(piece));
  assert.equal(fresh[0], null);
  assert.deepEqual(new Uint8Array(/** @type {any} */ (fresh[1]).bytes), Uint8Array.of(5, 6, 7, 8));
});

test("a gap, a repetition or another length drops the object", () => {
  const [one, two, three] = pieces({ total: 0 }, Uint8Array.of(1, 2, 3), 1);
  for (const order of [[one, three, two], [one, two, two, three], [two, three]]) {
    const assembler = new Assembler();
    for (const piece of order) assert.equal(assembler.add(piece), null);
    assert.ok(assembler.lost > 0);
    assert.equal(assembler.begun.size, 0);
  }
  const assembler = new Assembler();
  assembler.add(one);
  assert.equal(assembler.add(message({ offset: 1, total: 9 }, Uint8Array.of(2))), null);
  assert.equal(assembler.lost, 1);
});

test("what was begun and left is bounded, the oldest goes", () => {
  const assembler = new Assembler();
  for (let index = 0; index < 50; index += 1) assembler.add(message({ index, total: 2 }, Uint8Array.of(1)));
  assert.equal(assembler.begun.size, BEGUN_MOST);
  assert.equal(assembler.add(message({ index: 0, offset: 1, total: 2 }, Uint8Array.of(2))), null);
  assert.ok(assembler.add(message({ index: 49, offset: 1, total: 2 }, Uint8Array.of(2))));
});

test("an object of absurd length takes no memory", () => {
  const assembler = new Assembler();
  for (const total of [0, OBJECT_MOST + 1, 2 ** 32 - 1]) assert.equal(assembler.add(message({ total }, new Uint8Array(0))), null);
  assert.equal(assembler.begun.size, 0);
  assert.equal(assembler.lost, 3);
});

test("noise never throws", () => {
  const random = chance(7);
  const assembler = new Assembler();
  for (let count = 0; count < 2000; count += 1) {
    const bytes = noise(random, whole(random, 60));
    if (bytes.length > 2 && random() < 0.7) bytes.set([1, 1 + whole(random, 3)]);
    if (bytes.length > 23) bytes.set([0, 0, 0, whole(random, 40), 0, 0, 0, whole(random, 40)], 16);
    assembler.add(bytes.buffer);
    assert.ok(assembler.begun.size <= BEGUN_MOST);
  }
});
