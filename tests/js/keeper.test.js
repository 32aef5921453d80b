import assert from "node:assert/strict";
import { test } from "node:test";

import { Keeper, keyOf, nameOf } from "../../receiver/screen/keeper.js";
import { Shelf } from "../../receiver/screen/shelf.js";
import { ManifestRows } from "../../web/shared/wire.js";
import { chance, whole } from "./chance.js";

/** @typedef {import("../../receiver/screen/shelf.js").Key} Key */

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(16));
const SIZE = 1000;
/** @param {number} index @param {string} [rendition] */
const key = (index, rendition = A) => ({ rendition, track: 0, index });

/** Half-second fragments of a thousand bytes, a keyframe every two seconds. @param {string} rendition */
const part = (rendition, count = 80) =>
  ManifestRows.read({
    exhibit: `of ${rendition[0]}`, rendition, origin: [0, 1], complete: true, duration: count / 2, counts: [count],
    tracks: [{ index: 0, kind: "video", mime: "", timescale: 1000, init_sha256: "", init_bytes: 1, first: 0 }],
    rows: Array.from({ length: count }, (_, index) => [0, index, index * 500, 500, SIZE, index % 4 === 0, `${rendition}${index}`, []]),
  });

/** A disk in memory: it has so much room, may be damaged, and may break. */
class Plain {
  /** @type {Map<string, {sha: string, bytes: ArrayBuffer}>} */
  kept = new Map();
  room = Infinity;
  broken = false;
  /** @type {string[]} */
  said = [];

  /** @param {{name: string, sha: string, bytes: ArrayBuffer}[]} objects */
  async write(objects) {
    await this.#turn();
    let written = 0;
    for (const { name, sha, bytes } of objects) {
      if (this.size + bytes.byteLength > this.room) break;
      this.kept.set(name, { sha, bytes });
      written += 1;
    }
    this.said.push(`write ${objects.length}`);
    return { written, full: written < objects.length };
  }

  /** @param {string} name @param {string} sha */
  async read(name, sha) {
    await this.#turn();
    this.said.push(`read ${name}`);
    const found = this.kept.get(name);
    return found !== undefined && found.sha === sha ? found.bytes : null;
  }

  /** @param {string[]} names @param {boolean} scrub */
  async drop(names, scrub) {
    await this.#turn();
    this.said.push(`${scrub ? "scrub" : "drop"} ${names.join(" ")}`);
    for (const name of [...this.kept.keys()]) {
      if (names.some((one) => one === name || (one.endsWith("/") && name.startsWith(one)))) this.kept.delete(name);
    }
  }

  get size() {
    return [...this.kept.values()].reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  }

  async #turn() {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.broken) throw new Error("gone");
  }
}

/** @param {{memory?: number, disk?: number, plain?: Plain, day?: string[]}} [how] */
const place = ({ memory = 1e9, disk = 1e9, plain = new Plain(), day = [A, B, C] } = {}) => {
  const shelf = new Shelf(memory, disk);
  for (const rendition of [A, B, C]) shelf.learn(part(rendition));
  shelf.order(day.map((rendition) => ({ exhibit: `of ${rendition[0]}`, rendition: null })));
  /** @type {Map<string, ArrayBuffer>} */
  const bytes = new Map();
  const told = { budgets: 0, broken: 0, changed: 0 };
  let time = 0;
  const keeper = new Keeper({
    shelf, disk: plain,
    memory: (one) => bytes.get(nameOf(one)),
    onfetched: (one, data) => {
      const gone = shelf.put(one);
      if (gone === null) return false;
      for (const other of gone) bytes.delete(nameOf(other));
      bytes.set(nameOf(one), data);
      return true;
    },
    onchange: () => (told.changed += 1),
    onbudget: () => (told.budgets += 1),
    onbroken: () => (told.broken += 1),
    now: () => (time += 0.001),
    later: (after, call) => void setImmediate(() => ((time += after), call())),
  });
  return { shelf, keeper, plain, bytes, told };
};

