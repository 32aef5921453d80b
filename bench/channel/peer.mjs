// The far end in Node: one peer connection of another WebRTC stack, told what to do by lines of JSON like the page.
//
//   node peer.mjs STACK FOLDER     STACK: node-datachannel | werift; FOLDER holds node_modules with it

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [stack, folder] = process.argv.slice(2);
const resolve = createRequire(join(folder, "none.js")).resolve;
const entry = stack === "node-datachannel" ? "node-datachannel/polyfill" : stack;
const library = await import(pathToFileURL(resolve(entry)).href);
const RTCPeerConnection = library.RTCPeerConnection ?? library.default.RTCPeerConnection;

const connections = new Map();

async function answer({ id, sdp }) {
  const pc = new RTCPeerConnection({ iceServers: [] });
  const connection = { pc, hash: createHash("sha256"), bytes: 0 };
  connections.set(id, connection);
  pc.ondatachannel = ({ channel }) => {
    channel.binaryType = "arraybuffer";
    channel.onmessage = ({ data }) => {
      if (channel.label !== "media") return;
      connection.hash.update(new Uint8Array(data));
      connection.bytes += data.byteLength;
    };
  };
  await pc.setRemoteDescription({ type: "offer", sdp });
  await pc.setLocalDescription(await pc.createAnswer());
  const end = Date.now() + 3000;
  while (pc.iceGatheringState !== "complete" && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
  return pc.localDescription.sdp;
}

async function obey(asked) {
  const connection = connections.get(asked.id);
  switch (asked.do) {
    case "answer":
      return answer(asked);
    case "keep":
      return null;
    case "digest":
      return { bytes: connection.bytes, sha256: connection.hash.copy().digest("hex") };
    case "close":
      for (const id of asked.ids) connections.get(id)?.pc.close();
      return null;
    default:
      throw new Error(`not known: ${asked.do}`);
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

say(`Node ${process.version}, ${stack}`);
for await (const line of createInterface({ input: process.stdin })) {
  try {
    say((await obey(JSON.parse(line))) ?? null);
  } catch (error) {
    say({ failed: String(error?.stack ?? error) });
  }
}
process.exit(0);
