/**
 * Coded pictures out of fragmented MP4: what a decoder has to be told (from the init segment), and where in a fragment
 * each coded picture lies. Pure. ISO/IEC 14496-12, and -15 for the decoder's configuration; what is cut off or unknown
 * gives null and never an error, since the picture has another way then.
 * @module
 */

/**
 * @typedef {object} Sample  One coded picture, in the order of decoding.
 * @property {number} pts  Ticks of the track's timescale, on MSE time.
 * @property {number} at  Bytes from the fragment's start.
 * @property {number} size  Bytes.
 */

/** @typedef {Sample & {offset: number|null}} Timed  `offset`: where it is said by how much it is shown after it is decoded,
 * bytes from the fragment's start. */

/**
 * What `VideoDecoder.configure` takes of a track.
 * @typedef {object} Config
 * @property {string} codec
 * @property {number} codedWidth
 * @property {number} codedHeight
 * @property {number} [displayAspectWidth]
 * @property {number} [displayAspectHeight]
 * @property {Uint8Array} [description]
 * @property {{primaries?: string, transfer?: string, matrix?: string, fullRange?: boolean}} [colorSpace]
 * @property {number} rotation  Degrees, clockwise.
 */

/** @typedef {{type: string, at: number, from: number, end: number}} Box  Where it begins, its contents, and its end. */

/** By kind of sample entry the box with the decoder's configuration, and whether the decoder wants to see it. */
const CONFIGURATIONS = new Map([
  ["avc1", { box: "avcC", needed: true }],
  ["hvc1", { box: "hvcC", needed: true }],
  ["hev1", { box: "hvcC", needed: true }],
  ["av01", { box: "av1C", needed: false }],
  ["vp09", { box: "vpcC", needed: false }],
]);
/** Bytes of a visual sample entry before the boxes in it. */
const VISUAL = 78;
/** Names that WebCodecs has for the code points of ISO/IEC 23091-2; for others it has none. */
const PRIMARIES = new Map([[1, "bt709"], [5, "bt470bg"], [6, "smpte170m"], [9, "bt2020"], [12, "smpte432"]]);
const TRANSFERS = new Map([
  [1, "bt709"], [6, "smpte170m"], [8, "linear"], [13, "iec61966-2-1"], [16, "pq"], [18, "hlg"],
]);
const MATRICES = new Map([[0, "rgb"], [1, "bt709"], [5, "bt470bg"], [6, "smpte170m"], [9, "bt2020-ncl"]]);

/**
 * The boxes between two places; what is cut off is left out.
 * @param {DataView} view @param {number} from @param {number} end
 */
function boxes(view, from, end) {
  /** @type {Box[]} */
  const found = [];
  for (let at = from; at + 8 <= end; ) {
    let size = view.getUint32(at), head = 8;
    if (size === 1 && at + 16 <= end) [size, head] = [Number(view.getBigUint64(at + 8)), 16];
    if (size === 0) size = end - at;
    if (size < head || at + size > end) break;
    found.push({ type: text(view, at + 4), at, from: at + head, end: at + size });
    at += size;
  }
  return found;
}

/** @param {DataView} view @param {number} at */
const text = (view, at) => String.fromCharCode(...[0, 1, 2, 3].map((n) => view.getUint8(at + n)));

/**
 * @param {DataView} view @param {Box|null|undefined} box
 * @param {string[]} path  Names of boxes, each in the one before it.
 * @returns {Box|null}
 */
function inside(view, box, ...path) {
  let found = box ?? null;
  for (const type of path) {
    if (found === null) return null;
    found = boxes(view, found.from, found.end).find((one) => one.type === type) ?? null;
  }
  return found;
}

/**
 * @param {ArrayBuffer} init  An init segment with one track.
 * @param {string} mime  The track's, with its codec.
 * @returns {Config|null}  null for what is not known here.
 */
export function configuration(init, mime) {
  const codec = /codecs="?([^",; ]+)/u.exec(mime)?.[1];
  const view = new DataView(init), whole = { type: "", at: 0, from: 0, end: init.byteLength };
  const track = inside(view, whole, "moov", "trak");
  const table = inside(view, track, "mdia", "minf", "stbl", "stsd");
  const entry = table && boxes(view, table.from + 8, table.end)[0];
  const kind = CONFIGURATIONS.get(entry?.type ?? "");
  if (!codec || !entry || !kind || entry.end < entry.from + VISUAL) return null;
  const parts = boxes(view, entry.from + VISUAL, entry.end);
  const found = parts.find((one) => one.type === kind.box);
  if (!found && kind.needed) return null;
  const rotation = turned(view, inside(view, track, "tkhd"));
  if (rotation === null) return null;
  /** @type {Config} */
  const config = { codec, codedWidth: view.getUint16(entry.from + 24), codedHeight: view.getUint16(entry.from + 26), rotation };
  if (found && kind.needed) config.description = new Uint8Array(init, found.from, found.end - found.from);
  const aspect = parts.find((one) => one.type === "pasp");
  if (aspect && aspect.end >= aspect.from + 8) {
    const [across, down] = [view.getUint32(aspect.from), view.getUint32(aspect.from + 4)];
    if (across > 0 && down > 0 && across !== down) {
      config.displayAspectWidth = config.codedWidth * across;
      config.displayAspectHeight = config.codedHeight * down;
    }
  }
  const colour = coloured(view, parts);
  if (colour) config.colorSpace = colour;
  return config;
}

/**
 * How far a track is turned on its way to the display: degrees clockwise.
 * @param {DataView} view @param {Box|null} box  tkhd
 * @returns {number|null}  null where it is mirrored or askew.
 */
