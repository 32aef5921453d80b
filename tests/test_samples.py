"""The sample evidence is what it says: frame numbers in the pixels, keyframes where asked, sound."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from courtcast.samples import CELLS, code_cells, make_clip, read_cells, read_luma


@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_frame_carries_its_number_and_keyframes_are_where_asked(tmp_path: Path, b_frames: int) -> None:
    path = make_clip(
        tmp_path / "a.mp4",
        seconds=5,
        rate=25,
        width=320,
        height=180,
        gop_seconds=2,
        bit_rate=300_000,
        b_frames=b_frames,
    )
    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux(file.streams.video[0]) if packet.size]
    keyframes = [float(packet.pts * packet.time_base) for packet in packets if packet.is_keyframe]
    assert keyframes == [0.0, 2.0, 4.0]
    assert any(packet.pts != packet.dts for packet in packets) == bool(b_frames)
    with av.open(str(path)) as file:
        numbers = [
            read_luma(memoryview(frame.planes[0]), frame.width, frame.height, frame.planes[0].line_size)
            for frame in file.decode(file.streams.video[0])
        ]
        assert file.streams.audio[0].sample_rate == 48_000
    assert numbers == list(range(125))


def test_a_half_changed_code_is_no_number() -> None:
    one, other = ([255 if cell else 0 for cell in code_cells(number)] for number in (299, 300))
    assert read_cells(one) == 299
    assert read_cells(one[:-6] + other[-6:]) is None
    assert read_cells([120] * CELLS) is None
