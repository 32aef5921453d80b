import assert from "node:assert/strict";
import test from "node:test";

import { allowance, Film, FILM_MOST, way } from "../../receiver/screen/film.js";
import { Frames, placed } from "../../receiver/screen/frames.js";
import { chance, whole } from "./chance.js";

/** Frames of one fragment, fragments of one GOP, GOPs; ticks between two frames. */
const [EACH, LONG, GOPS, TICKS] = [6, 5, 4, 3];
const COUNT = EACH * LONG * GOPS;
const HELD = () => true;

/** @param {number} index */
const row = (index) => ({
  track: 0, index, start: index * EACH * TICKS, duration: EACH * TICKS, bytes: 1, keyframe: index % LONG === 0,
  sha256: "", added: [], pts: Array.from({ length: EACH }, (_, at) => (index * EACH + at) * TICKS),
});
const ROWS = Array.from({ length: LONG * GOPS }, (_, index) => row(index));
const frames = new Frames({ timescale: 90, first: 0, cover: 0 }, [0, 1]);
frames.update(placed(ROWS), true, ROWS.length);
/** @param {number} number */
const frame = (number) => {
  const found = frames.at((number * TICKS) / 90);
  assert.ok(found);
  return found;
};

/** A decoder that gives out each picture `DELAY` coded ones later, or all of them when there are no more. */
const DELAY = 3;
class Decoder {
  /** @type {import("../../receiver/screen/film.js").Run|null} */
  run = null;
  /** Coded pictures given since the keyframe, and how many of them came out. */
  given = 0;
  out = 0;
  first = 0;
  open = 0;
  most = 0;
  decoded = 0;
  begun = 0;

  /** @param {Film<{close(): void}>} film @param {(number: number) => boolean} [broken]  Frames that never come out. */
  constructor(film, broken = () => false) {
    this.film = film;
    this.broken = broken;
  }

  /** @param {(index: number) => boolean} [held] @returns {boolean} Whether there was something to do. */
  step(held = HELD) {
    const next = this.film.next(ROWS, this.run, held);
    if (next === null) return false;
    if (next !== "on") {
      this.run = { row: next.from.index, reached: next.from.start - 1 };
      this.first = next.from.index * EACH;
      this.given = this.out = 0;
      this.begun++;
    }
    const number = this.first + this.given, index = Math.floor(number / EACH);
    assert.ok(this.run);
    if (index >= ROWS.length || !held(index)) {
      while (this.out < this.given) this.#emit();
      this.film.ended(ROWS, this.run);
      this.run = null;
      return true;
    }
    this.run.row = index;
    this.given++;
    this.decoded++;
    if (this.given - this.out > DELAY) this.#emit();
    return true;
  }

  #emit() {
    const number = this.first + this.out++;
    if (this.broken(number) || !this.run) return;
    this.open++;
    let closed = false;
    this.film.take(number * TICKS, { close: () => {
      assert.ok(!closed, "closed twice");
      closed = true;
      this.open--;
    } }, this.run);
    this.most = Math.max(this.most, this.open);
  }

  /** @param {(index: number) => boolean} [held] */
  fill(held) {
    for (let steps = 0; this.step(held); steps++) assert.ok(steps < 10 * COUNT, "it never rests");
  }
}

/** @param {Film<{close(): void}>} film */
const numbers = (film) => Array.from({ length: COUNT }, (_, n) => n).filter((n) => film.picture(n * TICKS));

test("the way to a picture begins at its keyframe", () => {
  assert.equal(way(ROWS, 0)?.entry.index, 0);
  const found = way(ROWS, 44 * TICKS);
  assert.deepEqual([found?.entry.index, found?.row.index], [5, 7]);
  assert.equal(way(ROWS, -1), null);
  assert.equal(way(ROWS.filter(({ index }) => index !== 6), 44 * TICKS), null, "a row on the way is not known");
  assert.equal(way(ROWS.slice(6), 44 * TICKS), null, "the keyframe's row is not known");
});

test("the window is filled on both sides, across the borders of GOPs", () => {
  const film = new Film(36, 1), decoder = new Decoder(film);
  film.aim(frames, frame(62));
  assert.ok(film.reaches(62 * TICKS) && film.reaches(48 * TICKS) && !film.reaches(40 * TICKS));
  decoder.fill();
  const held = numbers(film);
  for (let n = 48; n <= 76; n++) assert.ok(held.includes(n), `${n}`);
  assert.equal(decoder.begun, 2, "once for its own GOP, once for the one before");
  assert.ok(film.size <= 36);
});

test("who steps forward needs one picture for each step", () => {
  const film = new Film(36, 1), decoder = new Decoder(film);
  film.aim(frames, frame(40));
  decoder.fill();
  const begun = decoder.begun;
  for (let n = 41; n < 90; n++) {
    assert.ok(film.picture(n * TICKS), `${n}`);
    film.aim(frames, frame(n));
    const before = decoder.decoded;
    decoder.fill();
    assert.ok(decoder.decoded - before <= 2);
  }
  assert.equal(decoder.begun, begun);
});

