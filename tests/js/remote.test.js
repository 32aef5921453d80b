/** The remote's pure parts. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { codeOf, entryOf, linkOf, nextRef, secondsOf, timeOf } from "../../web/remote/entry.js";
import { beside, cover, moments, pages, share, steps, still } from "../../web/remote/film.js";
import { ahead, toTheEnd } from "../../web/remote/held.js";
import { TABLE, decide } from "../../web/remote/keys.js";
import { leafAt, leafLength, leafTyped, placeIn } from "../../web/remote/leaves.js";
import { added, answered, hear, removed } from "../../web/remote/model.js";
import { HeardClock, positionAt } from "../../web/remote/position.js";
import { SETTLE, Steady } from "../../web/remote/steady.js";
import { rowsOf } from "../../web/remote/rows.js";
import { tilesOf } from "../../web/remote/tiles.js";
import { exact, expiry, grouped, lasting, list, running, sentenceOf, short, size, speed, wall } from "../../web/remote/words.js";
import { Change, Exhibit, RoomState, Screen, Snapshot } from "../../web/shared/wire.js";

/** @param {Partial<import("../../web/shared/wire.js").Exhibit>} fields */
const exhibit = (fields) => Exhibit.read({ id: "e", ref: "JM/1", title: "Door", ...fields });
/** @param {Partial<import("../../web/shared/wire.js").RoomState>} fields */
const room = (fields) => RoomState.read({ revision: 1, ...fields });

test("times are cut, never rounded up", () => {
  assert.equal(short(59.99), "0:59");
  assert.equal(short(3723), "1:02:03");
  assert.equal(exact(33.48), "0:33.480");
  assert.equal(exact(0.0666), "0:00.066");
  assert.equal(exact(29.97 / 3), "0:09.990");
  assert.equal(running(33.48), "0:33.4");
  assert.equal(short(-1), "0:00");
});

test("sizes, lengths, lists", () => {
  assert.deepEqual([size(640_000), size(12_345_678), size(123_456_789), size(3_100_000_000)], ["640 kB", "12.3 MB", "123 MB", "3.1 GB"]);
  assert.deepEqual([lasting(68.9), lasting(600), lasting(3900), lasting(7200)], ["68 s", "10 min", "1 h 5 min", "2 h"]);
  assert.deepEqual([list([]), list(["a"]), list(["a", "b"]), list(["a", "b", "c"])], ["", "a", "a and b", "a, b and c"]);
  assert.equal(grouped(1234567), "1,234,567");
  assert.deepEqual([speed(1), speed(0.5), speed(2)], ["", "at half speed", "at 2× speed"]);
});

test("until when a link holds", () => {
  const noon = 20_786 * 86400 + 43200;
  assert.equal(expiry(noon + 9000, noon, 0), "expires 14:30");
  assert.equal(expiry(noon + 86400 + 9000, noon, 0), "expires 14:30 tomorrow");
  assert.equal(expiry(noon + 11 * 3600, noon, 60), "expires 00:00 tomorrow", "by the clock on the wall here");
  assert.equal(expiry(noon + 4 * 86400, noon, 0), "expires in 4 days");
  assert.equal(expiry(noon, noon, 0), "has expired");
});

test("the wall's clock", () => {
  assert.equal(wall(10 * 3600 + 42 * 60, 0), "10:42");
  assert.equal(wall(23.5 * 3600, 60), "00:30");
  assert.equal(wall(600, -60), "23:10");
});

test("a refusal gives its own sentence, an exception never", () => {
  assert.equal(sentenceOf({ detail: "Ask the clerk." }), "Ask the clerk.");
  assert.doesNotMatch(sentenceOf(new TypeError("x is not a function")), /function/u);
  assert.doesNotMatch(sentenceOf(undefined), /undefined/u);
});

for (const [text, seconds] of /** @type {const} */ ([
  ["0:12", 12], ["1:02:03.5", 3723.5], ["90:00", 5400], ["12.5 s", 12.5], ["12s", 12], ["0:12,5", 12.5],
  ["12", null], ["JM/4", null], ["", null], ["1:2:3:4", null], ["-0:12", null],
])) {
  test(`a time: ${text}`, () => assert.equal(timeOf(text), seconds));
}

