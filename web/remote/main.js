/**
 * The remote: makes the parts and connects them. Everything that can be decided without a page is decided elsewhere.
 */

import { Exhibit, RoomState, Screen } from "../shared/wire.js";
import { Api, Refusal } from "./api.js";
import { Backdrop } from "./backdrop.js";
import { Frame } from "./bar.js";
import { checksOf } from "./checks.js";
import { Chapters } from "./chapters.js";
import { halfOf, moved } from "./clips.js";
import { ChecksPanel } from "./checksview.js";
import { ClipsView } from "./clipsview.js";
import { Desk } from "./desk.js";
import { nextRef } from "./entry.js";
import { Exhibits } from "./exhibits.js";
import { still } from "./film.js";
import { digest, dropped, fingerprint, found, hasFiles, picked, read } from "./filereader.js";
import { Handles } from "./handles.js";
import { HearingsView } from "./hearingsview.js";
import { Images } from "./images.js";
import { Joiner } from "./joiner.js";
import { listenToKeys } from "./keyboard.js";
import { hasLeaves, placeIn } from "./leaves.js";
import { Librarian } from "./librarian.js";
import { added, answered, exhibitOf, hear, removed, seen } from "./model.js";
import { shown, typed } from "./moments.js";
import { PageKeys } from "./pages.js";
import { PlacesList } from "./placeslist.js";
import { Porter } from "./porter.js";
import { HeardClock, positionAt } from "./position.js";
import { inside, lastMoment, look, readyMoved } from "./room.js";
import { unsafe } from "./rows.js";
import { Screens } from "./screens.js";
import { Sender } from "./sender.js";
import { SendingView } from "./sendingview.js";
import { Sheets } from "./sheets.js";
import { Stream } from "./stream.js";
import { Tabs } from "./tabs.js";
import { Timebar } from "./timebar.js";
import { lines, summary } from "./upload.js";
import { wall } from "./words.js";
import { ZoomPad } from "./zoompad.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./room.js").Link} Link */

const API = "/api/v1/";
/** Seconds between two looks at what changes by itself: while it plays, and otherwise (ages of reports, the clock). */
const PLAYING = 0.1;
const RESTING = 0.5;

const now = () => performance.now() / 1000;
/** Minutes that the wall's clock is ahead of UTC. */
const east = -new Date().getTimezoneOffset();
const page = document.documentElement;
const build = page.dataset.build ?? "";

/** @type {Model | null} */
let model = null;
/** @type {Link} */
let link = "connecting";
/** @type {string[] | null} who will see what is shown next; null is everyone */
let zones = null;
let drawn = false;
/** When the connection was lost: from then on nothing here claims to be later. */
let lost = 0;

const clock = new HeardClock();
const api = new Api(API);
const images = new Images(API);
const sheets = new Sheets(API);
const librarian = new Librarian(api, (seconds) => new Promise((done) => setTimeout(done, seconds * 1000)));
librarian.onchange = () => draw();
const stream = new Stream(`${API}events`, async (seconds) => {
  try {
    const room = RoomState.read(await api.request("GET", "room", undefined, seconds));
    clock.hear(room.clock, now());
    take(answered(model, room));
    return true;
  } catch {
    return false;
  }
});

/** @param {Model | null} next */
const take = (next) => {
  model = next;
  librarian.look(model);
  draw();
};

/** What an answer says goes into the model as it is by then, not as it was when the call was made. @param {unknown} answer */
const takeExhibit = (answer) => take(added(model, Exhibit.read(answer)));
/** @param {string} exhibit */
const remove = async (exhibit) => {
  await api.call("DELETE", `exhibits/${encodeURIComponent(exhibit)}`);
  take(removed(model, exhibit));
};
/** @param {unknown} answer */
const takeScreen = (answer) => take(seen(model, Screen.read(answer), now()));

/** Writes the page once before the next frame, however much has changed. */
const draw = () => {
  if (drawn) return;
  drawn = true;
  requestAnimationFrame(() => {
    drawn = false;
    write();
  });
  // A page in the background gets no frames; what it says is heard all the same.
  if (document.hidden) setTimeout(write, 0);
};

