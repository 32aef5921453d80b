/**
 * What a stage asks for at a moment of the room clock. Pure.
 *
 * Everything derives from the anchor: media + (now - clock) * rate. An anchor in the future is an agreed instant: until
 * then the picture rests where it will start.
 * @module
 */

/** @typedef {import("../../web/shared/wire.js").Anchor} Anchor */
/** @typedef {import("../../web/shared/wire.js").ClipRange} ClipRange */
/** @typedef {import("../../web/shared/wire.js").Scene} Scene */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */

/**
 * @typedef {object} Wish
 * @property {boolean} rest  A frame stands, or is about to start at the anchor's instant.
 * @property {number} media  Seconds of media time now.
 */

/** Seconds: what lies this little before the end is still the last frame (times are floats on the way). */
const LAST = 1e-6;

/**
 * Media time at a moment.
 * @param {Anchor} anchor
 * @param {number} now  Room clock, seconds.
 */
export function position(anchor, now) {
  return anchor.media + Math.max(0, now - anchor.clock) * anchor.rate;
}

/**
 * When playback passes a media time: the room clock in seconds, Infinity while paused.
 * @param {Anchor} anchor
 * @param {number} media
 */
export function passes(anchor, media) {
  return anchor.rate > 0 ? anchor.clock + (media - anchor.media) / anchor.rate : Infinity;
}

/**
 * @param {Scene} scene
 * @param {number|null|undefined} duration  Of the recording, seconds, once known.
 * @param {number} now  Room clock, seconds.
 * @param {number} hold  Seconds before the end at which playing stops, so that the last frame stays up.
 * @returns {Wish}
 */
export function wish(scene, duration, now, hold) {
  const end = ending(scene, duration);
  const media = position(scene.anchor, now);
  const rest = scene.anchor.rate <= 0 || media >= end - hold;
  return { rest, media: media >= end - hold ? Math.max(0, end - LAST) : media };
}

/**
 * Media time at which this scene ends, Infinity while nobody knows.
 * @param {Scene} scene
 * @param {number|null|undefined} duration
 */
export function ending(scene, duration) {
  return Math.min(scene.end ?? Infinity, duration ?? Infinity);
}

/**
 * Whether two scenes ask for the same.
 * @param {Scene|null} one
 * @param {Scene|null} other
 */
export function same(one, other) {
  if (one === null || other === null) return one === other;
  return (
    one.exhibit === other.exhibit &&
    one.rendition === other.rendition &&
    one.end === other.end &&
    one.anchor.media === other.anchor.media &&
    one.anchor.clock === other.anchor.clock &&
    one.anchor.rate === other.anchor.rate &&
    one.ranges.length === other.ranges.length &&
    one.ranges.every((range, at) => alike(range, other.ranges[at]))
  );
}

/** @param {ClipRange} one @param {ClipRange|undefined} other */
const alike = (one, other) => one.start === other?.start && one.stop === other.stop && one.silent === other.silent;

/**
 * Whether the display may be anything but black. Nothing else decides this.
 * @param {Stage} stage
 * @param {{rendition: string, before: boolean}|null} up  The player in front; `before`: its picture has not begun.
 */
export function seen(stage, up) {
  return !stage.blank && stage.shown !== null && up !== null && up.rendition === stage.shown.rendition && !up.before;
}

/**
 * @typedef {object} Candidate  A player as the cast sees it.
 * @property {string} rendition
 * @property {boolean} sound  Whether it has a sound track in its buffer.
 * @property {Part|null} [part]  All that it can show, where it is for a range of a clip.
 * @property {(scene: Scene) => number} distance  From what this scene asks for: 0 there · 1 there in a moment, and nobody
 *   sees anything else meanwhile · 2 plays on to it · 3 on its way there by a seek · 4 would have to seek.
 */

/**
 * Who plays what: players are kept where they fit, so that one which stands ready goes up as it is.
 * @template {Candidate} T
 * @param {ReadonlyArray<T>} players  The one that is up first.
 * @param {{shown: Scene|null, next?: Scene|null, cue: Scene|null, sound: boolean}} asked  `next`: of a clip, what is on
 *   after that which is shown.
 * @returns {{shown: T|null, next: T|null, cue: T|null}}  null where a new player is needed, or none at all.
 */
export function cast(players, { shown, next = null, cue, sound }) {
  let left = players;
  /** @param {Scene|null} scene */
  const take = (scene) => {
    const taken = pick(left, scene, sound);
    left = left.filter((player) => player !== taken);
    return taken;
  };
  return { shown: take(shown), next: take(next), cue: take(cue) };
}

/** Of a clip: the range of the recording. @typedef {{start: number, stop: number}} Part  Seconds of media time. */

/** Which part of a recording a scene needs a player for; null for all of it. @param {Scene} scene @returns {Part|null} */
export const partOf = ({ ranges: [range] }) => range ?? null;

/** @param {Part|null} one @param {Part|null} other */
export const samePart = (one, other) => one?.start === other?.start && one?.stop === other?.stop;

/**
 * Whether who shows a scene has its sound, too: that of a clip is played beside its picture, range by range.
 * @param {Scene} scene
 * @param {boolean} sound  This screen is the room's sound.
 */
export const heard = (scene, sound) => sound && scene.ranges.length === 0;

/**
 * @template {Candidate} T
 * @param {ReadonlyArray<T>} players
 * @param {Scene|null} scene
 * @param {boolean} sound
 * @returns {T|null}
 */
function pick(players, scene, sound) {
  if (scene === null) return null;
  const fit = players.filter((player) => player.rendition === scene.rendition && player.sound === heard(scene, sound) &&
    samePart(player.part ?? null, partOf(scene)));
  const distances = fit.map((player) => player.distance(scene));
  return fit[distances.indexOf(Math.min(...distances))] ?? null;
}
