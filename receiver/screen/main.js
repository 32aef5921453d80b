/**
 * The screen's page: makes every part once and connects them. What it does, the parts say.
 */

import { Able, Alive, Answer, Fault, LEAVES, PageFault, PageHello, Picture as Still, ToPage } from "../../web/shared/wire.js";
import { Agent } from "./agent.js";
import { card, Hearing, resumed } from "./card.js";
import { CardView } from "./cardview.js";
import { Disk } from "./disk.js";
import { Display } from "./display.js";
import { LeafPlayer } from "./leafplayer.js";
import { Mse } from "./mse.js";
import { net } from "./net.js";
import { Peer } from "./peer.js";
import { Picture } from "./picture.js";
import { Player } from "./player.js";
import { ASKED } from "./plays.js";
import { Projector } from "./projector.js";
import { Relayed } from "./relayed.js";
import { base64, BLACK_JPEG, PicturePace } from "./report.js";
import { Subtitles } from "./subtitles.js";
import { SubtitleView } from "./subtitleview.js";
import { Talk } from "./talk.js";
import { cardOf } from "./testcard.js";
import { TestCardView } from "./testcardview.js";
import { Vault } from "./vault.js";
import { Voices } from "./voices.js";

/** @typedef {import("../../web/shared/wire.js").Idle} Idle */
/** @typedef {import("../../web/shared/wire.js").Stage} Stage */
/** @typedef {import("./junction.js").Path} Path */

/** Milliseconds between two looks at everything; reports go out at this rate. */
const TICK = 250;
/** Milliseconds between two signs of life for the receiver, which gives up a page after fifteen seconds without one. */
const ALIVE_EVERY = 2000;
/** Bytes of `control` that may wait before small pictures are left out. */
const CROWDED = 64 << 10;
/** Of what the browser says is free on the disk: how much of it is used where the receiver does not say. */
const DISK_SHARE = 0.8;
/** Base64 characters of a small picture at most (48 KiB of JPEG). */
const STILL_MOST = 64 << 10;
/** Seconds without a word from the presenter, which answers a ping each second, after which a test card goes: the path of
 * one that was killed stays open for longer. */
const PRESENT_WITHIN = 3;
const MEMORY = "courtcast.hearing";

const build = document.querySelector("script[data-build]")?.getAttribute("data-build") ?? "";
const seconds = () => performance.now() / 1000;
const wall = () => Date.now() / 1000;

const room = { now: () => talk.room() };
const vault = new Vault({ budget: budget() });
const stillPace = new PicturePace();
const picture = new Picture(element("picture"), vault, room, { Player, LeafPlayer, Mse, Projector, Display, Voices });
const subtitles = new Subtitles();
const subtitleView = new SubtitleView(element("picture"), subtitles, () => ({
  id: talk.applied?.shown?.subtitles,
  media: picture.state().media_time,
}));
const cardView = new CardView(element("card"));
const testCard = new TestCardView(/** @type {HTMLCanvasElement} */ (element("testcard")));
const hearing = new Hearing(resumed(recall(), wall()));

/** @type {Disk | null} */
let disk = null;
/** @type {Idle | null} */
let idle = null;
/** Somebody was paired with this screen, or still is. */
let paired = false;
/** Another page is this screen now. */
let replaced = false;
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
    talk.end();
    disk?.close();
  },
});

/** A sign of life. It comes from this thread, so that its absence says that this thread hangs. */
const live = () => receiver.send(JSON.stringify(Alive.make({})));

/** @param {ToPage} message */
const hear = async (message) => {
  if (message.type === "idle") {
    paired ||= message.paired > 0;
    idle = message;
    look();
  } else if (message.type !== "offer") relayed.hear(message);
  else {
    const sdp = await peer.answer(message.sdp);
    receiver.send(JSON.stringify(Answer.make({ page: message.page, sdp, number: message.number })));
  }
};

// To the presenter

const talk = new Talk({
  vault,
  build,
  plays: ASKED.filter(plays),
  now: seconds,
  later: (after, call) => void setTimeout(call, after * 1000),
  opening: openDisk(),
  perform: (stage) => perform(stage),
  onpath: () => {
    look();
    tell();
  },
  onword: () => tell(),
  onwords: (words) => {
    subtitles.take(words);
    subtitleView.draw();
  },
  onask: (ask, path) => void guarded("ask", () => answer(ask, path)),
  mention: (where, error) => net.mention(where, error),
});

