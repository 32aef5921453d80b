/**
 * The screen's pages as a program: the real modules in a browser without a display, several pages side by side, in
 * virtual time. A JSON message in each line: a slice of time with what arrives in it, answered by what the pages said and
 * what was to be seen on them.
 */

import { createInterface } from "node:readline";

import { advance, clock, Element, install, Realm, restart, task } from "./browser.js";

install();
const ROOT = process.argv[2] ?? "../../receiver/screen";
const { Display } = await import(`${ROOT}/display.js`);
const { LeafPlayer } = await import(`${ROOT}/leafplayer.js`);
const { Mse } = await import(`${ROOT}/mse.js`);
const { Picture } = await import(`${ROOT}/picture.js`);
const { Player } = await import(`${ROOT}/player.js`);
const { Projector } = await import(`${ROOT}/projector.js`);
const { Talk } = await import(`${ROOT}/talk.js`);
const { Vault } = await import(`${ROOT}/vault.js`);
const { Voices } = await import(`${ROOT}/voices.js`);

/** As main.js has it, milliseconds. */
const TICK = 250, SOON = 30;

/** What happened, in order: [what, when, page, …]. @type {unknown[][]} */
let out = [];
/** @type {Map<number, Page>} */
const pages = new Map();
const seconds = () => clock() / 1000;

/** What main.js wires, but for the card, the receiver's line and the small pictures. */
class Page {
  root = new Element();
  /** @type {Map<number, {send: (text: string) => boolean, buffered: number, close: () => void}>} */
  paths = new Map();
  #seen = "";
  #soon = 0;

  /** @param {number} id @param {Realm} realm @param {{budget: number, quota: number | null}} how */
  constructor(id, realm, { budget, quota }) {
    this.id = id;
    this.realm = realm;
    this.realm.quota = quota ?? Infinity;
    this.realm.onturn = () => this.#look();
    this.realm.onerror = (error) => this.fault("uncaught", error);
    const now = () => performance.now() / 1000;
    this.vault = new Vault({ budget });
    this.picture = new Picture(/** @type {any} */ (this.root), this.vault, { now: () => this.talk.room() }, {
      Player, LeafPlayer, Mse, Projector, Display, Voices,
    });
    this.talk = new Talk({
      vault: this.vault, build: "", plays: [], now,
      later: (/** @type {number} */ after, /** @type {() => void} */ call) => void setTimeout(call, after * 1000),
      perform: (/** @type {any} */ stage) => {
        this.picture.apply(stage);
        this.talk.aim();
        out.push(["applied", seconds(), id, stage.revision]);
        this.tell();
      },
      onpath: () => this.tell(),
      onword: () => this.tell(),
      mention: (/** @type {string} */ where, /** @type {unknown} */ error) => this.fault(where, error),
    });
    this.picture.onchange = () => {
      this.tell();
      clearTimeout(this.#soon);
      this.#soon = /** @type {any} */ (setTimeout(() => this.tell(), SOON));
    };
    setInterval(() => {
      this.talk.aim();
      this.tell();
      this.talk.tellHoldings();
    }, TICK);
  }

  tell() {
    this.talk.tell(this.talk.report(this.picture.state()));
  }

  /** @param {string} where @param {unknown} error */
  fault(where, error) {
    out.push(["fault", seconds(), this.id, where, error instanceof Error ? error.stack : String(error)]);
  }

  /** @param {number} number */
  open(number) {
    const path = {
      buffered: 0,
      send: (/** @type {string} */ text) => {
        if (!this.paths.has(number)) return false;
        out.push(["said", seconds(), this.id, number, text]);
        return true;
      },
      close: () => {
        if (!this.paths.delete(number)) return;
        out.push(["closed", seconds(), this.id, number]);
        this.talk.closed(path);
      },
    };
    this.paths.set(number, path);
    this.talk.opened(path);
  }

  /** @param {any} event */
  take({ type, path: number, text, data, on, order }) {
    const path = this.paths.get(number);
    if (type === "open") this.open(number);
    else if (type === "hidden") {
      this.realm.hidden = on;
      if (!on) for (const one of this.root.children) if ("reveal" in one) /** @type {any} */ (one).reveal();
    } else if (type === "quota") this.realm.quota = on ?? Infinity;
    else if (type === "replaced") {
      out.push(["replaced", seconds(), this.id]);
      for (const one of [...this.paths.values()]) one.close();
      this.talk.end();
    } else if (path === undefined) return;
    else if (type === "control") {
      if (typeof order === "number") out.push(["heard", seconds(), this.id, order]);
      this.talk.hear(text, path);
    } else if (type === "media") {
      const bytes = Buffer.from(data, "base64");
      void this.talk.take(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), path);
    } else if (type === "close") {
      this.paths.delete(number);
      this.talk.closed(path);
    }
  }

  /** What a person before the display sees and hears. */
  #look() {
    const videos = /** @type {any[]} */ (this.root.children.filter((one) => one.tag === "video"));
    const cover = this.root.children.find((one) => one.tag === "div");
    const up = videos.filter((video) => video.style.opacity === "1")
      .sort((a, b) => Number(b.style.zIndex) - Number(a.style.zIndex))[0];
    const picture = cover?.style.display === "none" ? (up?.picture ?? null) : null;
    const loud = videos.some((video) => !video.muted && !video.paused && video.volume > 0);
    const mark = this.root.children.some((one) => one.tag === "p" && one.style.display === "block");
    const seen = [picture && [picture.rendition, picture.number], loud, mark];
    const said = JSON.stringify(seen);
    if (said === this.#seen) return;
    this.#seen = said;
    out.push(["seen", seconds(), this.id, ...seen]);
  }
}

/** @param {any} event */
const happen = async (event) => {
  if (event.type === "page") {
    const realm = new Realm();
    await task(realm, () => void pages.set(event.page, new Page(event.page, realm, event)));
  } else if (event.type === "end") {
    pages.get(event.page)?.realm.end();
    pages.delete(event.page);
  } else {
    const page = pages.get(event.page);
    if (page) await task(page.realm, () => page.take(event));
  }
};

/** @param {any} message */
const answer = async (message) => {
  if (message.restart) {
    for (const page of pages.values()) page.realm.end();
    pages.clear();
    restart();
  }
  out = [];
  for (const event of message.events ?? []) {
    await advance(event.at * 1000);
    try {
      await happen(event);
    } catch (error) {
      out.push(["fault", seconds(), event.page, event.type, error instanceof Error ? error.stack : String(error)]);
    }
  }
  if (message.to !== undefined) await advance(message.to * 1000);
  return out;
};

console.error = (...words) => void out.push(["fault", seconds(), -1, "console", words.map(String).join(" ")]);
for await (const line of createInterface({ input: process.stdin })) {
  try {
    await answer(JSON.parse(line));
  } catch (error) {
    out.push(["fault", seconds(), -1, "program", error instanceof Error ? error.stack : String(error)]);
  }
  process.stdout.write(`${JSON.stringify(out)}\n`);
}
