/**
 * The screen's picture on its own, with the real store and the real MSE, and without a presenter: a test hands it
 * recordings and stages and reads pixels. The room clock is the machine's, so that two browsers agree on it.
 */

import { KIND_FRAGMENT, KIND_INIT, KIND_ROWS, LEAVES, Stage } from "/web/shared/wire.js";
import { Display } from "/receiver/screen/display.js";
import { LeafPlayer } from "/receiver/screen/leafplayer.js";
import { Mse } from "/receiver/screen/mse.js";
import { Picture } from "/receiver/screen/picture.js";
import { Player } from "/receiver/screen/player.js";
import { Projector } from "/receiver/screen/projector.js";
import { Subtitles } from "/receiver/screen/subtitles.js";
import { SubtitleView } from "/receiver/screen/subtitleview.js";
import { Vault } from "/receiver/screen/vault.js";
import { Voices } from "/receiver/screen/voices.js";

const clock = { now: () => (performance.timeOrigin + performance.now()) / 1000 };
const vault = new Vault();
const root = document.getElementById("picture");
const options = new URLSearchParams(location.search);

/** The real one, with another budget where a test says so. */
class Window extends Mse {
  constructor(video, feed) {
    super(video, { ...feed, ...(options.has("budget") ? { budget: Number(options.get("budget")) } : {}) });
    windows.push(this);
  }

  origin() {
    return vault.manifest(this.feed.rendition).origin;
  }
}
const windows = [];

/** The real one, known to a test. */
class Watched extends Player {
  constructor(given) {
    super(given);
    players.push(this);
  }
}
const players = [];
// A browser without a decoder of its own for single pictures.
if (options.has("plain")) delete window.VideoDecoder;
const picture = new Picture(root, vault, clock, { Player: Watched, LeafPlayer, Mse: Window, Projector, Display, Voices });
if (options.has("most")) picture.most = Number(options.get("most"));
if (options.has("film")) picture.projector.budget = Number(options.get("film"));
const canvas = document.createElement("canvas");

let applied = null;
const subtitles = new Subtitles();
const look = () => ({ id: applied?.shown?.subtitles, media: picture.state().media_time });
const subtitleView = new SubtitleView(root, subtitles, look);
picture.log.onadd = picture.onchange = () => subtitleView.draw();
const apply = (stage) => {
  applied = Stage.read(stage);
  picture.apply(applied);
  subtitleView.draw();
};

const get = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.arrayBuffer();
};

const take = async (kind, rendition, track, index, bytes) => {
  const fate = await vault.take({ kind, track, rendition, index, bytes });
  if (fate !== "kept" && fate !== "held") throw new Error(`${rendition}/${track}/${index}: ${fate}`);
};

/** Rows and init segments of a recording; `rows` limits how many rows of each track are told. */
const learn = async (rendition, rows = Infinity) => {
  const part = JSON.parse(new TextDecoder().decode(await get(`/clips/${rendition}/rows`)));
  const whole = part.rows.every((row) => row[1] < rows);
  const told = whole ? part : {
    ...part, rows: part.rows.filter((row) => row[1] < rows), complete: false, duration: null,
    counts: part.counts.map((count) => Math.min(count, rows)),
  };
  await take(KIND_ROWS, rendition, 0, 0, new TextEncoder().encode(JSON.stringify(told)).buffer);
  for (const { index, mime } of part.tracks) {
    if (mime === LEAVES) continue;
    await take(KIND_INIT, rendition, index, 0, await get(`/clips/${rendition}/${index}/init`));
  }
};

/** Fragments of one track, from the first to before the last. */
const give = async (rendition, track, first, last) => {
  for (let index = first; index < last; index++) {
    await take(KIND_FRAGMENT, rendition, track, index, await get(`/clips/${rendition}/${track}/${index}`));
  }
};

const load = async (rendition) => {
  await learn(rendition);
  const { tracks, counts } = vault.manifest(rendition);
  await Promise.all(tracks.map(({ index }, at) => give(rendition, index, 0, counts[at])));
};

addEventListener("resize", () => picture.resized());

const up = () => [...document.querySelectorAll("video, canvas")].find((video) => video.style.opacity === "1");
/** What is in front: the canvas of decoded pictures, where that is up, lies over the player. */
const front = () => (picture.projector.canvas.checkVisibility() ? picture.projector.canvas : up());

/** Levels (0 … 255) of the display's picture: `columns` × `rows` points, drawn as it is and not scaled; [] while black. */
const points = (columns, rows, top = 0, bottom = 1) => {
  const source = front();
  if (!source || picture.state().blank) return [];
  canvas.width = source.videoWidth ?? source.width;
  canvas.height = source.videoHeight ?? source.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0);
  const found = [];
  for (let row = 0; row < rows; row++) {
    const y = Math.floor((top + ((row + 0.5) / rows) * (bottom - top)) * canvas.height);
    const line = context.getImageData(0, y, canvas.width, 1).data;
    for (let column = 0; column < columns; column++) {
      const x = 4 * Math.floor(((column + 0.5) / columns) * canvas.width);
      found.push(Math.round(0.2126 * line[x] + 0.7152 * line[x + 1] + 0.0722 * line[x + 2]));
    }
  }
  return found;
};

/** What is in front, whole: red, green, blue and 255 of each of its pixels. */
const pixels = () => {
  const source = front();
  canvas.width = source.videoWidth ?? source.width;
  canvas.height = source.videoHeight ?? source.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0);
  const { width, height, data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { film: source === picture.projector.canvas, width, height, data };
};

/** The most by which any level of any pixel differs; null where the sizes do. */
const apart = (one, other) => {
  if (one.width !== other.width || one.height !== other.height) return null;
  let most = 0;
  one.data.forEach((level, at) => (most = Math.max(most, Math.abs(level - other.data[at]))));
  return most;
};

/** Notes from now on, at every drawn frame, what stands at some points of what is in front; again only when it changes. */
const watch = (columns, top, bottom) => {
  const seen = (window.seen = []);
  const look = () => {
    if (window.seen !== seen) return;
    const levels = points(columns, 1, top, bottom), last = seen.at(-1);
    if (!last || last.length !== levels.length || levels.some((level, at) => Math.abs(level - last[at]) > 60)) seen.push(levels);
    requestAnimationFrame(look);
  };
  look();
};

/** Waits until a condition holds, looking at every drawn frame; how long it took in ms, null where it never did. */
const until = async (holds, limit) => {
  const began = performance.now();
  while (performance.now() - began < limit) {
    if (holds()) return performance.now() - began;
    await new Promise((go) => requestAnimationFrame(go));
  }
  return null;
};

window.bench = {
  vault, picture, clock, windows, players, learn, give, load, points, until, up, front, apart, watch, pixels,
  apply,
  say: (words) => subtitles.take(words),
  said: () => [...document.querySelectorAll("#subtitles p")].map((line) => line.textContent),
  state: () => picture.state(),
  frames: (n) => picture.frames(n),
};
window.ready = true;
