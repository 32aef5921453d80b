import assert from "node:assert/strict";
import { test } from "node:test";

import { beyond, here, laid, nearest, pictureAt, pictureOf, placesOf, waved, where } from "../../web/remote/places.js";
import { Sheet, Strip } from "../../web/shared/wire.js";

const sheet = Sheet.read({
  duration: 100,
  scenes: [40, 10],
  black: [[0, 2]],
  frozen: [[50, 70]],
  silent: [[20, 30], [80, 90]],
  gaps: [[60, 61]],
  unrecorded: [[19.5, 30.5]],
});
const strip = Strip.read({ width: 160, height: 90, columns: 10, times: [0, 4, 8, 20, 21] });

test("places stand in order, and what is missing in the file is not called silent too", () => {
  const places = placesOf(sheet);
  assert.deepEqual(
    places.map(({ kind, at }) => `${kind} ${at}`),
    ["black 0", "scene 10", "unrecorded 19.5", "scene 40", "frozen 50", "gap 60", "silent 80"],
  );
  assert.deepEqual(places.map(where).slice(0, 3), ["0:00 to 0:02", "0:10", "0:19 to 0:30"]);
});

test("what is here is said once, in words", () => {
  const places = placesOf(sheet);
  assert.equal(here(places, 60.5, 0.1), "Picture stands still · No new picture");
  assert.equal(here(places, 10.05, 0.1), "New scene");
  assert.equal(here(places, 12, 0.1), "");
});

test("the next place, and the one that a finger means", () => {
  const places = placesOf(sheet);
  assert.equal(beyond(places, 10, 1)?.at, 19.5);
  assert.equal(beyond(places, 10, -1)?.at, 0);
  assert.equal(beyond(places, 80, 1), null);
  assert.equal(nearest(places, 41, 2)?.at, 40);
  assert.equal(nearest(places, 45, 2), null);
  assert.equal(nearest([], 45, 2), null);
});

test("small pictures: the last one before a moment, and one for a part only where it lies in it", () => {
  assert.deepEqual([-1, 0, 3.9, 4, 7, 100].map((at) => pictureAt(strip, at)), [null, 0, 0, 1, 1, 4]);
  assert.equal(pictureOf(strip, 5, 3), 1);
  assert.equal(pictureOf(strip, 14, 3), null);
  assert.equal(pictureOf(strip, 18, 3), 3);
  assert.equal(pictureOf(Strip.read({ ...strip, times: [3] }), 1, 3), 0);
});

test("a picture fills its hole, whatever the hole's shape", () => {
  assert.deepEqual(laid(strip, 3, 160, 90), { size: "1600px 90px", position: "-480px 0px" });
  const wide = laid(strip, 0, 160, 45);
  assert.deepEqual(wide, { size: "1600px 90px", position: "0px -22.5px" });
  const many = Strip.read({ ...strip, times: Array.from({ length: 25 }, (_, n) => n) });
  assert.deepEqual(laid(many, 12, 80, 45), { size: "800px 135px", position: "-160px -45px" });
});

test("loudness in as many columns as there is room for", () => {
  assert.deepEqual(waved([0, 255, 0, 64], 2), [1, Math.sqrt(64 / 255)]);
  assert.deepEqual(waved([255], 3), [1, 1, 1]);
  assert.deepEqual(waved([], 3), []);
});
