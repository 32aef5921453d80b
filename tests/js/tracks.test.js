/** Sound tracks and chapters in words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { language, marksOf, soundSaid, soundsOf } from "../../web/remote/tracks.js";
import { Exhibit } from "../../web/shared/wire.js";

const SOUNDS = [
  { index: 1, codec: "aac", language: "eng", title: "On scene", channels: 2, chosen: true },
  { index: 2, codec: "aac", language: "fre", title: "", channels: 1 },
  { index: 4, codec: "Dolby", language: "", channels: 6, playable: false },
];

/** @param {object} fields */
const exhibit = (fields) => Exhibit.read({ id: "e", ref: "JM/1", title: "Door", ...fields });

test("languages as people say them", () => {
  assert.deepEqual(["eng", "fre", "pt-BR", "zz", "no such thing"].map(language), ["English", "French", "Brazilian Portuguese", "zz", "no such thing"]);
});

test("sound tracks to choose from", () => {
  const sounds = soundsOf(exhibit({ sounds: SOUNDS }).sounds);
  assert.deepEqual(sounds.map(({ text }) => text), ["1: English, On scene, stereo, aac", "2: French, mono, aac", "3: 5.1, Dolby (cannot be played)"]);
  assert.deepEqual(sounds.map(({ value, on, can }) => [value, on, can]), [["1", true, true], ["2", false, true], ["4", false, false]]);
  assert.deepEqual(soundsOf(exhibit({ sounds: SOUNDS.slice(0, 1) }).sounds), []);
});

test("the one that was asked for stands in the choice, and it is said that it is not heard yet", () => {
  const { sounds } = exhibit({ sounds: SOUNDS.map((sound) => ({ ...sound, coming: sound.index === 2 })) });
  assert.deepEqual(soundsOf(sounds).map(({ on }) => on), [false, true, false]);
  assert.match(soundSaid(sounds), /^Sound 2 was asked for\./u);
  assert.equal(soundSaid(exhibit({ sounds: SOUNDS }).sounds), "");
});

test("chapters end where the next begins, and none lies outside", () => {
  const { chapters } = exhibit({ chapters: [{ title: "the van", start: 0, end: 40 }, { title: "Door", start: 31, end: 31 }, { title: "After", start: 95, end: 99 }] });
  assert.deepEqual(marksOf(chapters, 90), [
    { text: "The van", time: "0:00", start: 0, end: 31 },
    { text: "Door", time: "0:31", start: 31, end: 90 },
  ]);
  assert.deepEqual(marksOf(chapters, null), []);
});
