/**
 * Times, sizes and lists as people say them. Pure.
 *
 * Times are seconds of media time unless named otherwise.
 */

/**
 * 0:33, 24:10, 1:02:03: as a length is read. Cut, never rounded up, so that no moment is named before it is reached.
 * @param {number} seconds
 * @returns {string}
 */
export const short = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/**
 * 0:33.480: as a place in a recording is named, to the millisecond.
 * @param {number} seconds
 * @returns {string}
 */
export const exact = (seconds) => {
  const millis = Math.max(0, Math.floor(seconds * 1000 + 1e-3));
  return `${short(Math.floor(millis / 1000))}.${String(millis % 1000).padStart(3, "0")}`;
};

/**
 * 0:33.4: what can be read while it runs.
 * @param {number} seconds
 * @returns {string}
 */
export const running = (seconds) => exact(seconds).slice(0, -2);

/**
 * 12 s, 2 min, 1 h 5 min: how long something lasts.
 * @param {number} seconds
 * @returns {string}
 */
export const lasting = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 100) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/**
 * 640 kB, 12.3 MB, 3.1 GB (powers of ten, as file managers and lines count).
 * @param {number} bytes
 * @returns {string}
 */
export const size = (bytes) => {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
};

/**
 * 10:42, on the clock of the wall.
 * @param {number} unix seconds
 * @param {number} east minutes that the local time is ahead of UTC
 * @returns {string}
 */
export const wall = (unix, east) => {
  const minutes = (((Math.floor(unix / 60) + east) % 1440) + 1440) % 1440;
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
};

/**
 * expires 14:30 tomorrow; expires in 4 days; has expired.
 * @param {number} unix seconds
 * @param {number} now Unix time, seconds
 * @param {number} east minutes that the local time is ahead of UTC
 * @returns {string}
 */
export const expiry = (unix, now, east) => {
  if (unix <= now) return "has expired";
  const day = (/** @type {number} */ at) => Math.floor((at / 60 + east) / 1440);
  const days = day(unix) - day(now);
  if (days > 1) return `expires in ${days} days`;
  return `expires ${wall(unix, east)}${days === 1 ? " tomorrow" : ""}`;
};

/**
 * a, b and c.
 * @param {ReadonlyArray<string>} items
 * @returns {string}
 */
export const list = (items) =>
  items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;

/** @param {string} text @returns {string} */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * 1,240: a large count is read in groups.
 * @param {number} count
 * @returns {string}
 */
export const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

/** @param {number} count @param {string} one @param {string} [many] @returns {string} */
export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** @param {number} rate @returns {string} */
export const speed = (rate) => {
  if (rate === 1) return "";
  if (rate === 0.5) return "at half speed";
  if (rate === 0.25) return "at quarter speed";
  return `at ${rate}× speed`;
};

/**
 * The sentence of a refusal; never an exception's own text.
 * @param {unknown} refused
 * @returns {string}
 */
export const sentenceOf = (refused) => {
  const detail = /** @type {{detail?: unknown} | null | undefined} */ (refused)?.detail;
  return typeof detail === "string" ? detail : "That did not work. Try it again.";
};

/** @param {number} n @returns {string} */
const two = (n) => String(n).padStart(2, "0");