/** What both kinds of path do. */
const ends = {
  onopen: (/** @type {Path} */ opened) => talk.opened(opened),
  onclose: (/** @type {Path} */ closed) => talk.closed(closed),
  oncontrol: (/** @type {string} */ text, /** @type {Path} */ from) => talk.hear(text, from),
  onmedia: (/** @type {ArrayBuffer} */ message, /** @type {Path} */ from) => talk.take(message, from),
};
const peer = new Peer(ends);
const relayed = new Relayed({
  ...ends,
  say: (text) => receiver.send(text),
  later: (after, call) => void setTimeout(call, after * 1000),
});

/** What this screen can do. @param {import("../../web/shared/wire.js").Ask} ask @param {Path} on */
const answer = async ({ id, types }, on) => {
  const { quota = null, usage = null } = await navigator.storage.estimate();
  const [width, height] = [screen.width, screen.height].map((length) => Math.round(length * devicePixelRatio));
  const { padding, doubt } = talk;
  const able = { id, plays: types.filter(plays), width, height, quota, used: usage, padding: padding.bytes, jitter: padding.jitter };
  on.send(JSON.stringify(Able.make({ ...able, doubt })));
};

/** @param {Stage} stage */
const perform = (stage) => {
  subtitles.keep(stage);
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
  subtitleView.draw();
  talk.aim();
  look();
  tell();
};

/** Puts the test card up or away. */
const trial = () => {
  const attached = talk.path !== null && seconds() - talk.heard < PRESENT_WITHIN;
  const facts = { attached, timed: talk.timed, now: room.now() };
  return testCard.show(cardOf(talk.applied, facts));
};

/** Puts the cards up or away. */
const look = () => {
  if (trial()) tell();
  const { on } = talk;
  const attached = talk.path !== null || (receiver.open && (idle?.linked ?? false));
  const going = hearing.update({ on, attached }, seconds());
  const staged = talk.applied !== null;
  if (testCard.card !== null) cardView.show(null);
  else cardView.show(card({ hearing: going, staged, on, idle, receiver: receiver.open, replaced, age: seconds() }));
};

// What the screen says of itself

const report = () => {
  const state = picture.state(), up = testCard.card !== null;
  const cue_ready = state.cue_ready && subtitles.whole(talk.applied?.cue ?? null);
  return talk.report({ ...state, blank: state.blank && !up, card: up, cue_ready, words: subtitles.held() });
};

/** Sends what is due. */
const tell = () => {
  const { path } = talk;
  if (path === null) return;
  const said = report();
  talk.tell(said);
  const free = !stillOnItsWay && path.buffered < CROWDED;
  if (talk.applied?.watch && free && stillPace.due(said, seconds(), picture.part)) void portray(path);
};

/** Tells a change at once, and again when the first word was too early. */
picture.onchange = () => {
  subtitleView.draw();
  tell();
  clearTimeout(soon);
  soon = setTimeout(tell, 30);
};

picture.log.onadd = () => subtitleView.draw();

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
  talk.path?.send(JSON.stringify(Fault.make({ where, detail })));
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
  // Nobody is paired any more, or was when the page began: nobody will ever show what is here.
  if (idle?.paired === 0 && talk.path === null && (paired || !talk.met)) vault.empty();
  talk.aim();
  tell();
  talk.tellHoldings();
  remember();
  net.alive(talk.on);
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

// The disk

/** Opens it, as far as there is one. */
async function openDisk() {
  // Bytes of it to use, as the receiver says; where it does not, as the browser does.
  const limit = Number(document.querySelector("script[data-disk]")?.getAttribute("data-disk") || NaN);
  if (limit === 0) return;
  const opened = new Disk();
  try {
    const found = await opened.open();
    if (replaced) return opened.close();
    disk = opened;
    void navigator.storage.persist().catch(() => false);
    await vault.openDisk(opened, found, Math.floor(limit >= 0 ? limit : found.used + found.free * DISK_SHARE), {
      now: seconds,
      later: (after, call) => void setTimeout(call, after * 1000),
      onbudget: () => talk.greet(),
      onbroken: (problem) => net.mention("disk", problem),
    });
    talk.greet();
  } catch (problem) {
    // A window that keeps nothing, or a browser without such files: all is in memory, and `Hello.disk` says 0.
    console.warn("no disk", problem);
  }
}

/** Bytes of fragments to hold: a quarter of the machine's memory, as far as the browser tells it. */
function budget() {
  const { deviceMemory = 4 } = /** @type {{deviceMemory?: number}} */ (navigator);
  return Math.min(Math.max(deviceMemory / 4, 0.25), 1.5) * 2 ** 30;
}

/** @param {string} mime  with codecs, or that of leaves */
function plays(mime) {
  return mime === LEAVES || MediaSource.isTypeSupported(mime);
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
addEventListener("resize", () => picture.resized());
setInterval(tick, TICK);
setInterval(live, ALIVE_EVERY);
