import assert from "node:assert/strict";
import test from "node:test";

import { contained, moved, painting, part, sameView } from "../../receiver/screen/view.js";
import { chance } from "./chance.js";

const HD = { width: 1920, height: 1080 };

test("the whole picture is contained in the middle", () => {
  assert.deepEqual(contained({ width: 1000, height: 1000 }, HD), { x: 420, y: 0, width: 1080, height: 1080 });
  assert.deepEqual(contained({ width: 3840, height: 1080 }, HD), { x: 0, y: 270, width: 1920, height: 540 });
  assert.deepEqual(part(null, HD), { x: 0, y: 0, ...HD });
});

test("a leaf with exactly the display's pixels is copied, and so is a part of one", () => {
  assert.deepEqual(painting(null, HD, HD), { from: { x: 0, y: 0, ...HD }, to: { x: 0, y: 0, ...HD } });
  const { from, to } = painting([0.3, 0.2, 0.5, 0.5], { width: 3840, height: 2160 }, HD);
  assert.deepEqual(from, { x: 1152, y: 432, ...HD });
  assert.deepEqual(to, { x: 0, y: 0, ...HD });
});

test("what is painted keeps its shape, lies inside the display and comes from inside the picture", () => {
  const random = chance(3);
  for (let run = 0; run < 2000; run++) {
    const picture = { width: 1 + Math.floor(random() * 5000), height: 1 + Math.floor(random() * 5000) };
    const display = { width: 300 + Math.floor(random() * 3000), height: 300 + Math.floor(random() * 2000) };
    const [w, h] = [1 / 64 + random() * (63 / 64), 1 / 64 + random() * (63 / 64)];
    /** @type {[number, number, number, number]} */
    const view = [random() * (1 - w), random() * (1 - h), w, h];
    const { from, to } = painting(random() < 0.2 ? null : view, picture, display);
    assert.ok(from.x >= -1e-9 && from.y >= -1e-9);
    assert.ok(from.x + from.width <= picture.width + 1e-6 && from.y + from.height <= picture.height + 1e-6);
    assert.ok([to.x, to.y, to.width, to.height].every(Number.isInteger));
    assert.ok(to.x >= 0 && to.y >= 0 && to.x + to.width <= display.width && to.y + to.height <= display.height);
    assert.ok(to.width === display.width || to.height === display.height);
    // To within the pixel that was rounded away.
    assert.ok(Math.abs(to.width * from.height - to.height * from.width) <= from.width + from.height + 2);
  }
});

test("an element is moved so that the part fills the display, and cut to it", () => {
  assert.deepEqual(moved(null, HD, HD), { transform: "none", clipPath: "none" });
  assert.deepEqual(moved([0.5, 0.5, 0.5, 0.5], HD, { width: 1280, height: 720 }), {
    transform: "translate(-1280px, -720px) scale(2)", clipPath: "inset(360px 0px 0px 640px)",
  });
  // A square picture: the black beside it is cut away too.
  assert.deepEqual(moved([0.25, 0.25, 0.5, 0.5], { width: 100, height: 100 }, { width: 800, height: 400 }), {
    transform: "translate(-400px, -200px) scale(2)", clipPath: "inset(100px 300px 100px 300px)",
  });
  assert.deepEqual(moved([0, 0, 0.5, 0.5], { width: 0, height: 0 }, HD), { transform: "none", clipPath: "none" });
});

test("two views", () => {
  assert.ok(sameView(null, undefined) && sameView([0, 0, 1, 0.5], [0, 0, 1, 0.5]));
  assert.ok(!sameView(null, [0, 0, 1, 0.5]));
});
