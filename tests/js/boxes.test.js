import assert from "node:assert/strict";
import test from "node:test";

import { configuration, delayed, samples } from "../../receiver/screen/boxes.js";

/** @param {number} value @param {number} [size] */
const number = (value, size = 4) => Array.from({ length: size }, (_, at) => Math.floor(value / 2 ** (8 * (size - 1 - at))) & 255);
/** @param {string} letters */
const letters = (letters) => [...letters].map((letter) => letter.charCodeAt(0));
/** @param {string} type @param {...number[]} parts */
const box = (type, ...parts) => {
  const body = parts.flat();
  return [...number(body.length + 8), ...letters(type), ...body];
};
/** @param {number[]} bytes */
const buffer = (bytes) => new Uint8Array(bytes).buffer;

const TURNS = new Map([[0, [1, 0, 0, 1]], [90, [0, 1, -1, 0]], [180, [-1, 0, 0, -1]], [270, [0, -1, 1, 0]]]);

/** @param {{entry?: string, config?: number[], more?: number[][], matrix?: number[], version?: number}} [how] */
const init = ({ entry = "avc1", config = box("avcC", [1, 2, 3]), more = [], matrix = [1, 0, 0, 1], version = 0 } = {}) => {
  const [a, b, c, d] = matrix.map((value) => number((value * 65536) >>> 0));
  const zero = number(0);
  const times = version === 1 ? 32 : 20;
  const header = box("tkhd", number(version, 1), number(3, 3), Array(times).fill(0), Array(16).fill(0),
    a, b, zero, c, d, zero, zero, zero, number(0x40000000), number(320 * 65536), number(180 * 65536));
  const visual = box(entry, Array(24).fill(0), number(320, 2), number(180, 2), Array(50).fill(0), config, ...more);
  const table = box("stsd", zero, number(1), visual);
  const track = box("trak", header, box("mdia", box("minf", box("stbl", table))));
  return buffer([...box("ftyp", letters("isom")), ...box("moov", box("mvhd", zero), track)]);
};
const MIME = 'video/mp4; codecs="avc1.64001f"';

test("what a decoder has to be told of H.264", () => {
  assert.deepEqual(configuration(init(), MIME), {
    codec: "avc1.64001f", codedWidth: 320, codedHeight: 180, rotation: 0, description: new Uint8Array([1, 2, 3]),
  });
  assert.equal(configuration(init({ config: [] }), MIME), null, "without its parameters it cannot be decoded");
  assert.equal(configuration(init({ entry: "mp4v" }), MIME), null, "of a kind that is not known");
  assert.equal(configuration(init(), "video/mp4"), null);
});

for (const version of [0, 1]) {
  for (const [degrees, matrix] of TURNS) {
    test(`a track turned by ${degrees}° (tkhd ${version})`, () => {
      assert.equal(configuration(init({ matrix, version }), MIME)?.rotation, degrees);
    });
  }
}

test("a mirrored track is not known", () => {
  assert.equal(configuration(init({ matrix: [-1, 0, 0, 1] }), MIME), null);
});

test("samples that are not square", () => {
  const found = configuration(init({ more: [box("pasp", number(4), number(3))] }), MIME);
  assert.equal((found?.displayAspectWidth ?? 0) / (found?.displayAspectHeight ?? 1), (320 * 4) / (180 * 3));
  assert.equal(configuration(init({ more: [box("pasp", number(1), number(1))] }), MIME)?.displayAspectWidth, undefined);
});

test("colours that the container tells", () => {
  /** @param {number} primaries @param {number} range */
  const told = (primaries, range) =>
    box("colr", letters("nclx"), number(primaries, 2), number(6, 2), number(6, 2), [range]);
  assert.deepEqual(configuration(init({ more: [told(6, 128)] }), MIME)?.colorSpace, {
    primaries: "smpte170m", transfer: "smpte170m", matrix: "smpte170m", fullRange: true,
  });
  assert.equal(configuration(init({ more: [told(2, 0)] }), MIME)?.colorSpace, undefined, "half of it is not said");
  const vp9 = box("vpcC", [1, 0, 0, 0], [0, 10, 0x80, 1, 1, 1], [0, 0]);
  assert.deepEqual(configuration(init({ entry: "vp09", config: vp9 }), 'video/mp4; codecs="vp09.00.10.08"'), {
    codec: "vp09.00.10.08", codedWidth: 320, codedHeight: 180, rotation: 0,
    colorSpace: { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false },
  });
});

/**
 * @param {{base?: number, wide?: boolean, flags?: number, each?: number[][], header?: [number, number[]], first?: boolean}} how
 */
