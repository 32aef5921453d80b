import assert from "node:assert/strict";
import { test } from "node:test";

import {
  contained, DISPLAY, meanwhile, middleOf, MOST, percent, pointAt, sameView, scaleOf, shifted, stepped, tapped, zoomed,
} from "../../web/remote/zoom.js";
import { chance } from "./chance.js";

const A4 = 210 / 297;

test("the whole is 100 %, and a part of the displays' shape fills them", () => {
  for (const aspect of [A4, 4 / 3, DISPLAY, 3]) assert.equal(scaleOf(null, aspect), 1);
  assert.deepEqual(zoomed(null, 2, [0.5, 0.5], DISPLAY), [0.25, 0.25, 0.5, 0.5]);
  // A page as wide as the displays is cut in its height alone.
  const view = zoomed(null, DISPLAY / A4, [0.5, 0.5], A4);
  assert.ok(view !== null && view[0] === 0 && view[2] === 1);
  assert.ok(Math.abs((view[2] * A4) / view[3] - DISPLAY) < 1e-9);
  assert.equal(percent(scaleOf([0, 0, 1, 0.5], DISPLAY)), "100 %");
});

test("the point under the finger stays there, and the part within the picture", () => {
  const random = chance(11);
  for (let run = 0; run < 3000; run++) {
    const aspect = 0.3 + random() * 4, box = { width: 300 + random() * 400, height: 150 + random() * 200 };
    let view = /** @type {import("../../web/remote/zoom.js").View | null} */ (null);
    for (let step = 0; step < 4; step++) {
      const [x, y] = [random() * box.width, random() * box.height];
      const point = pointAt(view, aspect, box, x, y), scale = 1 + random() * 20;
      const next = zoomed(view, scale, point, aspect);
      if (next !== null) {
        const [left, top, width, height] = next;
        assert.ok(left >= 0 && top >= 0 && left + width <= 1 + 1e-9 && top + height <= 1 + 1e-9);
        assert.ok(width >= 1 / 64 && height >= 1 / 64);
        assert.ok(Math.abs(scaleOf(next, aspect) - Math.min(scale, MOST)) < 1e-6);
        const free = left > 1e-9 && top > 1e-9 && left + width < 1 - 1e-9 && top + height < 1 - 1e-9;
        const [w, h] = [view?.[2] ?? 1, view?.[3] ?? 1];
        // Where the picture's shape in the box is the same, the pixel under the finger is too.
        if (free && Math.abs(width / height - w / h) < 1e-9) {
          const there = pointAt(next, aspect, box, x, y);
          assert.ok(Math.hypot(there[0] - point[0], there[1] - point[1]) < 1e-6);
        }
      }
      view = next;
    }
  }
});

test("steps, taps and moves", () => {
  assert.deepEqual([stepped(1, 1), stepped(1.2, 1), stepped(1.5, 1), stepped(MOST, 1)], [1.5, 1.5, 2, MOST]);
  assert.deepEqual([stepped(1, -1), stepped(1.2, -1), stepped(2, -1), stepped(16, -1)], [1, 1, 1.5, 12]);
  assert.equal(zoomed([0.25, 0.25, 0.5, 0.5], 1, [0.5, 0.5], DISPLAY), null);
  const close = tapped(null, [0.9, 0.1], DISPLAY);
  assert.ok(close !== null && Math.abs(scaleOf(close, DISPLAY) - 2.5) < 1e-9);
  assert.equal(tapped(close, [0.5, 0.5], DISPLAY), null);
  assert.deepEqual(shifted([0.25, 0.25, 0.5, 0.5], 9, -9), [0.5, 0, 0.5, 0.5]);
  assert.equal(shifted(null, 1, 1), null);
  assert.deepEqual(middleOf([0.5, 0, 0.5, 1]), [0.75, 0.5]);
  assert.ok(sameView(null, null) && !sameView(null, close) && sameView(close, close && [...close]));
});

test("a picture of one part is moved to where another part is", () => {
  const box = { width: 400, height: 200 };
  assert.equal(meanwhile(null, null, 2, box), "translate(0px, 0px) scale(1)");
  assert.equal(meanwhile(null, [0.5, 0.5, 0.5, 0.5], 2, box), "translate(-400px, -200px) scale(2)");
  assert.deepEqual(contained(null, 1, box), { left: 100, top: 0, width: 200, height: 200 });
});
