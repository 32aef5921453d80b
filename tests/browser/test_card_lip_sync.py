"""The test card's own lip sync, measured at the page: when its disc lights up against when its beep leaves the browser.

What a display or loudspeaker adds is what the card is there to show, so the card itself must add next to nothing. The
sound is tapped where it is worked on, inside the card's own audio context; when that leaves the browser's output queue is
what `getOutputTimestamp` says. The picture is read from the canvas after each drawing; it is on the display one refresh
later.
"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from playwright.async_api import Page, async_playwright

from courtcast.wire.screen import ScreenCard, Stage
from tests.browser.page_stand import FLAGS, Presenter, Receiver, until

pytestmark = [pytest.mark.browser, pytest.mark.alone]

WITHIN = 0.040
REFRESH = 1 / 60
FLASHES = 4
HIGH = 15
"""Crossings of zero in 10 ms: 20 for the beep, 9 and 11 for the tones of the two sides."""

TAP = """
// Each sound after a tenth of a second of quiet: when it began, and how often it crossed zero in its first 10 ms.
const code = `registerProcessor("beeps", class extends AudioWorkletProcessor {
  quiet = 0; begun = 0; crossed = 0; before = 0;
  process([[left, right]]) {
    for (let n = 0; left !== undefined && n < left.length; n += 1) {
      const now = currentFrame + n, sample = left[n] + (right ?? left)[n];
      if (this.begun > 0) {
        if (sample * this.before < 0) this.crossed += 1;
        if (now - this.begun > sampleRate / 100) {
          this.port.postMessage([this.begun / sampleRate, this.crossed]);
          this.begun = this.crossed = 0;
        }
      }
      this.before = sample;
      if (Math.abs(sample) < 0.02) { this.quiet += 1; continue; }
      if (this.quiet > sampleRate / 10 && this.begun === 0) this.begun = now;
      this.quiet = 0;
    }
    if (left === undefined) this.quiet += 128;
    return true;
  }
});`;
window.beeps = [];
window.flashes = [];
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to instanceof AudioDestinationNode) {
    const context = this.context;
    context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" }))).then(() => {
      const tap = new AudioWorkletNode(context, "beeps", { numberOfOutputs: 0 });
      tap.port.onmessage = ({ data }) => {
        const { contextTime, performanceTime } = context.getOutputTimestamp();
        const [at, crossed] = data;
        window.beeps.push([performanceTime / 1000 + at - contextTime, crossed]);
      };
      connect.call(this, tap);
    });
  }
  return connect.call(this, to, ...more);
};
let lit = false;
const watch = (at) => {
  requestAnimationFrame(watch);
  const canvas = document.querySelector("#testcard");
  if (canvas === null || canvas.hidden || canvas.width < 100) return;
  const least = Math.min(canvas.width, canvas.height);
  const y = Math.round(canvas.height / 2) - Math.round(Math.round(least * 0.38) * 0.62);
  // On both sides of the middle: the hand is on one of them only.
  const bright = (by) => canvas.getContext("2d").getImageData(canvas.width / 2 + by, y + by, 1, 1).data[0] > 200;
  const now = bright(18) && bright(-18);
  if (now && !lit) window.flashes.push(at / 1000);
  lit = now;
};
requestAnimationFrame(watch);
"""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
async def page(receiver: Receiver) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = await browser.new_context(viewport={"width": 640, "height": 360}, bypass_csp=True)
        page = await context.new_page()
        await page.add_init_script(TAP)
        await page.goto(receiver.url)
        await until(lambda: receiver.hellos, "the page greets its receiver")
        yield page
        await browser.close()


async def test_the_beep_leaves_when_the_disc_lights_up(page: Page, receiver: Receiver) -> None:
    async with Presenter(receiver) as presenter:
        card = ScreenCard(until=presenter.clock() + 30, name="Jury left")
        await presenter.show(Stage(revision=1, card=card))
        await page.wait_for_function(
            f"window.flashes.length > {FLASHES} && window.beeps.length > 2 * {FLASHES}", timeout=20_000
        )
        flashes, heard = await page.evaluate("[window.flashes, window.beeps]")
    print("heard:", [(round(at - flashes[0], 3), crossed) for at, crossed in heard])
    beeps = [at for at, crossed in heard if crossed >= HIGH]
    pairs = [(flash, min(beeps, key=lambda beep: abs(beep - flash))) for flash in flashes[1:FLASHES]]
    offsets = [beep - flash - REFRESH for flash, beep in pairs]
    print("beep after flash:", ", ".join(f"{1000 * one:+.1f} ms" for one in offsets))
    assert len(offsets) == FLASHES - 1
    assert abs(statistics.median(offsets)) < WITHIN
    assert all(later - earlier == pytest.approx(2.0, abs=0.06) for earlier, later in pairwise(flashes[1:]))
