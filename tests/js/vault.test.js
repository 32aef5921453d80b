import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { Vault } from "../../receiver/screen/vault.js";
import { KIND_FRAGMENT, KIND_INIT, KIND_ROWS } from "../../web/shared/wire.js";

const A = "a".repeat(16);
const COUNT = 60;
/** @param {Uint8Array} bytes */
const sha = (bytes) => createHash("sha256").update(bytes).digest("hex");
/** @param {number} index */
const fragment = (index) => new Uint8Array(100).fill(index);
const INIT = new Uint8Array(10).fill(200);

/** Rows of a recording that is fetched so far. @param {number} from @param {number} to @param {boolean} complete */
const rows = (from, to, complete) => {
  const track = { index: 0, kind: "video", mime: "", timescale: 1000, init_sha256: sha(INIT), init_bytes: 10, first: 0 };
  const made = Array.from({ length: to - from }, (_, at) => from + at).map((index) => [
    0, index, index * 500, 500, 100, index % 4 === 0, sha(fragment(index)), [index * 500], [],
  ]);
  const text = JSON.stringify({
    exhibit: "one", rendition: A, origin: [0, 1], tracks: [track], rows: made, complete, counts: [to],
    duration: complete ? to / 2 : null,
  });
  return new TextEncoder().encode(text).buffer;
};

/** @param {number} kind @param {number} index @param {ArrayBuffer} bytes */
const object = (kind, index, bytes) => ({ kind, track: 0, rendition: A, index, bytes });
const copy = (/** @type {Uint8Array} */ bytes) => /** @type {ArrayBuffer} */ (bytes.slice().buffer);

class Plain {
  /** @type {Map<string, {sha: string, bytes: ArrayBuffer}>} */
  kept = new Map();

  /** @param {{name: string, sha: string, bytes: ArrayBuffer}[]} objects */
  async write(objects) {
    for (const { name, ...one } of objects) this.kept.set(name, one);
    return { written: objects.length, full: false };
  }

  /** @param {string} name @param {string} wanted */
  async read(name, wanted) {
    const found = this.kept.get(name);
    return found !== undefined && sha(new Uint8Array(found.bytes)) === wanted ? found.bytes : null;
  }

  /** @param {string[]} names */
  async drop(names) {
    for (const name of [...this.kept.keys()]) {
      if (names.some((one) => one === name || (one.endsWith("/") && name.startsWith(one)))) this.kept.delete(name);
    }
  }

  /** What a page finds that is loaded now. */
  found() {
    const all = [...this.kept].map(([name, { bytes }]) => /** @type {[string, ArrayBuffer]} */ ([name, bytes]));
    const small = all.filter(([name]) => /rows|init/u.test(name));
    const fragments = all.filter(([name]) => !/rows|init/u.test(name));
    return { small, fragments: fragments.map(([name, bytes]) => /** @type {[string, number]} */ ([name, bytes.byteLength])) };
  }
}

