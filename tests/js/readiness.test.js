/** What the remote says of playing to the end. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { holding, safety, unsafe } from "../../web/remote/rows.js";
import { Exhibit, Screen } from "../../web/shared/wire.js";

/** @param {Partial<import("../../web/shared/wire.js").Exhibit>} fields */
const exhibit = (fields) => Exhibit.read({ id: "e", ref: "JM/1", title: "Door", state: "ready", showable: true, ...fields });
const screens = [Screen.read({ id: "s", name: "Jury", zone: "jury", address: "10.0.0.7:8470" })];
const AT = 10 * 3600 + 42 * 60;

/** @param {Partial<import("../../web/shared/wire.js").Exhibit>} fields */
const said = (fields) => safety(exhibit(fields), true, 0, screens).text;

test("safe now, safe at, not on this line", () => {
  assert.equal(said({ safe: true }), "safe now");
  assert.equal(said({ safe_at: AT, safe_reason: "line" }), "safe at 10:42");
  assert.equal(said({}), "not safe yet");
});

for (const [reason, screen, words] of /** @type {const} */ ([
  ["link", null, "the link it comes from is too slow"],
  ["line", "s", "the line to the screens is too slow"],
  ["screen", "s", "the Wi-Fi of Jury is too slow"],
  ["screen", "gone", "the network is too slow"],
])) {
  test(`it will not be safe because of the ${reason} (${screen})`, () => {
    const hopeless = exhibit({ safe_never: true, safe_reason: reason, safe_screen: screen });
    assert.deepEqual(safety(hopeless, true, 0, screens), { text: `not safe on this line: ${words}`, tone: "stop" });
  });
}

test("how long it holds is said while it is not safe", () => {
  assert.equal(holding(exhibit({ holds: 42.7 })), "holds for 42 s");
  assert.equal(holding(exhibit({ holds: 0.3 })), "may stop at any moment");
  assert.equal(holding(exhibit({ safe: true, holds: 42 })), "");
  assert.equal(holding(exhibit({})), "");
});

test("why it was not played", () => {
  assert.equal(
    unsafe(exhibit({ safe_at: AT, holds: 12 }), 0, screens),
    "JM/1 is not played yet: it would play for about 12 s and then stop. Safe at 10:42.",
  );
  assert.equal(unsafe(exhibit({ holds: 0 }), 0, screens), "JM/1 is not played yet: it would stop at once. Not safe yet.");
  assert.equal(
    unsafe(exhibit({ safe_never: true, safe_reason: "screen", safe_screen: "s" }), 0, screens),
    "JM/1 is not played yet: it would stop before its end. Not safe on this line: the Wi-Fi of Jury is too slow.",
  );
});
