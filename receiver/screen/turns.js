/**
 * A clip's ranges, played in their order: what each of them asks of a player, and when its turn is. Pure.
 *
 * The turn of a range is a scene like any other: its anchor is where the range begins and when, its end is where the
 * range stops, and its `ranges` are this range and the one behind it. What comes next rests on its first frame until the
 * instant that was agreed, as every scene does whose anchor is in the future.
 *
 * The same scene gives the same turns whenever it is asked: a player that was told what comes next is told nothing new
 * when it is on.
 * @module
 */

/** @typedef {import("../../web/shared/wire.js").ClipRange} ClipRange */
/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */

/**
 * @typedef {object} Turn
 * @property {number} number  Which of the ranges, from 0.
 * @property {Scene} scene
 * @property {boolean} silent  Without its sound.
 * @property {boolean} seam  It follows another one, and is not where the room put the playhead.
 * @property {number} from  Room clock at which it begins.
 * @property {number} until  Room clock at which it is over; Infinity while paused.
 */

/** @typedef {{on: Turn, next: Turn|null}} Turns */

/**
 * Seconds (of the clip, as it is played) before a range ends in which the next one is made ready: a player is begun in
 * less, and what it needs is among the first that the presenter sends.
 */
export const READY = 10;
/** Seconds: times are floats on the way. */
const ROUNDING = 1e-6;
/** Seconds before a seam, and after it, in which a picture stands: for one player's seek, at most. */
const SEAM = { before: 0.1, after: 0.4 };
/** Seconds over which sound comes and goes where it is cut, and its steps: less is heard as a click, more as a fade. */
const RAMP = 0.01;
/** Share of the sound with which a cut begins: what comes late by a busy machine is quiet, and not lost. */
const LOW = 0.25;

/**
 * What is on at a moment, and what comes behind it if that is soon. Of a scene without ranges that is the scene itself.
 * @param {Scene} scene
 * @param {number} now  Room clock, seconds.
 * @returns {Turns}
 */
export function turns(scene, now) {
  const { ranges, anchor } = scene;
  if (ranges.length === 0) {
    return { on: { number: 0, scene, silent: false, seam: false, from: anchor.clock, until: Infinity }, next: null };
  }
  let on = first(scene);
  while (now >= on.until && on.number < ranges.length - 1) on = following(scene, on);
  const { rate } = anchor;
  const left = rate > 0 ? on.until - Math.max(now, on.from) : own(on).stop - anchor.media;
  const next = on.number < ranges.length - 1 && left <= READY ? following(scene, on) : null;
  return { on, next };
}

/**
 * What a stage asks for at a moment: of a clip, the turn of one range.
 * @param {Stage} stage
 * @param {number} now  Room clock, seconds.
 * @param {(scene: Scene) => boolean} plain  Whose ranges mean nothing: what is shown of it stands.
 * @returns {{stage: Stage, turns: Turns|null}}
 */
export function unfold(stage, now, plain) {
  const [shown, cue] = [stage.shown, stage.cue].map((scene) =>
    scene && turns(plain(scene) ? { ...scene, ranges: [] } : joined(scene, false), now));
  return { stage: { ...stage, shown: shown?.on.scene ?? null, cue: cue?.on.scene ?? null }, turns: shown ?? null };
}

/** Whether it is another range's turn than before, or time to make another one ready. @param {Turns|null} before @param {Turns|null} after */
export const turned = (before, after) => before?.on.number !== after?.on.number || before?.next?.number !== after?.next?.number;

/**
 * Whether playback passes from one range to the next, where one picture stands before the other one moves: nobody has
 * stopped it.
 * @param {Turns} turns @param {number} now  Room clock, seconds.
 */
export function passing({ on, next }, now) {
  if (on.scene.anchor.rate <= 0) return false;
  const ends = next !== null && now > on.until - SEAM.before && now > on.from;
  return ends || (on.seam && now < on.from + SEAM.after);
}

/** The range whose turn it is. @param {Turn} turn */
const own = ({ scene }) => /** @type {ClipRange} */ (scene.ranges[0]);

/** @param {Scene} scene @returns {Turn} */
function first(scene) {
  const { media, clock, rate } = scene.anchor;
  const number = place(scene.ranges, media), range = /** @type {ClipRange} */ (scene.ranges[number]);
  // A time outside of all of them is nobody's: what is shown then is of the clip all the same.
  const from = Math.min(Math.max(media, range.start), range.stop);
  return turn(scene, number, { media: from, clock, rate }, false);
}

