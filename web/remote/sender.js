/**
 * tus 1.0, as far as this page needs it. Edge: fetch.
 */

import { Sent } from "../shared/wire.js";

/** Seconds that a call without a body may take, and one with a piece: the thinnest line carries the smallest piece by then. */
const PATIENCE = 20;
const PIECE_PATIENCE = 60;
const TUS = { "tus-resumable": "1.0.0" };

/** @typedef {{status: number, says: string, offset: number | null}} Answer status 0 where nothing answered */

export class Sender {
  /** @param {string} base address of the API, with a slash at its end */
  constructor(base) {
    this.base = base;
    this.onsignedout = () => {};
  }

  /** @returns {Promise<Sent[] | null>} what is known there; null where nothing answers */
  async list() {
    const { answer } = await this.ask("GET", "uploads", {}, null);
    try {
      return answer?.ok ? (await answer.json()).map((/** @type {unknown} */ one) => Sent.read(one)) : null;
    } catch {
      return null;
    }
  }

  /**
   * @param {number} length
   * @param {Record<string, string>} words what stands in tus's metadata
   * @returns {Promise<Answer & {upload: string, exhibit: string}>}
   */
  async create(length, words) {
    const metadata = Object.entries(words).filter(([, text]) => text !== "").map(([key, text]) => `${key} ${base64(new TextEncoder().encode(text))}`).join(",");
    const { answer, told } = await this.ask("POST", "uploads", { ...TUS, "upload-length": String(length), "upload-metadata": metadata }, null);
    const upload = (answer?.headers.get("location") ?? "").split("/").pop() ?? "";
    return { ...told, upload, exhibit: answer?.headers.get("exhibit") ?? "" };
  }

  /** @param {string} upload @returns {Promise<Answer>} */
  async offset(upload) {
    return (await this.ask("HEAD", `uploads/${encodeURIComponent(upload)}`, TUS, null)).told;
  }

  /**
   * @param {string} upload
   * @param {number} from
   * @param {Uint8Array<ArrayBuffer>} data
   * @param {Uint8Array} digest its SHA-256
   * @returns {Promise<Answer>}
   */
  async send(upload, from, data, digest) {
    const headers = { ...TUS, "upload-offset": String(from), "content-type": "application/offset+octet-stream", "upload-checksum": `sha256 ${base64(digest)}` };
    return (await this.ask("PATCH", `uploads/${encodeURIComponent(upload)}`, headers, data)).told;
  }

  /** @param {string} upload @returns {Promise<Answer>} */
  async cancel(upload) {
    return (await this.ask("DELETE", `uploads/${encodeURIComponent(upload)}`, TUS, null)).told;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, string>} headers
   * @param {Uint8Array<ArrayBuffer> | null} body
   * @returns {Promise<{answer: Response | null, told: Answer}>}
   */
  async ask(method, path, headers, body) {
    const patience = body === null ? PATIENCE : PIECE_PATIENCE;
    /** @type {Response} */
    let answer;
    try {
      answer = await fetch(this.base + path, { method, headers, body, cache: "no-store", signal: AbortSignal.timeout(patience * 1000) });
    } catch {
      return { answer: null, told: { status: 0, says: "", offset: null } };
    }
    if (answer.status === 401) this.onsignedout();
    const offset = answer.headers.get("upload-offset");
    const told = { status: answer.status, says: "", offset: offset === null ? null : Number(offset) };
    if (answer.status >= 400) told.says = await sentence(answer);
    return { answer, told };
  }
}

/** @param {Response} answer */
const sentence = async (answer) => {
  try {
    return String((await answer.json()).detail);
  } catch {
    return "The presenter could not take it.";
  }
};

/** @param {Uint8Array} data */
const base64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
