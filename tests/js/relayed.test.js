import assert from "node:assert/strict";
import { test } from "node:test";

import { Junction } from "../../receiver/screen/junction.js";
import { AT_ONCE, Relayed } from "../../receiver/screen/relayed.js";
import { HEADER, PATH_CONTROL_MOST, PATH_PREFIX, PIECE_MOST } from "../../web/shared/wire.js";

/** A page's end of its line, with hands on the clock and on what takes media. */
class Bench {
  /** @type {any[]} */ said = [];
  /** @type {string[]} */ heard = [];
  /** @type {number[]} */ media = [];
  /** @type {any[]} */ open = [];
  closed = 0;
  /** @type {(() => void)[]} */ later = [];
  /** @type {Promise<void>} */ taken = Promise.resolve();
  relayed = new Relayed({
    say: (text) => {
      this.said.push(JSON.parse(text));
      return true;
    },
    later: (_, call) => void this.later.push(call),
    onopen: (path) => void this.open.push(path),
    onclose: () => void (this.closed += 1),
    oncontrol: (text) => void this.heard.push(text),
    onmedia: (message) => {
      this.media.push(message.byteLength);
      return this.taken;
    },
  });

  /** @param {number} path */
  begin(path) {
    this.relayed.hear({ type: "path-open", page: 1, path });
    return this.open.at(-1);
  }
}

/** @param {number} path @param {number} bytes  of the media message */
const piece = (path, bytes) => {
  const message = new ArrayBuffer(PATH_PREFIX + bytes);
  new DataView(message).setUint32(0, path);
  return message;
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("it is open from the start and says so before anything else", () => {
  const bench = new Bench();
  const path = bench.begin(3);
  path.send("hello");
  assert.deepEqual(bench.said, [
    { type: "path-opened", path: 3 },
    { type: "path-control", path: 3, text: "hello" },
  ]);
  bench.relayed.hear({ type: "path-control", path: 3, text: "welcome" });
  assert.deepEqual(bench.heard, ["welcome"]);
});

test("what is of another path is let pass", () => {
  const bench = new Bench();
  bench.begin(3);
  bench.relayed.hear({ type: "path-control", path: 2, text: "late" });
  bench.relayed.hear({ type: "path-closed", path: 2 });
  bench.relayed.take(piece(2, HEADER));
  bench.relayed.take(piece(3, HEADER - 1));
  bench.relayed.take(piece(3, PIECE_MOST));
  bench.relayed.take(new ArrayBuffer(0));
  assert.deepEqual([bench.heard, bench.media, bench.closed], [[], [], 0]);
});

test("what was taken is told once it is verified", async () => {
  const bench = new Bench();
  bench.begin(3);
  /** @type {() => void} */
  let verified = () => {};
  bench.taken = new Promise((resolve) => (verified = resolve));
  bench.relayed.take(piece(3, HEADER + 10));
  await turn();
  assert.equal(bench.later.length, 0);
  verified();
  await turn();
  assert.equal(bench.said.length, 1, "a little may wait for more");
  bench.later[0]();
  assert.deepEqual(bench.said.at(-1), { type: "path-taken", path: 3, amount: HEADER + 10 });
  for (let sent = 0; sent < AT_ONCE; sent += 8192) bench.relayed.take(piece(3, 8192));
  await turn();
  assert.deepEqual(bench.said.at(-1), { type: "path-taken", path: 3, amount: HEADER + 10 + AT_ONCE });
});

test("how much control is on its way", () => {
  const bench = new Bench();
  const path = bench.begin(3);
  path.send("x".repeat(100));
  assert.equal(path.buffered, 100);
  bench.relayed.hear({ type: "path-taken", path: 3, amount: 60 });
  assert.equal(path.buffered, 40);
  bench.relayed.hear({ type: "path-taken", path: 3, amount: 1e9 });
  assert.equal(path.buffered, 0);
  assert.equal(path.send("x".repeat(PATH_CONTROL_MOST + 1)), false);
});

test("it ends once, and nothing comes or goes after that", () => {
  for (const end of [
    (/** @type {Bench} */ bench) => bench.relayed.hear({ type: "path-closed", path: 3 }),
    (/** @type {Bench} */ bench) => bench.relayed.gone(),
    (/** @type {Bench} */ bench) => bench.relayed.close(),
    (/** @type {Bench} */ bench) => bench.begin(4),
  ]) {
    const bench = new Bench();
    const path = bench.begin(3);
    end(bench);
    end(bench);
    assert.ok(bench.closed >= 1);
    assert.equal(path.send("late"), false);
    bench.relayed.hear({ type: "path-control", path: 3, text: "late" });
    bench.relayed.take(piece(3, HEADER));
    assert.deepEqual([bench.heard, bench.media], [[], []]);
  }
});

/** @param {string} name @param {string[]} log */
const path = (name, log) => ({
  name,
  buffered: 0,
  send: () => true,
  close() {
    log.push(`close ${name}`);
    junctionOf.get(log)?.closed(this);
  },
});
/** @type {Map<string[], Junction>} */
const junctionOf = new Map();

/** @param {string[]} log */
const junction = (log) => {
  const made = new Junction({
    onopen: (opened) => void log.push(`use ${/** @type {any} */ (opened).name}`),
    onclose: () => void log.push("none"),
  });
  junctionOf.set(log, made);
  return made;
};

test("the newest is in use, and the older one goes when the presenter speaks over it", () => {
  /** @type {string[]} */
  const log = [];
  const made = junction(log);
  const [a, b] = [path("a", log), path("b", log)];
  made.opened(a);
  assert.equal(made.heard(a), true);
  made.opened(b);
  assert.equal(made.heard(a), false, "not obeyed any more");
  assert.equal(made.current, b);
  assert.equal(made.heard(b), true);
  assert.deepEqual(log, ["use a", "use b", "close a"]);
  made.closed(b);
  assert.deepEqual(log.at(-1), "none");
});

test("one that closes before the presenter spoke gives way to the one before", () => {
  /** @type {string[]} */
  const log = [];
  const made = junction(log);
  const [a, b, c] = ["a", "b", "c"].map((name) => path(name, log));
  made.opened(a);
  made.opened(b);
  made.closed(b);
  made.closed(c);
  assert.deepEqual(log, ["use a", "use b", "use a"]);
  assert.equal(made.heard(a), true);
});