test("in a field for a time, a bare number is seconds", () => {
  assert.equal(secondsOf("12"), 12);
  assert.equal(secondsOf(" 7,5 "), 7.5);
  assert.equal(secondsOf("twelve"), null);
});

const order = [
  exhibit({ id: "a", ref: "JM/1", title: "Doorbell camera" }),
  exhibit({ id: "b", ref: "JM/12", title: "Shop" }),
  exhibit({ id: "c", ref: "JM/2", title: "Doorstep" }),
];
for (const [text, id, matches, at] of /** @type {const} */ ([
  ["JM/1", "a", 1, null], ["jm1 0:12", "a", 1, 12], ["JM / 12", "b", 1, null], ["door", null, 2, null], ["doorbell 1:00", "a", 1, 60],
  ["0:30", "b", 0, 30], ["JM", null, 3, null], ["zebra", null, 0, null], ["", null, 0, null], ["doorstep 12 s", "c", 1, 12],
])) {
  test(`typed: ${JSON.stringify(text)}`, () => {
    const entry = entryOf(text, order, order[1]);
    assert.equal(entry.exhibit?.id ?? null, id);
    assert.equal(entry.matches.length, matches);
    assert.equal(entry.at, at);
  });
}

test("links, codes and the next reference", () => {
  assert.equal(linkOf(" https://a.example/b?c=d "), "https://a.example/b?c=d");
  assert.equal(linkOf("ftp://a.example/b"), null);
  assert.equal(linkOf("JM/4 0:12"), null);
  assert.equal(codeOf("1234 5678"), "12345678");
  assert.equal(nextRef(order), "JM/3");
  assert.equal(nextRef([exhibit({ ref: "JM/9" })]), "JM/10");
  assert.equal(nextRef([]), "");
  assert.equal(nextRef([exhibit({ ref: "Door" })]), "");
});

test("film: few moments, inside the recording, the same for nearly the same width", () => {
  const times = moments(540, 48, 79.5);
  assert.ok(times.length >= 3 && times.length <= 12);
  assert.ok(times.every((t, i) => t > (times[i - 1] ?? 0) && t < 79.5));
  assert.deepEqual(moments(545, 48, 79.5), times);
  assert.deepEqual(moments(0, 48, 10), []);
  assert.deepEqual(moments(500, 48, 0), []);
});

test("film: while a recording grows, its stills are asked for anew only now and then", () => {
  const asked = new Set();
  for (let prepared = 0.5; prepared < 3600; prepared += 0.5) asked.add(steps(prepared));
  assert.ok(asked.size < 25);
  for (const prepared of [0, 3.9, 4, 10, 59, 3599]) assert.ok(steps(prepared) <= prepared && (prepared < 4 || steps(prepared) > prepared / 1.5 - 1e-9));
});

test("the picture in the running order stays the same while more comes in", () => {
  const video = { codec: "h264", width: 1, height: 1, frame_rate: 25, rotation: 0, pixel_aspect: /** @type {[number, number]} */ ([1, 1]) };
  const coming = exhibit({ showable: true, state: "fetching", video, prepared: 5, duration: 5 });
  assert.equal(cover(coming), cover({ ...coming, prepared: 60, duration: 60, state: "ready" }));
  assert.equal(cover({ ...coming, showable: false }), null);
  assert.equal(cover({ ...coming, video: null }), null);
  assert.equal(cover({ ...coming, state: "ready", prepared: 1, duration: 1 }), 0.25);
  assert.equal(still("a/b", { t: 2, width: 160 }), "exhibits/a%2Fb/still?t=2&width=160");
});

