"""Sound and picture of one screen, measured at the page: the beep of each second against the frames' own numbers.

The picture: every frame that comes onto the display is read from its pixels, at the time the browser says it is on. The
sound: the player's own output, tapped by `captureStream()`, and the sample at which a beep begins. The tap is before
the browser's output queue (42 ms here, said by `getOutputTimestamp`), which is counted. What stands between that queue
and an ear is the sound card's own delay, and between the pixels and an eye the display's: no page can see those, and
both are what `delay_ms` is for.

Beside it the browser plays the same file by itself, so that what is the browser's is told from what is ours: the start
of an AAC track (1024 samples, 21 ms) would be lost or doubled in our buffer only.
"""

from __future__ import annotations

import base64
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from courtcast.samples import CELLS, HEIGHT, make_clip, read_cells
from tests.browser.picture_bench import ONE_LOOP, Clip, Screen, scene, screens, stage

pytestmark = [pytest.mark.browser, pytest.mark.alone, ONE_LOOP]

RATE = 30
WITHIN = 0.040
"""Seconds: ITU-R BT.1359-1 finds 45 ms early and 125 ms late just detectable; we allow less on either side."""
LOUD = 0.18
"""Of full scale: above the clip's hum (0.05), below its beeps (0.37)."""

LISTEN = """async ([cells, height, seconds, loud, file]) => {
  let video = bench.up();
  if (file !== null) {
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    video = document.createElement("video");
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
    document.body.append(video);
    await video.play();
    await new Promise((go) => setTimeout(go, 3000));
  }
  const context = new AudioContext({ latencyHint: "interactive" });
  await context.resume();
  // Runs where sound is worked on: says at which of the context's seconds a beep began. Half a second of quiet first.
  const code = `registerProcessor("beeps", class extends AudioWorkletProcessor {
    quiet = 0;
    process([[samples]]) {
      for (let n = 0; samples !== undefined && n < samples.length; n += 1) {
        if (Math.abs(samples[n]) < ${loud}) { this.quiet += 1; continue; }
        if (this.quiet > sampleRate / 2) this.port.postMessage((currentFrame + n) / sampleRate);
        this.quiet = 0;
      }
      return true;
    }
  });`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const beeps = [], frames = [], clocks = [], queues = [];
  const listener = new AudioWorkletNode(context, "beeps", { numberOfOutputs: 0 });
  listener.port.onmessage = ({ data }) => beeps.push(data);
  context.createMediaStreamSource(video.captureStream()).connect(listener);
  const canvas = new OffscreenCanvas(480, 270).getContext("2d", { willReadFrequently: true });
  const watch = (_, { expectedDisplayTime }) => {
    canvas.drawImage(video, 0, 0, 480, 270);
    const line = canvas.getImageData(0, Math.floor(135 * height), 480, 1).data;
    const levels = Array.from({ length: cells }, (_, n) => line[4 * Math.floor(((n + 0.5) * 480) / cells)]);
    frames.push([expectedDisplayTime / 1000, levels]);
    video.requestVideoFrameCallback(watch);
  };
  video.requestVideoFrameCallback(watch);
  // The context counts in blocks: it was read soonest after a block began where the difference is least.
  let ahead = Infinity;
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    const now = performance.now() / 1000;
    ahead = Math.min(ahead, now - context.currentTime);
    clocks.push(now - video.currentTime);
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    queues.push(performanceTime / 1000 - contextTime);
    await new Promise((go) => setTimeout(go, 7));
  }
  const room = performance.now() / 1000 - bench.clock.now();
  await context.close();
  return { beeps: beeps.map((at) => at + ahead), frames, clocks, queues: queues.map((one) => one - ahead), room };
}"""


@dataclass(frozen=True)
class Heard:
    """Seconds, each by how much it comes after its time on the player's own clock."""

    picture: list[float]
    sound: list[float]
    """As tapped."""
    queue: float
    """From the tap to the output."""
    late: float
    """The player's clock, after the room's."""

    @property
    def offset(self) -> float:
        """Seconds that the sound leaves the browser later than the picture."""
        return statistics.median(self.sound) + self.queue - statistics.median(self.picture)

    def __str__(self) -> str:
        def spread(name: str, values: list[float]) -> str:
            low, middle, high = (1000 * one for one in (min(values), statistics.median(values), max(values)))
            return f"{name} {middle:+.1f} ms ({low:+.1f} … {high:+.1f}, n = {len(values)})"

        parts = f"{spread('picture', self.picture)}, {spread('sound at the tap', self.sound)}"
        return f"sound after picture {1000 * self.offset:+.1f} ms; {parts}, output queue {1000 * self.queue:.1f} ms"


async def listen(
    screen: Screen, seconds: float, *, origin: float, clock: float = 0.0, file: Path | None = None
) -> Heard:
    """origin: where media time 0 is on the player's clock; clock: when the room was there; file: played instead"""
    given = None if file is None else base64.b64encode(file.read_bytes()).decode()
    found: dict[str, Any] = await screen.page.evaluate(LISTEN, [CELLS, HEIGHT, seconds, LOUD, given])
    began = statistics.median(found["clocks"]) + origin
    codes = [(shown, read_cells(levels)) for shown, levels in found["frames"]]
    return Heard(
        picture=[shown - began - code / RATE for shown, code in codes if code is not None],
        # Beeps are a second apart: each is of the second that it is nearest to.
        sound=[(beep - began + 0.5) % 1 - 0.5 for beep in found["beeps"]],
        queue=statistics.median(found["queues"]),
        late=began - found["room"] - clock,
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lips")
    return make_clip(folder / "a.mp4", seconds=30, rate=RATE, width=480, height=270, bit_rate=500_000)


async def play_and_listen(clip: Clip, delay: float = 0.0) -> Heard:
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        await screen.do("apply", stage(shown=scene(clip, 1), sound=True))
        await screen.until("!bench.state().blank")
        clock = await screen.now() + 0.3
        await screen.do("apply", stage(shown=scene(clip, 1, clock + delay, 1), sound=True))
        await screen.until("bench.state().playing && bench.state().media_time > 4")
        numerator, denominator = clip.rows.origin
        heard = await listen(screen, 8, origin=numerator / denominator, clock=clock - 1)
        state = await screen.state()
    assert state["sound"]
    assert state["stalls"]["count"] == 0
    return heard


@pytest.mark.long
async def test_sound_and_picture_are_together(file: Path) -> None:
    clip = Clip.of(file)
    heard = await play_and_listen(clip)
    async with screens([clip]) as [screen]:
        alone = await listen(screen, 8, origin=0.0, file=file)
    print(f"screen: {heard}\nthe browser alone: {alone}")
    assert len(heard.sound) >= 6
    assert len(heard.picture) >= 60
    assert abs(heard.offset) <= WITHIN, str(heard)
    # Either may be one buffer of the browser's output (20 ms) off against its clock, from one start to the next.
    assert abs(statistics.median(heard.sound) - statistics.median(alone.sound)) <= 0.030, f"{heard}; {alone}"


@pytest.mark.long
async def test_a_delay_moves_both(file: Path) -> None:
    heard = await play_and_listen(Clip.of(file), delay=0.25)
    print(f"{heard}; the player after the room {1000 * heard.late:+.1f} ms")
    assert abs(heard.offset) <= WITHIN, str(heard)
    assert abs(heard.late - 0.25) < 0.05, str(heard.late)
