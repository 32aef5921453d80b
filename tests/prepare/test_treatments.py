"""What the API says of recordings that are not shown as they are."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path

from tests.prepare.media import OPEN_GOPS, Recipe, make
from tests.prepare.watch import watching
from tests.stand_ins.evidence_server import serving


async def test_converted_said_and_shown(tmp_path: Path) -> None:
    files = {
        "as-it-is.mp4": make(tmp_path / "a.mp4", Recipe()).read_bytes(),
        "converted.mpg": make(tmp_path / "b.mpg", Recipe(codec="mpeg2video", audio="mp2", timescale=30)).read_bytes(),
        "open.mp4": make(tmp_path / "c.mp4", Recipe(frames=90, video_options=OPEN_GOPS)).read_bytes(),
    }
    async with serving(files) as server, watching(tmp_path / "data") as watch:
        added = {name: await watch.add(server.url(name)) for name in files}
        ready = {name: await watch.over(one.id) for name, one in added.items()}
        assert {name: one.state for name, one in ready.items()} == dict.fromkeys(files, "ready")
        assert {name: one.converted for name, one in ready.items()} == {
            "as-it-is.mp4": False, "converted.mpg": True, "open.mp4": True,
        }  # fmt: skip
        assert [treatment.done for treatment in ready["as-it-is.mp4"].treatments] == ["unchanged", "unchanged"]
        assert [treatment.into for treatment in ready["converted.mpg"].treatments] == ["H.264", "FLAC"]
        assert all(treatment.reasons for treatment in ready["converted.mpg"].treatments)
        assert ready["open.mp4"].frames == 90
        for one in ready.values():
            assert await watch.intake.still(one.id, frame=31, width=160)
    async with watching(tmp_path / "data") as watch:
        again = await watch.over(added["open.mp4"].id)
        assert (again.converted, again.frames) == (True, 90), "it is remembered why"


async def test_sound_alone_is_sound_with_a_drawn_picture(tmp_path: Path) -> None:
    call = io.BytesIO()
    with wave.open(call, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(struct.pack("<24000h", *(int(9000 * math.sin(n / 5)) for n in range(24_000))))
    async with serving({"call.wav": call.getvalue()}) as server, watching(tmp_path / "data") as watch:
        ready = await watch.over((await watch.add(server.url("call.wav"))).id)
        assert (ready.state, ready.kind, ready.video) == ("ready", "audio", None)
        assert [treatment.done for treatment in ready.treatments] == ["drawn", "lossless"]
        assert ready.converted
        assert await watch.intake.still(ready.id, t=1.0, width=320)
