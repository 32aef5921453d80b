/**
 * The page's end of the connection to the presenter. Edge: the browser's RTCPeerConnection.
 *
 * The presenter offers, the page answers; both channels are the presenter's. A new connection takes the place of the
 * old one when its channels are open, so a presenter that comes back does not take anything from the picture.
 */

/** Seconds to wait for addresses: on one machine and in one network they are there at once. */
const GATHER_WITHIN = 1;
/** Seconds from the answer to open channels; longer than the presenter waits (`courtcast.deliver.peer.OPEN_WITHIN`). */
const OPEN_WITHIN = 15;
/** Messages that may come before both channels are open: the presenter says little until it was greeted. */
const EARLY_MOST = 64;

/** @typedef {import("./junction.js").Path} Path */

/**
 * @typedef {object} Handlers
 * @property {(path: Path) => void} onopen       before any of its messages
 * @property {(path: Path) => void} onclose      of each connection, also one that was never open
 * @property {(text: string, path: Path) => void} oncontrol
 * @property {(message: ArrayBuffer, path: Path) => unknown} onmedia
 */

export class Peer {
  /** @type {Connection | null} its channels are open */
  #current = null;
  /** @type {Connection | null} on its way */
  #next = null;

  /** @param {Handlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
  }

  /**
   * Takes an offer with all its candidates.
   * @param {string} sdp
   * @returns {Promise<string>} the answer with all its candidates; throws where the offer makes no sense
   */
  async answer(sdp) {
    this.#next?.close();
    /** @type {Connection} */
    const connection = new Connection({
      open: () => {
        if (this.#next === connection) this.#next = null;
        const old = this.#current;
        this.#current = connection;
        this.handlers.onopen(connection);
        old?.close();
      },
      closed: () => {
        if (this.#next === connection) this.#next = null;
        if (this.#current === connection) this.#current = null;
        this.handlers.onclose(connection);
      },
      control: (text) => this.#current === connection && this.handlers.oncontrol(text, connection),
      media: (message) => this.#current === connection && this.handlers.onmedia(message, connection),
    });
    this.#next = connection;
    try {
      return await connection.answer(sdp);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  close() {
    this.#next?.close();
    this.#current?.close();
  }
}

/** One connection: it opens once or never, and closes once. */
class Connection {
  #pc = new RTCPeerConnection({ iceServers: [] });
  /** @type {RTCDataChannel | null} */
  #control = null;
  /** @type {RTCDataChannel | null} */
  #media = null;
  #open = false;
  #closed = false;
  /** @type {(string | ArrayBuffer)[]} */
  #early = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #limit;

  /**
   * @param {{open: () => void, closed: () => void, control: (text: string) => void,
   *   media: (message: ArrayBuffer) => void}} on
   */
  constructor(on) {
    this.on = on;
    this.#pc.ondatachannel = ({ channel }) => this.#adopt(channel);
    this.#pc.onconnectionstatechange = () => {
      if (["failed", "closed"].includes(this.#pc.connectionState)) this.close();
    };
  }

  get buffered() {
    return this.#control?.bufferedAmount ?? 0;
  }

  /** @param {string} text */
  send(text) {
    if (this.#closed || this.#control?.readyState !== "open") return false;
    this.#control.send(text);
    return true;
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#limit);
    this.#early = [];
    this.#pc.close();
    this.on.closed();
  }

  /** @param {string} sdp */
  async answer(sdp) {
    await this.#pc.setRemoteDescription({ type: "offer", sdp });
    await this.#pc.setLocalDescription();
    await this.#gathered();
    this.#limit = setTimeout(() => this.#open || this.close(), OPEN_WITHIN * 1000);
    const description = this.#pc.localDescription;
    if (description === null) throw new Error("closed while answering");
    return description.sdp;
  }

  /** @returns {Promise<void>} */
  #gathered() {
    return new Promise((resolve) => {
      if (this.#pc.iceGatheringState === "complete") resolve();
      this.#pc.onicegatheringstatechange = () => this.#pc.iceGatheringState === "complete" && resolve();
      setTimeout(resolve, GATHER_WITHIN * 1000);
    });
  }

  /** @param {RTCDataChannel} channel */
  #adopt(channel) {
    if (channel.label === "control" && this.#control === null) this.#control = channel;
    else if (channel.label === "media" && this.#media === null) this.#media = channel;
    else return channel.close();
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }) => (this.#open ? this.#deliver(data) : this.#keep(data));
    channel.onclose = () => this.close();
    channel.onopen = () => this.#look();
    this.#look();
  }

  #look() {
    if (this.#open || this.#closed) return;
    if (this.#control?.readyState !== "open" || this.#media?.readyState !== "open") return;
    this.#open = true;
    clearTimeout(this.#limit);
    this.on.open();
    for (const data of this.#early.splice(0)) this.#deliver(data);
  }

  /** @param {string | ArrayBuffer} data */
  #keep(data) {
    if (this.#early.length < EARLY_MOST) this.#early.push(data);
    else this.close();
  }

  /** @param {string | ArrayBuffer} data */
  #deliver(data) {
    if (typeof data === "string") this.on.control(data);
    else this.on.media(data);
  }
}