const view = () => {
  if (model === null) return null;
  const at = link === "live" ? now() : lost;
  return look(model, { link, now: at, clock: clock.at(at), unix: Date.now() / 1000, east: -new Date().getTimezoneOffset(), zones, build });
};

const write = () => {
  const seeing = view();
  if (seeing === null || model === null) {
    frame.link(link);
    return;
  }
  frame.show(seeing, link, wall(Date.now() / 1000, -new Date().getTimezoneOffset()));
  desk.show(seeing);
  places.show(seeing);
  exhibits.show(seeing, model.exhibits, joiner.look(model.exhibits, link === "live" && seeing.acting));
  screens.show(seeing);
  clips.show(seeing, model.exhibits);
  hearingsView.show(librarian.hearings, seeing.acting);
  sendingView.show(lines(porter.queue), summary(porter.queue, now()), seeing.acting);
  const around = { acting: seeing.acting, now: link === "live" ? now() : lost, clock: clock.at(now()), unix: Date.now() / 1000, east };
  checks.show(checksOf(model, around));
  if (seeing.stale && seeing.calm && link === "live" && !typing() && !porter.busy && !clips.making) location.reload();
};

/** Somebody has begun to write something that a reload would lose. */
const typing = () =>
  [.../** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[type=text]"))].some(
    (field) => field.value !== "" && field.value !== field.defaultValue && field.offsetParent !== null,
  );

/**
 * A command that was refused: said in words, and nothing else happens.
 * @param {unknown} refused
 */
const tell = (refused) => {
  if (refused instanceof Refusal) frame.tell(refused.detail, refused.status === 409 ? "wait" : "stop");
  else throw refused;
};

/**
 * @param {string} path
 * @param {object} body
 * @param {{bound?: boolean}} [how] bound: meant for the room that is on the page, and for no other
 */
const command = async (path, body, { bound = false } = {}) => {
  if (model === null || link !== "live") return false;
  try {
    await api.command(path, body, model.room.revision, bound);
    return true;
  } catch (refused) {
    tell(refused);
    return false;
  }
};

const blank = async () => {
  const was = model?.room.shown ?? null;
  const exhibit = model === null ? null : exhibitOf(model, was?.exhibit);
  const at = model === null ? null : positionAt(model.room, clock.at(now()), exhibit?.duration ?? null);
  frame.closeHelp();
  frame.blanking("Blanking …");
  try {
    const room = await api.blank(() => frame.tell("Not blanked yet: the presenter does not answer. It is tried again and again.", "stop"));
    if (room === null) return;
    frame.blanked();
    if (exhibit !== null && at !== null) {
      const place = placeIn(exhibit, at);
      frame.tell(`${exhibit.ref} was taken down${place && ` at ${place}`}.`, "quiet", {
        label: "Make it ready again",
        act: () => void command("room/cue", { exhibit: exhibit.id, at: Math.min(at, lastMoment(exhibit)), ...clipOf(was) }),
      });
    }
    frame.blanking("Blank all screens");
  } catch (refused) {
    frame.blanking("Blank all screens");
    tell(refused);
  }
};

/** What is cued stays the clip that it is. @param {{clip: string | null} | null} place */
const clipOf = (place) => (place === null || place.clip === null ? {} : { clip: place.clip });

/** @param {number} seconds */
const liveBy = (seconds) => {
  const exhibit = model === null ? null : exhibitOf(model, model.room.shown?.exhibit);
  const at = model === null ? null : positionAt(model.room, clock.at(now()), exhibit?.duration ?? null);
  if (exhibit === null || at === null) return;
  const ranges = model?.room.shown?.ranges ?? [];
  liveTo(ranges.length > 0 ? moved(ranges, at, seconds, halfOf(exhibit)) : at + seconds);
};

/** @param {number} to */
const liveTo = (to) => {
  const exhibit = model === null ? null : exhibitOf(model, model.room.shown?.exhibit);
  if (exhibit !== null) void command("room/seek", { to: inside(exhibit, model?.room.shown?.ranges ?? [], to) }, { bound: true });
};

/** @param {number} to */
const readyTo = (to) => {
  const cued = model?.room.cued ?? null;
  const exhibit = model === null ? null : exhibitOf(model, cued?.exhibit);
  if (exhibit !== null && cued !== null) void command("room/cue", { exhibit: exhibit.id, at: inside(exhibit, cued.ranges, to), ...clipOf(cued) }, { bound: true });
};

const show = () => {
  const all = view()?.zones ?? [];
  const on = all.filter((zone) => zone.on).map((zone) => zone.zone);
  void command("room/show", on.length === all.length ? {} : { zones: on }, { bound: true });
};

/** @param {"play" | "pause"} act */
const transport = (act) => void (act === "play" ? play() : command("room/pause", {}));

/** What would stop before its end is not begun unasked: who hears that can begin it all the same. */
const play = async () => {
  if (model === null || link !== "live") return;
  try {
    await api.command("room/play", {}, model.room.revision, true);
  } catch (refused) {
    const exhibit = model === null ? null : exhibitOf(model, model.room.shown?.exhibit);
    if (!(refused instanceof Refusal && refused.type === "not-safe") || exhibit === null) {
      tell(refused);
      return;
    }
    frame.tell(unsafe(exhibit, -new Date().getTimezoneOffset(), model?.screens ?? []), "wait", {
      label: "Play anyway",
      act: () => void command("room/play", { anyway: true }, { bound: true }),
    });
  }
};

/** What is on the screens is turned, not played. */
const paged = () => {
  const exhibit = model === null ? null : exhibitOf(model, model.room.shown?.exhibit);
  return exhibit !== null && hasLeaves(exhibit);
};

/** @param {number} pages */
const turn = (pages) => (paged() ? liveStep(pages) : false);

/** @param {number} frames */
const liveStep = (frames) => void command("room/step", { frames }, { bound: true });

/** A seek bar with its chapters. @param {string} id @param {string} whose @param {(to: number) => void} seek */
const seekBar = (id, whose, seek) => {
  const slot = /** @type {HTMLElement} */ (document.getElementById(id));
  const bars = [new Timebar(slot, `Place ${whose}`, new Backdrop(slot, images, sheets), seek), new Chapters(slot, `Chapters ${whose}`, seek)];
  const [timebar] = bars;
  return {
    show: (/** @type {import("./room.js").Bar} */ bar, /** @type {boolean} */ acting) => {
      bars.forEach((one) => one.show(bar, acting));
      const draft = clips.draft !== null && clips.draft.exhibit === bar.exhibit ? clips.draft : null;
      /** @type {Timebar} */ (timebar).draft(draft?.parts ?? [], draft?.from ?? null);
    },
  };
};

/** @param {{seconds?: number, frames?: number}} move */
const readyBy = (move) => {
  const to = model === null ? null : readyMoved(model, move);
  if (to !== null) readyTo(to);
};

/** Keys move the private picture where a clip is made of it and nobody sees anything. */
const alone = () => clips.making && model?.room.shown === null;

const frame = new Frame(document.body, { blank: () => void blank() });
const pad = new ZoomPad(document.body, images, (view) => command("room/view", { view }, { bound: true }), now);
const desk = new Desk(
  document.body,
  images,
  {
    ready: seekBar("ready-bar", "in Ready, only you see it", readyTo),
    live: seekBar("live-bar", "on the screens, everyone sees it", liveTo),
  },
  {
    ready: new PageKeys(document.body, "ready", { by: (frames) => readyBy({ frames }), to: readyTo }),
    live: new PageKeys(document.body, "live", { by: liveStep, to: liveTo }),
  },
  pad,
  {
    show,
    unsettled: () => frame.tell("It has just changed under your finger. Look at it, then press once more."),
    down: () => void blank(),
    transport,
    liveBy,
    liveStep,
    readyBy,
    readyTo,
    volume: (level) => void command("room/volume", { level }),
    rate: (rate) => void command("room/rate", { rate }, { bound: true }),
    zones: (on) => {
      const all = view()?.zones.map((zone) => zone.zone) ?? [];
      zones = on.length === all.length ? null : on;
      draw();
    },
  },
  now,
);
const places = new PlacesList(document.body, sheets, readyTo);
const exhibits = new Exhibits(document.body, images, {
  cue: (exhibit, at, clip) => {
    // It is ready already: a second tap must not throw away the place that was looked for.
    if (at === null && clip === null && model?.room.cued?.exhibit === exhibit) return;
    void command("room/cue", { exhibit, ...(at === null ? {} : { at }), ...clipOf({ clip }) });
  },
  moments: { shown, typed },
  add: async ({ url, ref, title, restricted }) =>
    takeExhibit(await api.call("POST", "exhibits", { url, restricted, ...(ref === "" ? {} : { ref }), ...(title === "" ? {} : { title }) })),
  relink: async (exhibit, url) => takeExhibit(await api.call("POST", `exhibits/${encodeURIComponent(exhibit)}/link`, { url })),
  take: async (exhibit, files) => takeExhibit(await api.call("POST", `exhibits/${encodeURIComponent(exhibit)}/files`, { take: files })),
  change: async (exhibit, change) => {
    await api.call("PATCH", `exhibits/${encodeURIComponent(exhibit)}`, change);
  },
  remove: (exhibit) => remove(exhibit),
  subtitle: async (exhibit, file) => {
    takeExhibit(await api.call("POST", `exhibits/${encodeURIComponent(exhibit)}/subtitles?title=${encodeURIComponent(file.name)}`, file));
  },
  unsubtitle: async (exhibit, subtitles) => {
    takeExhibit(await api.call("DELETE", `exhibits/${encodeURIComponent(exhibit)}/subtitles/${encodeURIComponent(subtitles)}`));
  },
  send: (exhibit, upload) => void choose(exhibit, upload),
  sending: (upload) => porter.has(upload),
  join: (line) => void joiner.press(line),
});
const joiner = new Joiner({
  ask: () => api.call("GET", "joins"),
  join: async (ids, title) => {
    const made = Exhibit.read(await api.call("POST", "exhibits", { join: ids, ref: nextRef(model?.exhibits ?? []), title }));
    takeExhibit(made);
    return made.id;
  },
  remove: (exhibit) => remove(exhibit),
  onchange: () => draw(),
});

const sender = new Sender(API);
sender.onsignedout = () => api.onsignedout();
const handles = new Handles();
const porter = new Porter({
  sender,
  handles,
  files: { fingerprint, read, digest },
  ref: () => nextRef(model?.exhibits ?? []),
  took: async (exhibit) => {
    try {
      takeExhibit(await api.call("GET", `exhibits/${encodeURIComponent(exhibit)}`));
    } catch {
      // The event says so in a moment.
    }
  },
  whole: (item) => void librarian.take(item),
  name: () => crypto.randomUUID(),
  now,
});
porter.onchange = () => draw();
/** As the form to add a link says. */
const restricted = () => {
  const [form, box] = ["add", "add-restricted"].map((id) => /** @type {HTMLElement} */ (document.getElementById(id)));
  return !form.hidden && /** @type {HTMLInputElement} */ (box).checked;
};
const sendingView = new SendingView(document.body, {
  picked: (list) => porter.add(picked(list), { restricted: restricted() }),
  dropped: async (data) => porter.add(await dropped(data), { restricted: restricted() }),
  hasFiles,
  press: (id, type) => porter.press(id, type),
  pressAll: (type) => porter.pressAll(type),
});

/** The rest of an upload, from the file that the browser still knows or that is picked. @param {string} exhibit @param {string | null} upload */
const choose = async (exhibit, upload) => {
  const known = upload === null ? null : await handles.find(upload);
  const how = upload === null ? { exhibit } : { wanted: upload };
  if (known !== null) porter.add([found(known.file, "", known.handle)], how);
  else sendingView.ask((list) => porter.add(picked(list).slice(0, 1), how));
};
addEventListener("beforeunload", (event) => {
  if (porter.busy) event.preventDefault();
});
const screens = new Screens(document.body, images, {
  pair: async (screen, code) => takeScreen(await api.call("POST", `screens/${encodeURIComponent(screen)}/pair`, { code })),
  add: async (address) => takeScreen(await api.call("POST", "screens", { address })),
  change: async (screen, change) => takeScreen(await api.call("PATCH", `screens/${encodeURIComponent(screen)}`, change)),
  volume: async (screen, level) => {
    if (model !== null) await api.command("room/volume", { level, screen }, model.room.revision, false);
  },
  remove: async (screen) => {
    await api.call("DELETE", `screens/${encodeURIComponent(screen)}`);
  },
});

new Tabs(document.body, () => draw());
const clips = new ClipsView(document.body, images, {
  ...librarian.clips,
  cue: (exhibit, clip) => void command("room/cue", { exhibit, ...clipOf({ clip }) }),
  look: (exhibit, at) => void command("room/cue", { exhibit, at }),
  timeOf: (exhibit, frame) => api.timeOf(still(exhibit, { frame, width: 160 })),
  removed: (ref, name, undo) => frame.tell(`The clip “${name}” of ${ref} was removed.`, "quiet", { label: "Bring it back", act: () => void undo().catch(tell) }),
  changed: () => draw(),
});
const hearingsView = new HearingsView(document.body, API, {
  ...librarian.acts,
  bundle: (list) => {
    const files = picked(list).slice(0, 1);
    if (files[0] !== undefined) hearingsView.bundle({ id: "", says: `${files[0].name} is being sent: it stands under Files being sent, and goes on when this is closed.`, tone: "quiet", part: null });
    porter.add(files, { bundle: true });
  },
});
librarian.onbundle = (/** @type {import("./hearings.js").TakingView} */ view) => hearingsView.bundle(view);

/** @param {string} method @param {string} path @param {object} [body] */
const check = (method, path, body) => void api.call(method, path, body).catch(tell);
const checks = new ChecksPanel(document.body, {
  opened: () => write(),
  checkCase: (until) => check("POST", "checks/case", { until }),
  checkRoom: () => check("POST", "checks/room", {}),
  cancel: () => check("DELETE", "checks"),
  card: (screen, up) => {
    const path = `screens/${encodeURIComponent(screen)}/card`;
    if (!up) void command(path, {});
    else api.call("DELETE", path).then((room) => api.onroom(RoomState.read(room)), tell);
  },
});

listenToKeys(
  document,
  {
    blank: () => void blank(),
    show: () => desk.keyShow(),
    toggle: () => desk.keyToggle(),
    back: () => (alone() ? readyBy({ seconds: -10 }) : paged() ? liveStep(-1) : liveBy(-10)),
    forward: () => (alone() ? readyBy({ seconds: 10 }) : paged() ? liveStep(1) : liveBy(10)),
    "page-back": () => turn(-1),
    "page-forward": () => turn(1),
    "zoom-in": () => pad.step(1),
    "zoom-out": () => pad.step(-1),
    "zoom-whole": () => pad.reset(),
    "part-left": () => pad.shift(-1, 0),
    "part-right": () => pad.shift(1, 0),
    "part-up": () => pad.shift(0, -1),
    "part-down": () => pad.shift(0, 1),
    "frame-back": () => (alone() ? readyBy({ frames: -1 }) : liveStep(-1)),
    "frame-forward": () => (alone() ? readyBy({ frames: 1 }) : liveStep(1)),
    "mark-in": () => clips.mark("in"),
    "mark-out": () => clips.mark("out"),
    find: () => exhibits.begin(""),
    help: () => frame.openHelp(),
  },
  (text) => exhibits.begin(text),
  () => clips.making,
);

api.onroom = (/** @type {RoomState} */ room) => {
  clock.hear(room.clock, now());
  take(answered(model, room));
};
sheets.onheld = () => draw();
api.onsignedout = () => {
  link = "signed-out";
  location.replace("/");
};
stream.onevent = (/** @type {import("../shared/wire.js").Event} */ event) => {
  if (event.type === "state") clock.reset();
  if (event.room !== null) clock.hear(event.room.clock, now());
  take(hear(model, event, now()));
};
stream.onstate = (/** @type {boolean} */ open) => {
  if (!open && link === "live") lost = now();
  if (link !== "signed-out") link = open ? "live" : model === null ? "connecting" : "reconnecting";
  draw();
};
stream.start();

const tick = () => {
  write();
  images.work();
  setTimeout(tick, (model?.room.playing ? PLAYING : RESTING) * 1000);
};
tick();
