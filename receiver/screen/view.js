/**
 * Which part of a picture fills the display, and where on it. Pure.
 *
 * A view is a part of the upright picture: left, top, width and height as fractions of it. It is contained in the display,
 * in its middle, and nothing outside of it is to be seen. Beyond one pixel of the display for each of the picture, pixels
 * are smoothed, for recordings as for leaves: squares would be of uneven width at nearly every magnification, and lettering
 * is what is magnified.
 * @module
 */

/** @typedef {readonly [number, number, number, number]} View */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {{x: number, y: number, width: number, height: number}} Rect */

/** @type {View} */
const WHOLE = [0, 0, 1, 1];

/**
 * The part, in the picture's own pixels.
 * @param {View|null} view @param {Size} picture
 * @returns {Rect}
 */
export function part(view, { width, height }) {
  const [x, y, w, h] = view ?? WHOLE;
  return { x: x * width, y: y * height, width: w * width, height: h * height };
}

/**
 * Where something of this shape lies on the display: as large as it can be, in the middle.
 * @param {Size} shape @param {Size} display
 * @returns {Rect}
 */
export function contained(shape, display) {
  const scale = Math.min(display.width / shape.width, display.height / shape.height);
  const width = shape.width * scale, height = shape.height * scale;
  return { x: (display.width - width) / 2, y: (display.height - height) / 2, width, height };
}

/**
 * What is painted where, in whole pixels of the display. Where one of its pixels is one of the picture's, they are copied.
 * @param {View|null} view @param {Size} picture @param {Size} display  In its own pixels.
 * @returns {{from: Rect, to: Rect}}
 */
export function painting(view, picture, display) {
  const from = part(view, picture), exact = contained(from, display);
  const width = Math.max(1, Math.round(exact.width)), height = Math.max(1, Math.round(exact.height));
  const to = { x: Math.round((display.width - width) / 2), y: Math.round((display.height - height) / 2), width, height };
  if (Math.abs(width - from.width) >= 1 || Math.abs(height - from.height) >= 1) return { from, to };
  const x = Math.max(0, Math.min(Math.round(from.x), picture.width - width));
  const y = Math.max(0, Math.min(Math.round(from.y), picture.height - height));
  return { from: { x, y, width, height }, to };
}

/**
 * The same for an element that fills the display and contains the whole picture by itself: how it is moved, and cut.
 * @param {View|null} view @param {Size} picture @param {Size} display  In CSS pixels.
 * @returns {{transform: string, clipPath: string}}
 */
export function moved(view, picture, display) {
  if (view === null || !(picture.width > 0) || !(display.width > 0)) return { transform: "none", clipPath: "none" };
  const base = contained(picture, display), own = part(view, base), to = contained(own, display);
  const left = base.x + own.x, top = base.y + own.y, scale = to.width / own.width;
  const edges = [top, display.width - left - own.width, display.height - top - own.height, left];
  return {
    transform: `translate(${to.x - left * scale}px, ${to.y - top * scale}px) scale(${scale})`,
    clipPath: `inset(${edges.map((edge) => `${Math.max(0, edge)}px`).join(" ")})`,
  };
}

/** @param {View|null|undefined} one @param {View|null|undefined} other */
export const sameView = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
