"""How much a converted picture looks like the one in the file: SSIM, with matrix and range of both sides named.

Shared by the tests and by `bench.media`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import av
import av.filter

from courtcast.prepare.frames import graph_of
from tests.prepare.prepared import Prepared

LIKE = 0.99
"""SSIM of luma, at least."""
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
"""Names that the library's scaler has for code points of ITU-T H.273 §8.3."""


class Colour(NamedTuple):
    """What the numbers of a picture's samples mean."""

    matrix: str
    range: str

    def __str__(self) -> str:
        return f"{self.matrix}, {self.range}"


def colour_of(frame: av.VideoFrame) -> Colour:
    """As the picture says; what does not say is BT.709 of limited range, as in Chromium."""
    if frame.format.is_rgb:
        return Colour("rgb", "full")
    full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    return Colour(_MATRICES.get(int(frame.colorspace), "bt709"), "full" if full else "limited")


def ssim(one: av.VideoFrame, other: av.VideoFrame) -> float:
    """Of luma, by the library's own filter. The first is brought into the second's matrix, range and form."""
    graph = av.filter.Graph()
    goal = colour_of(other)
    if goal.matrix == "rgb":
        goal = Colour("bt709", "limited")
    depth = max(component.bits for component in other.format.components)
    form = "yuv420p10le" if depth > 8 else "yuv420p"
    same, sink = graph.add("ssim"), graph.add("buffersink")
    inputs = []
    for number, frame in enumerate((one, other)):
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25)
        )
        scale, only = graph.add("scale", _named(colour_of(frame), goal)), graph.add("format", f"pix_fmts={form}")
        source.link_to(scale)
        scale.link_to(only)
        only.link_to(same, 0, number)
        inputs.append(source)
    same.link_to(sink)
    graph.configure()
    for source, frame in zip(inputs, (one, other), strict=True):
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        source.push(frame)
        source.push(None)
    return float(graph.pull().metadata["lavfi.ssim.Y"])  # type: ignore[union-attr]


def _named(colour: Colour, goal: Colour) -> str:
    from_matrix = "" if colour.matrix == "rgb" else f"in_color_matrix={colour.matrix}:"
    return (
        f"{from_matrix}in_range={colour.range}:out_color_matrix={goal.matrix}:out_range={goal.range}"
        ":flags=bicubic+accurate_rnd+full_chroma_int"
    )


def joined(frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Pictures of two fields, as the plan has them joined."""
    graph = None
    for frame in frames:
        if graph is None:
            steps: list[tuple[str, str | None]] = [("bwdif", "mode=send_frame:deint=interlaced")]
            graph = graph_of(frame, steps, frame.time_base or Fraction(1, 25))
        graph.push(frame)
        yield from _pulled(graph)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph)


def _pulled(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, av.VideoFrame)
        yield frame


def pictures(source: Any, name: str | None = None) -> Iterator[av.VideoFrame]:
    """All that the pinned decoder gives, inside the edit list."""
    with av.open(source, format=name) as container:
        yield from container.decode(video=0)


def kept(made: Prepared, track: int) -> io.BytesIO:
    """A track as a file."""
    return io.BytesIO(made.inits[track] + b"".join(made.fragments[track]))