/** Until nothing is going on. */
const rest = async () => {
  for (let turn = 0; turn < 3000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const data = () => new ArrayBuffer(SIZE);

test("what comes is written in batches, and is there until it is", async () => {
  const { shelf, keeper, plain } = place();
  for (let index = 0; index < 40; index += 1) assert.ok(keeper.keep(key(index), data()));
  assert.ok(keeper.waiting(key(39)) !== undefined);
  await rest();
  assert.equal(keeper.waiting(key(39)), undefined);
  assert.equal(plain.kept.size, 40);
  assert.equal(shelf.room.disk.bytes, 40 * SIZE);
  assert.ok(plain.said.length <= 5, plain.said.join());
});

test("what is not of the day goes nowhere", async () => {
  const { keeper, plain } = place({ day: [A] });
  assert.equal(keeper.keep(key(0, B), data()), false);
  keeper.keepSmall(B, "0/init", "x", data());
  await rest();
  assert.equal(plain.kept.size, 0);
});

test("around a playhead all comes into memory, the needed first, and before anything is written", async () => {
  const { shelf, keeper, plain, bytes } = place();
  for (const rendition of [A, B]) for (let index = 0; index < 80; index += 1) keeper.keep(key(index, rendition), data());
  await rest();
  plain.said.length = 0;
  shelf.focus({ rendition: A, media: 11 }, { rendition: B, media: 3 });
  keeper.keep(key(0, C), data());
  keeper.focus();
  await rest();
  const read = plain.said.filter((said) => said.startsWith("read")).map((said) => said.slice(5));
  const order = (/** @type {string} */ rendition, /** @type {number} */ from, /** @type {number} */ to) =>
    Array.from({ length: to - from }, (_, at) => nameOf(key(from + at, rendition)));
  assert.deepEqual(read.slice(0, 22), order(A, 20, 42), "from the keyframe to ten seconds ahead");
  assert.deepEqual(read.slice(22, 22 + 22), order(B, 4, 26));
  assert.ok(bytes.has(nameOf(key(79))) && bytes.has(nameOf(key(0))));
  assert.ok(!bytes.has(nameOf(key(79, B))), "far from where it is cued");
  // One batch was under way; the next one waits for what is needed.
  assert.ok(plain.said.indexOf("write 1") === 0 || plain.said.indexOf("write 1") > 40);
});

test("what the disk gives otherwise than it was written is asked for again, and never used", async () => {
  const { shelf, keeper, plain, bytes } = place();
  for (let index = 0; index < 8; index += 1) keeper.keep(key(index), data());
  await rest();
  plain.kept.set(nameOf(key(3)), { sha: "another", bytes: data() });
  shelf.focus({ rendition: A, media: 0 }, null);
  keeper.focus();
  await rest();
  assert.ok(!bytes.has(nameOf(key(3))) && !shelf.holds(key(3)));
  assert.deepEqual(shelf.holdings().damaged, { [A]: [[0, 3, 3]] });
  assert.deepEqual(shelf.holdings().tracks[0].fragments, [[0, 2], [4, 7]]);
  assert.ok(keeper.keep(key(3), data()));
  assert.deepEqual(shelf.holdings().damaged, {});
  await rest();
  assert.equal(shelf.room.disk.bytes, 8 * SIZE);
});

test("what was there at the start is read back at leisure, the most wanted first", async () => {
  const plain = new Plain();
  for (const rendition of [C, A]) for (let index = 0; index < 6; index += 1) {
    plain.kept.set(nameOf(key(index, rendition)), { sha: `${rendition}${index}`, bytes: data() });
  }
  plain.kept.set(nameOf(key(2, C)), { sha: "another", bytes: data() });
  const { shelf, keeper } = place({ plain });
  for (const rendition of [C, A]) for (let index = 0; index < 6; index += 1) assert.ok(shelf.found(key(index, rendition), SIZE));
  assert.equal(shelf.unread, 12 * SIZE);
  keeper.focus();
  await rest();
  assert.equal(shelf.unread, 0);
  assert.deepEqual(plain.said.filter((said) => said.startsWith("read")).map((said) => said[5]), [..."aaaaaacccccc"]);
  assert.deepEqual(shelf.holdings().damaged, { [C]: [[0, 2, 2]] });
});

test("a full disk keeps the most wanted, says what it takes now, and goes on", async () => {
  const { shelf, keeper, plain, told } = place();
  plain.room = 30 * SIZE;
  for (const rendition of [C, B, A]) for (let index = 0; index < 20; index += 1) keeper.keep(key(index, rendition), data());
  await rest();
  assert.ok(shelf.room.disk.budget <= 30 * SIZE && shelf.room.disk.budget > 20 * SIZE);
  assert.ok(told.budgets >= 1);
  assert.equal(told.broken, 0);
  assert.deepEqual(shelf.holdings().tracks.find(({ rendition }) => rendition === A)?.fragments, [[0, 19]]);
  assert.deepEqual(shelf.holdings().tracks.find(({ rendition }) => rendition === C)?.fragments, []);
  agree(shelf, plain);
});

test("a disk that breaks is no disk any more, and nothing else stops", async () => {
  const { shelf, keeper, plain, told } = place();
  shelf.put(key(0));
  for (let index = 0; index < 4; index += 1) keeper.keep(key(index), data());
  await rest();
  plain.broken = true;
  keeper.keep(key(9), data());
  await rest();
  assert.deepEqual([told.broken, told.budgets, keeper.broken, shelf.room.disk.bytes], [1, 1, true, 0]);
  assert.deepEqual(shelf.holdings().tracks[0].fragments, [[0, 0]]);
  assert.equal(keeper.keep(key(1), data()), false);
});

test("a memory with no room for more is not read for again and again", async () => {
  const { shelf, keeper, plain } = place({ memory: 10 * SIZE });
  for (let index = 0; index < 80; index += 1) keeper.keep(key(index), data());
  await rest();
  plain.said.length = 0;
  shelf.focus({ rendition: A, media: 0 }, null);
  keeper.focus();
  await rest();
  assert.ok(plain.said.length <= 12, `${plain.said.length} reads`);
  assert.equal(shelf.room.held.bytes, 10 * SIZE);
});

test("through any history disk and shelf agree, within the budget, and nothing restricted is left", async () => {
  for (let seed = 0; seed < 12; seed += 1) {
    const random = chance(seed);
    const disk = (10 + whole(random, 60)) * SIZE;
    const { shelf, keeper, plain, bytes } = place({ memory: 40 * SIZE, disk });
    for (let step = 0; step < 150; step += 1) {
      const rendition = [A, B, C][whole(random, 3)];
      const act = random();
      if (act < 0.7) keeper.keep(key(whole(random, 80), rendition), data());
      else if (act < 0.8) {
        shelf.focus({ rendition, media: random() * 40 }, null);
        keeper.focus();
      } else if (act < 0.85) plain.room = Math.max(5 * SIZE, plain.size - whole(random, 3) * SIZE);
      else if (act < 0.9) plain.room = Infinity;
      else {
        const day = [A, B, C].filter(() => random() < 0.7);
        shelf.order(day.map((one) => ({ exhibit: `of ${one[0]}`, rendition: one })));
        for (const gone of [A, B, C].filter((one) => !day.includes(one))) {
          const keys = shelf.keys(gone, "disk");
          for (const one of keys) shelf.drop(one, "disk");
          keeper.forget(gone, keys);
        }
      }
      if (random() < 0.2) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(shelf.room.disk.bytes <= Math.max(shelf.room.disk.budget, 0), `seed ${seed}`);
    }
    plain.room = Infinity;
    await rest();
    agree(shelf, plain);
    for (const [name] of plain.kept) assert.ok(shelf.place(name.slice(0, 16)) >= 0, "restricted");
    for (const [name] of bytes) assert.ok(shelf.holds(/** @type {Key} */ (keyOf(name)), "held"));
  }
});

/** @param {Shelf} shelf @param {Plain} plain */
const agree = (shelf, plain) => {
  const indexed = [A, B, C].flatMap((rendition) => shelf.keys(rendition, "disk")).map(nameOf);
  assert.deepEqual(indexed.sort(), [...plain.kept.keys()].sort());
  assert.equal(shelf.room.disk.bytes, indexed.length * SIZE);
};
