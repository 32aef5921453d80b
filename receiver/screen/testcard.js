/**
 * The test card, by which a display is set up: when it may be up, where its parts lie, and what moves on it when. Pure.
 *
 * It is up only while the presenter is there, says so, and shows nothing; by its own time it goes even if nobody says
 * anything any more.
 */

/** @typedef {import("../../web/shared/wire.js").ScreenCard} ScreenCard */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */

/** Seconds that a card may still have before it: with more the clock is wrong, and so is the card. */
export const LONGEST = 40;
/** Seconds after which everything on it begins anew. */
export const CYCLE = 4;
/** Seconds that the disc is lit while the beep sounds, and that a side is named while its tone sounds. */
export const FLASH = 0.1;
export const SIDE = 0.5;
/** Share of the height that the blocks along the edge are high. */
const EDGE = 1 / 40;

/**
 * The card that may be up at this moment; null is none.
 * @param {Stage | null} stage  carried out
 * @param {{attached: boolean, timed: boolean, now: number}} facts  the presenter is there; the room clock is known on
 *   this path; room clock
 * @returns {ScreenCard | null}
 */
export const cardOf = (stage, { attached, timed, now }) => {
  if (stage === null || stage.card === null || stage.shown !== null || !stage.blank || !attached || !timed) return null;
  const left = stage.card.until - now;
  return left > 0 && left <= LONGEST ? stage.card : null;
};

/**
 * What is heard: in each cycle the beep with the flash twice, and between them each side once.
 * @typedef {object} Tone
 * @property {number} at      seconds into the cycle
 * @property {number} lasts
 * @property {number} pan     -1 left, 1 right
 * @property {number} hertz
 */
/** @type {ReadonlyArray<Tone>} */
export const TONES = [
  { at: 0, lasts: FLASH, pan: 0, hertz: 1000 },
  { at: 1, lasts: SIDE, pan: -1, hertz: 440 },
  { at: 2, lasts: FLASH, pan: 0, hertz: 1000 },
  { at: 3, lasts: SIDE, pan: 1, hertz: 554 },
];

/**
 * The tones that begin within a stretch of time.
 * @param {number} from  seconds since the card came up @param {number} to  not included
 * @returns {Array<Tone>} `at` in seconds since the card came up
 */
export const tonesBetween = (from, to) => {
  const found = [];
  for (let cycle = Math.floor(from / CYCLE); cycle * CYCLE < to; cycle += 1) {
    for (const tone of TONES) {
      const at = cycle * CYCLE + tone.at;
      if (at >= from && at < to) found.push({ ...tone, at });
    }
  }
  return found;
};

/**
 * What moves, at so many seconds since the card came up.
 * @param {number} seconds
 * @returns {{flash: boolean, side: "left" | "right" | null, turn: number, sweep: number}} `turn`: of the hand, which
 *   points up at each flash; `sweep`: of the bar, from the left edge to the right one; both 0 … 1
 */
export const moving = (seconds) => {
  const at = ((seconds % CYCLE) + CYCLE) % CYCLE;
  const on = TONES.find((tone) => at >= tone.at && at < tone.at + tone.lasts) ?? null;
  return {
    flash: on !== null && on.pan === 0,
    side: on === null || on.pan === 0 ? null : on.pan < 0 ? "left" : "right",
    turn: (at % 2) / 2,
    sweep: at / CYCLE,
  };
};

/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/**
 * Where everything lies on a display of so many pixels: whole pixels, so that no line is blurred.
 * @param {number} width @param {number} height
 */
export const layout = (width, height) => {
  const least = Math.min(width, height);
  const edge = Math.max(2, Math.round(least * EDGE));
  const line = Math.max(1, Math.round(least / 540));
  const [x, y] = [Math.round(width / 2), Math.round(height / 2)];
  const radius = Math.round(least * 0.38);
  const cell = Math.round(least / 12);
  const band = { x: edge * 9, y: y + Math.round(least * 0.41), width: width - edge * 18, height: Math.round(least * 0.04) };
  const sideBox = { width: Math.round(least * 0.22), height: Math.round(least * 0.12) };
  return {
    edge, line, cell, centre: { x, y }, radius, band,
    /** Blocks along the edge, white and black in turn, and as many on one side as on the other. */
    blocks: blocks(width, height, edge),
    left: { x: edge * 3, y: y - sideBox.height - cell, ...sideBox },
    right: { x: width - edge * 3 - sideBox.width, y: y - sideBox.height - cell, ...sideBox },
    disc: { x, y: y - Math.round(radius * 0.62), radius: Math.round(radius * 0.24) },
    steps: { x: x - Math.round(radius * 0.7), y: y + Math.round(radius * 0.45), width: Math.round(radius * 1.4), height: Math.round(radius * 0.13) },
    text: Math.max(10, Math.round(least * 0.034)),
    /** Where questions stand: middles of the space on both sides of the circle, below the sides' names. */
    asks: [
      { x: Math.round((edge * 2 + x - radius) / 2), y: y + cell, width: Math.max(1, x - radius - edge * 5) },
      { x: Math.round((width - edge * 2 + x + radius) / 2), y: y + cell, width: Math.max(1, x - radius - edge * 5) },
    ],
  };
};

/** @param {number} width @param {number} height @param {number} edge @returns {Array<Box & {white: boolean}>} */
const blocks = (width, height, edge) => {
  /** @type {Array<Box & {white: boolean}>} */
  const found = [];
  const across = odd(width / (edge * 3));
  const down = odd(height / (edge * 3));
  for (let n = 0; n < across; n += 1) {
    const from = Math.round((n * width) / across), to = Math.round(((n + 1) * width) / across);
    for (const y of [0, height - edge]) found.push({ x: from, y, width: to - from, height: edge, white: n % 2 === 0 });
  }
  for (let n = 0; n < down; n += 1) {
    const from = Math.round((n * height) / down), to = Math.round(((n + 1) * height) / down);
    for (const x of [0, width - edge]) found.push({ x, y: from, width: edge, height: to - from, white: n % 2 === 0 });
  }
  return found;
};

/** The odd whole number nearest to it, so that both ends are white. @param {number} count */
const odd = (count) => 2 * Math.max(1, Math.round((count - 1) / 2)) + 1;
