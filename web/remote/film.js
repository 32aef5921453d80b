/**
 * Which stills make the film under the seek bar, and where on it a moment lies. Pure.
 */

/** Width over height of a still in the film. */
const SHAPE = 16 / 9;

/**
 * The moments whose stills stand side by side: the middle of each equal part. Few, since each is decoded on the machine that
 * plays; and the same ones for every width in between, so that a window that is dragged asks for nothing new.
 * @param {number} width of the bar, CSS pixels
 * @param {number} height
 * @param {number} duration seconds
 * @returns {number[]} seconds, to the millisecond
 */
export const moments = (width, height, duration) => {
  if (!(width > 0) || !(height > 0) || !(duration > 0)) return [];
  const count = Math.min(12, Math.max(3, Math.round(width / (height * SHAPE))));
  return Array.from({ length: count }, (_, i) => Math.round(((i + 0.5) / count) * duration * 1000) / 1000);
};

/**
 * The pages whose stills stand side by side: all of them where they are few, else as many as there is room for.
 * @param {number} width of the bar, CSS pixels
 * @param {number} height
 * @param {number} count
 * @returns {number[]} from 0
 */
export const pages = (width, height, count) => {
  if (!(width > 0) || !(height > 0)) return [];
  const most = Math.min(count, 12, Math.max(3, Math.round(width / height)));
  return Array.from({ length: most }, (_, i) => Math.floor(((i + 0.5) / most) * count));
};

/** While a recording still comes in, its film is made for lengths that grow by this factor. */
const GROWTH = 1.5;
const SHORTEST = 4;

/**
 * The length to make the film of while more comes in: so that its stills are not asked for anew with every second.
 * @param {number} prepared seconds that are there
 * @returns {number} seconds, at most as many; 0 where it is not worth it yet
 */
export const steps = (prepared) =>
  prepared < SHORTEST ? 0 : SHORTEST * GROWTH ** Math.floor(Math.log(prepared / SHORTEST) / Math.log(GROWTH) + 1e-9);

/**
 * The picture in the running order: not the very first one, which is black in half of all recordings; and the same one
 * while more of the recording comes in.
 * @param {import("../shared/wire.js").Exhibit} exhibit
 * @returns {number | null} seconds; null where there is none to be had
 */
export const cover = (exhibit) => {
  if (!exhibit.showable || exhibit.state === "failed") return null;
  // Of a document the first page is what it is known by.
  if (exhibit.kind === "image" || exhibit.kind === "document") return 0;
  if (exhibit.video === null) return null;
  if (exhibit.prepared >= 3) return 2;
  return exhibit.state === "ready" ? Math.round((exhibit.duration ?? 0) * 250) / 1000 : null;
};

/**
 * @param {string} exhibit
 * @param {{t?: number, frame?: number, width: number}} which
 * @returns {string}
 */
export const still = (exhibit, { t, frame, width }) => {
  const place = frame === undefined ? `t=${t ?? 0}` : `frame=${frame}`;
  return `exhibits/${encodeURIComponent(exhibit)}/still?${place}&width=${width}`;
};

/** @param {number} at @param {number | null} duration @returns {number} 0 … 1 */
export const share = (at, duration) => (duration === null || !(duration > 0) ? 0 : Math.min(1, Math.max(0, at / duration)));

/**
 * The middle of a frame's neighbour, for moving what is ready by frames: in the middle no rounding can slip to another.
 * @param {number} at where it stands: anywhere inside its frame
 * @param {number} frames signed
 * @param {import("../shared/wire.js").Exhibit} exhibit
 * @param {number | null} frame its number, where known
 * @returns {number | null} null where the exhibit has no frames
 */
export const beside = (at, frames, exhibit, frame) => {
  const rate = rateOf(exhibit);
  if (rate === null) return null;
  const even = frame === null ? null : Math.abs(frame / rate - at) * rate;
  // Where the frames come evenly, count from their numbers; elsewhere from where it stands.
  const from = even !== null && frame !== null && even < 0.75 ? (frame + 0.5) / rate : at + 0.5 / rate;
  const last = exhibit.duration === null ? Infinity : Math.max(0, exhibit.duration - 0.25 / rate);
  return Math.min(last, Math.max(0, from + frames / rate));
};

/** @param {import("../shared/wire.js").Exhibit} exhibit @returns {number | null} frames a second */
export const rateOf = (exhibit) => {
  if (exhibit.frames !== null && exhibit.frames > 0 && exhibit.duration !== null && exhibit.duration > 0) {
    return exhibit.frames / exhibit.duration;
  }
  return exhibit.video?.frame_rate ?? null;
};
