/**
 * What a player does, one thing at a time, and what may follow. Pure.
 *
 * still: paused, nothing under way · seeking: until the browser says it is there · stepping: plays on by a few frames
 * to where the room paused · due: paused, will play at an agreed instant · running · failed: for good.
 * @module
 */

/** @typedef {"still"|"seeking"|"stepping"|"due"|"running"|"failed"} Phase */

/** From each phase the ones that may follow. @type {Record<Phase, Phase[]>} */
const FOLLOWING = {
  still: ["seeking", "stepping", "due", "failed"],
  seeking: ["seeking", "still", "failed"],
  stepping: ["still", "failed"],
  due: ["still", "running", "failed"],
  running: ["still", "failed"],
  failed: [],
};

/** @param {Phase} phase @param {Phase} next */
export const follows = (phase, next) => FOLLOWING[phase].includes(next);
