/**
 * The two pictures, their one large button each, and the controls that move each of them. Edge: the page.
 *
 * What a button does is decided from what stood on it when the finger came down (see steady.js), never from what the
 * room has become by the time it lifts.
 */

import { can, follow, leaveFocus, make, setAttribute, setCan, setHidden, setText, setTone, setValue, the } from "./dom.js";
import { secondsOf } from "./entry.js";
import { Steady } from "./steady.js";
import { capital } from "./words.js";

/** @typedef {import("./room.js").View} View */
/** @typedef {import("./room.js").Side} Side */
/** @typedef {import("./backdrop.js").Pictures} Pictures */
/** @typedef {{show(bar: import("./room.js").Bar, acting: boolean): void}} Bar */
/** @typedef {{show(side: Side, acting: boolean): void}} Pages */
/** @typedef {{show(zoom: import("./room.js").Zoom): void, readonly standsIn: boolean}} Pad */

/**
 * @typedef {object} Acts
 * @property {() => void} show
 * @property {() => void} unsettled a press came while the button had just changed its meaning
 * @property {() => void} down
 * @property {(act: "play" | "pause") => void} transport
 * @property {(seconds: number) => void} liveBy
 * @property {(frames: number) => void} liveStep
 * @property {(move: {seconds?: number, frames?: number}) => void} readyBy
 * @property {(to: number) => void} readyTo
 * @property {(level: number) => void} volume
 * @property {(rate: number) => void} rate
 * @property {(zones: string[]) => void} zones those that will see it
 */

/** Seconds for which the sound's slider gathers movements before it says them: the level follows the finger. */
const GATHER = 0.1;

export class Desk {
  /**
   * @param {HTMLElement} root
   * @param {Pictures} images
   * @param {{ready: Bar, live: Bar}} bars
   * @param {{ready: Pages, live: Pages}} pages
   * @param {Pad} pad
   * @param {Acts} acts
   * @param {() => number} now seconds, this page's clock
   */
  constructor(root, images, bars, pages, pad, acts, now) {
    this.root = root;
    this.images = images;
    this.bars = bars;
    this.pad = pad;
    this.pages = pages;
    this.acts = acts;
    this.now = now;
    this.button = /** @type {HTMLButtonElement} */ (the(root, "#show"));
    this.label = the(root, "#show-label");
    this.down = the(root, "#down");
    this.play = the(root, "#play");
    this.volume = /** @type {HTMLInputElement} */ (the(root, "#volume"));
    this.speed = /** @type {HTMLSelectElement} */ (the(root, "#speed"));
    this.zones = the(root, "#zones");
    this.chipList = the(root, "#chips");
    this.readyTo = /** @type {HTMLInputElement} */ (the(root, "#ready-to"));
    this.steady = new Steady();
    /** What play would play: what this remote has put up itself counts at once. */
    this.player = new Steady();
    /** @type {string | null} */
    this.mine = null;
    /** @type {string | null} */
    this.ready = null;
    /** @type {Map<string, HTMLElement>} */
    this.chips = new Map();
    /** @type {"play" | "pause"} what the play button says */
    this.saying = "play";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.listen();
  }

