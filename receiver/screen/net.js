/**
 * The net below the page: whatever nobody caught is reported, and a page that is lost starts again by itself, at a
 * bounded rate. Edge: the window's errors, its memory and its reload. Loaded before everything else.
 */

import { held, Patience } from "./patience.js";

const MEMORY = "courtcast.reloads";
const seconds = () => performance.now() / 1000;

/** @typedef {{where: string, detail: string}} Caught */

const reloads = (() => {
  try {
    return held(JSON.parse(sessionStorage.getItem(MEMORY) ?? "[]"), Date.now() / 1000);
  } catch {
    return [];
  }
})();
const patience = new Patience(seconds(), reloads.length, Math.random());

/** @type {Caught[]} faults that nobody has asked for yet; the latest twenty */
const waiting = [];

let reloading = false;

export const net = {
  /** Called with each fault. @type {((caught: Caught) => void) | null} */
  onfault: null,

  /** Something that was caught at the last moment. @param {string} where @param {unknown} error */
  fault(where, error) {
    patience.fault(seconds());
    net.mention(where, error);
  },

  /** Something that is told, but is no reason to start again. @param {string} where @param {unknown} error */
  mention(where, error) {
    if (!patience.worthTelling(seconds())) return;
    const caught = { where, detail: words(error) };
    if (net.onfault === null) waiting.splice(0, Math.max(0, waiting.push(caught) - 20));
    else net.onfault(caught);
  },

  /** Faults from before `onfault` was set. @returns {Caught[]} */
  missed: () => waiting.splice(0),

  /** The page works. @param {boolean} on  a picture is up */
  alive: (on) => patience.alive(on, seconds()),

  /** The receiver serves another version of the page. */
  outdated: () => patience.outdated(),

  /** Starts again, where the receiver is there to give the page: a browser's own error page would stay for ever. */
  async reload() {
    if (reloading) return;
    reloading = true;
    try {
      const page = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(3000) });
      if (!page.ok) return;
    } catch {
      return;
    } finally {
      reloading = false;
    }
    try {
      sessionStorage.setItem(MEMORY, JSON.stringify([...reloads, Date.now() / 1000]));
    } catch {
      // Without a memory the pause before a reload is always the shortest; it is still a pause.
    }
    location.reload();
  },
};

/** @param {unknown} error */
const words = (error) => (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 2000);

// In the capture phase, since a script that does not load tells only its own element.
addEventListener(
  "error",
  (event) => {
    const { target } = event;
    if (target instanceof HTMLScriptElement) net.fault("script", target.src);
    else if (event instanceof ErrorEvent) net.fault(`${event.filename}:${event.lineno}`, event.error ?? event.message);
  },
  true,
);
addEventListener("unhandledrejection", (event) => net.fault("promise", event.reason));

setInterval(() => {
  const why = patience.verdict(seconds());
  if (why !== null) void net.reload();
}, 1000);
