/**
 * What lies where on the disk, as lines that are only ever added: `CRC JSON`. Pure.
 *
 * A line counts once it is whole. Whatever follows a line that is not was being written when the power went, and is cut
 * off. A journal begins with all there was when it was begun, and counts as one only once that is whole: until then the
 * one before it does.
 */

/** @typedef {import("./blocks.js").Run} Run */

/**
 * An object on the disk.
 * @typedef {object} Entry
 * @property {number} bytes
 * @property {string} sha   SHA-256, hexadecimal
 * @property {Run[]} at
 */

/** Goes up when lines mean something else; what another one wrote is thrown away. */
export const FORM = 1;

/** @typedef {{form: number, generation: number}} Head */
/** @typedef {{put: string, bytes: number, sha: string, at: Run[]}} Put */
/** @typedef {{gone: string[]}} Gone */
/** @typedef {{begun: number}} Begun  all there was at the beginning is above; so many lines of it */
/** @typedef {Head | Put | Gone | Begun} Record */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC-32 of ISO 3309. @param {Uint8Array} bytes */
export const crc32 = (bytes) => {
  let rest = ~0;
  for (const byte of bytes) rest = TABLE[(rest ^ byte) & 255] ^ (rest >>> 8);
  return ~rest >>> 0;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NEWLINE = 10;
/** Characters of the CRC, with the space behind it. */
const FRONT = 9;

/** @param {Record} record @returns {Uint8Array<ArrayBuffer>} */
export const line = (record) => {
  const text = JSON.stringify(record);
  return encoder.encode(`${crc32(encoder.encode(text)).toString(16).padStart(8, "0")} ${text}\n`);
};

/** @param {readonly Record[]} records @returns {Uint8Array<ArrayBuffer>} */
export const lines = (records) => {
  const made = records.map(line);
  const all = new Uint8Array(made.reduce((sum, one) => sum + one.length, 0));
  made.reduce((at, one) => (all.set(one, at), at + one.length), 0);
  return all;
};

/**
 * A journal from its beginning, with all there is.
 * @param {number} generation @param {ReadonlyMap<string, Entry>} entries
 */
export const begin = (generation, entries) => {
  const puts = [...entries].map(([put, { bytes, sha, at }]) => ({ put, bytes, sha, at }));
  return lines([{ form: FORM, generation }, ...puts, { begun: puts.length }]);
};

/** @param {Uint8Array} bytes @returns {{records: Record[], good: number}} up to byte `good` it is whole */
export const read = (bytes) => {
  /** @type {Record[]} */
  const records = [];
  let good = 0;
  for (;;) {
    const end = bytes.indexOf(NEWLINE, good);
    if (end < 0) break;
    const body = bytes.subarray(good + FRONT, end);
    if (decoder.decode(bytes.subarray(good, good + FRONT)) !== `${crc32(body).toString(16).padStart(8, "0")} `) break;
    records.push(JSON.parse(decoder.decode(body)));
    good = end + 1;
  }
  return { records, good };
};

/**
 * @param {readonly Record[]} records
 * @returns {{generation: number, entries: Map<string, Entry>} | null} null where it is no journal of this form
 */
export const replay = (records) => {
  const head = records[0];
  if (head === undefined || !("form" in head) || head.form !== FORM) return null;
  /** @type {Map<string, Entry>} the one written last comes last */
  const entries = new Map();
  let whole = false;
  for (const record of records.slice(1)) {
    if ("put" in record) {
      entries.delete(record.put);
      entries.set(record.put, { bytes: record.bytes, sha: record.sha, at: record.at });
    } else if ("gone" in record) for (const name of record.gone) entries.delete(name);
    else whole = true;
  }
  return whole ? { generation: head.generation, entries: apart(entries) } : null;
};

/**
 * Without what was overwritten since: where two claim a block it is the later one's. (A line that says that something is
 * gone may be lost with the power; the line of what took its place is not.)
 * @param {Map<string, Entry>} entries
 */
const apart = (entries) => {
  const order = new Map([...entries.keys()].map((name, at) => [name, at]));
  const runs = [...entries].flatMap(([name, { at }]) => at.map(([first, count]) => ({ name, first, end: first + count })));
  runs.sort((one, other) => one.first - other.first);
  /** @type {typeof runs} those that may reach into the next */
  let open = [];
  for (const run of runs) {
    open = open.filter((other) => other.end > run.first);
    for (const other of open) {
      const earlier = Number(order.get(other.name)) < Number(order.get(run.name)) ? other.name : run.name;
      entries.delete(earlier);
    }
    open.push(run);
  }
  return entries;
};
