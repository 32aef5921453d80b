/**
 * Hearings, clips, lists and bundles, as calls to the presenter. Pure: who calls comes in as an argument.
 */

import { Hearing, Listing, Taking } from "../shared/wire.js";
import { calledOf, takingView } from "./hearings.js";
import { sentenceOf } from "./words.js";

/** Seconds between two looks at a bundle that is being checked. */
const EVERY = 1;

/**
 * @typedef {object} Caller
 * @property {(method: string, path: string, body?: object) => Promise<any>} call rejects with a sentence in `detail`
 */

export class Librarian {
  /** @param {Caller} api @param {(seconds: number) => Promise<void>} pause */
  constructor(api, pause) {
    this.api = api;
    this.pause = pause;
    /** Ids of the bundles whose progress is being told. */
    this.following = new Set();
    /** @type {ReadonlyArray<Hearing>} */
    this.hearings = [];
    /** What was there when they were asked for last. */
    this.seen = "";
    this.onchange = () => {};
    /** @type {(view: import("./hearings.js").TakingView) => void} what becomes of a bundle that comes in */
    this.onbundle = () => {};
  }

  /** Events tell only which one is open: the rest is asked for whenever it may be another. @returns {Promise<void>} */
  async hear() {
    const told = await this.api.call("GET", "hearings");
    if (!Array.isArray(told)) return;
    this.hearings = told.map((one) => Hearing.read(one));
    this.onchange();
  }

  /** Another hearing was opened, here or elsewhere, or something came to it. @param {import("./model.js").Model | null} model */
  look(model) {
    const seen = model === null ? "" : `${model.hearing} ${model.exhibits.map(({ id }) => id).join()}`;
    if (seen === this.seen) return;
    this.seen = seen;
    this.hear().catch(() => {});
  }

  /** Acts that the panel of the hearings has. */
  get acts() {
    const path = (/** @type {string} */ id, more = "") => `hearings/${encodeURIComponent(id)}${more}`;
    const done = async (/** @type {string} */ method, /** @type {string} */ where, /** @type {object} */ body) => {
      await this.api.call(method, where, body);
      await this.hear();
    };
    return {
      opened: async () => {
        await this.hear();
        await this.resume();
      },
      callOff: (/** @type {string} */ id) => this.callOff(id),
      open: (/** @type {string} */ id) => done("POST", path(id, "/open"), {}),
      add: (/** @type {object} */ words) => done("POST", "hearings", words),
      change: (/** @type {string} */ id, /** @type {object} */ words) => done("PATCH", path(id), words),
      remove: async (/** @type {string} */ id) => {
        await this.api.call("DELETE", path(id));
        await this.hear();
      },
      look: async (/** @type {string} */ id, /** @type {File} */ file) => {
        const told = await this.api.call("POST", path(id, "/list?look=1"), file);
        return { ...Listing.read(told), note: String(told.note ?? "") };
      },
      take: (/** @type {string} */ id, /** @type {File} */ file) => done("POST", path(id, "/list"), file),
    };
  }

  /** Acts that the clips have. */
  get clips() {
    const path = (/** @type {string} */ exhibit, more = "") => `exhibits/${encodeURIComponent(exhibit)}/clips${more && `/${encodeURIComponent(more)}`}`;
    return {
      add: async (/** @type {string} */ exhibit, /** @type {object} */ wish) => {
        await this.api.call("POST", path(exhibit), wish);
      },
      change: async (/** @type {string} */ exhibit, /** @type {string} */ clip, /** @type {object} */ wish) => {
        await this.api.call("PATCH", path(exhibit, clip), wish);
      },
      remove: async (/** @type {string} */ exhibit, /** @type {string} */ clip) => {
        await this.api.call("DELETE", path(exhibit, clip));
      },
    };
  }

  /** A bundle is here, all of it: it is checked, and becomes a hearing. @param {{name: string, upload: string | null}} item */
  async take({ name, upload }) {
    try {
      await this.follow(Taking.read(await this.api.call("POST", "bundles", { upload })));
    } catch (refused) {
      this.onbundle({ id: "", says: `${name}: ${sentenceOf(refused)}`, tone: "stop", part: null });
    }
  }

  /** Bundles that are being checked, whoever sent them. */
  async resume() {
    const told = await this.api.call("GET", "bundles");
    if (!Array.isArray(told)) return;
    for (const taking of told.map((one) => Taking.read(one))) if (taking.state === "checking") void this.follow(taking).catch(() => {});
  }

  /** @param {string} id of a bundle that is being checked @returns {Promise<void>} */
  async callOff(id) {
    await this.api.call("DELETE", `bundles/${encodeURIComponent(id)}`);
  }

  /** Tells how far it has come, and what became of it. @param {Taking} first */
  async follow(first) {
    if (this.following.has(first.id)) return;
    this.following.add(first.id);
    try {
      let taking = first;
      while (taking.state === "checking") {
        this.onbundle(takingView(taking, ""));
        await this.pause(EVERY);
        try {
          taking = Taking.read(await this.api.call("GET", `bundles/${encodeURIComponent(first.id)}`));
        } catch (refused) {
          // The presenter is away: it goes on checking, and says so when it is back.
          if (/** @type {{status?: number}} */ (refused)?.status !== 0) throw refused;
        }
      }
      await this.hear();
      const made = this.hearings.find((one) => one.id === taking.report?.hearing);
      this.onbundle(takingView(taking, made === undefined ? taking.name : calledOf(made)));
    } finally {
      this.following.delete(first.id);
    }
  }
}