  listen() {
    const { acts, button, steady } = this;
    button.addEventListener("pointerdown", () => steady.press(this.now()));
    button.addEventListener("keydown", (event) => {
      if ((event.key === "Enter" || event.key === " ") && !event.repeat) steady.press(this.now());
      // A key that is held down is one press.
      else if (event.repeat) event.preventDefault();
    });
    button.addEventListener("click", () => this.pressShow());
    this.down.addEventListener("click", () => can(this.down) && acts.down());
    this.play.addEventListener("pointerdown", () => this.player.press(this.now()));
    this.play.addEventListener("click", () => this.keyToggle());
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("#live-keys button[data-move], #live-keys button[data-frames]"))) {
      node.addEventListener("click", () => {
        if (!can(node)) return;
        if (node.dataset.move !== undefined) acts.liveBy(Number(node.dataset.move));
        else acts.liveStep(Number(node.dataset.frames));
      });
    }
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll("#ready-keys > button"))) {
      node.addEventListener("click", () => {
        if (!can(node)) return;
        acts.readyBy(node.dataset.move === undefined ? { frames: Number(node.dataset.frames) } : { seconds: Number(node.dataset.move) });
      });
    }
    the(this.root, "#ready-go").addEventListener("submit", (event) => {
      event.preventDefault();
      const to = secondsOf(this.readyTo.value);
      setAttribute(this.readyTo, "aria-invalid", to === null ? "true" : null);
      if (to === null || !can(this.readyTo)) return this.readyTo.select();
      acts.readyTo(to);
      this.readyTo.value = "";
    });
    this.volume.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => acts.volume(Number(this.volume.value) / 100), GATHER * 1000);
    });
    this.volume.addEventListener("change", () => {
      clearTimeout(this.timer);
      acts.volume(Number(this.volume.value) / 100);
    });
    this.speed.addEventListener("change", () => acts.rate(Number(this.speed.value)));
    for (const node of this.root.querySelectorAll("#live-keys button, #ready-keys > button, #down, #show")) leaveFocus(node);
  }

  /** The key for it, or the button. */
  pressShow() {
    const does = can(this.button) ? this.steady.release(this.now()) : "nothing";
    if (does === "act") {
      this.mine = this.ready;
      this.acts.show();
    } else if (does === "unsettled") this.acts.unsettled();
  }

  /** A key elsewhere on the page. */
  keyShow() {
    this.steady.press(this.now());
    this.pressShow();
  }

  /** Pausing is always meant; playing only what was seen to be there. */
  keyToggle() {
    if (!can(this.play)) return;
    if (this.saying === "pause" || this.player.release(this.now()) === "act") this.acts.transport(this.saying);
    else this.acts.unsettled();
  }

  /** @param {View} view */
  show(view) {
    const { ready, live, acting } = view;
    this.steady.mean(view.show.meaning, this.now());
    this.player.mean(live.exhibit?.id ?? null, this.now(), live.exhibit?.id === this.mine);
    this.ready = ready.exhibit?.id ?? null;
    setText(this.label, view.show.label);
    setCan(this.button, acting && view.show.meaning !== null);
    setAttribute(this.button, "data-new", this.steady.settled(this.now()) ? null : "");
    setText(this.down, view.down.label);
    setCan(this.down, acting && view.down.can);
    setText(this.play, view.play.label);
    this.saying = view.play.act;
    setCan(this.play, acting && view.play.can);
    this.side("ready", ready);
    this.side("live", live);
    for (const node of this.root.querySelectorAll("#live-keys button:not(#play)")) setCan(node, acting && live.exhibit !== null);
    for (const node of this.root.querySelectorAll("#ready-keys > button, #ready-to")) setCan(node, acting && ready.exhibit !== null);
    this.readyTo.readOnly = !acting || ready.exhibit === null;
    this.bars.ready.show(ready.bar, acting);
    this.bars.live.show(live.bar, acting);
    this.pad.show(view.zoom);
    this.pages.ready.show(ready, acting);
    this.pages.live.show(live, acting);
    setValue(this.volume, String(Math.round(view.volume * 100)));
    setAttribute(this.volume, "aria-valuetext", `${Math.round(view.volume * 100)} per cent`);
    this.volume.disabled = !acting;
    // What stands has neither a speed nor a sound.
    setHidden(the(this.root, "#tune"), live.leaf !== null);
    this.speed.disabled = !acting || live.exhibit === null;
    if ([...this.speed.options].some((option) => Number(option.value) === view.rate)) setValue(this.speed, String(view.rate));
    this.drawZones(view);
  }

  /** @param {"ready" | "live"} name @param {Side} side */
  side(name, side) {
    const part = (/** @type {string} */ id) => the(this.root, `#${name}-${id}`);
    setText(part("about"), side.about);
    setText(part("safe"), side.safe?.text ?? "");
    setTone(part("safe"), side.safe?.tone ?? "quiet");
    setAttribute(the(this.root, `#${name}`), "data-clip", side.bar.ranges.length > 0 ? "" : null);
    setText(part("time"), side.time);
    setText(part("frame"), side.frame);
    setText(part("mark"), side.mark);
    setHidden(part("mark"), side.mark === "");
    const image = /** @type {HTMLImageElement} */ (part("image"));
    // Another exhibit must not stand under this one's name, not even until its own picture is here.
    if (image.dataset.exhibit !== (side.exhibit?.id ?? "")) {
      this.images.put(image, null);
      image.dataset.exhibit = side.exhibit?.id ?? "";
    }
    // Under a finger it stays until the screens' own shows what was asked for.
    if (name !== "live" || !this.pad.standsIn) this.images.put(image, side.picture, true);
    setAttribute(image, "alt", side.alt);
    const empty = part("empty");
    const words = `${side.done}|${side.empty.join("|")}`;
    if (empty.dataset.words === words) return;
    empty.dataset.words = words;
    const doc = this.root.ownerDocument;
    if (side.empty.length < 2) empty.replaceChildren(...side.empty.map((text) => make(doc, "p", {}, text)));
    else empty.replaceChildren(make(doc, "ol", { class: "steps" }, ...side.empty.map((text, i) => make(doc, "li", i < side.done ? { "data-done": "" } : {}, text, ...(i < side.done ? [make(doc, "span", { class: "unseen" }, " Done.")] : [])))));
  }

  /** @param {View} view */
  drawZones(view) {
    setHidden(this.zones, view.zones.length === 0 || view.watching);
    setAttribute(this.zones, "data-many", view.zones.length > 3 ? "" : null);
    follow(
      this.chipList,
      this.chips,
      view.zones,
      ({ zone }) => zone,
      ({ zone }) => {
        const chip = make(this.root.ownerDocument, "button", { type: "button", class: "chip" }, capital(zone));
        chip.addEventListener("click", () => {
          if (!can(chip)) return;
          const pressed = chip.getAttribute("aria-pressed") === "true";
          const on = [...this.chips].filter(([name, node]) => (name === zone ? !pressed : node.getAttribute("aria-pressed") === "true"));
          this.acts.zones(on.map(([name]) => name));
        });
        return chip;
      },
      (chip, { on }) => {
        setAttribute(chip, "aria-pressed", String(on));
        setCan(chip, view.acting);
      },
    );
  }
}
