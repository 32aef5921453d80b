"""A bare page around MSE in a real Chromium: what our fragments do there, without any of our own page code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from tests.prepare.prepared import Prepared

CHROMIUM = os.environ.get("COURTCAST_CHROMIUM", "/usr/bin/chromium")

PAGE = """<!doctype html><meta charset=utf-8><video id=v width=640 playsinline></video><script type=module>
const video = document.getElementById("v");
const bytes = async (name) => (await fetch("/" + name)).arrayBuffer();
const next = (target, event, ms = 8000) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`${event}: not within ${ms} ms, at ${video.currentTime}`)), ms);
  target.addEventListener(event, (e) => { clearTimeout(timer); resolve(e); }, { once: true });
});
const ranges = (buffered) => [...Array(buffered.length).keys()].map((n) => [buffered.start(n), buffered.end(n)]);
let source, buffers, tracks;
const frame = (ms = 8000) => new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error("no frame")), ms);
  video.requestVideoFrameCallback((now, meta) => { clearTimeout(timer); resolve(meta); });
});
const append = async (buffer, data) => {
  const done = next(buffer, "updateend");
  buffer.appendBuffer(data);
  await done;
  if (video.error) throw new Error(`${video.error.code} ${video.error.message}`);
};
window.load = async (description, end = true) => {
  tracks = description;
  for (const track of tracks) if (!MediaSource.isTypeSupported(track.mime)) throw new Error("unsupported " + track.mime);
  source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await next(source, "sourceopen");
  buffers = tracks.map((track) => source.addSourceBuffer(track.mime));
  const parts = [];
  for (const [n, track] of tracks.entries()) {
    await append(buffers[n], await bytes(`init/${n}`));
    const grown = [];
    for (let i = 0; i < track.fragments; i++) {
      await append(buffers[n], await bytes(`fragment/${n}/${i}`));
      grown.push(ranges(buffers[n].buffered));
    }
    parts.push(grown);
  }
  if (end) source.endOfStream();
  return parts;
};
window.seek = async (t) => {
  const shown = frame();
  const seeked = next(video, "seeked");
  video.currentTime = t;
  const meta = await shown;
  await seeked;
  return meta.mediaTime;
};
window.luma = (width, height) => {
  const [wide, high] = [video.videoWidth, video.videoHeight];
  if (wide < 4 * width) {
    const small = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    small.imageSmoothingQuality = "high";
    small.drawImage(video, 0, 0, width, height);
    const data = small.getImageData(0, 0, width, height).data;
    return [...Array(width * height).keys()].map((n) => n * 4).map((n) =>
      Math.round(0.299 * data[n] + 0.587 * data[n + 1] + 0.114 * data[n + 2]));
  }
  // Averages over whole blocks: the browser's own scaling leaves pixels out where it makes 4K small.
  const context = new OffscreenCanvas(wide, high).getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  const data = context.getImageData(0, 0, wide, high).data;
  const sums = new Float64Array(width * height), counts = new Uint32Array(width * height);
  for (let y = 0, n = 0; y < high; y++) {
    const row = Math.floor((y * height) / high) * width;
    for (let x = 0; x < wide; x++, n += 4) {
      const cell = row + Math.floor((x * width) / wide);
      sums[cell] += 0.299 * data[n] + 0.587 * data[n + 1] + 0.114 * data[n + 2];
      counts[cell]++;
    }
  }
  return [...sums].map((sum, n) => Math.round(sum / counts[n]));
};
window.info = () => ({ width: video.videoWidth, height: video.videoHeight, ready: video.readyState, at: video.currentTime,
  error: video.error && video.error.message, duration: video.duration, buffered: ranges(video.buffered) });
window.play = async (to, ms) => {
  const times = [];
  const note = (now, meta) => { times.push(meta.mediaTime); video.requestVideoFrameCallback(note); };
  video.requestVideoFrameCallback(note);
  const begun = performance.now();
  await video.play();
  while (video.currentTime < to && !video.ended && performance.now() - begun < ms) await new Promise((r) => setTimeout(r, 20));
  const took = performance.now() - begun;
  video.pause();
  return { at: video.currentTime, ended: video.ended, took, times, error: video.error && video.error.message,
    dropped: video.getVideoPlaybackQuality().droppedVideoFrames };
};
let loud = [];
window.listen = async () => {
  const context = new AudioContext();
  const node = context.createScriptProcessor(256, 2, 2);
  node.onaudioprocess = (e) => {
    const data = e.inputBuffer.getChannelData(0);
    let sum = 0;
    for (const value of data) sum += value * value;
    loud.push([video.currentTime, Math.sqrt(sum / data.length)]);
  };
  context.createMediaElementSource(video).connect(node);
  node.connect(context.destination);
  await context.resume();
};
window.heard = () => { const was = loud; loud = []; return was; };
window.ready = true;
</script>"""


class Player:
    """A page with one video element. Times are on MSE time, in seconds."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._prepared: Prepared | None = None
        page.route("**/*", self._serve)

    def _serve(self, route: Route) -> None:
        kind, *rest = route.request.url.split("/")[3:]
        if not kind:
            route.fulfill(body=PAGE, content_type="text/html")
        elif self._prepared is not None and kind == "init":
            route.fulfill(body=self._prepared.inits[self._order[int(rest[0])]])
        elif self._prepared is not None and kind == "fragment":
            route.fulfill(body=self._prepared.fragments[self._order[int(rest[0])]][int(rest[1])])
        else:
            route.fulfill(status=404)

    def load(self, prepared: Prepared, *, sound: bool = True, end: bool = True) -> list[list[list[list[float]]]]:
        """Append everything; gives for each track `buffered` after each fragment."""
        self._prepared = prepared
        tracks = [t for t in prepared.manifest.tracks if sound or t.kind == "video"]
        self._order = [t.index for t in tracks]
        self.page.goto("http://127.0.0.1/")
        self.page.wait_for_function("window.ready")
        description = [{"mime": t.mime, "fragments": len(prepared.fragments[t.index])} for t in tracks]
        return self.call("load", description, end)  # type: ignore[no-any-return]

    def call(self, name: str, *arguments: Any) -> Any:
        """One of the page's functions."""
        return self.page.evaluate(f"window.{name}(...{json.dumps(arguments)})")


@contextmanager
def player() -> Iterator[Player]:
    """Chromium with one page, as a kiosk runs it."""
    with sync_playwright() as playwright:
        arguments = ["--autoplay-policy=no-user-gesture-required"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            arguments.append("--no-sandbox")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            page = browser.new_page()
            page.set_default_timeout(30_000)
            yield Player(page)
        finally:
            browser.close()
