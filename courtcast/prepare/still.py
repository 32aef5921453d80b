"""Single pictures of a file, decoded from the file itself, as PNG. Runs in the child, which keeps the file open.

A picture is found by its time: decoding begins at the keyframe before it and goes on until exactly that time comes
out. Only what the picture depends on is decoded, as far as that is known without decoding.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

import av
import av.filter

from courtcast.prepare import coded, kinds, messages, plan, probe
from courtcast.prepare.dating import BARE, Dating
from courtcast.prepare.frames import JOINED, frames_of, graph_of, through
from courtcast.prepare.lane import Ticks
from courtcast.problems import Refused

if TYPE_CHECKING:
    from courtcast.prepare.lane import Packet

_UNSAID = (2, 3)
"""matrix_coefficients (ITU-T H.273 §8.3) that name none: unspecified and reserved."""
_HDR = (16, 18)
"""transfer_characteristics of pictures for brighter displays (ITU-T H.273 §8.2): PQ and HLG."""
_HEAD, _CHUNKS = 33, 200
"""Bytes of a PNG up to the end of its first chunk, and of those before its pixels (PNG, third edition, §11.3.2.6)."""
_PNG = {"compression_level": "1"}
"""A still is looked at once: quick, not small."""


class Stills:
    """One open file. name: of the file, for kinds that nothing else tells"""

    def __init__(
        self, file: kinds.Readable, length: int | None, emit: messages.Emit, *, linear: bool, name: str = ""
    ) -> None:
        self._file = file
        self._length = length
        self._emit = emit
        self._linear = linear
        self._name = name

    def run(self, receive: Callable[[], messages.ToChild]) -> None:
        """Answers one request after the other. Raises Refused, MemoryError, EOFError at the end."""
        self._open()
        self._emit(messages.Ready())
        while True:
            shot = receive()
            if isinstance(shot, messages.Shot):
                frame = self._find(shot)
                self._emit(messages.Image(), png(frame, self._aspect(), shot.width))

    def _open(self) -> None:
        kind = kinds.sniff(self._file, self._length, self._name)
        self._bare = kind.demuxer in BARE
        opened = probe.open_file(self._file, kind, seeking=not self._linear)
        video, _ = plan.choose(opened.streams)
        self._container = opened.container
        stream = self._container.streams[video.number] if video is not None else None
        if not isinstance(stream, av.VideoStream) or video is None:
            raise Refused("file-damaged")
        self._stream = stream
        self._ticks = Ticks(stream)
        context = stream.codec_context
        self._lengths = video.codec == "h264" and not coded.is_annexb(context.extradata or b"")
        context.thread_count = min(4, os.cpu_count() or 1)
        context.thread_type = "AUTO"

    def _aspect(self) -> Fraction:
        aspect = self._stream.sample_aspect_ratio or self._stream.codec_context.sample_aspect_ratio
        return aspect if aspect and aspect > 0 else Fraction(1)

    def _find(self, shot: messages.Shot) -> av.VideoFrame:
        """The picture that is shown then. Raises Refused (file-damaged) where no such picture comes out."""
        if shot.nth is not None:
            picture = next(islice(self._all(), shot.nth, None), None)
            if picture is None:
                raise Refused("file-damaged")
            return picture
        if not self._linear and not self._bare:
            goal = shot.at if shot.key is None else shot.key
            if shot.fields:
                goal = max(0, goal - 1)  # the picture before it is wanted too
            self._container.seek(int(goal / self._ticks.scale), stream=self._stream, backward=True)
            found = self._decode(shot)
            if found is not None:
                return found
        # From the beginning, without the demuxer's index: it may lie where the file has not arrived yet.
        self._container.close()
        self._open()
        found = self._decode(shot)
        if found is None:
            raise Refused("file-damaged")
        return found

    def _all(self) -> Iterator[av.VideoFrame]:
        for packet in self._container.demux(self._stream):
            yield from frames_of(self._stream.codec_context, packet if packet.size else None)

    def _decode(self, shot: messages.Shot) -> av.VideoFrame | None:
        """From where the demuxer stands up to the picture of that time; None where it does not come."""
        before: av.VideoFrame | None = None
        frames = self._frames(shot)
        for frame in frames:
            if frame.pts is not None and self._ticks(frame.pts) == shot.at:
                return joined(before, frame, next(frames, None)) if shot.fields else frame
            before = frame
        return None

    def _frames(self, shot: messages.Shot) -> Iterator[av.VideoFrame]:
        """In the order of showing, those that may be the one; with fields also those beside it."""
        context = self._stream.codec_context
        context.flush_buffers()
        begun = False
        packets: Iterable[Packet] = self._container.demux(self._stream)
        if self._bare:
            packets = Dating(self._stream).through(packet for packet in packets if packet.size)
        for packet in packets:
            if not packet.size:
                break
            pts = self._ticks(packet.pts) if packet.pts is not None else None
            if not begun:
                if not self._begins(packet, pts, shot):
                    continue
                # One behind the keyframe means that the demuxer went too far.
                if pts is not None and pts > (shot.at if shot.key is None else shot.key) and shot.at < pts:
                    return
                begun = True
            if pts != shot.at and not shot.fields and self._droppable(packet):
                continue
            yield from frames_of(context, packet)
            if pts == shot.at and shot.key is not None:
                break
        yield from frames_of(context, None)

    @staticmethod
    def _begins(packet: Packet, pts: int | None, shot: messages.Shot) -> bool:
        """Pictures before the keyframe are of no use."""
        if shot.key is None:
            return bool(packet.is_keyframe)
        return pts is not None and pts >= shot.key

    def _droppable(self, packet: Packet) -> bool:
        """Nothing else depends on it: an H.264 picture whose nal_ref_idc is 0."""
        if not self._lengths:
            return False
        data = bytes(packet)
        size = ((self._stream.codec_context.extradata or b"\1\0\0\0\3")[4] & 3) + 1
        try:
            kinds = [unit[0] for unit in coded.nal_units(data, size)]
        except coded.Unreadable:
            return False
        slices = [kind for kind in kinds if kind & 31 in (1, 2, 5)]
        return bool(slices) and all(not kind & 0x60 for kind in slices)


def joined(before: av.VideoFrame | None, frame: av.VideoFrame, after: av.VideoFrame | None) -> av.VideoFrame:
    """The picture with its two fields joined, by the same filter as for the screens."""
    graph = graph_of(frame, [JOINED], Fraction(1, 25))
    beside = [one for one in (before, frame, after) if one is not None and _alike(one, frame)]
    for number, one in enumerate(beside):
        one.pts, one.time_base = number, Fraction(1, 25)
        graph.push(one)
    graph.push(None)
    found = frame
    for _ in range(beside.index(frame) + 1):
        pulled = graph.pull()
        assert isinstance(pulled, av.VideoFrame)
        found = pulled
    return found


def _alike(one: av.VideoFrame, other: av.VideoFrame) -> bool:
    return (one.format.name, one.width, one.height) == (other.format.name, other.width, other.height)


def png(frame: av.VideoFrame, aspect: Fraction, width: int | None) -> bytes:
    """As a display would show it."""
    picture = shown(frame, aspect, width)
    encoder = av.CodecContext.create("png", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "rgb24"
    encoder.time_base = Fraction(1, 25)
    encoder.options = dict(_PNG)
    picture.pts = 0
    data = b"".join(bytes(packet) for packet in (*encoder.encode(picture), *encoder.encode(None)))
    return _hdr(data, int(frame.color_primaries), int(frame.color_trc)) if int(frame.color_trc) in _HDR else data


def _hdr(png: bytes, primaries: int, transfer: int) -> bytes:
    """Says that the numbers are those of a brighter display than most, so that who opens it dims it as browsers do."""
    if b"cICP" in png[:_CHUNKS]:
        return png
    chunk = b"cICP" + bytes((primaries & 255, transfer, 0, 1))
    chunk = (4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return png[:_HEAD] + chunk + png[_HEAD:]


def shown(frame: av.VideoFrame, aspect: Fraction, width: int | None, *, kernel: str = "bicubic") -> av.VideoFrame:
    """As a display would show it: turned, with square pixels, in the colours that Chromium would choose. In RGB.

    width: where it is narrower than the picture; kernel: how it is scaled, as libswscale names it
    """
    turned = -frame.rotation % 360
    wide, high = _square(frame, aspect)
    across = high if turned in (90, 270) else wide
    if width is not None and width < across:
        wide, high = max(1, round(wide * width / across)), max(1, round(high * width / across))
    return _filtered(frame, wide, high, turned, kernel)


def size_shown(frame: av.VideoFrame, aspect: Fraction) -> tuple[int, int]:
    """Width and height as a display would show it."""
    wide, high = _square(frame, aspect)
    return (high, wide) if -frame.rotation % 360 in (90, 270) else (wide, high)


def _square(frame: av.VideoFrame, aspect: Fraction) -> tuple[int, int]:
    if aspect >= 1:
        return round(frame.width * aspect), frame.height
    return frame.width, round(frame.height / aspect)


def _filtered(frame: av.VideoFrame, wide: int, high: int, turned: int, kernel: str) -> av.VideoFrame:
    # As Chromium has it: a picture that does not say is BT.709, whatever its size.
    matrix = "bt709" if frame.colorspace in _UNSAID else "auto"
    steps: list[tuple[str, str | None]] = [
        ("scale", f"w={wide}:h={high}:flags={kernel}+accurate_rnd:in_color_matrix={matrix}"),
        ("format", "pix_fmts=rgb24"),
    ]
    if turned == 180:
        steps += [("hflip", None), ("vflip", None)]
    elif turned in (90, 270):
        steps.append(("transpose", "dir=clock" if turned == 90 else "dir=cclock"))
    return through(frame, steps)
