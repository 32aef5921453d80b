/**
 * Files that look like one recording: what is said of them in the list, and what can be done about it. Pure.
 *
 * What looks like one is the presenter's to say. What was joined on this page can be taken apart again in the same place,
 * for as long as the page is open: later it is an exhibit like any other.
 */

/** @typedef {import("../shared/wire.js").Exhibit} Exhibit */

/**
 * @typedef {object} Group
 * @property {ReadonlyArray<string>} ids of the files, in order
 * @property {string | null} made the exhibit that was joined from them here
 * @property {boolean} doing it is being joined, or taken apart
 * @property {string} said why that was not done
 */

/**
 * @typedef {object} Line
 * @property {string} at id of the exhibit that it stands under
 * @property {string} key of its group
 * @property {string} text
 * @property {"join" | "undo"} does
 * @property {string} label
 * @property {boolean} doing
 * @property {string} said
 */

/** Files of which each is named; of more than these, the first and the last. */
const NAMED = 3;

/** @param {ReadonlyArray<string>} ids */
export const keyOf = (ids) => ids.join(" ");

/**
 * Something else for each list in which something else may look like one recording.
 * @param {ReadonlyArray<Exhibit>} exhibits
 */
export const moment = (exhibits) =>
  exhibits
    .filter(({ state, parts }) => state === "ready" || parts.length > 0)
    .map(({ id, parts }) => `${id}+${parts.length}`)
    .join(" ");

/**
 * The presenter has said what looks like one recording.
 * @param {ReadonlyArray<Group>} before
 * @param {ReadonlyArray<ReadonlyArray<string>>} proposals
 * @param {ReadonlyArray<Exhibit>} exhibits
 * @returns {Group[]}
 */
export const heard = (before, proposals, exhibits) => {
  const there = new Set(exhibits.map(({ id }) => id));
  const known = new Map(before.map((group) => [keyOf(group.ids), group]));
  const kept = before.filter(({ made, doing }) => doing || (made !== null && there.has(made)));
  const keys = new Set(kept.map(({ ids }) => keyOf(ids)));
  const fresh = proposals.filter((ids) => !keys.has(keyOf(ids)));
  return [...kept, ...fresh.map((ids) => ({ ids, made: null, doing: false, said: known.get(keyOf(ids))?.said ?? "" }))];
};

/**
 * @param {ReadonlyArray<Group>} groups
 * @param {string} key
 * @param {Partial<Group>} change
 * @returns {Group[]}
 */
export const changed = (groups, key, change) => groups.map((group) => (keyOf(group.ids) === key ? { ...group, ...change } : group));

/**
 * @param {ReadonlyArray<Group>} groups
 * @param {ReadonlyArray<Exhibit>} exhibits in running order
 * @returns {Line[]} one at most under each exhibit
 */
export const lines = (groups, exhibits) => {
  /** @type {Map<string, Line>} */
  const found = new Map();
  for (const group of groups) {
    const files = exhibits.filter(({ id }) => group.ids.includes(id));
    const last = files[files.length - 1];
    if (last === undefined || files.length < group.ids.length) continue;
    const { doing, said } = group;
    const made = exhibits.find(({ id }) => id === group.made) ?? null;
    // While it is being taken apart the list may say so first: the button stays where the focus is.
    if (group.made !== null && made === null && !doing) continue;
    const names = group.ids.map((id) => files.find((file) => file.id === id)?.ref ?? "");
    const does = made === null ? "join" : "undo";
    const text = made === null ? `${listed(names)} look like one recording.` : outcome(made);
    found.set(last.id, { at: last.id, key: keyOf(group.ids), text, does, label: does === "join" ? "Join them" : "Undo", doing, said });
  }
  return [...found.values()];
};

/** @param {Exhibit} made */
const outcome = (made) => (made.state === "failed" ? `They cannot be joined. ${made.problem?.detail ?? ""}`.trim() : `They are joined as ${made.ref}, and stay here as well.`);

/** @param {ReadonlyArray<string>} names two at least */
const listed = (names) => {
  const last = names[names.length - 1];
  if (names.length > NAMED) return `These ${names.length} files, ${names[0]} to ${last},`;
  return `${names.slice(0, -1).join(", ")} and ${last}`;
};
