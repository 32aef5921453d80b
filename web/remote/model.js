/**
 * The room as the presenter last told it. Pure: events in, a new model out.
 *
 * A model is never changed in place, so what was on the page when a finger came down can be compared with what is true
 * when it lifts.
 */

/** @typedef {import("../shared/wire.js").RoomState} RoomState */
/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */
/** @typedef {import("../shared/wire.js").Screen} Screen */
/** @typedef {import("../shared/wire.js").Event} Event */
/** @typedef {import("../shared/wire.js").Checks} Checks */
/** @typedef {"clerk" | "advocate" | "viewer"} Role */

/**
 * @typedef {object} Model
 * @property {RoomState} room
 * @property {ReadonlyArray<Exhibit>} exhibits in running order
 * @property {ReadonlyArray<Screen>} screens
 * @property {string} hearing id of the one that is open: the exhibits are its own
 * @property {Role} role
 * @property {string} build of the presenter's pages
 * @property {Checks} checks the one that runs, and the last of each kind
 * @property {Readonly<Record<string, number>>} heard when each screen's last report was made, on this page's clock
 */

/** @type {Checks} */
const NONE = { running: null, case: null, room: null, said: "" };

/**
 * @param {Model | null} model
 * @param {Event} event
 * @param {number} now seconds on this page's own clock
 * @returns {Model | null} null until the whole state has come
 */
export const hear = (model, event, now) => {
  if (event.type === "state") {
    return {
      room: event.room,
      exhibits: event.exhibits,
      screens: event.screens,
      hearing: event.hearing,
      role: event.role,
      build: event.build,
      checks: event.checks ?? NONE,
      heard: reported({}, event.screens, now),
    };
  }
  if (model === null) return null;
  const gone = new Set(event.gone_screens);
  return {
    ...model,
    room: event.room !== null && newer(model.room, event.room) ? event.room : model.room,
    exhibits: ordered(merged(model.exhibits, event.exhibits), event.order),
    screens: merged(model.screens, event.screens).filter((screen) => !gone.has(screen.id)),
    hearing: event.hearing ?? model.hearing,
    checks: event.checks ?? model.checks,
    heard: reported(model.heard, event.screens, now),
  };
};

/**
 * The answer to a command is the room too, and often comes before the event does.
 * @param {Model | null} model
 * @param {RoomState} room
 * @returns {Model | null}
 */
export const answered = (model, room) =>
  model === null || !newer(model.room, room) ? model : { ...model, room };

/** @param {Model | null} model @param {Exhibit} exhibit @returns {Model | null} */
export const added = (model, exhibit) =>
  model === null ? null : { ...model, exhibits: merged(model.exhibits, [exhibit]) };

/**
 * What was removed here is gone at once: no event tells of what came and went between two of them.
 * @param {Model | null} model
 * @param {string} id
 * @returns {Model | null}
 */
export const removed = (model, id) => (model === null ? null : { ...model, exhibits: model.exhibits.filter((exhibit) => exhibit.id !== id) });

/** @param {Model | null} model @param {Screen} screen @param {number} now @returns {Model | null} */
export const seen = (model, screen, now) =>
  model === null
    ? null
    : { ...model, screens: merged(model.screens, [screen]), heard: reported(model.heard, [screen], now) };

/** @param {Model} model @param {string | null | undefined} id @returns {Exhibit | null} */
export const exhibitOf = (model, id) => model.exhibits.find((exhibit) => exhibit.id === id) ?? null;

/** @param {RoomState} held @param {RoomState} other @returns {boolean} */
const newer = (held, other) =>
  other.revision > held.revision || (other.revision === held.revision && other.clock >= held.clock);

/**
 * @template {{id: string}} T
 * @param {ReadonlyArray<T>} held
 * @param {ReadonlyArray<T>} changed
 * @returns {Array<T>}
 */
const merged = (held, changed) => {
  const byId = new Map(changed.map((item) => [item.id, item]));
  const result = held.map((item) => byId.get(item.id) ?? item);
  const known = new Set(held.map((item) => item.id));
  return [...result, ...changed.filter((item) => !known.has(item.id))];
};

/**
 * @param {ReadonlyArray<Exhibit>} exhibits
 * @param {ReadonlyArray<string> | null} order ids of all that exist; null where it has not changed
 * @returns {Array<Exhibit>}
 */
const ordered = (exhibits, order) => {
  if (order === null) return [...exhibits];
  const byId = new Map(exhibits.map((exhibit) => [exhibit.id, exhibit]));
  return order.flatMap((id) => byId.get(id) ?? []);
};

/**
 * @param {Readonly<Record<string, number>>} heard
 * @param {ReadonlyArray<Screen>} screens
 * @param {number} now
 * @returns {Record<string, number>}
 */
const reported = (heard, screens, now) => {
  const result = { ...heard };
  for (const screen of screens) if (screen.report !== null) result[screen.id] = now - screen.report.age;
  return result;
};