test("frames beside lie in the middle of a frame, and inside the recording", () => {
  const clip = exhibit({ frames: 250, duration: 10 });
  assert.equal(beside(4, 1, clip, 100), (101.5) / 25);
  assert.ok(Math.abs((beside(4.02, -1, clip, 100) ?? 0) - 99.5 / 25) < 1e-9);
  assert.equal(beside(0, -1, clip, 0), 0);
  assert.ok((beside(9.96, 5, clip, 249) ?? 99) < 10);
  assert.equal(beside(1, 1, exhibit({ kind: "audio" }), null), null);
  // A variable rate: its number says nothing about its time, so the step starts from where it stands.
  const from = beside(8, 1, clip, 20) ?? 0;
  assert.ok(from > 8.04 && from < 8.08);
});

test("share of the bar", () => {
  assert.deepEqual([share(5, 10), share(-1, 10), share(11, 10), share(5, null), share(5, 0)], [0.5, 0, 1, 0, 0]);
});

test("what is held", () => {
  const held = [[0, 10], [10.01, 20], [30, 40]];
  assert.ok(Math.abs(ahead(held, 5) - 15) < 1e-9);
  assert.equal(ahead(held, 25), 0);
  assert.equal(ahead([], 0), 0);
  assert.equal(toTheEnd(held, 31, 40), true);
  assert.equal(toTheEnd(held, 5, 40), false);
  assert.equal(toTheEnd(held, 31, null), false);
});

test("position: from the anchor, not before it, not beyond the end", () => {
  const shown = { exhibit: "e", at: 3, frame: null, zones: null, clip: null, ranges: [], clip_at: null };
  const playing = room({ shown, playing: true, anchor: { media: 3, clock: 100, rate: 0.5 } });
  assert.equal(positionAt(playing, 99, 60), 3);
  assert.equal(positionAt(playing, 104, 60), 5);
  assert.equal(positionAt(playing, 1000, 60), 60);
  assert.equal(positionAt({ ...playing, playing: false }, 1000, 60), 3);
  assert.equal(positionAt(room({}), 1000, 60), null);
});

test("room clock: the message that came quickest counts, one that was written long ago does no harm", () => {
  const clock = new HeardClock();
  assert.equal(clock.at(5), null);
  clock.hear(100, 10.2);
  clock.hear(101, 11.005);
  clock.hear(60, 12);
  assert.ok(Math.abs((clock.at(20) ?? 0) - (20 - (11.005 - 101))) < 1e-9);
  clock.reset();
  assert.equal(clock.at(5), null);
});

const shot = Snapshot.read({
  type: "state", revision: 5, room: { revision: 5, clock: 10 }, exhibits: [{ id: "a", ref: "A", title: "" }, { id: "b", ref: "B", title: "" }],
  screens: [{ id: "s", name: "S", zone: "jury", address: "x", report: {} }], role: "clerk", build: "x",
});

test("model: nothing before the whole state; changes merge; order, gone screens", () => {
  assert.equal(hear(null, Change.read({ type: "change", revision: 6 }), 0), null);
  const one = hear(null, shot, 100);
  assert.ok(one);
  const two = hear(one, Change.read({ type: "change", revision: 6, exhibits: [{ id: "b", ref: "B2", title: "" }, { id: "c", ref: "C", title: "" }], order: ["c", "b"], gone_screens: ["s"] }), 101);
  assert.deepEqual(two?.exhibits.map((e) => e.ref), ["C", "B2"]);
  assert.deepEqual(two?.screens, []);
  assert.deepEqual(one.exhibits.map((e) => e.ref), ["A", "B"], "the one before is untouched");
});

test("model: an older room never replaces a newer one, whichever way it comes", () => {
  const one = hear(null, shot, 0);
  const newer = answered(one, room({ revision: 7, clock: 12 }));
  assert.equal(newer?.room.revision, 7);
  assert.equal(answered(newer, room({ revision: 6, clock: 13 }))?.room.revision, 7);
  assert.equal(hear(newer, Change.read({ type: "change", revision: 6, room: { revision: 6, clock: 11 } }), 0)?.room.revision, 7);
  assert.equal(added(one, exhibit({ id: "z" }))?.exhibits.length, 3);
  assert.deepEqual(removed(added(one, exhibit({ id: "z" })), "z"), one, "it came and went between two events");
  // A new whole state is the truth, even where the presenter lost some.
  assert.equal(hear(newer, shot, 0)?.room.revision, 5);
});

