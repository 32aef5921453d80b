/**
 * Hearings, clips, lists and bundles, as calls to the presenter. Pure: who calls comes in as an argument.
 */

import { BundleReport, Hearing, Listing } from "../shared/wire.js";
import { bundleWords, calledOf } from "./hearings.js";
import { sentenceOf } from "./words.js";

/** Seconds that checking a bundle may take: all of its files are read. */
const CHECKING = 3600;

/**
 * @typedef {object} Caller
 * @property {(method: string, path: string, body?: object) => Promise<any>} call rejects with a sentence in `detail`
 * @property {(method: string, path: string, body: object | undefined, patience: number) => Promise<any>} request
 */

export class Librarian {
  /** @param {Caller} api */
  constructor(api) {
    this.api = api;
    /** @type {ReadonlyArray<Hearing>} */
    this.hearings = [];
    /** What was there when they were asked for last. */
    this.seen = "";
    this.onchange = () => {};
    /** @type {(text: string, tone: "stop" | "good" | "quiet") => void} what becomes of a bundle that comes in */
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
      opened: () => this.hear(),
      open: (/** @type {string} */ id) => done("POST", path(id, "/open"), {}),
      add: (/** @type {object} */ words) => done("POST", "hearings", words),
      change: (/** @type {string} */ id, /** @type {object} */ words) => done("PATCH", path(id), words),
      remove: async (/** @type {string} */ id) => {
        await this.api.call("DELETE", path(id));
        await this.hear();
      },
      look: async (/** @type {string} */ id, /** @type {File} */ file) => Listing.read(await this.api.call("POST", path(id, "/list?look=1"), file)),
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
    this.onbundle(`${name} is here and is being checked, file by file. That takes its time.`, "quiet");
    try {
      const report = BundleReport.read(await this.api.request("POST", "bundles", { upload }, CHECKING));
      await this.hear();
      const hearing = this.hearings.find((one) => one.id === report.hearing);
      this.onbundle(bundleWords(report, hearing === undefined ? name : calledOf(hearing)), "good");
    } catch (refused) {
      this.onbundle(sentenceOf(refused), "stop");
    }
  }
}
