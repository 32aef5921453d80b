/**
 * Draws the test card and sounds its tones. Edge: canvas, animation frames, Web Audio.
 *
 * A tone is set so that it leaves the loudspeaker when its picture is drawn, as far as the browser knows how late its
 * sound is: what is off then is the display's or the loudspeaker's doing.
 */

import { layout, moving, tonesBetween } from "./testcard.js";

/** @typedef {import("../../web/shared/wire.js").ScreenCard} ScreenCard */

/** Seconds ahead for which tones are set, and until the first one: a context takes a moment to start. */
const AHEAD = 0.6;
/** Seconds from the moment that a picture is drawn for until it is on the display: a refresh, and half of one on average
 * since pictures come in steps. */
const SEEN = 0.025;
const START = 1;
const LOUD = 0.5;
/** Seconds after the card that the sound's device is given back: the black has long been drawn, and told of. */
const GIVE_BACK = 0.3;
/** Seconds in which a tone swells and fades, so that it does not click. */
const RAMP = 0.005;
/** What to look at: on the left, on the right. */
const QUESTIONS = [
  ["Chequered edge", "whole on all sides?", "", "Circle round?"],
  ["Bar moves", "without a jerk?", "", "Beep with the flash?"],
];

export class TestCardView {
  /** The card that is up. @type {ScreenCard | null} */
  card = null;
  /** @type {Sound | null} */
  #sound = null;
  /** Milliseconds of the page's clock when it came up. */
  #since = 0;
  #frame = 0;
  /** What stands still, drawn once for each size. @type {HTMLCanvasElement | null} */
  #still = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** @param {ScreenCard | null} card @returns {boolean} it came up, or went */
  show(card) {
    const was = this.card;
    this.card = card;
    if (card === null) {
      if (was !== null) this.#away();
      return was !== null;
    }
    this.#sound?.level(card.volume);
    if (was !== null) {
      if (was.name !== card.name) this.#still = null;
      return false;
    }
    this.#since = performance.now();
    this.#sound = new Sound(this.#since, card.volume);
    this.canvas.hidden = false;
    this.#draw();
    return true;
  }

  /**
   * @param {number} maxWidth  pixels
   * @returns {Promise<{blob: Blob, width: number, height: number} | null>} a JPEG of it
   */
  async picture(maxWidth) {
    const scale = Math.min(1, maxWidth / this.canvas.width);
    const small = document.createElement("canvas");
    small.width = Math.max(1, Math.round(this.canvas.width * scale));
    small.height = Math.max(1, Math.round(this.canvas.height * scale));
    small.getContext("2d")?.drawImage(this.canvas, 0, 0, small.width, small.height);
    const { width, height } = small;
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => small.toBlob(resolve, "image/jpeg", 0.7));
    return blob && { blob, width, height };
  }

  #away() {
    this.canvas.hidden = true;
    cancelAnimationFrame(this.#frame);
    this.#sound?.end();
    this.#sound = null;
    this.#still = null;
    // Nothing of it may be seen again, however the canvas is shown later.
    this.canvas.width = this.canvas.height = 1;
  }

  #draw() {
    if (this.card === null) return;
    this.#frame = requestAnimationFrame(() => this.#draw());
    const width = Math.round(innerWidth * devicePixelRatio), height = Math.round(innerHeight * devicePixelRatio);
    const { canvas } = this;
    if (this.#still === null || canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.#still = standing(width, height, this.card.name);
    }
    const context = canvas.getContext("2d");
    if (context === null) return;
    const seconds = (performance.now() - this.#since) / 1000 - START;
    context.drawImage(this.#still, 0, 0);
    this.#move(context, layout(width, height), seconds);
    this.#sound?.work();
  }

  /** @param {CanvasRenderingContext2D} context @param {ReturnType<typeof layout>} at @param {number} seconds */
  #move(context, at, seconds) {
    const { flash, side, turn, sweep } = moving(Math.max(0, seconds));
    const lit = seconds >= 0;
    label(context, at, at.left, "LEFT", lit && side === "left");
    label(context, at, at.right, "RIGHT", lit && side === "right");
    context.fillStyle = lit && flash ? "#fff" : "#000";
    context.beginPath();
    context.arc(at.disc.x, at.disc.y, at.disc.radius, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = lit && flash ? "#000" : "#fff";
    context.lineWidth = 2 * at.line;
    context.stroke();
    context.beginPath();
    context.moveTo(at.disc.x, at.disc.y);
    context.lineTo(at.disc.x + at.disc.radius * Math.sin(2 * Math.PI * turn), at.disc.y - at.disc.radius * Math.cos(2 * Math.PI * turn));
    context.stroke();
    const bar = Math.max(2, Math.round(at.band.height / 2));
    context.fillStyle = "#fff";
    context.fillRect(Math.round(at.band.x + sweep * (at.band.width - bar)), at.band.y, bar, at.band.height);
    if (this.#sound?.silent) {
      context.fillStyle = "#ffd75e";
      context.font = font(at.text, 700);
      context.fillText("This browser holds the sound back. Click once on this page.", at.centre.x, at.steps.y - at.text, at.radius * 1.8);
    }
  }
}

