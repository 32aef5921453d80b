/**
 * Times, sizes and rates as people read them. Pure.
 */

/**
 * `0:07`, `12:34`, `1:02:03`; with `digits` decimals, cut off and never rounded up (9.99 s is not yet 0:10.0).
 * @param {number} seconds @param {number} [digits]
 */
export const time = (seconds, digits = 0) => {
  const unit = 10 ** digits;
  // A frame's time may stand a hair below its decimal form: 0.3 * 10 is 2.9999999999999996.
  const units = Math.floor(Math.max(0, seconds) * unit + 1e-6);
  const whole = Math.floor(units / unit);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = `${whole % 60}`.padStart(2, "0") + (digits > 0 ? `.${`${units % unit}`.padStart(digits, "0")}` : "");
  return hours > 0 ? `${hours}:${`${minutes}`.padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};

/** `640 kB`, `12.3 MB`, `1.25 GB`: three digits that count. @param {number} bytes */
export const size = (bytes) => {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  for (const [unit, name] of /** @type {[number, string][]} */ ([[1e3, "kB"], [1e6, "MB"], [1e9, "GB"]])) {
    const value = bytes / unit;
    if (value < 999.5 || unit === 1e9) return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${name}`;
  }
  return `${bytes} B`;
};

/** `740 kb/s`, `8.1 Mb/s`. @param {number} kbit  kilobits per second */
export const rate = (kbit) => {
  if (kbit < 999.5) return `${Math.round(kbit)} kb/s`;
  const value = kbit / 1000;
  return `${value.toFixed(value < 99.95 ? 1 : 0)} Mb/s`;
};

/** A code in groups of four with a gap, as it is read aloud: `1234 5678`. @param {string} code */
export const grouped = (code) => code.replace(/\s+/gu, "").replace(/(.{4})(?=.)/gu, "$1 ");
