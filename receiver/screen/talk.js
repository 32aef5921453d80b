/**
 * The page's talk with the presenter: which path is in use, what is said over it and when, and which stage of all that
 * come is carried out. Pure: its clock, its timers and its store are given to it.
 */

import { RoomClock, untilPing } from "../../web/shared/clock.js";
import { Hello, Holdings, Ping, PROTOCOL, Report, ToScreen } from "../../web/shared/wire.js";
import { Assembler } from "./chunks.js";
import { Junction } from "./junction.js";
import { Padding } from "./padding.js";
import { Pace, Rate } from "./report.js";
import { Stagehand, wanted } from "./stagehand.js";
import { coming } from "./turns.js";

/** @typedef {import("../../web/shared/wire.js").Stage} Stage */
/** @typedef {import("./chunks.js").Whole} Whole */
/** @typedef {import("./junction.js").Path} Path */
/** @typedef {import("./vault.js").Vault} Vault */

/** Seconds that a stage waits for the room clock: a path on which no ping comes back still shows what it is told. */
const CLOCK_WITHIN = 1;
/** Seconds that the first word of what is held waits for what is on the disk; the presenter waits a little longer. */
const DISK_WITHIN = 1.5;
/** Of a long day they are long, and change with all that comes: bytes a second, and seconds between two at most. The
 * presenter waits 1.5 s for what it sent to be named. */
const HOLDINGS = { rate: 100_000, most: 0.75 };
/** Seconds of a clip that the store is told of beforehand: as far as it brings anything from the disk. */
const FORESEEN = 60;
/** Pings that are waited for at a time. */
const PINGS_MOST = 32;

/**
 * @typedef {object} Given
 * @property {Vault} vault
 * @property {string} build
 * @property {string[]} plays                              MIME types that play here
 * @property {() => number} now                            own clock, seconds; it only goes forward
 * @property {(seconds: number, call: () => void) => void} later
 * @property {Promise<unknown>} [opening]                  settled once it is known what is on the disk, or that there is none
 * @property {(stage: Stage) => void} perform              this is to be carried out now
 * @property {() => void} onpath                           another path is in use, or none
 * @property {() => void} onword                           the presenter said something that a report may answer
 * @property {(ask: import("../../web/shared/wire.js").Ask, path: Path) => void} onask  what this screen can do
 * @property {(words: import("../../web/shared/wire.js").Words) => void} [onwords]  a part of some subtitles
 * @property {(where: string, error: unknown) => void} mention  a message made no sense
 */

