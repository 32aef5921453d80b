"""What the control side asks of the rest of the house, as protocols: its tests put real small programs there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from courtcast.core.checks import Line
from courtcast.core.item import Part
from courtcast.core.legs import Parts
from courtcast.core.manifest import Manifest
from courtcast.deliver.day import Day
from courtcast.evidence.upload import Said, Upload
from courtcast.prepare.examine import Copy, Seen
from courtcast.wire.api import AddExhibit, ChangeExhibit, ChangeScreen, Exhibit, NewLink, Screen
from courtcast.wire.inspection import Inspection
from courtcast.wire.screen import Able, Stage
from courtcast.wire.sheet import Sheet


class Intake(Protocol):
    """Exhibits and their files (`prepare.intake`)."""

    async def add(self, request: AddExhibit, /) -> Exhibit: ...

    async def receive(self, said: Said, length: int, /) -> Upload:
        """Raises Refused: exhibit-unknown, upload-…, malformed, disk-…"""

    @property
    def opened(self) -> str:
        """Id of the hearing that is open."""

    def exhibits(self, hearing: str | None = None, /) -> list[Exhibit]:
        """Of a hearing, else of the open one, in running order."""

    def everything(self) -> list[Exhibit]:
        """Of all hearings."""

    def get(self, exhibit: str, /) -> Exhibit:
        """Raises Refused exhibit-unknown."""

    def origin(self, exhibit: str, /) -> str:
        """From where it was received, where somebody wrote that down."""

    async def change(self, exhibit: str, change: ChangeExhibit, /) -> Exhibit: ...

    async def delete(self, exhibit: str, /) -> None: ...

    async def relink(self, exhibit: str, link: NewLink, /) -> Exhibit: ...

    async def take(self, exhibit: str, files: Sequence[str], /) -> Exhibit: ...

    async def add_subtitles(self, exhibit: str, data: bytes, /, *, title: str = "", language: str = "") -> Exhibit: ...

    async def remove_subtitles(self, exhibit: str, which: str, /) -> Exhibit: ...

    def prefer(self, exhibit: str, /) -> None: ...

    def want(self, exhibit: str, /, *places: float) -> None: ...

    def manifest(self, exhibit: str, /) -> Manifest | None: ...

    def detail(self, exhibit: str, leaf: int, part: Part, /) -> str | None:
        """Rendition of a part of a leaf, where there is one that is sharper than the leaf; else it is made."""

    def rate(self, exhibit: str, /) -> float | None: ...

    def joins(self) -> list[list[str]]: ...

    async def ask_link(self, exhibit: str, /) -> Seen: ...

    async def read_again(self, exhibit: str, /, *, heal: bool) -> Copy: ...

    async def still(
        self, exhibit: str, /, t: float | None = None, frame: int | None = None, width: int | None = None
    ) -> bytes: ...

    async def inspection(self, exhibit: str, /) -> Inspection:
        """Raises Refused inspection-not-yet."""

    async def sheet(self, exhibit: str, /) -> Sheet:
        """Raises Refused sheet-not-yet."""

    async def strip(self, exhibit: str, /) -> bytes:
        """Raises Refused sheet-not-yet, sheet-no-pictures."""


class Screens(Protocol):
    """The screens (`deliver.screens`)."""

    def screens(self) -> list[Screen]: ...

    def get(self, screen: str, /) -> Screen:
        """Raises Refused screen-unknown."""

    async def add(self, address: str, /) -> Screen: ...

    async def pair(self, screen: str, code: str, /) -> Screen: ...

    async def change(self, screen: str, change: ChangeScreen, /) -> Screen: ...

    async def remove(self, screen: str, /) -> None: ...

    def set_day(self, day: Day, /, *, go_ahead: bool) -> None: ...

    def capacity(self, screen: str, rendition: str, /) -> float: ...

    def set_stages(self, stages: Mapping[str, Stage], /) -> None: ...

    def watch(self, screens: Iterable[str], /) -> None: ...

    def picture(self, screen: str, /) -> bytes | None: ...

    def wake(self) -> None: ...

    def rate(self, screen: str, /) -> float | None: ...

    async def ask(self, screen: str, types: Sequence[str], /) -> Able | None: ...

    async def measure(self, screen: str, seconds: float, /) -> Line | None: ...

    def to_send(
        self, screen: str, rendition: str, start: float, end: float | None, parts: Parts = (), /
    ) -> int | None: ...