function turned(view, box) {
  if (box === null) return null;
  const at = box.from + (view.getUint8(box.from) === 1 ? 52 : 40);
  if (at + 20 > box.end) return null;
  const [a, b, c, d] = [0, 4, 12, 16].map((offset) => view.getInt32(at + offset) / 65536);
  const place = ["1,0,0,1", "0,1,-1,0", "-1,0,0,-1", "0,-1,1,0"].indexOf(`${a},${b},${c},${d}`);
  return place < 0 ? null : place * 90;
}

/** @param {DataView} view @param {Box[]} parts */
function coloured(view, parts) {
  const told = parts.find((one) => one.type === "colr" && text(view, one.from) === "nclx" && one.end >= one.from + 11);
  if (told) {
    const [primaries, transfer, matrix] = [4, 6, 8].map((offset) => view.getUint16(told.from + offset));
    return named(primaries, transfer, matrix, view.getUint8(told.from + 10) >= 128);
  }
  const vp9 = parts.find((one) => one.type === "vpcC" && one.end >= one.from + 10);
  if (!vp9) return null;
  const [primaries, transfer, matrix] = [7, 8, 9].map((offset) => view.getUint8(vp9.from + offset));
  return named(primaries, transfer, matrix, (view.getUint8(vp9.from + 6) & 1) === 1);
}

/** @param {number} primaries @param {number} transfer @param {number} matrix @param {boolean} fullRange */
function named(primaries, transfer, matrix, fullRange) {
  const names = { primaries: PRIMARIES.get(primaries), transfer: TRANSFERS.get(transfer), matrix: MATRICES.get(matrix) };
  // Half a description would be filled in by guesses: then the coded pictures themselves had better say it.
  return names.primaries && names.transfer && names.matrix ? { ...names, fullRange } : null;
}

/**
 * @param {ArrayBuffer} fragment  moof and mdat of one track, once or more.
 * @returns {Sample[]|null}  null where it makes no sense.
 */
export const samples = (fragment) => timed(fragment)?.map(({ pts, at, size }) => ({ pts, at, size })) ?? null;

/** @param {ArrayBuffer} fragment @returns {Timed[]|null} */
function timed(fragment) {
  const view = new DataView(fragment);
  /** @type {Timed[]} */
  const found = [];
  for (const moof of boxes(view, 0, fragment.byteLength).filter((box) => box.type === "moof")) {
    const parts = boxes(view, moof.from, moof.end).filter((box) => box.type === "traf");
    if (parts.length !== 1 || !run(view, moof, /** @type {Box} */ (parts[0]), found)) return null;
  }
  return found.every(({ at, size }) => at + size <= fragment.byteLength) ? found : null;
}

/**
 * @param {DataView} view @param {Box} moof @param {Box} traf @param {Timed[]} found  Filled.
 * @returns {boolean}  Whether it made sense.
 */
function run(view, moof, traf, found) {
  const all = boxes(view, traf.from, traf.end);
  const [header, time] = ["tfhd", "tfdt"].map((type) => all.find((box) => box.type === type));
  if (!header || !time) return false;
  try {
    const usual = defaults(view, header);
    if (usual === null) return false;
    const wide = view.getUint8(time.from) === 1;
    let dts = wide ? Number(view.getBigUint64(time.from + 4)) : view.getUint32(time.from + 4);
    let after = moof.end + 8;
    for (const box of all) {
      if (box.type !== "trun") continue;
      const flags = view.getUint32(box.from) & 0xffffff, count = view.getUint32(box.from + 4);
      let here = box.from + 8;
      const next = () => view.getUint32((here += 4) - 4);
      let at = flags & 0x1 ? moof.at + (next() | 0) : after;
      if (flags & 0x4) next();
      if (here + count * 4 * ones(flags >> 8) > box.end) return false;
      for (let n = 0; n < count; n++) {
        const duration = flags & 0x100 ? next() : usual.duration;
        const size = flags & 0x200 ? next() : usual.size;
        if (flags & 0x400) next();
        const offset = flags & 0x800 ? here : null;
        const pts = dts + (offset === null ? 0 : next() | 0);
        if (at < 0) return false;
        found.push({ pts, at, size, offset });
        at += size;
        dts += duration;
      }
      after = at;
    }
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false; // A box is shorter than what it should hold.
    throw error;
  }
}

/**
 * A fragment whose pictures from a time on are moved back: those which others need that are coded behind them a little, and
 * all others out of reach.
 * @param {ArrayBuffer} fragment
 * @param {{from: number, by: number, far: number}} how  Ticks.
 * @returns {ArrayBuffer|null}  null where none is needed by others, or nothing can be moved.
 */
export function delayed(fragment, { from, by, far }) {
  const all = timed(fragment);
  const last = all?.findLastIndex(({ pts }) => pts < from) ?? -1;
  if (!all || !all.some(({ pts }, at) => at < last && pts >= from)) return null;
  const made = fragment.slice(0), view = new DataView(made);
  for (const [at, { pts, offset }] of all.entries()) {
    if (pts < from) continue;
    if (offset === null) return null;
    view.setInt32(offset, view.getInt32(offset) + (at < last ? by : far));
  }
  return made;
}

/** How many fields each sample has. @param {number} flags */
const ones = (flags) => [1, 2, 4, 8].filter((bit) => flags & bit).length;

/**
 * @param {DataView} view @param {Box} header  tfhd
 * @returns {{duration: number, size: number}|null}  null where places are not counted from the moof.
 */
function defaults(view, header) {
  const flags = view.getUint32(header.from) & 0xffffff;
  if (flags & 0x1) return null;
  let at = header.from + 8 + (flags & 0x2 ? 4 : 0);
  const next = () => view.getUint32((at += 4) - 4);
  const duration = flags & 0x8 ? next() : 0;
  const size = flags & 0x10 ? next() : 0;
  return { duration, size };
}