test("model: the age of a report counts from when the screen made it", () => {
  const one = hear(null, { ...shot, screens: [Screen.read({ id: "s", name: "S", zone: "", address: "", report: { age: 2.5 } })] }, 100);
  assert.equal(one?.heard.s, 97.5);
});

test("steady: a new meaning counts after half a second", () => {
  const steady = new Steady();
  steady.mean("A", 0);
  steady.press(1);
  assert.equal(steady.release(1.1), "act");
  steady.mean("B", 2);
  steady.press(2.2);
  assert.equal(steady.release(2.3), "unsettled");
  assert.equal(steady.release(2 + SETTLE), "act", "without a finger, as screen readers do it");
});

test("steady: what changes between down and up does nothing, however long the finger rests", () => {
  const steady = new Steady();
  steady.mean("A", 0);
  steady.press(1);
  steady.mean("B", 1.1);
  assert.equal(steady.release(5), "unsettled");
  steady.press(5.1);
  assert.equal(steady.release(5.2), "act");
  steady.mean(null, 6);
  steady.press(7);
  assert.equal(steady.release(7.1), "nothing");
  steady.mean("C", 8);
  steady.press(8.1);
  assert.equal(steady.release(9), "unsettled", "it went down before the meaning had settled");
});

test("keys: Escape blanks from everywhere, and nothing else does anything in a text field", () => {
  for (const focus of /** @type {const} */ (["page", "text", "control", "dialog"])) {
    for (const chord of [false, true]) assert.deepEqual(decide({ key: "Escape", repeat: false, chord, focus }), { act: "blank" });
  }
  for (const key of ["Enter", " ", "b", "B", "ArrowLeft", "ArrowRight", ",", ".", "/", "?", "a", "1", "Tab"]) {
    for (const repeat of [false, true]) assert.equal(decide({ key, repeat, chord: false, focus: "text" }), null, key);
  }
});

test("keys: on a control, its own keys stay its own", () => {
  for (const key of ["Enter", " ", "ArrowLeft", "ArrowRight"]) {
    assert.equal(decide({ key, repeat: false, chord: false, focus: "control" }), null, key);
  }
  assert.deepEqual(decide({ key: "b", repeat: false, chord: false, focus: "control" }), { act: "blank" });
});

test("keys: who begins to type gets the field; chords belong to the browser; a held key shows once", () => {
  assert.deepEqual(decide({ key: "J", repeat: false, chord: false, focus: "page" }), { type: "J" });
  assert.deepEqual(decide({ key: "4", repeat: false, chord: false, focus: "control" }), { type: "4" });
  for (const key of ["b", "Enter", "r", " ", "f"]) assert.equal(decide({ key, repeat: false, chord: true, focus: "page" }), null);
  assert.deepEqual(decide({ key: "Enter", repeat: false, chord: false, focus: "page" }), { act: "show" });
  assert.equal(decide({ key: "Enter", repeat: true, chord: false, focus: "page" }), null);
  assert.deepEqual(decide({ key: ".", repeat: true, chord: false, focus: "page" }), { act: "frame-forward" });
});

test("keys: pages, and how large, on the page and on buttons, but never in text", () => {
  const press = (/** @type {string} */ key, /** @type {"page" | "text" | "control" | "dialog"} */ focus = "page", shift = false) => decide({ key, repeat: true, chord: false, shift, focus });
  assert.deepEqual(["PageDown", "ArrowUp", "+", "=", "-"].map((key) => press(key)), [
    { act: "page-forward" }, { act: "page-back" }, { act: "zoom-in" }, { act: "zoom-in" }, { act: "zoom-out" },
  ]);
  assert.deepEqual([press("ArrowLeft"), press("ArrowLeft", "page", true)], [{ act: "back" }, { act: "part-left" }]);
  assert.deepEqual(decide({ key: "_", repeat: false, chord: false, shift: true, focus: "control" }), { act: "zoom-whole" });
  for (const key of ["+", "-", "_", "PageDown", "ArrowLeft", "ArrowDown"]) {
    for (const shift of [false, true]) assert.equal(press(key, "text", shift), null);
  }
  for (const key of ["PageDown", "ArrowDown"]) assert.equal(press(key, "control"), null);
});

