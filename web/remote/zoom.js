/**
 * Which part of the picture is on the screens, and which one is meant by a button, a wheel or fingers. Pure.
 *
 * A view is left, top, width and height as fractions of the upright picture; null is the whole. Parts are cut to the shape
 * of the displays (16:9) as far as the picture reaches, and always lie within it. A scale of 2 shows everything twice as
 * large as the whole picture shows it.
 */

/** @typedef {[number, number, number, number]} View */
/** @typedef {[number, number]} Point fractions of the picture */
/** @typedef {{left: number, top: number, width: number, height: number}} Box */

/** Width over height of the displays. */
export const DISPLAY = 16 / 9;
/** Sixteen times: of a page in A4 a part as high as a thumb is wide. */
export const MOST = 16;
const STEPS = [1, 1.5, 2, 3, 4, 6, 8, 12, MOST];
/** Scales that differ by less are the same. */
const SAME = 0.01;
/** What a tap twice on the whole picture asks for. */
const CLOSER = 2.5;

/** @type {View} */
const WHOLE = [0, 0, 1, 1];

/** @param {View | null} view @param {number} aspect width over height of the whole picture @returns {number} */
export const scaleOf = (view, aspect) => {
  const [, , width, height] = view ?? WHOLE;
  return Math.min(DISPLAY / (width * aspect), 1 / height) / Math.min(DISPLAY / aspect, 1);
};

/** "200 %" @param {number} scale @returns {string} */
export const percent = (scale) => `${Math.round(scale * 100)} %`;

/** @param {View | null} view @returns {Point} */
export const middleOf = (view) => {
  const [x, y, width, height] = view ?? WHOLE;
  return [x + width / 2, y + height / 2];
};

/**
 * The part of that scale in which a point of the picture is where it is in the part before: under the finger.
 * @param {View | null} view
 * @param {number} scale
 * @param {Point} point
 * @param {number} aspect
 * @returns {View | null}
 */
export const zoomed = (view, scale, [px, py], aspect) => {
  if (scale <= 1 + SAME) return null;
  const [x, y, width, height] = view ?? WHOLE;
  const [w, h] = sizeOf(Math.min(scale, MOST), aspect);
  return within(px - ((px - x) / width) * w, py - ((py - y) / height) * h, w, h);
};

/** The part beside: by so many fractions of the picture. @param {View | null} view @param {number} dx @param {number} dy @returns {View | null} */
export const shifted = (view, dx, dy) => (view === null ? null : within(view[0] + dx, view[1] + dy, view[2], view[3]));

/** The next scale up (1) or down (-1). @param {number} scale @param {1 | -1} way @returns {number} */
export const stepped = (scale, way) =>
  way > 0 ? (STEPS.find((one) => one > scale + SAME) ?? MOST) : (STEPS.findLast((one) => one < scale - SAME) ?? 1);

/** What a tap twice at a point asks for: closer, or the whole again. @param {View | null} view @param {Point} point @param {number} aspect */
export const tapped = (view, point, aspect) => (view === null ? zoomed(null, CLOSER, point, aspect) : null);

/**
 * Where the part lies in a box that contains it.
 * @param {View | null} view @param {number} aspect @param {{width: number, height: number}} box
 * @returns {Box}
 */
export const contained = (view, aspect, box) => {
  const [, , w, h] = view ?? WHOLE;
  const shape = (w * aspect) / h;
  const width = Math.min(box.width, box.height * shape), height = width / shape;
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
};

/**
 * The point of the picture at a place in a box in which a part of it is contained.
 * @param {View | null} view @param {number} aspect @param {{width: number, height: number}} box
 * @param {number} x from the left of the box @param {number} y from its top
 * @returns {Point}
 */
export const pointAt = (view, aspect, box, x, y) => {
  const [left, top, width, height] = view ?? WHOLE, place = contained(view, aspect, box);
  return [left + ((x - place.left) / place.width) * width, top + ((y - place.top) / place.height) * height];
};

/**
 * How a picture of one part has to be moved so that another part stands in the box, until its own picture comes.
 * @param {View | null} from @param {View | null} to @param {number} aspect @param {{width: number, height: number}} box
 * @returns {string} a CSS transform with its origin in the box's corner
 */
export const meanwhile = (from, to, aspect, box) => {
  const [was, is] = [from, to].map((view) => {
    const [x, y, w] = view ?? WHOLE, place = contained(view, aspect, box), unit = place.width / w;
    // Where the whole picture's corner would be, and how wide it would be.
    return { unit, left: place.left - x * unit, top: place.top - (y * unit) / aspect };
  });
  const scale = is.unit / was.unit;
  return `translate(${is.left - was.left * scale}px, ${is.top - was.top * scale}px) scale(${scale})`;
};

/** @param {View | null} one @param {View | null} other */
export const sameView = (one, other) =>
  one === other || (one !== null && other !== null && one.every((number, at) => Math.abs(number - other[at]) < 1e-6));

/** @param {number} scale @param {number} aspect @returns {[number, number]} */
const sizeOf = (scale, aspect) => {
  const ratio = DISPLAY / aspect;
  return [Math.min(1, Math.max(1, ratio) / scale), Math.min(1, Math.max(1, 1 / ratio) / scale)];
};

/** @param {number} x @param {number} y @param {number} w @param {number} h @returns {View} */
const within = (x, y, w, h) => [clamped(x, 1 - w), clamped(y, 1 - h), w, h];

/** @param {number} value @param {number} most */
const clamped = (value, most) => Math.min(Math.max(0, value), Math.max(0, most));
