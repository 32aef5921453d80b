/**
 * What each key does, and where it does nothing. Pure.
 *
 * One table: the keyboard, the list that `?` opens, and the tests read it. The rules it keeps:
 * - Escape blanks from everywhere, text fields and dialogs included; it is no letter, and every keyboard has it.
 * - A key pressed in a text field never shows anything, and moves nothing that is on the screens; only Enter in the field
 *   named "Page to go to on the screens" turns there.
 * - On a button or a row, Enter and Space are that button's, never another's.
 * - Somebody who starts to type a reference means the field for it: the text goes there, so that the Enter after it
 *   makes an exhibit ready instead of putting up the one before.
 */

/**
 * @typedef {"blank" | "show" | "toggle" | "back" | "forward" | "frame-back" | "frame-forward" | "page-back" | "page-forward"
 *   | "mark-in" | "mark-out" | "zoom-in" | "zoom-out" | "zoom-whole" | "part-left" | "part-right" | "part-up" | "part-down" | "find" | "help"} Act
 */

/**
 * @typedef {object} Row
 * @property {ReadonlyArray<string>} keys as `KeyboardEvent.key` gives them
 * @property {Act} act
 * @property {string} says
 * @property {string} shown how the key is written for people
 * @property {boolean} [always] in text fields, on buttons and in dialogs too
 * @property {boolean} [shift] with Shift, and only with it
 * @property {boolean} [making] only while a clip is being made; at other times the letter begins a reference
 */

/** @type {ReadonlyArray<Row>} */
export const TABLE = [
  { keys: ["Escape"], act: "blank", says: "Blank all screens. Works everywhere, also while typing", shown: "Esc", always: true },
  { keys: ["b", "B"], act: "blank", says: "Blank all screens, outside text fields", shown: "B" },
  { keys: ["Enter"], act: "show", says: "Show on the screens what is ready", shown: "Enter" },
  { keys: [" "], act: "toggle", says: "Play or pause the screens", shown: "Space" },
  { keys: ["ArrowLeft"], act: "back", says: "Screens: 10 seconds back; in a document, one page back", shown: "←" },
  { keys: ["ArrowRight"], act: "forward", says: "Screens: 10 seconds forward; in a document, one page forward", shown: "→" },
  { keys: ["PageUp", "ArrowUp"], act: "page-back", says: "Screens: one page back", shown: "Page up" },
  { keys: ["PageDown", "ArrowDown"], act: "page-forward", says: "Screens: one page forward", shown: "Page down" },
  { keys: [","], act: "frame-back", says: "Screens: one frame or page back", shown: "," },
  { keys: ["."], act: "frame-forward", says: "Screens: one frame or page forward", shown: "." },
  { keys: ["+", "="], act: "zoom-in", says: "Screens: larger", shown: "+" },
  { keys: ["-"], act: "zoom-out", says: "Screens: smaller", shown: "−" },
  { keys: ["_"], act: "zoom-whole", says: "Screens: the whole picture again", shown: "Shift −" },
  { keys: ["ArrowLeft"], act: "part-left", says: "Screens, enlarged: further to the left, and so for the other three", shown: "Shift ←", shift: true },
  { keys: ["ArrowRight"], act: "part-right", says: "", shown: "", shift: true },
  { keys: ["ArrowUp"], act: "part-up", says: "", shown: "", shift: true },
  { keys: ["ArrowDown"], act: "part-down", says: "", shown: "", shift: true },
  { keys: ["i", "I"], act: "mark-in", says: "While a clip is made: a part of it begins here", shown: "I", making: true },
  { keys: ["o", "O"], act: "mark-out", says: "While a clip is made: a part of it ends here", shown: "O", making: true },
  { keys: ["/"], act: "find", says: "To the field for exhibit and time (or just begin to type); JM/4 arrival is a clip", shown: "/" },
  { keys: ["?"], act: "help", says: "This list", shown: "?" },
];

/** Acts that holding a key down repeats. Showing, playing and blanking are single acts. */
const REPEATS = new Set([
  "frame-back", "frame-forward", "back", "forward", "page-back", "page-forward", "zoom-in", "zoom-out",
  "part-left", "part-right", "part-up", "part-down",
]);
/** Keys that do something else with Shift. */
const SHIFTED = new Set(TABLE.filter((row) => row.shift).flatMap((row) => row.keys));

/**
 * @typedef {object} Stroke
 * @property {string} key
 * @property {boolean} repeat
 * @property {boolean} chord with Ctrl, Alt or Meta
 * @property {boolean} [shift]
 * @property {boolean} [making] a clip is being made
 * @property {"page" | "text" | "control" | "dialog"} focus what has the focus: nothing, a text field, another control, or
 *   something in an open dialog
 */

/**
 * @param {Stroke} stroke
 * @returns {{act: Act} | {type: string} | null} what to do; `type`: begin to type this into the field for exhibits
 */
export const decide = ({ key, repeat, chord, shift = false, making = false, focus }) => {
  const meant = (/** @type {Row} */ one) =>
    one.keys.includes(key) && (!SHIFTED.has(key) || (one.shift ?? false) === shift) && (making || !one.making);
  const row = TABLE.find((one) => meant(one) && (one.always || focus === "page" || loose(one, focus)));
  if (row !== undefined && (row.always || !chord)) {
    return repeat && !REPEATS.has(row.act) ? null : { act: row.act };
  }
  if (chord || focus === "text" || focus === "dialog") return null;
  return /^[\p{L}\p{N}]$/u.test(key) ? { type: key } : null;
};

/**
 * On a button, keys that buttons do not use keep working; those that buttons and lists use are theirs.
 * @param {Row} row
 * @param {Stroke["focus"]} focus
 */
const loose = (row, focus) => focus === "control" && ["b", "i", "o", ",", ".", "+", "-", "_", "/", "?"].includes(row.keys[0]);
