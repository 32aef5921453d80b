/**
 * Checks what comes in, at the border, and says where it is wrong. Pure.
 *
 * The twin of msgspec's strict decoding: a missing field takes its default, an unknown one is let pass (unless the
 * message is closed), nothing is converted. The messages themselves are generated: see wire.js.
 */

/** Raised where a message is not what it should be; `path` says at which place, like `$.shown.anchor.media`. */
export class Malformed extends Error {
  /** @param {string} path @param {string} expected @param {unknown} got */
  constructor(path, expected, got) {
    super(`${path}: expected ${expected}, got ${describe(got)}`);
    this.name = "Malformed";
    this.path = path;
  }
}

/**
 * Gives the value back, checked and with defaults filled in, or throws `Malformed`.
 * @template T
 * @typedef {(value: unknown, path: string) => T} Check
 */

/**
 * One kind of message.
 * @template T
 * @typedef {object} Codec
 * @property {Check<T>} check
 * @property {(value: unknown) => T} read   from a parsed value
 * @property {(text: string) => T} parse    from JSON
 * @property {(fields?: Partial<T>) => T} make   a message to send: tag and defaults filled in, and checked as well
 */

/** `[check]` for a field that has to be there, `[check, default]` (as it would stand in JSON) otherwise.
 * @typedef {readonly [Check<any>] | readonly [Check<any>, unknown]} Field */

/** @type {Check<string>} */
export const text = (value, path) => {
  if (typeof value !== "string") throw new Malformed(path, "text", value);
  return value;
};

/** @type {Check<number>} */
export const number = (value, path) => {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Malformed(path, "a number", value);
  return value;
};

/** @type {Check<number>} */
export const integer = (value, path) => {
  if (!Number.isSafeInteger(value)) throw new Malformed(path, "a whole number", value);
  return /** @type {number} */ (value);
};

/** @type {Check<boolean>} */
export const flag = (value, path) => {
  if (typeof value !== "boolean") throw new Malformed(path, "true or false", value);
  return value;
};

/** @param {...string} words @returns {Check<any>} */
export const oneOf = (...words) => (value, path) => {
  if (typeof value !== "string" || !words.includes(value)) throw new Malformed(path, `one of ${words.join(", ")}`, value);
  return value;
};

/** @template T @param {Check<T>} check @returns {Check<T | null>} */
export const nullable = (check) => (value, path) => (value === null ? null : check(value, path));

/** @template T @param {Check<T>} check @returns {Check<T[]>} */
export const list = (check) => (value, path) => {
  if (!Array.isArray(value)) throw new Malformed(path, "a list", value);
  return value.map((item, at) => check(item, `${path}[${at}]`));
};

/** @param {...Check<any>} checks @returns {Check<any>} */
export const tuple = (...checks) => (value, path) => {
  if (!Array.isArray(value) || value.length !== checks.length) {
    throw new Malformed(path, `a list of ${checks.length}`, value);
  }
  return checks.map((check, at) => check(value[at], `${path}[${at}]`));
};

/** @template T @param {Check<T>} check @returns {Check<Record<string, T>>} */
export const dict = (check) => (value, path) => {
  const object = plain(value, path);
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, check(item, `${path}.${key}`)]));
};

/**
 * A message or a part of one.
 * @param {Record<string, Field>} fields
 * @param {{tag?: string, closed?: boolean}} [how] `tag` stands in the field `type`; `closed` refuses unknown fields
 * @returns {Codec<any>}
 */
export const record = (fields, { tag, closed = false } = {}) => {
  const names = Object.keys(fields);
  return codec((value, path) => {
    const object = plain(value, path);
    /** @type {Record<string, unknown>} */
    const result = {};
    if (tag !== undefined) result.type = oneOf(tag)(object.type, `${path}.type`);
    for (const name of names) result[name] = field(fields[name], object[name], `${path}.${name}`);
    if (closed) {
      for (const name of Object.keys(object)) {
        if (!(name in result)) throw new Malformed(`${path}.${name}`, "no such field", object[name]);
      }
    }
    return result;
  }, tag);
};

/**
 * A part of a message that travels as a list, without its fields' names; it is read into an object that has them.
 * @param {Record<string, Field>} fields
 * @returns {Codec<any>}
 */
export const row = (fields) => {
  const names = Object.keys(fields);
  return codec((value, path) => {
    if (!Array.isArray(value)) throw new Malformed(path, "a list", value);
    return Object.fromEntries(names.map((name, at) => [name, field(fields[name], value[at], `${path}[${at}]`)]));
  });
};

/**
 * Any of several messages, told apart by the field `type`.
 * @param {Record<string, Codec<any>>} kinds
 * @returns {Codec<any>}
 */
export const union = (kinds) =>
  codec((value, path) => {
    const { type } = plain(value, path);
    if (typeof type !== "string" || !Object.hasOwn(kinds, type)) {
      throw new Malformed(`${path}.type`, `one of ${Object.keys(kinds).join(", ")}`, type);
    }
    return kinds[type].check(value, path);
  });

/** @param {Check<any>} check @param {string} [tag] @returns {Codec<any>} */
const codec = (check, tag) => ({
  check,
  read: (value) => check(value, "$"),
  parse: (json) => check(parsed(json), "$"),
  make: (fields = {}) => check(tag === undefined ? fields : { type: tag, ...fields }, "$"),
});

/** @param {Field} rule @param {unknown} value @param {string} path @returns {unknown} */
const field = (rule, value, path) => {
  if (value === undefined && rule.length === 2) return rule[0](rule[1], path);
  return rule[0](value, path);
};

/** @param {unknown} value @param {string} path @returns {Record<string, unknown>} */
const plain = (value, path) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed(path, "an object", value);
  return /** @type {Record<string, unknown>} */ (value);
};

/** @param {string} json @returns {unknown} */
const parsed = (json) => {
  try {
    return JSON.parse(json);
  } catch {
    throw new Malformed("$", "JSON", json);
  }
};

/** @param {unknown} value @returns {string} */
const describe = (value) => {
  if (value === undefined) return "nothing";
  const json = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? typeof value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
};