/** @param {Scene} scene @param {Turn} before @returns {Turn} */
function following(scene, before) {
  const { clock, rate } = scene.anchor, number = before.number + 1;
  const { start } = /** @type {ClipRange} */ (scene.ranges[number]);
  return turn(scene, number, { media: start, clock: rate > 0 ? before.until : clock, rate }, true);
}

/**
 * @param {Scene} scene @param {number} number @param {import("../../web/shared/wire.js").Anchor} anchor @param {boolean} seam
 * @returns {Turn}
 */
function turn(scene, number, anchor, seam) {
  const ranges = scene.ranges.slice(number, number + 2), { stop, silent } = /** @type {ClipRange} */ (ranges[0]);
  const { media, clock, rate } = anchor;
  const until = rate > 0 ? clock + (stop - media) / rate : Infinity;
  return { number, scene: { ...scene, anchor, end: stop, ranges }, silent, seam, from: clock, until };
}

/**
 * Which of the ranges a media time lies in. At the end of the last one that is up; where one of the others ends, the one
 * behind it has begun.
 * @param {ReadonlyArray<ClipRange>} ranges @param {number} media
 */
function place(ranges, media) {
  const found = ranges.findIndex(({ start, stop }) => start - ROUNDING <= media && media < stop - ROUNDING);
  if (found >= 0) return found;
  const ended = ranges.findLastIndex(({ stop }) => Math.abs(stop - media) <= ROUNDING);
  if (ended >= 0) return Math.min(ended + 1, ranges.length - 1);
  const away = ranges.map(({ start, stop }) => Math.max(start - media, media - stop));
  return away.indexOf(Math.min(...away));
}

/**
 * The same with those ranges as one that go on where the one before them stops: nothing is cut there.
 * @param {Scene} scene
 * @param {boolean} heard  It is about the sound: then one that is silent stays one by itself.
 * @returns {Scene}
 */
export function joined(scene, heard) {
  /** @type {ClipRange[]} */
  const ranges = [];
  for (const range of scene.ranges) {
    const last = ranges.at(-1);
    if (last && Math.abs(range.start - last.stop) <= ROUNDING && !(heard && range.silent !== last.silent)) {
      ranges[ranges.length - 1] = { ...last, stop: range.stop };
    } else ranges.push(range);
  }
  return { ...scene, ranges };
}

/**
 * @typedef {object} Stretch  A part of a recording that is played without a gap.
 * @property {number} from  Seconds of media time.
 * @property {number} to
 * @property {number} after  Seconds of media until it is played.
 */

/**
 * What is still to be played of a clip, in order; nothing of a scene without ranges, which is played on as it is.
 * @param {Scene} scene
 * @param {number} now  Room clock, seconds.
 * @param {number} most  Seconds of media.
 * @returns {Stretch[]}
 */
export function coming(scene, now, most) {
  if (scene.ranges.length === 0) return [];
  const { on } = turns(scene, now), { media, clock, rate } = on.scene.anchor;
  /** @type {Stretch[]} */
  const found = [];
  let from = media + Math.max(0, now - clock) * rate, after = 0;
  for (const { start, stop } of scene.ranges.slice(on.number)) {
    if (after > most) break;
    from = Math.min(found.length > 0 ? start : from, stop);
    found.push({ from, to: stop, after });
    after += stop - from;
  }
  return found;
}

/**
 * How loud the sound of a turn is at a moment, as a share: it comes and goes quickly where it is cut, and not at once.
 * @param {Turn} turn
 * @param {number} now  Room clock, seconds.
 */
export function loudness({ scene, seam, from, until }, now) {
  const come = seam ? Math.max(LOW, LOW + (1 - LOW) * ((now - from) / RAMP)) : 1;
  const go = scene.ranges.length > 1 ? (until - now) / RAMP : 1;
  return Math.max(0, Math.min(1, come, go));
}

/** Moments at which the loudness of a turn is another: room clock, seconds. @param {Turn} turn @param {number} now */
export const ramps = ({ from, until }, now) =>
  [from, until - RAMP].flatMap((at) => [0, 1, 2, 3, 4].map((step) => at + (step * RAMP) / 4)).filter((at) => at > now && at < Infinity);
