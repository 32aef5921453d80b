/**
 * The screen's page: makes every part once and connects them. What it does, the parts say.
 */

import { RoomClock, untilPing } from "../../web/shared/clock.js";
import {
  Able, Alive, Answer, Fault, Hello, Holdings, PageFault, PageHello, Picture as Still, Ping, PROTOCOL, Report, ToPage,
  ToScreen,
} from "../../web/shared/wire.js";
import { Agent } from "./agent.js";
import { card, Hearing, resumed } from "./card.js";
import { CardView } from "./cardview.js";
import { Assembler } from "./chunks.js";
import { Junction } from "./junction.js";
import { Mse } from "./mse.js";
import { net } from "./net.js";
import { Padding } from "./padding.js";
import { Peer } from "./peer.js";
import { Picture } from "./picture.js";
import { Player } from "./player.js";
import { ASKED } from "./plays.js";
import { Projector } from "./projector.js";
import { Relayed } from "./relayed.js";
import { base64, BLACK_JPEG, Pace, PicturePace, Rate } from "./report.js";
import { Stagehand, wanted } from "./stagehand.js";
import { cardOf } from "./testcard.js";
import { TestCardView } from "./testcardview.js";
import { Vault } from "./vault.js";

/** @typedef {import("../../web/shared/wire.js").Idle} Idle */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */
/** @typedef {import("./junction.js").Path} Path */

/** Milliseconds between two looks at everything; reports go out at this rate. */
const TICK = 250;
/** Milliseconds between two signs of life for the receiver, which gives up a page after fifteen seconds without one. */
const ALIVE_EVERY = 2000;
/** Seconds that a stage waits for the room clock: a path on which no ping comes back still shows what it is told. */
const CLOCK_WITHIN = 1;
/** Bytes of `control` that may wait before small pictures are left out. */
const CROWDED = 64 << 10;
/** Base64 characters of a small picture at most (48 KiB of JPEG). */
const STILL_MOST = 64 << 10;
const MEMORY = "courtcast.hearing";

const build = document.querySelector("script[data-build]")?.getAttribute("data-build") ?? "";
const seconds = () => performance.now() / 1000;
const wall = () => Date.now() / 1000;

const clock = new RoomClock();
const room = { now: () => clock.at(seconds()) };
const vault = new Vault({ budget: budget() });
const assembler = new Assembler();
const rate = new Rate();
const pace = new Pace();
const stillPace = new PicturePace();
const stagehand = new Stagehand();
const picture = new Picture(element("picture"), vault, room, { Player, Mse, Projector });
const cardView = new CardView(element("card"));
const testCard = new TestCardView(/** @type {HTMLCanvasElement} */ (element("testcard")));
const hearing = new Hearing(resumed(recall(), wall()));

/** In use. @type {Path | null} */
let path = null;
/** What came of it on this path. */
let padding = new Padding();
/** Objects that came whole and are being verified. @type {Set<Promise<void>>} */
const taking = new Set();
/** @type {Idle | null} */
let idle = null;
/** The presenter on this path speaks another version. */
let foreign = false;
/** Another page is this screen now. */
let replaced = false;
let toldHoldings = -1;
let stillOnItsWay = false;
let rememberedAt = -Infinity;
/** A hearing was going on then. */
let remembered = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;

// To the receiver

const receiver = new Agent(`ws://${location.host}/page${location.search}`, {
  onmessage: (text) => void guarded("receiver", () => hear(ToPage.parse(text))),
  onpiece: (piece) => relayed.take(piece),
  onstate: (open) => {
    if (!open) relayed.gone();
    if (open) receiver.send(JSON.stringify(PageHello.make({ build })));
    live();
    look();
  },
  onreplaced: () => {
    replaced = true;
    peer.close();
    relayed.close();
    perform(stagehand.end());
  },
});

/** A sign of life. It comes from this thread, so that its absence says that this thread hangs. */
const live = () => receiver.send(JSON.stringify(Alive.make({})));

/** @param {ToPage} message */
const hear = async (message) => {
  if (message.type === "idle") {
    idle = message;
    look();
  } else if (message.type !== "offer") relayed.hear(message);
  else {
    const sdp = await peer.answer(message.sdp);
    receiver.send(JSON.stringify(Answer.make({ page: message.page, sdp, number: message.number })));
  }
};

// To the presenter

