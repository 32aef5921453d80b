/**
 * The frame of the page: who is connected, the blank in its corner, the sentence at the bottom, notices, the list of keys.
 * Edge: the page.
 */

import { make, setAttribute, setHidden, setText, setTone, the } from "./dom.js";
import { TABLE } from "./keys.js";
import { gist } from "./say.js";
import { LINKS } from "./room.js";

/** Seconds that a notice stays where nothing else happens. Long: it is read by somebody who looks at a witness. */
const NOTICE = 12;

/** Milliseconds within which a click belongs to the finger that came down. */
const CLICK = 700;

/** @typedef {import("./room.js").View} View */
/** @typedef {import("./room.js").Link} Link */

export class Frame {
  /** @param {HTMLElement} root @param {{blank: () => void}} acts */
  constructor(root, acts) {
    this.root = root;
    this.doc = root.ownerDocument;
    this.blank = the(root, "#blank");
    this.blankLabel = the(root, "#blank-label");
    this.say = the(root, "#say");
    this.notice = the(root, "#notice");
    this.help = /** @type {HTMLDialogElement} */ (the(root, "#help"));
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.said = "";
    // On pointerdown: the quickest there is. The click that belongs to it says nothing new; one without it does.
    let down = -Infinity;
    this.blank.addEventListener("pointerdown", (event) => {
      down = event.timeStamp;
      acts.blank();
    });
    this.blank.addEventListener("click", (event) => {
      if (event.timeStamp - down > CLICK) acts.blank();
    });
    the(root, "#help-open").addEventListener("click", () => this.openHelp());
    the(root, "#help-close").addEventListener("click", () => this.help.close());
    the(root, "#help-rows").append(
      ...TABLE.filter(({ says }) => says !== "").map(({ shown, says }) => make(this.doc, "tr", {}, make(this.doc, "td", {}, make(this.doc, "kbd", {}, shown)), make(this.doc, "td", {}, says))),
    );
  }

  openHelp() {
    // Not modal: a modal one would keep fingers from the blank.
    if (!this.help.open) this.help.show();
  }

  closeHelp() {
    if (this.help.open) this.help.close();
  }

  /**
   * One sentence, and where it helps one thing to do about it.
   * @param {string} text empty: none
   * @param {"wait" | "stop" | "quiet"} [tone]
   * @param {{label: string, act: () => void} | null} [offer]
   */
  tell(text, tone = "wait", offer = null) {
    clearTimeout(this.timer);
    setTone(this.notice, tone);
    this.notice.replaceChildren();
    if (text === "") return;
    const close = make(this.doc, "button", { type: "button", class: "plain small" }, "Close");
    close.addEventListener("click", () => this.tell(""));
    this.notice.append(make(this.doc, "p", {}, text));
    if (offer !== null) {
      const button = make(this.doc, "button", { type: "button", class: "main small" }, offer.label);
      button.addEventListener("click", () => {
        this.tell("");
        offer.act();
      });
      this.notice.append(button);
    }
    this.notice.append(close);
    this.timer = setTimeout(() => this.tell(""), NOTICE * 1000);
  }

  /** @param {string} text what the blank button says */
  blanking(text) {
    setText(this.blankLabel, text);
  }

  /** The notice that says that a blank is not through yet has had its time. */
  blanked() {
    if (this.notice.dataset.tone === "stop") this.tell("");
  }

  /** The connection, which is known even before the room is. @param {Link} link */
  link(link) {
    setAttribute(this.doc.documentElement, "data-live", link === "live" ? "yes" : "no");
    const pill = the(this.root, "#link-pill");
    setText(pill, LINKS[link].text);
    setTone(pill, LINKS[link].tone);
    setAttribute(pill, "data-link", link);
  }

  /** @param {View} view @param {Link} link @param {string} clock */
  show(view, link, clock) {
    this.link(link);
    setAttribute(this.doc.documentElement, "data-role", view.watching ? "viewer" : view.clerk ? "clerk" : "advocate");
    setAttribute(this.doc.documentElement, "data-start", view.start ? "" : null);
    setText(the(this.root, "#role"), view.role);
    const pill = the(this.root, "#screens-pill");
    setHidden(pill, view.tiles.length === 0);
    setText(pill, view.screensPill.text);
    setTone(pill, view.screensPill.tone);
    setHidden(this.blank, view.watching);
    setText(the(this.root, "#say-clock"), clock);
    this.sentence(view, link);
  }

  /** @param {View} view @param {Link} link */
  sentence(view, link) {
    if (link !== "live") {
      const words = "Reconnecting. What stands here may be old; only the blank works until then.";
      setAttribute(the(this.root, "#say-dot"), "data-look", "unsure");
      if (this.said !== words) this.say.replaceChildren(words);
      this.said = words;
      return;
    }
    setAttribute(the(this.root, "#say-dot"), "data-look", view.sentence.look);
    const words = gist(view.sentence);
    const times = view.sentence.parts.filter((part) => part.as === "time");
    if (words === this.said) {
      this.say.querySelectorAll("[data-time]").forEach((node, i) => setText(node, times[i]?.text ?? ""));
      return;
    }
    this.said = words;
    this.say.replaceChildren(
      ...view.sentence.parts.map(({ text, as }) => {
        if (as === "ref") return make(this.doc, "b", {}, text);
        // What runs with the clock is not read out each second.
        if (as === "time") return make(this.doc, "span", { "data-time": "", "aria-live": "off" }, text);
        return text;
      }),
    );
  }
}
