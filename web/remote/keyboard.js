/**
 * Where keys come in. Edge: the page's key events. What they mean stands in keys.js.
 */

import { decide } from "./keys.js";

/** Fields that take text; a range or a checkbox is a control. */
const TEXT = "input:not([type=range]):not([type=checkbox]):not([type=button]):not([type=submit]), textarea, [contenteditable]";
const CONTROL = "button, select, input, summary, a[href], [role=slider], [tabindex]";

/**
 * @param {Document} doc
 * @param {Record<import("./keys.js").Act, () => unknown>} acts  `false`: nothing to do; the key keeps what it does elsewhere
 * @param {(text: string) => void} type somebody begins to type
 * @param {() => boolean} making a clip is being made
 */
export const listenToKeys = (doc, acts, type, making) => {
  // Captured, so that nothing on the page can keep the blank from us.
  doc.addEventListener(
    "keydown",
    (event) => {
      const decision = decide({
        key: event.key,
        repeat: event.repeat,
        chord: event.ctrlKey || event.altKey || event.metaKey,
        shift: event.shiftKey,
        making: making(),
        focus: focusOf(doc, event.target),
      });
      if (decision === null) return;
      if ("act" in decision) {
        // Escape keeps what it does elsewhere (it closes the list of keys): the blank comes on top.
        if (acts[decision.act]() !== false && event.key !== "Escape") event.preventDefault();
      } else {
        event.preventDefault();
        type(decision.type);
      }
    },
    { capture: true },
  );
};

/** @param {Document} doc @param {EventTarget | null} target @returns {import("./keys.js").Stroke["focus"]} */
const focusOf = (doc, target) => {
  if (!(target instanceof Element) || target === doc.body || target === doc.documentElement) return "page";
  if (target.matches(TEXT)) return "text";
  if (target.closest("dialog") !== null) return "dialog";
  return target.closest(CONTROL) !== null ? "control" : "page";
};
