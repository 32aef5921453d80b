/**
 * Which parts of one file are free: a file that is written for ever neither grows for ever nor is it ever rewritten. Pure.
 */

/** Bytes. Sound's fragments are about half of it; those of the picture have some dozens. */
export const BLOCK = 16 << 10;

/** @typedef {[number, number]} Run  first block, and how many */

export class Blocks {
  /** @param {Iterable<Run>} [taken] in any order; no two overlap */
  constructor(taken = []) {
    /** @type {Run[]} ascending; no two touch */
    this.free = [];
    /** Blocks that the file has. */
    this.end = 0;
    for (const [first, count] of [...taken].sort((one, other) => one[0] - other[0])) {
      if (first > this.end) this.free.push([this.end, first - this.end]);
      this.end = first + count;
    }
  }

  /** Blocks in use. */
  get used() {
    return this.free.reduce((used, [, count]) => used - count, this.end);
  }

  /** @param {number} count @returns {Run[]} the lowest that are free, else new ones at the end */
  take(count) {
    /** @type {Run[]} */
    const runs = [];
    while (count > 0 && this.free.length > 0) {
      const run = this.free[0];
      const part = Math.min(count, run[1]);
      runs.push([run[0], part]);
      count -= part;
      if (part === run[1]) this.free.shift();
      else this.free[0] = [run[0] + part, run[1] - part];
    }
    if (count > 0) {
      runs.push([this.end, count]);
      this.end += count;
    }
    return runs;
  }

  /** All that is free inside of the file: as if it were in use, until it is given back. @returns {Run[]} */
  takeFree() {
    return this.free.splice(0);
  }

  /** Gives back; what is free at the end is no part of the file any more. @param {readonly Run[]} runs */
  give(runs) {
    for (const [first, count] of runs) {
      let at = this.#after(first);
      const before = this.free[at - 1];
      const next = this.free[at];
      const joins = before !== undefined && before[0] + before[1] === first;
      if (joins) at -= 1;
      /** @type {Run} */
      const run = joins ? [before[0], before[1] + count] : [first, count];
      const ends = next !== undefined && next[0] === first + count;
      if (ends) run[1] += next[1];
      this.free.splice(at, Number(joins) + Number(ends), run);
    }
    const last = this.free.at(-1);
    if (last !== undefined && last[0] + last[1] === this.end) {
      this.end = last[0];
      this.free.pop();
    }
  }

  /** Position of the first free run behind a block. @param {number} block */
  #after(block) {
    let low = 0;
    let high = this.free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.free[middle][0] < block) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How many blocks so many bytes take. @param {number} bytes */
export const blocksFor = (bytes) => Math.max(1, Math.ceil(bytes / BLOCK));