/** @param {number} size @param {number} [weight] */
const font = (size, weight = 500) => `${weight} ${size}px Inter, "Segoe UI", "Noto Sans", "DejaVu Sans", system-ui, sans-serif`;

/**
 * @param {CanvasRenderingContext2D} context @param {ReturnType<typeof layout>} at
 * @param {{x: number, y: number, width: number, height: number}} box @param {string} words @param {boolean} lit
 */
const label = (context, at, box, words, lit) => {
  context.fillStyle = lit ? "#fff" : "#26303a";
  context.fillRect(box.x, box.y, box.width, box.height);
  context.fillStyle = lit ? "#000" : "#9fb0bf";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = font(at.text * 1.4, 700);
  context.fillText(words, box.x + box.width / 2, box.y + box.height / 2);
};

/** @param {number} width @param {number} height @param {string} name */
const standing = (width, height, name) => {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  const at = layout(width, height);
  const { centre, cell, line } = at;
  context.fillStyle = "#3a444e";
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#5c6873";
  for (let x = centre.x % cell; x < width; x += cell) context.fillRect(x, 0, line, height);
  for (let y = centre.y % cell; y < height; y += cell) context.fillRect(0, y, width, line);
  for (const { x, y, width: wide, height: high, white } of at.blocks) {
    context.fillStyle = white ? "#fff" : "#000";
    context.fillRect(x, y, wide, high);
  }
  context.strokeStyle = "#fff";
  // The outermost pixels on all sides: where they are not to be seen, the display cuts the picture.
  context.lineWidth = 1;
  context.strokeRect(0.5, 0.5, width - 1, height - 1);
  context.lineWidth = 3 * line;
  context.beginPath();
  context.arc(centre.x, centre.y, at.radius, 0, 2 * Math.PI);
  context.fillStyle = "#1c232a";
  context.fill();
  context.stroke();
  corners(context, width, height, at);
  for (let n = 0; n <= 10; n += 1) {
    const level = Math.round((n * 255) / 10);
    context.fillStyle = `rgb(${level} ${level} ${level})`;
    const from = Math.round((n * at.steps.width) / 11), to = Math.round(((n + 1) * at.steps.width) / 11);
    context.fillRect(at.steps.x + from, at.steps.y, to - from, at.steps.height);
  }
  context.fillStyle = "#000";
  context.fillRect(at.band.x, at.band.y, at.band.width, at.band.height);
  context.fillStyle = "#fff";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = font(at.text * 1.7, 700);
  context.fillText(name || "Test card", centre.x, centre.y - at.text * 1.9, at.radius * 1.8);
  context.font = font(at.text);
  context.fillText(`Test card  ·  ${width} × ${height}`, centre.x, centre.y - at.text * 0.2, at.radius * 1.8);
  context.fillText("No evidence. It goes by itself.", centre.x, centre.y + at.text * 1.4, at.radius * 1.8);
  QUESTIONS.forEach((lines, side) => {
    const { x, y, width: most } = at.asks[side];
    lines.forEach((text, n) => context.fillText(text, x, y + at.text * 1.3 * n, most));
  });
  return canvas;
};

/** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height @param {ReturnType<typeof layout>} at */
const corners = (context, width, height, at) => {
  const reach = at.edge * 5;
  context.strokeStyle = "#ffd75e";
  context.lineWidth = 2 * at.line;
  for (const [x, dx] of [[at.edge * 2, 1], [width - at.edge * 2, -1]]) {
    for (const [y, dy] of [[at.edge * 2, 1], [height - at.edge * 2, -1]]) {
      context.beginPath();
      context.moveTo(x + dx * reach, y);
      context.lineTo(x, y);
      context.lineTo(x, y + dy * reach);
      context.stroke();
    }
  }
};

/** The tones of one card. */
class Sound {
  #context = new AudioContext({ latencyHint: "interactive" });
  #gain = this.#context.createGain();
  /** Seconds since the card came up until which tones are set. */
  #until = 0;

  /** @param {number} since  milliseconds of the page's clock when the card came up @param {number} volume */
  constructor(since, volume) {
    this.since = since;
    this.level(volume);
    this.#gain.connect(this.#context.destination);
    this.wake = () => void this.#context.resume();
    addEventListener("pointerdown", this.wake);
  }

  /** The browser lets nothing be heard before somebody has touched the page. */
  get silent() {
    return this.#context.state !== "running" && performance.now() - this.since > START * 1000;
  }

  /** @param {number} volume  0 … 1 */
  level(volume) {
    this.#gain.gain.value = Math.min(1, Math.max(0, volume)) * LOUD;
  }

  /** Sets the tones of the next moment. */
  work() {
    if (this.#context.state !== "running") return;
    const now = (performance.now() - this.since) / 1000 - START;
    const from = Math.max(this.#until, now, 0), to = now + AHEAD;
    if (to <= from) return;
    this.#until = to;
    for (const tone of tonesBetween(from, to)) this.#set(tone, this.#leaves(this.since + (tone.at + START + SEEN) * 1000));
  }

  /** Silent at once. Giving the device back may keep the page waiting, and nothing may wait for that: black is first. */
  end() {
    removeEventListener("pointerdown", this.wake);
    this.#gain.gain.value = 0;
    setTimeout(() => void this.#context.close(), GIVE_BACK * 1000);
  }

  /** The context's time of what leaves the loudspeaker at a moment. @param {number} moment  ms of the page's clock */
  #leaves(moment) {
    const context = this.#context;
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
    if (performanceTime > 0) return contextTime + (moment - performanceTime) / 1000;
    return context.currentTime + (moment - performance.now()) / 1000 - (context.outputLatency || 0);
  }

  /** @param {import("./testcard.js").Tone} tone @param {number} at  the context's time */
  #set({ lasts, pan, hertz }, at) {
    const context = this.#context;
    const begin = Math.max(at, context.currentTime);
    const tone = new OscillatorNode(context, { frequency: hertz });
    const swell = new GainNode(context, { gain: 0 });
    swell.gain.setValueAtTime(0, begin);
    swell.gain.linearRampToValueAtTime(1, begin + RAMP);
    swell.gain.setValueAtTime(1, begin + lasts - RAMP);
    swell.gain.linearRampToValueAtTime(0, begin + lasts);
    tone.connect(swell).connect(new StereoPannerNode(context, { pan })).connect(this.#gain);
    tone.start(begin);
    tone.stop(begin + lasts);
  }
}
