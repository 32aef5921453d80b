/**
 * Sets of whole numbers as ranges, and unions and intersections of spans of time. Pure.
 */

/** @typedef {[number, number]} Range  first and last, both included (whole numbers); from and to (seconds) */

/** A set of whole numbers that costs as much as it has gaps. */
export class IndexSet {
  constructor() {
    /** @type {Range[]} sorted; no two touch */
    this.ranges = [];
  }

  /** How many numbers are in it. */
  get size() {
    return this.ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  /** @param {number} index */
  has(index) {
    const range = this.ranges[this.#at(index)];
    return range !== undefined && range[0] <= index;
  }

  /** @param {number} index @returns {boolean} it was not in it before */
  add(index) {
    const at = this.#at(index);
    const next = this.ranges[at];
    if (next !== undefined && next[0] <= index) return false;
    const before = this.ranges[at - 1];
    const joinsBefore = before !== undefined && before[1] === index - 1;
    const joinsNext = next !== undefined && next[0] === index + 1;
    if (joinsBefore && joinsNext) {
      before[1] = next[1];
      this.ranges.splice(at, 1);
    } else if (joinsBefore) before[1] = index;
    else if (joinsNext) next[0] = index;
    else this.ranges.splice(at, 0, [index, index]);
    return true;
  }

  /** @param {number} index @returns {boolean} it was in it */
  delete(index) {
    const at = this.#at(index);
    const range = this.ranges[at];
    if (range === undefined || range[0] > index) return false;
    const [first, last] = range;
    /** @type {Range[]} */
    const rest = [];
    if (first < index) rest.push([first, index - 1]);
    if (index < last) rest.push([index + 1, last]);
    this.ranges.splice(at, 1, ...rest);
    return true;
  }

  /** A copy of the ranges. @returns {Range[]} */
  toRanges() {
    return this.ranges.map(([first, last]) => [first, last]);
  }

  /** Position of the first range that ends at or after `index`. @param {number} index */
  #at(index) {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle][1] < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Spans of time, sorted, with those joined that overlap or lie no further apart than `slack` seconds.
 * @param {readonly Range[]} spans @param {number} [slack] @returns {Range[]}
 */
export const join = (spans, slack = 0) => {
  /** @type {Range[]} */
  const joined = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + slack) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
};

/**
 * Where both are; each sorted and joined.
 * @param {readonly Range[]} one @param {readonly Range[]} other @returns {Range[]}
 */
export const intersect = (one, other) => {
  /** @type {Range[]} */
  const both = [];
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    const from = Math.max(one[a][0], other[b][0]);
    const to = Math.min(one[a][1], other[b][1]);
    if (from < to) both.push([from, to]);
    if (one[a][1] < other[b][1]) a += 1;
    else b += 1;
  }
  return both;
};
