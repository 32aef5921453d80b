/**
 * Days and times as the fields for them have it, by the clock on the wall here. Edge: Date, which knows the summer time of
 * another day.
 */

/** @param {number} unix seconds @returns {string} YYYY-MM-DDTHH:MM */
export const shown = (unix) => {
  const at = new Date(unix * 1000);
  const [year, ...rest] = [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes()];
  const [month, day, hour, minute] = rest.map((part) => String(part).padStart(2, "0"));
  return `${String(year).padStart(4, "0")}-${month}-${day}T${hour}:${minute}`;
};

/** @param {string} text @returns {number | null} Unix time, seconds */
export const typed = (text) => {
  const moment = new Date(text).getTime() / 1000;
  return Number.isFinite(moment) ? moment : null;
};
