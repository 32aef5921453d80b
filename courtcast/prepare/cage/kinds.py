"""Every kind of job: the program that does it, and what its child may use.

A program is a module that loads what its jobs need, and whose `main` goes through it once and calls `inside.serve`;
what needs another library is another program, so that nobody waits for libraries, or is exposed to faults of libraries,
of other kinds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from courtcast.prepare.messages import Limits

MEDIA: Final = "courtcast.prepare.child"
"""Recordings, with FFmpeg. One is always kept started."""
LEAVES: Final = "courtcast.prepare.leaves.child"
"""Photographs and documents, with libvips, libheif, Pillow and PDFium. Started when there is one: it takes 0.3 s."""


class Kind(NamedTuple):
    """A kind of job."""

    program: str
    limits: Limits


KINDS: Final[dict[str, Kind]] = {
    # A few samples may say that they lie days apart, and silence is made in between: not more than so much of it.
    "prepare": Kind(MEDIA, Limits(spare=16 << 20)),
    # What such a job goes on with once it is known that something is converted: a second of speech has 1.5 kB, one of a
    # picture that is converted at half its speed 40 kB, and what comes out is made to look the same, not to be small.
    # A drawing that moves has next to no bytes for each picture, and large ones come slowly.
    "convert": Kind(MEDIA, Limits(silence=90.0, seconds=1800.0, pace=5e3, sending=20.0)),
    # It reads the file through, while somebody may wait for a place in it.
    "scan": Kind(MEDIA, Limits(spare=16 << 20)),
    # Each still counts by itself; the child lives on with its file open. Pictures of 4K far from a keyframe take long
    # on a machine without anything to spare; a PNG of 8K may have 100 MB.
    "stills": Kind(MEDIA, Limits(silence=30.0, seconds=60.0, longest=600.0, spare=256 << 20)),
    # At idle priority a busy machine may leave it no time for as long as a clip is played.
    "decode": Kind(MEDIA, Limits(silence=900.0, seconds=1800.0, pace=20e3, longest=48 * 3600.0, idle=True)),
    # A page of a few bytes may be as large as any when it is drawn, and a thousand of them take minutes; but each says
    # so, and none may take longer than a page with the worst of drawings does on a slow machine.
    "leaves": Kind(LEAVES, Limits(silence=60.0, seconds=1800.0, reading=8.0, spare=4 << 30)),
    # Each leaf, or part of one, counts by itself; the child lives on with its file open.
    "look": Kind(LEAVES, Limits(silence=30.0, seconds=60.0, longest=600.0, reading=8.0, spare=512 << 20)),
    # The heads of a file and its first picture; somebody waits for it.
    "inspect": Kind(MEDIA, Limits(seconds=60.0)),
    "inspect leaves": Kind(LEAVES, Limits(seconds=60.0)),
    # Pictures without loss of a file that has them with loss.
    "unroll": Kind(LEAVES, Limits(silence=60.0, seconds=600.0, spare=4 << 30)),
    # A few hundred keyframes, or hours of speech, and only the time that nobody else wants.
    "sheet": Kind(MEDIA, Limits(silence=900.0, seconds=1800.0, pace=20e3, longest=4 * 3600.0, idle=True)),
}