const fragment = ({ base = 1000, wide = true, flags = 0xb01, each = [], header = [0x20000, []], first = false }) => {
  const [tflags, tfields] = header;
  const tfhd = box("tfhd", number(0, 1), number(tflags, 3), number(1), tfields.flatMap((value) => number(value)));
  const tfdt = box("tfdt", number(wide ? 1 : 0, 1), number(0, 3), number(base, wide ? 8 : 4));
  /** @param {number} offset */
  const moof = (offset) => box("moof", box("mfhd", number(0), number(1)), box("traf", tfhd, tfdt,
    box("trun", number(1, 1), number(flags | (first ? 4 : 0), 3), number(each.length), flags & 1 ? number(offset) : [],
      first ? number(0x2000000) : [], each.flatMap((fields) => fields.flatMap((value) => number(value >>> 0))))));
  const made = moof(0);
  return [...moof(made.length + 8), ...box("mdat", Array(30).fill(7))];
};

test("times, places and sizes of coded pictures", () => {
  const each = [[20, 10, 20], [20, 4, 40], [20, 6, -20]];
  for (const first of [false, true]) {
    const bytes = fragment({ each, first }), start = bytes.length - 30;
    assert.deepEqual(samples(buffer(bytes)), [
      { pts: 1020, at: start, size: 10 }, { pts: 1060, at: start + 10, size: 4 }, { pts: 1020, at: start + 14, size: 6 },
    ]);
  }
});

test("durations and sizes that stand in the header once", () => {
  const bytes = fragment({ wide: false, base: 5, flags: 0x1, each: [[], []], header: [0x20018, [30, 8]] });
  assert.deepEqual(samples(buffer(bytes))?.map(({ pts, size }) => [pts, size]), [[5, 8], [35, 8]]);
});

test("where no place is told it is behind the header", () => {
  const bytes = fragment({ flags: 0x300, each: [[20, 10], [20, 5]] });
  assert.deepEqual(samples(buffer(bytes))?.map(({ at }) => at), [bytes.length - 30, bytes.length - 20]);
});

test("several in one fragment", () => {
  const one = fragment({ each: [[20, 10, 0]] }), other = fragment({ base: 1020, each: [[20, 12, 0]] });
  assert.deepEqual(samples(buffer([...one, ...other])), [
    { pts: 1000, at: one.length - 30, size: 10 }, { pts: 1020, at: one.length + other.length - 30, size: 12 },
  ]);
});

test("pictures from a time on are moved back: those that others need a little, all others out of reach", () => {
  // In the order of decoding: I0 P3 B1 B2 P6 B4 B5.
  const bytes = buffer(fragment({ each: [0, 40, -20, -20, 40, -20, -20].map((offset) => [20, 4, offset]) }));
  const how = { from: 1040, by: 500, far: 90_000 };
  const times = (/** @type {ArrayBuffer|null} */ data) => data && samples(data)?.map(({ pts }) => pts);
  assert.deepEqual(times(bytes), [1000, 1060, 1020, 1040, 1120, 1080, 1100]);
  assert.deepEqual(times(delayed(bytes, how)), [1000, 1560, 1020, 91_040, 91_120, 91_080, 91_100]);
  assert.equal(delayed(bytes, { ...how, from: 1061 }), null, "nothing before it needs what is behind");
  assert.equal(delayed(bytes, { ...how, from: 2000 }), null);
  assert.equal(delayed(buffer([1, 2, 3]), how), null);
  assert.deepEqual(times(bytes)?.[1], 1060, "what came stays as it came");
});

test("what makes no sense gives none", () => {
  assert.equal(samples(buffer(fragment({ each: [[20, 40, 0]] }))), null, "more than there is");
  assert.equal(samples(buffer(fragment({ each: [[20, 10, 0]], header: [0x1, [0, 0]] }))), null, "places from elsewhere");
  assert.deepEqual(samples(buffer([])), []);
  const bytes = fragment({ each: [[20, 10, 0], [20, 10, 0]] });
  for (let length = 0; length < bytes.length; length++) {
    const cut = samples(buffer(bytes.slice(0, length)));
    assert.ok(cut === null || cut.every(({ at, size }) => at + size <= length));
  }
  const whole = new Uint8Array(init());
  for (let length = 0; length < whole.length; length++) {
    assert.equal(configuration(whole.slice(0, length).buffer, MIME), null);
  }
});

test("of what is no MP4 nothing is known", () => {
  const webm = buffer([0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x86, 0x81, 1, 0x1f, 0x43, 0xb6, 0x75, 0x83, 0xe7, 0x81, 0]);
  assert.equal(configuration(webm, 'video/webm; codecs="vp8"'), null);
  assert.deepEqual(samples(webm), []);
});
