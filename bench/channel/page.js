// The far end of the two data channels: counts what arrives, and when. Played by the bench through `window.far`.
// Times are milliseconds of the wall clock.

const BIN = 100;
const now = () => performance.timeOrigin + performance.now();

class Log {
  began = now();
  /** Bytes of media in each BIN since `began`. */
  bins = [];
  bytes = 0;
  /** When the first message of each object came, by the object's index. */
  seen = {};
  /** How long each control message was on its way. */
  controls = [];
  #last = -1;

  media(data) {
    const at = now();
    const bin = Math.floor((at - this.began) / BIN);
    while (this.bins.length <= bin) this.bins.push(0);
    this.bins[bin] += data.byteLength;
    this.bytes += data.byteLength;
    const index = new DataView(data).getUint32(12); // courtcast/wire/media.py
    if (index !== this.#last) this.seen[index] ??= at;
    this.#last = index;
  }

  control(text) {
    const { at } = JSON.parse(text);
    if (at !== undefined) this.controls.push(now() - at);
  }
}

class Keeper {
  kept = [];

  media(data) {
    this.kept.push(data);
  }

  control() {}
}

const connections = new Map();

window.far = {
  now,

  async answer(id, sdp) {
    const pc = new RTCPeerConnection({ iceServers: [] });
    const connection = { pc, log: new Log() };
    connections.set(id, connection);
    pc.ondatachannel = ({ channel }) => {
      channel.binaryType = "arraybuffer";
      channel.onmessage = ({ data }) =>
        typeof data === "string" ? connection.log.control(data) : connection.log.media(data);
    };
    await pc.setRemoteDescription({ type: "offer", sdp });
    await pc.setLocalDescription();
    await new Promise((resolve) => {
      if (pc.iceGatheringState === "complete") resolve();
      pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && resolve();
      setTimeout(resolve, 3000);
    });
    return pc.localDescription.sdp;
  },

  /** From now on everything is kept. */
  keep(id) {
    connections.get(id).log = new Keeper();
  },

  /** Of all that was kept. */
  async digest(id) {
    const whole = await new Blob(connections.get(id).log.kept).arrayBuffer();
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
    const sha256 = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return { bytes: whole.byteLength, sha256 };
  },

  begin(id) {
    connections.get(id).log = new Log();
  },

  log(id) {
    const { began, bins, bytes, seen, controls } = connections.get(id).log;
    return { began, bins, bytes, seen, controls };
  },

  close(id) {
    connections.get(id)?.pc.close();
    connections.delete(id);
  },
};
