"""A recording in several files, on a real page: over the seams it plays on, and each picture is the right one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.browser.picture_bench import ONE_LOOP, Clip, scene, screens, stage
from tests.prepare.media import BITS
from tests.prepare.test_joined import CLIP, join, ready, split
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving

pytestmark = [pytest.mark.browser, pytest.mark.alone, ONE_LOOP]

COUNTS = (45, 45, 60)
SEAMS = (45, 90)


async def joined(folder: Path) -> Clip:
    files = split(folder, "mp4", COUNTS, replace(CLIP, width=320, height=240))
    async with serving(files) as server, watching(folder / "data") as watch:
        whole = await join(watch, await ready(watch, server.url(""), list(files)))
        manifest = watch.intake.manifest(whole.id)
        assert manifest is not None, whole.problem
        store, pieces = watch.intake._house.store, dict[tuple[int, int | str], bytes]()
        for track in manifest.tracks:
            pieces[track.index, "init"] = await store.get(f"{manifest.rendition}/{track.init_sha256}")
            for row in manifest.rows(track.index):
                pieces[track.index, row.index] = await store.get(f"{manifest.rendition}/{row.sha256}")
        return Clip(manifest.rows_message(), pieces)


def number(levels: Sequence[int]) -> int:
    return sum(1 << bit for bit, level in enumerate(levels) if level > 125)


async def test_over_the_seams(tmp_path: Path) -> None:
    clip = await joined(tmp_path)
    pts = clip.pts
    assert len(pts) == sum(COUNTS)
    async with screens([clip]) as [screen]:
        await screen.do("load", clip.rendition)
        beside = [n for seam in SEAMS for n in range(seam - 2, seam + 2)]
        for n in (*beside, *reversed(beside), len(pts) - 1, 0):
            await screen.do("apply", stage(shown=scene(clip, pts[n])))
            await screen.until(f"bench.state().frame === {n}")
            assert number(await screen.do("points", BITS, 1, 1 / 3, 2 / 3)) == n

        await screen.page.evaluate(f"bench.watch({BITS}, 1 / 3, 2 / 3)")
        await screen.do("apply", stage(shown=scene(clip, 0, await screen.now() + 0.2, 1), sound=True))
        await screen.until(f"bench.state().media_time >= {pts[-10]}")
        state = await screen.state()
        assert (state["stalls"]["count"], state["skipped"], state["problem"]) == (0, [], None)
        seen = [number(levels) for levels in await screen.page.evaluate("window.seen") if levels]
        passed = seen[seen.index(0) :] if 0 in seen else seen
        assert all(one < other for one, other in pairwise(passed)), passed
        shown = {n for frame in await screen.do("frames", 900) for n in [_nearest(pts, frame["media_time"])]}
        for seam in SEAMS:
            assert len(set(range(seam - 6, seam + 6)) - shown) <= 2, "all of them, but for what a busy machine drops"


def _nearest(pts: Sequence[float], media: float) -> int:
    return min(range(len(pts)), key=lambda n: abs(pts[n] - media))