const rest = async () => {
  for (let turn = 0; turn < 2000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** @param {Plain} plain */
const open = async (plain) => {
  const vault = new Vault({ budget: 1e6 });
  await vault.openDisk(plain, plain.found(), 1e6, {
    onbudget: () => {}, onbroken: (problem) => assert.fail(String(problem)),
    later: (_, call) => void setImmediate(call), now: () => performance.now() / 1000,
  });
  return vault;
};
const DAY = [{ exhibit: "one", rendition: A }];

/** A page with all of it on its disk, and nothing of it in memory. @param {Plain} plain */
const filled = async (plain) => {
  const vault = await open(plain);
  vault.order(DAY);
  for (let index = 0; index < COUNT; index += 1) {
    await vault.take(object(KIND_ROWS, index, rows(index, index + 1, false)));
    if (index === 0) await vault.take(object(KIND_INIT, 0, copy(INIT)));
    assert.equal(await vault.take(object(KIND_FRAGMENT, index, copy(fragment(index)))), "kept");
  }
  await vault.take(object(KIND_ROWS, COUNT, rows(COUNT, COUNT, true)));
  await rest();
  return vault;
};

test("what was on the disk is held again by the next page, and taken from there", async () => {
  const plain = new Plain();
  const before = await filled(plain);
  assert.deepEqual([before.shelf.bytes, before.shelf.room.disk.bytes], [0, COUNT * 100]);
  assert.equal(before.fragment(A, 0, 5), undefined);
  const after = await open(plain);
  const [was, is] = [before, after].map((vault) => vault.holdings());
  assert.deepEqual([is.tracks, is.rows], [was.tracks, was.rows]);
  assert.ok(is.unread > 0);
  assert.deepEqual(after.manifest(A), before.manifest(A));
  assert.deepEqual(new Uint8Array(/** @type {ArrayBuffer} */ (after.init(A, 0))), INIT);
  assert.equal(await after.take(object(KIND_FRAGMENT, 5, copy(fragment(5)))), "held");
  let told = 0;
  after.onchange(() => (told += 1));
  after.focus(null, { rendition: A, media: 2.6 });
  await rest();
  assert.deepEqual(new Uint8Array(/** @type {ArrayBuffer} */ (after.fragment(A, 0, 5))), fragment(5));
  assert.ok(told > 10, "who plays is told");
  assert.equal(after.holdings().unread, 0);
});

test("rows that came one by one are few objects once the recording is complete", async () => {
  const plain = new Plain();
  await filled(plain);
  assert.equal([...plain.kept.keys()].filter((name) => name.includes("/rows/")).length, 1);
});

test("as long as nobody said what the day is nothing goes to the disk, and then all of it does", async () => {
  const plain = new Plain();
  const vault = await open(plain);
  await vault.take(object(KIND_ROWS, 0, rows(0, COUNT, true)));
  await vault.take(object(KIND_INIT, 0, copy(INIT)));
  vault.focus({ rendition: A, media: 0 }, null);
  for (let index = 0; index < 8; index += 1) await vault.take(object(KIND_FRAGMENT, index, copy(fragment(index))));
  await rest();
  assert.equal(plain.kept.size, 0);
  vault.order(DAY);
  await rest();
  assert.equal(plain.kept.size, 8 + 2);
  assert.deepEqual((await open(plain)).holdings().tracks, vault.holdings().tracks);
});

test("what is restricted leaves the disk when it is marked, and memory when it is neither shown nor cued", async () => {
  const plain = new Plain();
  const vault = await filled(plain);
  vault.focus({ rendition: A, media: 0 }, null);
  await rest();
  vault.order([]);
  await rest();
  assert.equal(plain.kept.size, 0);
  assert.ok(vault.fragment(A, 0, 3) !== undefined, "it is on: it stays in memory");
  vault.focus(null, null);
  assert.deepEqual([vault.manifest(A), vault.init(A, 0), vault.fragment(A, 0, 3)], [undefined, undefined, undefined]);
  assert.deepEqual(vault.holdings().tracks, []);
  await rest();
  assert.equal(plain.kept.size, 0);
});

test("what is damaged on the disk is not given to anybody, and may come again", async () => {
  const plain = new Plain();
  await filled(plain);
  new Uint8Array(/** @type {{bytes: ArrayBuffer}} */ (plain.kept.get(`${A}/0/5`)).bytes)[50] ^= 1;
  const vault = await open(plain);
  vault.order(DAY);
  vault.focus({ rendition: A, media: 0 }, null);
  await rest();
  assert.equal(vault.fragment(A, 0, 5), undefined);
  assert.deepEqual(vault.holdings().damaged, { [A]: [[0, 5, 5]] });
  assert.equal(await vault.take(object(KIND_FRAGMENT, 5, copy(fragment(5)))), "kept");
  assert.deepEqual(new Uint8Array(/** @type {ArrayBuffer} */ (vault.fragment(A, 0, 5))), fragment(5));
});

test("what another version of the page left there is let go", async () => {
  const plain = new Plain();
  await filled(plain);
  plain.kept.set(`${A}/rows/999`, { sha: "", bytes: copy(new TextEncoder().encode("{}")) });
  plain.kept.set(`${"f".repeat(16)}/0/1`, { sha: "", bytes: new ArrayBuffer(5) });
  const vault = await open(plain);
  await rest();
  assert.equal(vault.holdings().disk, COUNT * 100);
  assert.ok(!plain.kept.has(`${A}/rows/999`) && !plain.kept.has(`${"f".repeat(16)}/0/1`));
});
