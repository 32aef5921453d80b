"""A recording that is served in pieces, which a list names: HLS or DASH, by the ending of the list's address."""

from __future__ import annotations

from courtcast.evidence.links import dash, hls
from courtcast.evidence.links.direct import Link
from courtcast.evidence.links.found import File, Found, Kind, Stream, Web
from courtcast.problems import Refused

kind: Kind = "stream"


def recognises(link: Link, _: Web | None = None) -> bool:
    """By the ending of its path."""
    return hls.recognises(link) or dash.recognises(link)


async def describe(link: Link, web: Web) -> Found | None:
    """Raises Refused (`link-is-live`, `link-protected`, `link-is-stream`, and what asking says) or Trouble."""
    found = await _streams_of(link, web)
    keys = ["stream"] if len(found) == 1 else [f"period {n}" for n in range(len(found))]
    files = [
        File(link, stream.name, says, key=key, stream=stream) for key, (stream, says) in zip(keys, found, strict=True)
    ]
    return Found(kind, files, one=len(files) == 1)


async def open(file: File, _: Web) -> Link | Stream:
    """The pieces in their order."""
    return file.stream or file.link


async def stream_of(link: Link, web: Web) -> tuple[Stream, str]:
    """The pieces of the best renditions, and which ones those are.

    Raises as `describe` does, and Refused (`link-is-stream`) where there is more than one recording.
    """
    found = await _streams_of(link, web)
    if len(found) > 1:
        raise Refused("link-is-stream")
    return found[0]


async def _streams_of(link: Link, web: Web) -> list[tuple[Stream, str]]:
    return await dash.streams_of(link, web) if dash.recognises(link) else [await hls.stream_of(link, web)]
