/**
 * The screen's picture on its own, with the real store and the real MSE, and without a presenter: a test hands it
 * recordings and stages and reads pixels. The room clock is the machine's, so that two browsers agree on it.
 */

import { KIND_FRAGMENT, KIND_INIT, KIND_ROWS, Stage } from "/web/shared/wire.js";
import { Mse } from "/receiver/screen/mse.js";
import { Picture } from "/receiver/screen/picture.js";
import { Player } from "/receiver/screen/player.js";
import { Vault } from "/receiver/screen/vault.js";

const clock = { now: () => (performance.timeOrigin + performance.now()) / 1000 };
const vault = new Vault();
const root = document.getElementById("picture");
const options = new URLSearchParams(location.search);

/** The real one, with another budget where a test says so. */
class Window extends Mse {
  constructor(video, feed) {
    const lean = feed.lean && options.has("lean") ? Number(options.get("lean")) : feed.lean;
    super(video, { ...feed, lean, ...(options.has("budget") ? { budget: Number(options.get("budget")) } : {}) });
    windows.push(this);
  }

  origin() {
    return vault.manifest(this.feed.rendition).origin;
  }
}
const windows = [];
const picture = new Picture(root, vault, clock, { Player, Mse: Window });
const canvas = document.createElement("canvas");

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
  for (const { index } of part.tracks) {
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

const up = () => [...document.querySelectorAll("video")].find((video) => video.style.opacity === "1");

/** Levels (0 … 255) of the display's picture: `columns` × `rows` points, drawn as it is and not scaled; [] while black. */
const points = (columns, rows, top = 0, bottom = 1) => {
  const video = up();
  if (!video || picture.state().blank) return [];
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0);
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
  vault, picture, clock, windows, learn, give, load, points, until, up,
  apply: (stage) => picture.apply(Stage.read(stage)),
  state: () => picture.state(),
  frames: (n) => picture.frames(n),
};
window.ready = true;
