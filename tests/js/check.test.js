import assert from "node:assert/strict";
import { test } from "node:test";

import { dict, flag, integer, list, Malformed, nullable, number, oneOf, record, row, text, tuple, union } from "../../web/shared/check.js";

const Point = record({ x: [number], y: [number, 0], tags: [list(text), []] }, { tag: "point" });

test("defaults are filled in, and are never shared", () => {
  const [one, other] = [Point.read({ type: "point", x: 1 }), Point.read({ type: "point", x: 1 })];
  assert.deepEqual(one, { type: "point", x: 1, y: 0, tags: [] });
  /** @type {string[]} */ (one.tags).push("mine");
  assert.deepEqual(other.tags, []);
});

test("make adds the tag and refuses what must not be sent", () => {
  assert.deepEqual(Point.make({ x: 2 }), { type: "point", x: 2, y: 0, tags: [] });
  for (const x of [NaN, Infinity, "2", null, undefined]) assert.throws(() => Point.make({ x }), Malformed);
});

test("the place of the fault is named", () => {
  const Path = record({ points: [list(Point.check)], by: [dict(nullable(integer)), {}] });
  const places = /** @type {[unknown, string][]} */ ([
    [{ points: [{ type: "point", x: 1 }, { type: "point", x: "1" }] }, "$.points[1].x"],
    [{ points: [{ type: "spot", x: 1 }] }, "$.points[0].type"],
    [{ points: [], by: { a: 1, b: 1.5 } }, "$.by.b"],
    [{}, "$.points"],
    [[], "$"],
  ]);
  for (const [value, path] of places) {
    assert.throws(() => Path.read(value), (error) => error instanceof Malformed && error.path === path);
  }
});

test("long values are cut in the sentence", () => {
  assert.throws(() => Point.read("x".repeat(1000)), (error) => error instanceof Malformed && error.message.length < 120);
});

test("closed messages refuse a field that nobody knows, open ones drop it", () => {
  const closed = record({ x: [number] }, { closed: true });
  assert.throws(() => closed.read({ x: 1, y: 2 }), /\$\.y/u);
  assert.deepEqual(record({ x: [number] }).read({ x: 1, y: 2 }), { x: 1 });
});

test("rows are read by place and get names", () => {
  const Row = row({ index: [integer], key: [flag], pts: [list(integer), []] });
  assert.deepEqual(Row.read([3, true]), { index: 3, key: true, pts: [] });
  assert.deepEqual(Row.read([3, true, [1, 2], "later"]), { index: 3, key: true, pts: [1, 2] });
  assert.throws(() => Row.read([3]), /\$\[1\]/u);
});

test("a union knows only its own", () => {
  const Any = union({ point: Point });
  assert.deepEqual(Any.parse('{"type":"point","x":1}'), Point.make({ x: 1 }));
  for (const type of ["toString", "__proto__", "", 1, null]) assert.throws(() => Any.read({ type, x: 1 }), Malformed);
});

test("words and tuples are exact", () => {
  assert.throws(() => oneOf("a", "b")("c", "$"), /one of a, b/u);
  assert.deepEqual(tuple(integer, number)([1, 2.5], "$"), [1, 2.5]);
  for (const value of [[1], [1, 2, 3], [1.5, 2]]) assert.throws(() => tuple(integer, number)(value, "$"), Malformed);
  assert.throws(() => integer(2 ** 53, "$"), Malformed);
});