export class Talk {
  clock = new RoomClock();
  rate = new Rate();
  /** In use. @type {Path | null} */
  path = null;
  /** There was one. */
  met = false;
  /** When the presenter last said something over it: seconds of the own clock. */
  heard = -Infinity;
  /** What came of padding on this path. */
  padding = new Padding();
  /** The presenter on this path speaks another version. */
  foreign = false;
  #stagehand = new Stagehand();
  /** What comes over each path: one that is tried and called off takes nothing from the other. @type {WeakMap<Path, Assembler>} */
  #assemblers = new WeakMap();
  #pace = new Pace();
  /** Objects that came whole and are being verified. @type {Set<Promise<void>>} */
  #taking = new Set();
  /** Version of the store that was told; Infinity until what came over an older path is counted. */
  #toldHoldings = -1;
  /** What it holds is not said again before: seconds. */
  #holdingsAfter = 0;
  /** Pings that were not answered yet: when each left. @type {Map<number, number>} */
  #pings = new Map();
  #pingId = 0;
  #ended = false;

  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    this.junction = new Junction({
      onopen: (path) => this.#begin(path),
      onclose: () => {
        this.path = null;
        given.onpath();
      },
    });
  }

  /** The stage that is carried out; null while none came. */
  get applied() {
    return this.#stagehand.applied;
  }

  /** A picture is up, blanked or not. */
  get on() {
    return this.#stagehand.on;
  }

  /** Another page is this screen now: nothing is to be done here any more, whoever may still reach this one. */
  end() {
    this.#ended = true;
    this.given.perform(this.#stagehand.end());
  }

  /** The room clock was measured on the path in use. */
  get timed() {
    return this.#stagehand.isTimed;
  }

  /** How wrong the room clock may be, seconds; null while nothing is known of it. */
  get doubt() {
    return this.clock.known ? this.clock.uncertainty(this.given.now()) : null;
  }

  /** The room clock now, seconds. */
  room() {
    return this.clock.at(this.given.now());
  }

  /** Tells the store where the playheads are: to be called a few times a second. */
  aim() {
    const { shown, cue } = this.applied ?? { shown: null, cue: null };
    const now = this.room();
    const [one, other] = [shown, cue].map(
      (scene) => scene && {
        rendition: scene.rendition, media: wanted(scene, now), detail: scene.detail, turns: coming(scene, now, FORESEEN),
      },
    );
    this.given.vault.focus(one, other);
  }

  // What comes

  /** @param {Path} path */
  opened(path) {
    if (this.#ended) path.close();
    else this.junction.opened(path);
  }

  /** @param {Path} path */
  closed(path) {
    this.junction.closed(path);
  }

  /** A message of `control`. @param {string} text @param {Path} from */
  hear(text, from) {
    const used = this.junction.heard(from);
    if (used) this.heard = this.given.now();
    try {
      const message = ToScreen.parse(text);
      if (used) this.#obey(message);
      // The presenter may not know yet that there is a newer path: what it takes down goes down.
      else if (message.type === "stage" && message.blank) this.#perform(this.#stagehand.blacken());
    } catch (error) {
      this.given.mention("control", error);
    }
  }

  /** A message of `media`; resolved once it is taken. @param {ArrayBuffer} message @param {Path} from */
  async take(message, from) {
    const now = this.given.now();
    this.rate.add(message.byteLength, now);
    if (from === this.path && this.padding.add(message, now)) return;
    const assembler = this.#assemblers.get(from) ?? new Assembler();
    this.#assemblers.set(from, assembler);
    const whole = assembler.add(message);
    if (whole === null) return;
    const taken = this.#store(whole);
    this.#taking.add(taken);
    await taken;
    this.#taking.delete(taken);
  }

  // What goes

  /**
   * What the screen says of itself.
   * @param {import("./face.js").State & {card?: boolean, words?: Record<string, number>}} state  of what is on the display
   */
  report(state) {
    const { applied, clock } = this;
    const sound = applied?.sound ?? false;
    const scene = applied?.shown ?? applied?.cue ?? null;
    return Report.make({
      ...state,
      revision: applied?.revision ?? 0,
      held: scene === null ? [] : this.given.vault.held(scene.rendition, { sound }),
      clock_offset: clock.offset,
      clock_uncertainty: this.doubt,
      rtt: clock.rtt,
      rate_kbit: this.rate.value(this.given.now()),
      problem: this.foreign ? "screen-protocol" : state.problem,
    });
  }

  /** Sends that, where it is due. @param {Report} report */
  tell(report) {
    if (this.path !== null && this.#pace.due(report, this.given.now())) this.path.send(JSON.stringify(report));
  }

  /** Sends what the store holds, where that has changed: to be called a few times a second. */
  tellHoldings() {
    const { vault } = this.given;
    if (this.path === null || this.#toldHoldings === Infinity || this.#toldHoldings === vault.version) return;
    if (this.#toldHoldings >= 0 && this.given.now() < this.#holdingsAfter) return;
    this.#toldHoldings = vault.version;
    const said = JSON.stringify(Holdings.make(vault.holdings()));
    this.#holdingsAfter = this.given.now() + Math.min(HOLDINGS.most, said.length / HOLDINGS.rate);
    this.path.send(said);
  }

  /** Says what this page is: at first, and when it takes more or less than before. */
  greet() {
    const { vault, build, plays } = this.given;
    const hello = { protocol: PROTOCOL, build, budget: vault.budget, disk: vault.disk, plays, subtitles: this.given.onwords !== undefined };
    this.path?.send(JSON.stringify(Hello.make(hello)));
  }

  /** @param {Path} path */
  #begin(path) {
    const { later, onpath } = this.given;
    this.path = path;
    this.met = true;
    this.heard = this.given.now();
    this.foreign = false;
    this.padding = new Padding();
    this.#pace.reset();
    this.#stagehand.begin(path);
    this.#toldHoldings = Infinity;
    this.greet();
    void this.#settled(path);
    this.#beat(path);
    later(CLOCK_WITHIN, () => path === this.path && this.#perform(this.#stagehand.timed()));
    onpath();
  }

  /** What came over an older path is counted as held before a new one begins to send. @param {Path} on */
  async #settled(on) {
    await Promise.all(this.#taking);
    const { opening, later } = this.given;
    if (opening !== undefined) await Promise.race([opening, new Promise((resolve) => later(DISK_WITHIN, () => resolve(null)))]);
    if (this.path !== on) return;
    this.#toldHoldings = -1;
    this.tellHoldings();
  }

  /** Measures the room clock as long as the path is in use. @param {Path} on @param {number} [count] */
  #beat(on, count = 0) {
    if (this.path !== on) return;
    if (count === 0) this.#pings.clear();
    this.#pingId += 1;
    this.#pings.set(this.#pingId, this.given.now());
    this.#pings.delete(this.#pingId - PINGS_MOST);
    on.send(JSON.stringify(Ping.make({ id: this.#pingId })));
    this.given.later(untilPing(count), () => this.#beat(on, count + 1));
  }

  /** @param {import("../../web/shared/wire.js").ToScreen} message */
  #obey(message) {
    if (message.type === "pong") {
      const sent = this.#pings.get(message.id);
      this.#pings.delete(message.id);
      if (sent === undefined) return;
      const { received, sent: replied } = message;
      const counted = this.clock.add({ sent, received, replied, got: this.given.now() });
      if (counted && !this.#stagehand.isTimed) this.#perform(this.#stagehand.timed());
    } else if (message.type === "welcome") {
      this.foreign = message.protocol !== PROTOCOL;
      this.given.onword();
    } else if (message.type === "ask") {
      if (this.path !== null) this.given.onask(message, this.path);
    } else if (message.type === "words") {
      this.given.onwords?.(message);
    } else if (message.type === "day") {
      if (!this.foreign) this.given.vault.order(message.wanted);
    } else if (message.type === "stage" && !this.foreign) this.#perform(this.#stagehand.take(message));
  }

  /** @param {Stage | null} stage */
  #perform(stage) {
    if (stage !== null) this.given.perform(stage);
  }

  /** @param {Whole} whole */
  async #store(whole) {
    try {
      await this.given.vault.take(whole);
    } catch (error) {
      this.given.mention("media", error);
    }
  }
}