test("keys: the table has each key once, and the key that always works is no letter", () => {
  const keys = TABLE.flatMap((row) => row.keys.map((key) => `${row.shift ? "Shift " : ""}${key}`));
  assert.equal(new Set(keys).size, keys.length);
  for (const row of TABLE.filter((one) => one.always)) assert.ok(row.keys.every((key) => !/^.$/u.test(key)));
});

const book = exhibit({ id: "d", ref: "JM/9", title: "Interview", kind: "document", frames: 117, duration: 117, state: "ready", showable: true });
const photo = exhibit({ id: "p", ref: "P/3", title: "Door", kind: "image", frames: 1, duration: 1, state: "ready", showable: true });
for (const [text, id, at] of /** @type {const} */ ([
  ["jm9 p3", "d", 2], ["JM/9 page 117", "d", 116], ["JM/9 page 118", "d", null], ["jm/9 0:03", "d", null], ["p. 12", "d", 11], ["p3", "p", null], ["P/3 p1", "p", 0],
])) {
  test(`typed, of a document: ${text}`, () => {
    const entry = entryOf(text, [book, photo], book);
    assert.deepEqual([entry.exhibit?.id ?? null, entry.at], [id, at]);
  });
}

test("pages in words", () => {
  assert.deepEqual(leafAt(book, 2.0000001), { number: 2, count: 117, noun: "page" });
  assert.deepEqual([placeIn(book, 116.4), placeIn(photo, 0), placeIn(exhibit({}), 1)], ["page 117", "", "0:01.000"]);
  assert.deepEqual([leafLength(book), leafLength(photo), leafLength(exhibit({ kind: "image", frames: 4 }))], ["117 pages", "photograph", "4 pictures"]);
  assert.deepEqual(["3", " page 117 ", "0", "118", "1.5", "x", ""].map((text) => leafTyped(text, 117)), [2, 116, null, null, null, null, null]);
  assert.deepEqual(pages(400, 48, 4), [0, 1, 2, 3]);
  assert.deepEqual(pages(300, 50, 100), [8, 25, 41, 58, 75, 91]);
  assert.deepEqual([cover(book), cover(photo), beside(2, 1, book, 2)], [0, 0, 3.5]);
});

test("how much of the day a screen has, and what is restricted, in words", () => {
  const on = (/** @type {object | null} */ day, online = true) => ({ id: "s", name: "Jury", zone: "jury", address: "a:1", paired: true, online, day, report: {} });
  /** @param {object} screen */
  const day = (screen) => {
    const said = { type: "state", revision: 1, room: { revision: 1 }, exhibits: [{ id: "e", ref: "JM/1", title: "Door", restricted: true }], screens: [screen], role: "clerk", build: "b" };
    const model = hear(null, Snapshot.read(said), 0);
    assert.ok(model);
    assert.deepEqual(rowsOf(model, 0)[0].parts[0], { text: "restricted", tone: "quiet" });
    return tilesOf(model, 0)[0].day;
  };
  assert.equal(day(on(null)), null);
  assert.equal(day(on({ held: 0, total: 0, disk: 5 })), null);
  assert.deepEqual(day(on({ held: 639, total: 1000, disk: 5 })), { text: "63 % of the day is on its disk", share: 0.639 });
  assert.deepEqual(day(on({ held: 1000, total: 1000, disk: 5 })), { text: "All of the day is on its disk", share: 1 });
  assert.equal(day(on({ held: 10, total: 1000, disk: 0 }))?.text, "1 % of the day is in its memory only");
  assert.equal(day(on({ held: 10, total: 1000, disk: 0 }, false)), null, "it does not answer");
});
