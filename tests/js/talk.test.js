import assert from "node:assert/strict";
import { test } from "node:test";

import { Talk } from "../../receiver/screen/talk.js";
import { Pong, PROTOCOL, Scene, Stage, Welcome } from "../../web/shared/wire.js";

/** A page's talk with hands on its clock, its timers and its store. */
class Bench {
  now = 100;
  /** @type {import("../../web/shared/wire.js").Stage[]} */ performed = [];
  /** @type {string[]} */ mentioned = [];
  /** @type {{at: number, call: () => void}[]} */ later = [];
  /** @type {(() => void)[]} */ storing = [];
  vault = {
    version: 0, budget: 1000, disk: 0,
    take: () => new Promise((resolve) => void this.storing.push(() => resolve("kept"))),
    holdings: () => ({ tracks: [], rows: {}, bytes: 0 }),
    focus: () => {},
    held: () => [],
  };
  talk = new Talk({
    vault: /** @type {any} */ (this.vault),
    build: "b", plays: [],
    now: () => this.now,
    later: (seconds, call) => void this.later.push({ at: this.now + seconds, call }),
    perform: (stage) => void this.performed.push(stage),
    onpath: () => {}, onword: () => {}, onask: () => {},
    mention: (where) => void this.mentioned.push(where),
  });

  path() {
    const said = /** @type {any[]} */ ([]);
    const path = {
      said, buffered: 0,
      send: (/** @type {string} */ text) => said.push(JSON.parse(text)) > 0,
      close: () => this.talk.closed(path),
    };
    this.talk.opened(path);
    return path;
  }

  /** @param {number} to */
  pass(to) {
    for (;;) {
      const due = this.later.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.later.splice(this.later.indexOf(due), 1);
      this.now = due.at;
      due.call();
    }
    this.now = to;
  }

  /** @param {any} path */
  timed(path) {
    const { id } = path.said.findLast((/** @type {any} */ one) => one.type === "ping");
    this.talk.hear(JSON.stringify(Pong.make({ id, received: 5000, sent: 5000 })), path);
  }
}

const shown = Scene.read({ exhibit: "e1", rendition: "a".repeat(16), anchor: { media: 1, clock: 5000, rate: 0 }, end: 9 });
/** @param {number} revision @param {boolean} [blank] */
const stage = (revision, blank = false) => JSON.stringify(Stage.make({ revision, shown, blank }));

test("a path begins with hello, a ping, and what is held", async () => {
  const bench = new Bench(), path = bench.path();
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual(path.said.map(({ type }) => type), ["hello", "ping", "holdings"]);
  assert.equal(path.said[0].budget, 1000);
});

test("what is being verified is waited for before it is told what is held", async () => {
  const bench = new Bench();
  const first = bench.path();
  const message = new ArrayBuffer(24 + 4);
  const view = new DataView(message);
  [[0, 1], [1, 3]].forEach(([at, value]) => view.setUint8(at, value));
  view.setUint32(20, 4);
  const taken = bench.talk.take(message, first);
  const second = bench.path();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!second.said.some(({ type }) => type === "holdings"));
  bench.storing.forEach((done) => done());
  await taken;
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(second.said.some(({ type }) => type === "holdings"));
});

test("a stage waits for the clock, a second at most", () => {
  const bench = new Bench(), path = bench.path();
  bench.talk.hear(stage(3), path);
  assert.deepEqual(bench.performed, []);
  bench.timed(path);
  assert.deepEqual(bench.performed.map(({ revision }) => revision), [3]);
  const other = bench.path();
  bench.talk.hear(stage(4), other);
  bench.pass(101.1);
  assert.deepEqual(bench.performed.map(({ revision }) => revision), [3, 4]);
});

test("black counts over an older path, while the newer one is silent; nothing else does", () => {
  const bench = new Bench(), old = bench.path();
  bench.timed(old);
  bench.talk.hear(stage(3), old);
  const newer = bench.path();
  bench.talk.hear(stage(4), old);
  assert.deepEqual(bench.performed.map(({ revision }) => revision), [3]);
  bench.talk.hear(stage(5, true), old);
  assert.equal(bench.performed.at(-1)?.blank, true);
  bench.talk.hear(stage(6), old);
  assert.equal(bench.performed.length, 2, "it stays black until the newer path says something");
  bench.timed(newer);
  bench.talk.hear(stage(6), newer);
  assert.equal(bench.performed.at(-1)?.blank, false);
});

test("once the newer path has spoken, the older one says nothing", () => {
  const bench = new Bench(), old = bench.path();
  bench.timed(old);
  const newer = bench.path();
  bench.timed(newer);
  bench.talk.hear(stage(6), newer);
  bench.talk.hear(stage(5, true), old);
  assert.deepEqual(bench.performed.map(({ revision, blank }) => [revision, blank]), [[6, false]]);
});

test("what makes no sense is told and let pass, another version is not obeyed", () => {
  const bench = new Bench(), path = bench.path();
  bench.timed(path);
  bench.talk.hear("{", path);
  assert.deepEqual(bench.mentioned, ["control"]);
  bench.talk.hear(JSON.stringify(Welcome.make({ protocol: PROTOCOL + 1, presenter: "x" })), path);
  bench.talk.hear(stage(1), path);
  assert.deepEqual(bench.performed, []);
  assert.equal(bench.talk.foreign, true);
});

test("a page that is not the screen any more is black, and stays so whoever reaches it", () => {
  const bench = new Bench(), path = bench.path();
  bench.timed(path);
  bench.talk.hear(stage(3), path);
  bench.talk.closed(path);
  bench.talk.end();
  assert.equal(bench.performed.at(-1)?.blank, true);
  let closed = 0;
  const late = { send: () => true, buffered: 0, close: () => void (closed += 1) };
  bench.talk.opened(late);
  bench.talk.hear(stage(4), late);
  assert.equal(closed, 1);
  assert.equal(bench.performed.at(-1)?.blank, true);
});

test("pings go on as long as the path is in use", () => {
  const bench = new Bench(), path = bench.path();
  bench.pass(103);
  const before = path.said.filter(({ type }) => type === "ping").length;
  assert.ok(before > 8);
  bench.talk.closed(path);
  bench.pass(110);
  assert.equal(path.said.filter(({ type }) => type === "ping").length, before);
});

test("a path that is tried and called off takes nothing from the other", async () => {
  const bench = new Bench(), channels = bench.path();
  /** One of two pieces of an object of eight bytes. @param {number} offset */
  const piece = (offset) => {
    const message = new ArrayBuffer(24 + 4);
    const view = new DataView(message);
    [[0, 1], [1, 3]].forEach(([at, value]) => view.setUint8(at, value));
    view.setUint32(16, offset);
    view.setUint32(20, 8);
    return message;
  };
  await bench.talk.take(piece(0), channels);
  const tried = bench.path();
  void bench.talk.take(piece(0), tried);
  const taken = bench.talk.take(piece(4), channels);
  assert.equal(bench.storing.length, 1, "whole, although the other path was in use");
  bench.storing.forEach((done) => done());
  await taken;
  tried.close();
  assert.equal(bench.talk.path, channels);
});
