/** Subtitles at the screen: lists in parts, and what is up at a moment. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { setting, Subtitles } from "../../receiver/screen/subtitles.js";
import { Words } from "../../web/shared/wire.js";

/** @param {number} first @param {number} total @param {Array<[number, number, string]>} cues */
const words = (first, total, cues, id = "aa") => 
  Words.read({ type: "words", id, first, total, cues: cues.map(([start, end, text]) => ({ start, end, text })) });
const A = /** @type {[number, number, string]} */ ([1, 2, "one"]);
const B = /** @type {[number, number, string]} */ ([1.5, 3, "two"]);
const C = /** @type {[number, number, string]} */ ([4, 5, "three"]);

/** @param {string | null} shown @param {string | null} [cue] */
const stage = (shown, cue = null) => ({ shown: { subtitles: shown }, cue: { subtitles: cue } });

test("a cue is up from its beginning to its end, on the frame that is on", () => {
  const subtitles = new Subtitles();
  subtitles.take(words(0, 3, [A, B, C]));
  const up = (/** @type {number | null} */ media) => subtitles.at("aa", media);
  assert.deepEqual([0.99, 1, 1.49, 1.5, 1.99, 2, 2.99, 3, 4.5, 5].map(up), [
    [], ["one"], ["one"], ["one", "two"], ["one", "two"], ["two"], ["two"], [], ["three"], [],
  ]);
  assert.deepEqual(up(null), [], "nothing over a display that is black");
  assert.deepEqual(subtitles.at(null, 1), []);
  assert.deepEqual(subtitles.at("bb", 1), []);
  assert.deepEqual(up(0.9985), ["one"], "a frame whose time was rounded down is still its first");
});

test("parts may come twice, late or not at all", () => {
  const subtitles = new Subtitles();
  const scene = { subtitles: "aa" };
  subtitles.take(words(1, 3, [B]));
  assert.deepEqual(subtitles.held(), {});
  subtitles.take(words(0, 3, [A]));
  assert.equal(subtitles.whole(scene), false);
  subtitles.take(words(0, 3, [A, B]));
  subtitles.take(words(0, 3, [A]));
  assert.deepEqual(subtitles.held(), { aa: 2 });
  subtitles.take(words(2, 3, [C]));
  subtitles.take(words(1, 3, [B, C]));
  assert.deepEqual(subtitles.held(), { aa: 3 });
  assert.equal(subtitles.whole(scene), true);
  assert.deepEqual(subtitles.at("aa", 4), ["three"]);
  assert.equal(subtitles.whole(null), true);
  assert.equal(subtitles.whole({ subtitles: null }), true);
});

test("what no stage names is let go, and what comes before its stage is kept", () => {
  const subtitles = new Subtitles();
  for (const id of ["a", "b", "c", "d", "e"]) subtitles.take(words(0, 1, [A], id));
  assert.deepEqual(Object.keys(subtitles.held()), ["b", "c", "d", "e"]);
  subtitles.keep(stage("c", "e"));
  assert.deepEqual(Object.keys(subtitles.held()), ["c", "e"]);
  subtitles.keep({ shown: null, cue: null });
  assert.deepEqual(subtitles.held(), {});
});

test("two lines keep their own, more are run together, and a long text is smaller", () => {
  assert.deepEqual(setting(["Who is\nthere?"]), { lines: ["Who is", "there?"], size: 5.2 });
  assert.deepEqual(setting(["a\nb\nc"]).lines, ["a b c"]);
  assert.equal(setting(["x".repeat(91)]).size, 4);
  assert.equal(setting(["x".repeat(300)]).size, 3.2);
  assert.equal(setting(["a\nb", "c"]).size, 4);
  assert.deepEqual(setting([]).lines, []);
});
