import assert from "node:assert/strict";
import test from "node:test";

import { Frames, placed } from "../../receiver/screen/frames.js";
import { Understudy } from "../../receiver/screen/understudy.js";

const frames = new Frames({ timescale: 10, first: 0, cover: 0 }, [0, 1]);
frames.update(placed([{
  track: 0, index: 0, start: 0, duration: 9, bytes: 1, keyframe: true, sha256: "", added: [], pts: [0, 1, 3, 5, 8],
}]), true, 1);
/** @param {number} number */
const frame = (number) => {
  const found = frames.at(/** @type {number} */ ([0, 1, 3, 5, 8][number]) / 10);
  assert.ok(found);
  return found;
};

test("whoever steps back is taken to step back again, all others to step forward", () => {
  const understudy = new Understudy();
  assert.equal(understudy.place(frames, frame(2))?.number, 3);
  understudy.asked(frame(3), frame(2), 0);
  assert.equal(understudy.place(frames, frame(2))?.number, 1);
  understudy.asked(frame(2), frame(3), 0);
  assert.equal(understudy.place(frames, frame(3))?.number, 4);
  understudy.asked(frame(1), frame(0), 0);
  understudy.asked(frame(0), frame(3), 0);
  assert.equal(understudy.place(frames, frame(3))?.number, 4, "a seek is no step");
  understudy.asked(null, frame(1), 0);
  assert.equal(understudy.place(frames, frame(1))?.number, 2);
});

test("at the ends there is no place", () => {
  const understudy = new Understudy();
  assert.equal(understudy.place(frames, frame(4)), null);
  understudy.asked(frame(1), frame(0), 0);
  assert.equal(understudy.place(frames, frame(0)), null);
});

test("it moves at once after a step, and waits after anything else, since more is likely to come", () => {
  const understudy = new Understudy();
  understudy.asked(frame(0), frame(3), 100);
  assert.ok(understudy.wait(100.2) > 0);
  assert.equal(understudy.wait(101), 0);
  understudy.asked(frame(3), frame(4), 102);
  assert.equal(understudy.wait(102.1), 0);
});
