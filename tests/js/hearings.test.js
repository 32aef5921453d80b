/** Hearings, lists, bundles, and what people say of an exhibit, in words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { aboutOf, clockTyped, lengthTyped, marksOf, spoken } from "../../web/remote/about.js";
import { bundleWords, calledOf, dayWords, entriesOf, keyWords, listView, takingView, titleOf } from "../../web/remote/hearings.js";
import { Librarian } from "../../web/remote/librarian.js";
import { BundleReport, Exhibit, Hearing, Listing, Taking } from "../../web/shared/wire.js";

const hearing = (/** @type {object} */ more) => Hearing.read({ id: "h", ...more });
const exhibit = (/** @type {object} */ more) => Exhibit.read({ id: "e", ref: "JM/4", title: "Door", ...more });

test("the title says which hearing is open", () => {
  const open = hearing({ case: "R v Example", court: "Court 4", day: "2026-11-30", open: true });
  assert.deepEqual(titleOf([hearing({ case: "Other" }), open]), { name: "R v Example", rest: "Court 4 · 30 November 2026" });
  assert.deepEqual(titleOf([hearing({ court: "Court 4", open: true })]), { name: "Court 4", rest: "" });
  assert.deepEqual([titleOf([]), titleOf([hearing({ open: true })])], [{ name: "Courtcast", rest: "" }, { name: "Courtcast", rest: "" }]);
  assert.equal(dayWords("2026-13-01"), "2026-13-01");
  assert.equal(calledOf(hearing({})), "Hearing without a name");
});

test("the open one comes first, and only an empty one that is not open can go", () => {
  const all = entriesOf([
    hearing({ id: "a", case: "A", day: "2026-01-02", exhibits: 1, bytes: 5e6 }),
    hearing({ id: "b", case: "B", day: "2026-02-02" }),
    hearing({ id: "c", case: "C", open: true }),
  ]);
  assert.deepEqual(all.map(({ id, canOpen, canRemove }) => [id, canOpen, canRemove]), [["c", false, false], ["b", true, true], ["a", true, false]]);
  assert.deepEqual(all.map(({ holds }) => holds), ["nothing in it yet", "nothing in it yet", "1 exhibit, 5.0 MB"]);
  const came = entriesOf([hearing({ court: "Court 2", came: "3fa2".repeat(16) })])[0];
  assert.deepEqual([came?.name, came?.where, came?.came], ["Court 2", "", "Came in a bundle, signed with the key 3fa2 3fa2 3fa2 3fa2 …"]);
});

test("what a list would do, and which lines have to be mended", () => {
  const rows = [
    { line: 2, ref: "JM/1", title: "Door", url: "https://a.example/b" },
    { line: 3, ref: "JM/2", known: "e2" },
    { line: 4, ref: "JM/3" },
  ];
  const good = listView(Listing.read({ rows, adds: 2, changes: 1, problems: 0 }));
  assert.equal(good.sum, "It adds 2 exhibits and changes 1 exhibit.");
  assert.deepEqual(good.rows.map(({ line, does }) => `${line} ${does}`), ["2 is added", "3 is changed", "4 is added, without a link"]);
  assert.equal(good.act, "Do this");
  const guessed = listView({ ...Listing.read({ rows, adds: 2, changes: 0, problems: 0 }), note: "It was read as Windows-1252." });
  assert.equal(guessed.sum, "It adds 2 exhibits. It was read as Windows-1252.");
  const bad = listView(Listing.read({ rows: [...rows, { line: 7, ref: "JM/1", problem: "The reference JM/1 stands in line 2 already." }], adds: 2, changes: 1, problems: 1 }));
  assert.deepEqual(bad.problems, ["Line 7: The reference JM/1 stands in line 2 already."]);
  assert.match(bad.sum, /^1 line cannot be taken\. Mend it .* as a whole, or not at all\.$/u);
  assert.equal(bad.act, null);
  assert.equal(listView(Listing.read({ rows: [], adds: 0, changes: 0, problems: 0 })).act, null);
});

test("of a bundle it is said what was checked, and whose key it is", () => {
  const report = BundleReport.read({ hearing: "h", key: "0123456789abcdef".repeat(4), exhibits: 3, bytes: 4.8e7, known: ["JM/4"] });
  const words = bundleWords(report, "R v Marlow");
  assert.match(words, /^R v Marlow was taken in: 3 exhibits, 48\.0 MB\. Every file was read .* signed\. The key that signed it: 0123 4567 89ab cdef … /u);
  assert.match(words, /JM\/4 was here already, the very same file\.$/u);
  assert.equal(keyWords("ab"), "ab");
});

