import assert from "node:assert/strict";
import { test } from "node:test";

import { Stagehand } from "../../receiver/screen/stagehand.js";
import { cardOf, CYCLE, FLASH, layout, LONGEST, moving, SIDE, TONES, tonesBetween } from "../../receiver/screen/testcard.js";
import { Scene, ScreenCard, Stage } from "../../web/shared/wire.js";

const card = ScreenCard.make({ until: 130, name: "Jury" });
const stage = (/** @type {Partial<Stage>} */ fields = {}) => Stage.make({ revision: 1, card, ...fields });
const scene = Scene.read({ exhibit: "e1", rendition: "a".repeat(16), anchor: { media: 0, clock: 0, rate: 0 }, end: 20 });
const here = { attached: true, timed: true, now: 100 };

test("the card is up only where all that it needs is so", () => {
  assert.deepEqual(cardOf(stage(), here), card);
  assert.equal(cardOf(null, here), null);
  assert.equal(cardOf(stage({ card: null }), here), null, "nobody asked for it");
  assert.equal(cardOf(stage({ shown: scene }), here), null, "something is shown, though blanked");
  assert.equal(cardOf(stage({ shown: scene, blank: false }), here), null, "something is shown");
  assert.equal(cardOf(stage({ blank: false }), here), null);
  assert.equal(cardOf(stage(), { ...here, attached: false }), null, "the presenter is gone");
  assert.equal(cardOf(stage(), { ...here, timed: false }), null, "nobody knows how late it is");
  assert.equal(cardOf(stage(), { ...here, now: 130 }), null, "its time is over");
  assert.equal(cardOf(stage(), { ...here, now: 130 - LONGEST - 1 }), null, "no card stays so long: the clock is wrong");
});

test("a blank on a new path takes away a card of the one before", () => {
  const hand = new Stagehand();
  hand.begin();
  hand.timed();
  hand.take(stage({ revision: 5 }));
  hand.begin();
  hand.take(stage({ revision: 6, card: null }));
  assert.equal(cardOf(hand.applied, { ...here, timed: true }), null);
});

test("each cycle has two beeps with a flash, and each side once between them", () => {
  assert.deepEqual(TONES.map(({ pan }) => pan), [0, -1, 0, 1]);
  for (const tone of TONES) {
    const { flash, side, turn } = moving(CYCLE * 7 + tone.at);
    assert.equal(flash, tone.pan === 0);
    assert.equal(side, tone.pan === 0 ? null : tone.pan < 0 ? "left" : "right");
    if (flash) assert.equal(turn, 0, "the hand points up");
    assert.equal(moving(tone.at + tone.lasts + 0.001).flash, false);
    assert.equal(moving(tone.at - 0.001).flash, false);
  }
  assert.ok(FLASH < SIDE && SIDE < 1);
});

test("whatever stretches time is cut into, each tone is set once and in its place", () => {
  for (const step of [0.016, 0.25, 0.7, 1, 3.3, 9]) {
    const found = [];
    let from = 0;
    for (; from < 3 * CYCLE; from += step) found.push(...tonesBetween(from, from + step));
    const all = tonesBetween(0, from);
    assert.equal(found.length, all.length);
    found.forEach(({ at }, n) => assert.ok(Math.abs(at - all[n].at) < 1e-9));
  }
  assert.deepEqual(tonesBetween(0, CYCLE).map(({ at }) => at), [0, 1, 2, 3]);
  assert.deepEqual(tonesBetween(3.5, 4.5).map(({ at }) => at), [4]);
});

for (const [width, height] of [[1920, 1080], [1280, 720], [3840, 2160], [1024, 768], [1080, 1920], [640, 360]]) {
  test(`everything lies on a display of ${width} × ${height}, and nothing on anything else`, () => {
    const at = layout(width, height);
    const { centre, radius, disc, steps, band, left, right, edge, blocks } = at;
    assert.deepEqual(centre, { x: width / 2, y: height / 2 });
    for (const box of [steps, band, left, right, ...blocks]) {
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, JSON.stringify(box));
      for (const number of Object.values(box)) if (typeof number === "number") assert.equal(number, Math.round(number));
    }
    assert.ok(radius < Math.min(width, height) / 2 - edge, "the circle does not touch the edge");
    assert.ok(disc.y - disc.radius > centre.y - radius && disc.y + disc.radius < steps.y);
    assert.ok(left.x + left.width < right.x);
    assert.ok(band.y > steps.y + steps.height && band.y >= centre.y + radius, "the band lies below the circle");
    // The blocks leave no pixel of the edge out, and all four corners are white.
    const top = blocks.filter((block) => block.y === 0 && block.height === edge).sort((a, b) => a.x - b.x);
    assert.equal(top.reduce((end, block) => (block.x === end ? end + block.width : -1), 0), width);
    assert.ok(top[0].white && top[top.length - 1].white);
  });
}
