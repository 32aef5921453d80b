/** The worker of `bench.disk`: writes, finds and reads fragments in one of three ways. */

const SIZES = [500_000, 8_000];
const BATCH = 1 << 20;
const [EXHIBITS, FRAGMENTS] = location.hash.slice(1).split(",").map(Number);
/** Exhibit, track, fragment: in the order in which they come. */
const names = [];
for (let e = 0; e < EXHIBITS; e += 1) {
  for (let f = 0; f < FRAGMENTS; f += 1) for (const t of [0, 1]) names.push([e, t, f]);
}
const noise = new Uint8Array(500_000);
for (let at = 0; at < noise.length; at += 65536) crypto.getRandomValues(noise.subarray(at, at + 65536));
const open = async (folder, name) => (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle();
const mixed = (list) => {
  let seed = 7;
  return [...list].sort(() => ((seed = (seed * 16807) % 2147483647) & 1) - 0.5);
};
const hash = (bytes) => crypto.subtle.digest("SHA-256", bytes);
const ways = {
  one: { file: () => "all" },
  exhibit: { file: ([e]) => `e${e}` },
  fragment: { file: ([e, t, f]) => `e${e}-${t}-${f}` },
};
onmessage = async ({ data: { way, act } }) => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(way, { create: true });
  const { file } = ways[way];
  const done = {};
  const began = performance.now();
  if (act === "write") {
    const journal = await open(folder, "journal");
    const handles = new Map(), ends = new Map(), dirty = new Set();
    let lines = 0, since = 0, slowest = 0, last = performance.now();
    for (const name of names) {
      const key = file(name), size = SIZES[name[1]];
      if (!handles.has(key)) handles.set(key, await open(folder, key));
      const at = ends.get(key) ?? 0;
      handles.get(key).write(noise.subarray(0, size), { at });
      ends.set(key, at + size);
      dirty.add(key);
      since += size;
      if (since < BATCH) continue;
      for (const one of dirty) handles.get(one).flush();
      if (way === "fragment") for (const one of dirty) { handles.get(one).close(); handles.delete(one); }
      lines += journal.write(new TextEncoder().encode(JSON.stringify([...dirty]) + "\n"), { at: lines });
      journal.flush();
      dirty.clear();
      since = 0;
      slowest = Math.max(slowest, performance.now() - last);
      last = performance.now();
    }
    for (const handle of [...handles.values(), journal]) { handle.flush(); handle.close(); }
    done.slowest = slowest;
  } else if (act === "find") {
    let count = 0, bytes = 0;
    if (way === "fragment") {
      for await (const [, handle] of folder.entries()) { count += 1; bytes += (await handle.getFile()).size; }
    } else {
      const journal = await open(folder, "journal");
      const text = new Uint8Array(journal.getSize());
      journal.read(text, { at: 0 });
      count = new TextDecoder().decode(text).split("\n").length;
      journal.close();
    }
    done.count = count;
  } else {
    const handles = new Map(), offsets = new Map(), ends = new Map(), took = [];
    for (const name of names) {
      const key = file(name), at = ends.get(key) ?? 0;
      offsets.set(name, at);
      ends.set(key, at + SIZES[name[1]]);
    }
    for (const name of mixed(names.filter(([, t]) => t === 0)).slice(0, 100)) {
      const begin = performance.now();
      const key = file(name);
      if (!handles.has(key)) handles.set(key, await open(folder, key));
      const bytes = new Uint8Array(SIZES[name[1]]);
      handles.get(key).read(bytes, { at: offsets.get(name) });
      if (way === "fragment") { handles.get(key).close(); handles.delete(key); }
      const read = performance.now() - begin;
      await hash(bytes);
      took.push([read, performance.now() - begin]);
    }
    for (const handle of handles.values()) handle.close();
    const at = (share, which) => took.map((one) => one[which]).sort((a, b) => a - b)[Math.floor(took.length * share)];
    Object.assign(done, { read: at(0.5, 0), verified: at(0.5, 1), verified95: at(0.95, 1) });
  }
  postMessage({ ...done, took: performance.now() - began });
};