test("who steps back does not have a whole GOP decoded at every step", () => {
  const film = new Film(36, 1), decoder = new Decoder(film);
  film.aim(frames, frame(85));
  decoder.fill();
  const begun = decoder.begun;
  for (let n = 84; n >= 35; n--) {
    assert.ok(film.picture(n * TICKS), `${n}`);
    film.aim(frames, frame(n));
    decoder.fill();
  }
  assert.ok(decoder.begun - begun <= 15, `${decoder.begun - begun}`);
});

test("to and fro decodes nothing", () => {
  const film = new Film(36, 1), decoder = new Decoder(film);
  film.aim(frames, frame(50));
  decoder.fill();
  const before = decoder.decoded;
  for (const n of [51, 52, 51, 50, 49, 48, 49, 50, 51]) {
    film.aim(frames, frame(n));
    decoder.fill();
  }
  assert.ok(decoder.decoded - before <= 4);
});

test("a jump lets go of what lies elsewhere at once", () => {
  const film = new Film(36, 1), decoder = new Decoder(film);
  film.aim(frames, frame(30));
  decoder.fill();
  film.aim(frames, frame(100));
  assert.deepEqual(numbers(film), []);
  assert.equal(decoder.open, 0);
});

test("a picture that does not come is not waited for", () => {
  const film = new Film(36, 1), decoder = new Decoder(film, (n) => n === 45 || n === 52 || n >= COUNT - 2);
  film.aim(frames, frame(50));
  decoder.fill();
  assert.ok(!film.reaches(45 * TICKS) && film.reaches(46 * TICKS));
  film.aim(frames, frame(COUNT - 1));
  decoder.fill();
  assert.ok(!film.reaches((COUNT - 1) * TICKS) && film.picture((COUNT - 3) * TICKS));
});

test("what is not held is no way, and is gone once it comes", () => {
  const film = new Film(36, 1), decoder = new Decoder(film);
  film.aim(frames, frame(50));
  decoder.fill((index) => index < 9);
  assert.ok(film.picture(53 * TICKS) && !film.picture(54 * TICKS));
  decoder.fill((index) => index < 9);
  decoder.fill();
  assert.ok(film.picture(54 * TICKS) && film.picture(64 * TICKS));
  film.clear();
  decoder.run = null;
  film.aim(frames, frame(50));
  decoder.fill((index) => index !== 5);
  assert.deepEqual(numbers(film).filter((n) => n >= 30 && n < 60), [], "without its keyframe nothing of a GOP is decoded");
});

test("larger pictures make a smaller window, and too few are not worth it", () => {
  const film = new Film(36, 1), decoder = new Decoder(film);
  film.aim(frames, frame(50));
  decoder.fill();
  film.measure(2);
  assert.ok(film.size <= 18 && film.picture(50 * TICKS) && decoder.open <= 18);
  assert.ok(film.worth);
  film.measure(4);
  assert.ok(!film.worth);
});

test("a page takes less where there is little memory", () => {
  assert.equal(allowance(8), FILM_MOST);
  assert.equal(allowance(undefined), FILM_MOST);
  assert.ok(allowance(1) < FILM_MOST / 3 && allowance(0.25) > 0);
});

for (let seed = 1; seed <= 40; seed++) {
  test(`whatever is asked for when, the window is filled and bounded (${seed})`, () => {
    const random = chance(seed), budget = 12 + whole(random, 50);
    const lost = new Set(Array.from({ length: whole(random, 4) }, () => whole(random, COUNT)));
    const film = new Film(budget, 1), decoder = new Decoder(film, (n) => lost.has(n));
    let at = whole(random, COUNT);
    for (let turn = 0; turn < 40; turn++) {
      const turned = whole(random, 10);
      if (turned === 0) at = whole(random, COUNT);
      else at = Math.min(COUNT - 1, Math.max(0, at + (turned < 5 ? -1 : 1) * (1 + whole(random, 3))));
      film.aim(frames, frame(at));
      if (whole(random, 10) === 0) decoder.run = null; // halted
      for (let work = whole(random, 41); work > 0 && decoder.step(); work--);
    }
    decoder.fill();
    const near = Math.min(3, Math.floor((budget - 6) / 8));
    for (let n = Math.max(0, at - near); n <= Math.min(COUNT - 1, at + near); n++) {
      assert.ok(film.picture(n * TICKS) || lost.has(n), `${n} of ${at}`);
    }
    assert.ok(film.size <= budget);
    assert.ok(decoder.most <= budget + 1, "what came out last is there until one is let go for it");
    assert.equal(decoder.open, film.size);
    film.clear();
    assert.equal(decoder.open, 0);
  });
}