const junction = new Junction({
  onopen: (opened) => {
    path = opened;
    foreign = false;
    assembler.clear();
    padding = new Padding();
    pace.reset();
    stagehand.begin();
    toldHoldings = Infinity;
    const plays = ASKED.filter((mime) => MediaSource.isTypeSupported(mime));
    opened.send(JSON.stringify(Hello.make({ protocol: PROTOCOL, build, budget: vault.budget, plays })));
    void holdingsSettled(opened);
    beat(opened);
    setTimeout(() => path === opened && perform(stagehand.timed()), CLOCK_WITHIN * 1000);
    tell();
  },
  onclose: () => {
    path = null;
    look();
  },
});

/** What both kinds of path do. */
const ends = {
  onopen: (/** @type {Path} */ opened) => junction.opened(opened),
  onclose: (/** @type {Path} */ closed) => junction.closed(closed),
  oncontrol: (/** @type {string} */ text, /** @type {Path} */ from) => {
    if (junction.heard(from)) void guarded("control", () => obey(ToScreen.parse(text)));
  },
  onmedia: async (/** @type {ArrayBuffer} */ message, /** @type {Path} */ from) => {
    if (from !== path) return;
    rate.add(message.byteLength, seconds());
    if (padding.add(message, seconds())) return;
    const whole = assembler.add(message);
    if (whole === null) return;
    const taken = guarded("media", () => vault.take(whole));
    taking.add(taken);
    await taken;
    taking.delete(taken);
  },
};
const peer = new Peer(ends);
const relayed = new Relayed({
  ...ends,
  say: (text) => receiver.send(text),
  later: (after, call) => void setTimeout(call, after * 1000),
});

/** Pings that were not answered yet: when each left. @type {Map<number, number>} */
const pings = new Map();
let pingId = 0;

/** Measures the room clock as long as the path is open. @param {Path} on @param {number} [count] */
const beat = (on, count = 0) => {
  if (path !== on) return;
  if (count === 0) pings.clear();
  pingId += 1;
  pings.set(pingId, seconds());
  if (pings.size > 32) pings.delete(pingId - 32);
  on.send(JSON.stringify(Ping.make({ id: pingId })));
  setTimeout(() => beat(on, count + 1), untilPing(count) * 1000);
};

/** @param {ToScreen} message */
const obey = (message) => {
  const now = seconds();
  if (message.type === "pong") {
    const sent = pings.get(message.id);
    pings.delete(message.id);
    if (sent === undefined) return;
    const counted = clock.add({ sent, received: message.received, replied: message.sent, got: now });
    if (counted && !stagehand.isTimed) perform(stagehand.timed());
  } else if (message.type === "welcome") {
    foreign = message.protocol !== PROTOCOL;
    tell();
  } else if (message.type === "ask") void guarded("ask", () => answer(message, path));
  else if (message.type === "stage" && !foreign) perform(stagehand.take(message));
};

/** What this screen can do. @param {import("../../web/shared/wire.js").Ask} ask @param {Path | null} on */
const answer = async ({ id, types }, on) => {
  const { quota = null, usage = null } = await navigator.storage.estimate();
  const plays = types.filter((mime) => MediaSource.isTypeSupported(mime));
  const [width, height] = [screen.width, screen.height].map((length) => Math.round(length * devicePixelRatio));
  const doubt = clock.known ? clock.uncertainty(seconds()) : null;
  const able = { id, plays, width, height, quota, used: usage, padding: padding.bytes, jitter: padding.jitter };
  on?.send(JSON.stringify(Able.make({ ...able, doubt })));
};

/** @param {Stage | null} stage */
const perform = (stage) => {
  if (stage === null) return;
  // The cards are away before anything else is up.
  trial();
  if (stage.shown !== null) {
    hearing.update({ on: true, attached: true }, seconds());
    cardView.show(null);
  }
  try {
    picture.apply(stage);
  } catch (error) {
    net.fault("picture", error);
  }
  aim();
  look();
  tell();
};

/** Tells the store where the playheads are. */
const aim = () => {
  const { shown, cue } = stagehand.applied ?? { shown: null, cue: null };
  const now = room.now();
  const [one, other] = [shown, cue].map(
    (scene) => scene && { rendition: scene.rendition, media: wanted(scene, now) },
  );
  vault.focus(one, other);
};

/** Puts the test card up or away. */
const trial = () => {
  const facts = { attached: path !== null, timed: stagehand.isTimed, now: room.now() };
  return testCard.show(cardOf(stagehand.applied, facts));
};

/** Puts the cards up or away. */
const look = () => {
  if (trial()) tell();
  const { on } = stagehand;
  const attached = path !== null || (receiver.open && (idle?.linked ?? false));
  const going = hearing.update({ on, attached }, seconds());
  const staged = stagehand.applied !== null;
  if (testCard.card !== null) cardView.show(null);
  else cardView.show(card({ hearing: going, staged, on, idle, receiver: receiver.open, replaced, age: seconds() }));
};

// What the screen says of itself

