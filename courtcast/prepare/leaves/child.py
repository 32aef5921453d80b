"""The caged program that reads photographs and documents. Started and minded by `cage.keeper`."""

from __future__ import annotations

import io
import os

os.environ["VIPS_DISC_THRESHOLD"] = "1000g"  # there is no disk in the cage; before the library is loaded
os.environ["VIPS_CONCURRENCY"] = str(max(1, (os.cpu_count() or 2) - 1))  # one core is left to what plays

import msgspec
from PIL import Image, ImageDraw, ImageFont

from courtcast.prepare import messages
from courtcast.prepare.cage.inside import Job, serve
from courtcast.prepare.cage.remote import Remote
from courtcast.prepare.kinds import part
from courtcast.prepare.leaves import encode, facts, moving, signs
from courtcast.prepare.leaves.documents import Documents
from courtcast.prepare.leaves.frame import HEIGHT, MOST_PIXELS, WIDTH, Size
from courtcast.prepare.leaves.photographs import Photographs, bitmap
from courtcast.problems import Refused
from courtcast.wire.media import LEAVES

MOST_BYTES = 1 << 30
"""Of a photograph's file, which is held in memory."""
STILL = Size(8192, 8192)
"""Pixels of a still at most."""
_PART = 64 << 10
_NOTICE = Size(WIDTH // 2, HEIGHT // 2)

Leaves = Photographs | Documents


def open_leaves(file: Remote, work: messages.Work) -> Leaves:
    """Raises Refused, MemoryError, `Unread`."""
    length = _length(file)
    sign = signs.sign(part(file, 0, signs.HEAD), work.name)
    if sign is None or sign.format is None:
        raise Refused("file-not-media")
    if sign.format == "PDF":
        return Documents(file, length, work.password)
    if length > MOST_BYTES:
        raise MemoryError
    return Photographs(part(file, 0, length), sign.format)


def prepare(file: Remote, work: messages.Work) -> None:
    """Every leaf, the first one as soon as it is made."""
    head = part(file, 0, signs.HEAD)
    width, height = signs.said(head)
    if width * height > MOST_PIXELS:
        raise Refused("picture-too-large", width=width, height=height)
    if work.need is None and signs.moving(head):
        file.send(messages.Needed(need="motion"))
        return
    leaves = open_leaves(file, work)
    if isinstance(leaves, Photographs) and leaves.format == "GIF" and leaves.moves and work.need is None:
        file.send(messages.Needed(need="motion"))
        return
    first = leaves.leaf(0)
    looked = messages.Looked(
        container=leaves.format, video=leaves.info, audio=None, treatments=[leaves.treatment], leaves=leaves.kind
    )
    file.send(looked)
    largest = leaves.largest
    track = messages.Head(
        kind="video", mime=LEAVES, timescale=1, first=0, init_bytes=0, width=largest.width, height=largest.height
    )
    file.send(messages.Begin(origin=(0, 1), shifts=[0], tracks=[track]))
    lost: list[int] = []
    for number in range(len(leaves)):
        data = first if number == 0 else _leaf(leaves, number, lost)
        piece = messages.Piece(track=0, index=number, start=number, duration=1, keyframe=True, pts=[number])
        file.send(piece, data)
    if lost:
        pages = ", ".join(str(number + 1) for number in lost[:20]) + (" …" if len(lost) > 20 else "")
        reason = f"Pages that are damaged and could not be read: {pages}. A notice stands in their place."
        file.send(_with_reason(looked, reason))
    file.send(messages.Done(duration=(len(leaves), 1), frames=len(leaves)))


def look(file: Remote, work: messages.Work) -> None:
    """Single leaves and parts of them, one after the other, as they are asked for."""
    leaves = open_leaves(file, work)
    file.send(messages.Ready())
    while True:
        ask = file.next()
        if not isinstance(ask, messages.Leaf):
            continue
        if not 0 <= ask.number < len(leaves):
            raise Refused("frame-unknown")
        if ask.part is None:
            file.send(messages.Image(), encode.png(leaves.whole(ask.number, ask.width, STILL)))
            continue
        picture = leaves.part(ask.number, ask.part)
        if picture is None:
            file.send(messages.Image())
        else:
            file.send(messages.Image(width=picture.width, height=picture.height), leaves.encoded(picture))


def _leaf(leaves: Leaves, number: int, lost: list[int]) -> bytes:
    """One page that cannot be read does not take the others with it."""
    try:
        return leaves.leaf(number)
    except Refused:
        lost.append(number)
        return notice(f"Page {number + 1} is damaged and cannot be shown.")


def notice(says: str) -> bytes:
    """A leaf with a sentence on it, grey, so that nobody takes it for a page."""
    return encode.exact(encode.in_memory(*_NOTICE, 1, _notice(says)))


def _notice(says: str) -> bytes:
    image = Image.new("L", _NOTICE, 96)
    font = ImageFont.load_default(48)
    ImageDraw.Draw(image).text((_NOTICE.width / 2, _NOTICE.height / 2), says, fill=255, font=font, anchor="mm")
    return image.tobytes()


def _with_reason(looked: messages.Looked, reason: str) -> messages.Looked:
    (one,) = looked.treatments
    treatment = msgspec.structs.replace(one, reasons=[*one.reasons, reason])
    return msgspec.structs.replace(looked, treatments=[treatment])


def _length(file: Remote) -> int:
    """Where it is not known, reading on to the end says it."""
    if file.length is None:
        file.seek(0)
        total = 0
        while piece := file.read(_PART):
            total += len(piece)
        file.length = total
    return file.length


def inspect(file: Remote, work: messages.Work) -> None:
    """What the file says of itself."""
    length = _length(file)
    sign = signs.sign(part(file, 0, signs.HEAD), work.name)
    if sign is None:
        raise Refused("file-not-media")
    if sign.format == "PDF":
        file.send(messages.Inspected(facts.document(file, length, work.password)))
        return
    if length > MOST_BYTES:
        raise MemoryError
    data = part(file, 0, length)
    found = facts.office(data, sign.office) if sign.format is None else facts.picture(data, sign.format)
    file.send(messages.Inspected(found))


def unroll(file: Remote, work: messages.Work) -> None:
    """The pictures of an animated WebP."""
    length = _length(file)
    if length > MOST_BYTES:
        raise MemoryError
    for piece in moving.animated(part(file, 0, length)):
        file.send(messages.Image(), piece)
    file.send(messages.Finished())


JOBS: dict[str, Job] = {"leaves": prepare, "look": look, "inspect leaves": inspect, "unroll": unroll}

_PAGE = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 27>>stream
BT /F 8 Tf 1 1 Td (A) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF"""


def rehearse() -> None:
    """Load all that is loaded late. Nothing is encoded: that would begin threads."""
    square = Image.new("RGB", (16, 16), 128)
    buffer = io.BytesIO()
    square.save(buffer, "BMP")
    bitmap(buffer.getvalue())
    Documents(io.BytesIO(_PAGE), len(_PAGE), None).whole(0, 8, STILL)
    _notice("?")
    facts.rehearse()


def main() -> None:
    """One job."""
    serve(rehearse, JOBS)