test("a bundle that was not taken in says why, and that nothing of it was", () => {
  const taking = (/** @type {object} */ more) => takingView(Taking.read({ id: "u1", name: "case.zip", ...more }), "");
  assert.deepEqual(taking({ state: "cancelled" }), { id: "", says: "case.zip: It was called off. Nothing of it was taken in.", tone: "quiet", part: null });
  const failed = taking({ state: "failed", problem: { type: "bundle-damaged", detail: "A file is not the one that was sealed." } });
  assert.deepEqual([failed.says, failed.tone], ["case.zip: A file is not the one that was sealed.", "stop"]);
  assert.equal(taking({ state: "checking" }).id, "u1");
});

test("a clock's error is written as it was typed, and read as people write it", () => {
  for (const [text, seconds] of /** @type {const} */ ([
    ["2 min 3 s", 123], ["2:03", 123], ["123", 123], ["1 h", 3600], ["1 day 2 h 0.5 s", 93600.5], ["2min", 120], ["1,5 s", 1.5], ["0", 0],
    ["", null], ["soon", null], ["-3", null], ["2 min ahead", null], ["99999 d", null],
  ])) {
    assert.equal(lengthTyped(text), seconds, text);
    if (seconds !== null) assert.equal(lengthTyped(spoken(seconds)), seconds, spoken(seconds));
  }
  assert.deepEqual(clockTyped({ clock: "2:03", behind: true, declared: " PC Smith " }), { clock: { error: -123, declared: "PC Smith" } });
  assert.deepEqual(clockTyped({ clock: "0", behind: true, declared: "" }), { clock: { error: 0, declared: "" } });
  assert.deepEqual(clockTyped({ clock: " ", behind: false, declared: "" }), { clock: null });
  assert.ok("problem" in clockTyped({ clock: "", behind: false, declared: "PC Smith" }));
  assert.ok("problem" in clockTyped({ clock: "about two", behind: false, declared: "" }));
});

test("what is said of an exhibit, and marked in the list", () => {
  const one = exhibit({ evidential: false, camera_clock: { error: -61, declared: "PC Smith" }, same_as: ["f", "gone"], clips: [] });
  const about = aboutOf(one, [one, exhibit({ id: "f", ref: "JM/5" })]);
  assert.equal(about.says, "The clock in the picture is 1 min 1 s behind, declared by PC Smith.");
  assert.equal(about.same, "Same file as JM/5 and 1 exhibit of another hearing.");
  assert.deepEqual([about.clock, about.behind], ["1 min 1 s", true]);
  assert.deepEqual(marksOf(one), ["not evidence", "clock 1 min 1 s behind"]);
  assert.deepEqual(marksOf(exhibit({})), []);
  assert.equal(aboutOf(exhibit({ camera_clock: { error: 0 } }), []).says, "The clock in the picture is right.");
});

test("hearings are asked for when they may be others, and not with every event", async () => {
  /** @type {string[]} */
  const calls = [];
  const api = {
    call: async (/** @type {string} */ method, /** @type {string} */ path) => {
      calls.push(`${method} ${path}`);
      if (path === "hearings") return [{ id: "h1", open: true }];
      if (path === "bundles" && method === "POST") return { id: "u1", name: "case.zip", state: "checking" };
      if (path !== "bundles/u1") return {};
      looks += 1;
      if (looks === 2) throw Object.assign(new Error(), { status: 0 });
      if (looks < 4) return { id: "u1", name: "case.zip", state: "checking", done: looks * 1e6, bytes: 5e6 };
      return { id: "u1", name: "case.zip", state: "done", report: { hearing: "h1", key: "ab", exhibits: 1, bytes: 1 } };
    },
  };
  const librarian = new Librarian(api, async () => {});
  let looks = 0;
  const model = (/** @type {string} */ id) => /** @type {import("../../web/remote/model.js").Model} */ (/** @type {unknown} */ ({ hearing: "h1", exhibits: [exhibit({ id })] }));
  librarian.look(model("a"));
  librarian.look(model("a"));
  librarian.look(model("b"));
  assert.deepEqual(calls, ["GET hearings", "GET hearings"]);
  await librarian.acts.open("h/2");
  assert.deepEqual(calls.slice(2), ["POST hearings/h%2F2/open", "GET hearings"]);
  /** @type {string[]} */
  const said = [];
  librarian.onbundle = ({ says, tone, part }) => said.push(`${tone} ${part}: ${says}`);
  await librarian.take({ name: "case.zip", upload: "u1" });
  assert.deepEqual(said.slice(0, 2), ["quiet 0: case.zip is being checked: its seal is read.", "quiet 0.2: case.zip is being checked: 1.0 MB of 5.0 MB are the very files that were sealed."]);
  assert.match(said[said.length - 1] ?? "", /^good null: Hearing without a name was taken in: 1 exhibit/u);
});