const report = () => {
  const state = picture.state();
  const { shown, cue } = stagehand.applied ?? { shown: null, cue: null };
  const scene = shown ?? cue;
  return Report.make({
    revision: stagehand.applied?.revision ?? 0,
    exhibit: state.exhibit,
    media_time: state.media_time,
    frame: state.frame,
    playing: state.playing,
    blank: state.blank && testCard.card === null,
    held: scene === null ? [] : vault.held(scene.rendition, { sound: stagehand.applied?.sound ?? false }),
    stalls: state.stalls,
    clock_offset: clock.offset,
    clock_uncertainty: clock.known ? clock.uncertainty(seconds()) : null,
    rtt: clock.rtt,
    rate_kbit: rate.value(seconds()),
    dropped: state.dropped,
    decoded: state.decoded,
    late: state.late,
    jumps: state.jumps,
    sound: state.sound,
    cue_ready: state.cue_ready,
    problem: foreign ? "screen-protocol" : state.problem,
    card: testCard.card !== null,
  });
};

/** Sends what is due. */
const tell = () => {
  if (path === null) return;
  const now = seconds();
  const said = report();
  if (pace.due(said, now)) path.send(JSON.stringify(said));
  const free = !stillOnItsWay && path.buffered < CROWDED;
  if (stagehand.applied?.watch && free && stillPace.due(said, now)) void portray(path);
};

/** Tells a change at once, and again when the first word was too early. */
picture.onchange = () => {
  tell();
  clearTimeout(soon);
  soon = setTimeout(tell, 30);
};

/** What came over an older path is counted as held before a new one begins to send. @param {Path} on */
const holdingsSettled = async (on) => {
  await Promise.all(taking);
  if (path !== on) return;
  toldHoldings = -1;
  tellHoldings(on);
};

/** @param {Path} on */
const tellHoldings = (on) => {
  if (toldHoldings === Infinity || toldHoldings === vault.version) return;
  toldHoldings = vault.version;
  on.send(JSON.stringify(Holdings.make(vault.holdings())));
};

/** Sends a small picture of what is on the display. @param {Path} on */
const portray = async (on) => {
  stillOnItsWay = true;
  try {
    for (const width of [480, 240]) {
      const still = await (testCard.card === null ? picture.still(width) : testCard.picture(width));
      const jpeg = still === null ? BLACK_JPEG : base64(new Uint8Array(await still.blob.arrayBuffer()));
      if (jpeg.length > STILL_MOST) continue;
      on.send(JSON.stringify(Still.make({ jpeg, width: still?.width ?? 16, height: still?.height ?? 16 })));
      return;
    }
  } catch (error) {
    net.fault("still", error);
  } finally {
    stillOnItsWay = false;
  }
};

// The net

net.onfault = ({ where, detail }) => {
  console.error(where, detail);
  path?.send(JSON.stringify(Fault.make({ where, detail })));
  receiver.send(JSON.stringify(PageFault.make({ where, detail })));
};
for (const caught of net.missed()) net.onfault(caught);

/**
 * A message that makes no sense is told and let pass; it is no reason to start again.
 * @param {string} where @param {() => unknown} act
 */
async function guarded(where, act) {
  try {
    await act();
  } catch (error) {
    net.mention(where, error);
  }
}

const tick = () => {
  look();
  aim();
  tell();
  if (path !== null) tellHoldings(path);
  remember();
  net.alive(stagehand.on);
  if (idle !== null && idle.build !== "" && idle.build !== build) net.outdated();
};

// What outlives a reload: that a hearing is going on

function recall() {
  try {
    const stored = localStorage.getItem(MEMORY);
    return stored === null ? null : Number(stored);
  } catch {
    return null;
  }
}

function remember() {
  if (hearing.going === remembered && seconds() - rememberedAt < 5) return;
  remembered = hearing.going;
  rememberedAt = seconds();
  try {
    if (hearing.going) localStorage.setItem(MEMORY, String(wall()));
    else localStorage.removeItem(MEMORY);
  } catch {
    // Without a memory a page that is reloaded waits for the presenter's stage, and that is all it can do.
  }
}

/** Bytes of fragments to hold: a quarter of the machine's memory, as far as the browser tells it. */
function budget() {
  const { deviceMemory = 4 } = /** @type {{deviceMemory?: number}} */ (navigator);
  return Math.min(Math.max(deviceMemory / 4, 0.25), 1.5) * 2 ** 30;
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

Object.assign(window, {
  courtcast: { snapshot: report, frames: (/** @type {number} */ n) => picture.frames(n) },
});
receiver.start();
setInterval(tick, TICK);
setInterval(live, ALIVE_EVERY);
