"""Files that are sent here, into the same spools that links are fetched into.

`receive` stands where `fetch` does: it returns when the spool is complete. What comes meanwhile through `append` is put
into that spool, is there for whoever reads it at once, and is acknowledged when it is on the disk for good. Companions
(files that are kept beside an exhibit and never opened) have spools of their own here.

Memory is bounded whatever a client sends: a body is taken in blocks, and a piece that has to be compared with its
checksum before it counts waits in a file without a name.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from courtcast.evidence.database import Database
from courtcast.evidence.files import in_words, refusal, room
from courtcast.evidence.links import Link
from courtcast.evidence.links.upload import upload_of
from courtcast.evidence.mark import Mark
from courtcast.evidence.ranges import Ranges
from courtcast.evidence.reception import BLOCK, Reception, blocks
from courtcast.evidence.spool import Spool
from courtcast.evidence.upload import EXPIRES, MOST_BESIDE, MOST_OPEN, Checksum, Upload
from courtcast.evidence.version import Version
from courtcast.problems import Refused

log = logging.getLogger(__name__)

SPACE = "uploads"
"""Where an `Upload` lies for each."""
FOLDER = "uploads"
"""Beside the exhibits' own folders: marks, and the files of companions."""
STAGED = 2 << 20
"""Bytes of a piece that wait for their checksum in memory; of a larger one, they wait in a file."""
OPENING_SECONDS = 10.0
"""How long a sender waits for its spool to be opened: by then the disk has said why not."""
LOOK_SECONDS = 1.0
"""Between two looks at how much has come, while it comes."""
HEARD_SECONDS = 3600.0
"""Between two notes of when a byte last came."""
SWEEP_SECONDS = 600.0
"""Between two looks for what has expired."""


class Uploads:
    """All uploads of a data folder. `open` it, `close` it.

    folder: that of the exhibits
    """

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder / FOLDER
        self._all: dict[str, Upload] = {}
        self._receptions: dict[str, Reception] = {}
        self._reached: dict[str, int] = {}
        """Of those that have no reception now."""
        self._opened = asyncio.Condition()
        self._why: dict[str, Refused] = {}
        """What keeps an upload's spool from being opened."""
        self._sweeping: asyncio.Task[None] | None = None
        self.on_beside: Callable[[Upload], None] = lambda _: None
        """A companion is all here."""

    async def open(self, exhibits: Mapping[str, str | None]) -> None:
        """Reads what is kept, and clears away what belongs to nothing any more.

        exhibits: what each comes by; None where that is a link
        """
        for id_, data in await self._db.items(SPACE):
            try:
                self._all[id_] = msgspec.json.decode(data, type=Upload)
            except msgspec.MsgspecError:
                log.warning("what was kept of upload %s cannot be read", id_)
        for upload in list(self._all.values()):
            if upload.exhibit is not None and exhibits.get(upload.exhibit) != upload.id:
                await self._drop(upload.id)
        await self._drop_alone()
        await asyncio.to_thread(self._clean)
        self._sweeping = asyncio.create_task(self._sweep(), name="uploads that expire")

    async def close(self) -> None:
        """Companions' spools are closed here; an exhibit's is its way's."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait([self._sweeping])
        for id_, reception in list(self._receptions.items()):
            if self._all[id_].exhibit is None:
                await reception.spool.close()
        self._receptions.clear()

    # what there is

    def all(self) -> list[Upload]:
        """In the order in which they began."""
        return sorted(self._all.values(), key=lambda upload: (upload.began, upload.id))

    def get(self, id_: str) -> Upload:
        """Raises Refused upload-unknown, upload-expired."""
        upload = self._all.get(id_)
        if upload is None:
            raise Refused("upload-unknown")
        if upload.expired:
            raise Refused("upload-expired")
        return upload

    def of(self, exhibit: str) -> Upload | None:
        """What the exhibit comes by, if that is an upload."""
        return next((upload for upload in self._all.values() if upload.exhibit == exhibit), None)

    def beside(self, exhibit: str) -> list[Upload]:
        """Companions of the exhibit, by their folder and name."""
        own = self.of(exhibit)
        if own is None or not own.set:
            return []
        found = [one for one in self._all.values() if one.exhibit is None and one.set == own.set]
        return sorted(found, key=lambda one: (one.path, one.name))

    def set_of(self, companion: Upload) -> list[Upload]:
        """The exhibits' uploads of its set."""
        return [one for one in self._all.values() if one.exhibit is not None and one.set == companion.set]

    def sending(self, id_: str) -> bool:
        """Somebody sends it now."""
        reception = self._receptions.get(id_)
        return reception is not None and reception.sending

    def whole(self, id_: str) -> bool:
        """All of it is here."""
        return self.reached(id_) >= self._all[id_].length

    def expires(self, id_: str) -> float | None:
        """Unix time at which it is given up if nothing more comes; None once it is whole."""
        return None if self.whole(id_) else self._all[id_].heard + EXPIRES

    def reached(self, id_: str) -> int:
        """Bytes as far as was acknowledged, without looking again."""
        if (reception := self._receptions.get(id_)) is not None:
            return reception.safe
        if id_ not in self._reached:
            self._reached[id_] = min(self._mark(id_).read(), self._all[id_].length)
        return self._reached[id_]

    async def offset(self, id_: str) -> int:
        """Bytes from the beginning that are here for good. Raises Refused upload-unknown, upload-expired.

        Where the disk does not let more be made sure of, what was is said: a client that is told of trouble here
        would begin anew.
        """
        self.get(id_)
        if (reception := self._receptions.get(id_)) is not None:
            with suppress(Refused):
                await reception.sync()
        return self.reached(id_)

    def file(self, id_: str) -> Path:
        """Of a companion."""
        return self._folder / f"{id_}.file"

    # what comes

    async def begin(self, upload: Upload) -> None:
        """Raises Refused: upload-empty, upload-too-many, upload-alone, disk-too-small, and what the disk says."""
        beside = upload.exhibit is None
        if upload.length == 0 and not beside:
            raise Refused("upload-empty")
        if beside and not upload.bundle and not (upload.set and self.set_of(upload)):
            raise Refused("upload-alone")
        if beside and sum(one.exhibit is None and one.set == upload.set for one in self._all.values()) >= MOST_BESIDE:
            raise Refused("upload-too-many", most=MOST_BESIDE)
        coming = [one for one in self._all.values() if not one.expired and not self.whole(one.id)]
        if len(coming) >= MOST_OPEN:
            raise Refused("upload-too-many", most=MOST_OPEN)
        needed = _needed(upload, upload.length)
        needed += sum(_needed(one, one.length - self.reached(one.id)) for one in coming)
        free = await asyncio.to_thread(self._free)
        if needed > free:
            raise Refused("disk-too-small", needed=in_words(needed), free=in_words(free))
        await self._keep(upload)
        if beside and upload.length == 0:
            await self._settle(upload, await self._companion(upload))

    async def append(self, id_: str, offset: int, body: AsyncIterator[bytes], check: Checksum | None = None) -> int:
        """Takes what comes, from that place on; gives how far the upload has come.

        A piece with a checksum counts whole or not at all; of any other, what came before its sender was gone counts.
        Raises Refused: upload-unknown, upload-expired, upload-busy, upload-offset, upload-checksum, upload-too-large,
        upload-not-now, and what the disk says; and whatever reading the body raises.
        """
        upload = self.get(id_)
        reception = await self._reception(id_)
        with reception.turn() as ticket:
            here = await reception.here()
            if offset != here:
                raise Refused("upload-offset", here=here)
            if check is None:
                await reception.pour(ticket, here, body)
            else:
                await self._compare(reception, ticket, here, body, check)
            reached = await reception.sync()
        await self._note(id_)
        if upload.exhibit is None and reception.complete:
            await self._settle(upload, reception)
        return reached

    async def receive(
        self,
        id_: str,
        spool: Spool,
        *,
        on_progress: Callable[[int], None],
        on_version: Callable[[Version], None],
        on_waiting: Callable[[bool], None],
    ) -> None:
        """Returns when the spool is complete, hashed and on the disk: as `fetch` does for a link.

        on_progress: gets the bytes held; on_version: gets length and name at once; on_waiting: gets True when nobody
        has sent anything for a while, False when somebody does again

        Raises Refused: disk-…, upload-cancelled, upload-expired. What came stays in the spool.
        """
        upload = self._all.get(id_)
        if upload is None or upload.expired:
            raise Refused("upload-cancelled" if upload is None else "upload-expired")
        on_version(Version(length=upload.length, name=upload.name))
        spool.answered(upload.length)
        try:
            await spool.fits()
            reception = self._receptions.get(id_)
            if reception is None or reception.spool is not spool:
                reception = Reception(upload.length, spool, self._mark(id_))
                await reception.sync()
        except Refused as refused:
            self._why[id_] = refused
            raise
        async with self._opened:
            self._receptions[id_] = reception
            self._why.pop(id_, None)
            self._opened.notify_all()
        spool.on_want = reception.bell.set  # also when what a former process left could not be read again
        while True:
            await self._until_whole(id_, reception, on_progress, on_waiting)
            await spool.checked()
            if spool.complete or not reception.lost:
                break
            await reception.sync()
        await spool.settle()

    def held(self, id_: str) -> Ranges:
        """What the spool of an upload holds that a former process left: all that was acknowledged."""
        return Ranges([(0, self._mark(id_).read())])

    def let_go(self, link: Link) -> None:
        """The spool of that exhibit is about to be closed."""
        id_ = upload_of(link)
        if id_ is not None and (reception := self._receptions.pop(id_, None)) is not None:
            reception.end()
            self._reached[id_] = reception.safe

    def adopt(self, uploads: Iterable[Upload]) -> None:
        """They were written down together with their exhibits, and are all here."""
        self._all.update((upload.id, upload) for upload in uploads)

    async def forget(self, id_: str) -> None:
        """It, what came of it where it is a companion, and companions that belong to nothing else.

        Nothing there is no mistake."""
        await self._drop(id_)
        await self._drop_alone()

    async def expire(self, now: float) -> None:
        """Gives up what nobody has sent anything of for a week. `now`: Unix time."""
        for upload in self.all():
            if upload.expired or self.whole(upload.id) or now < upload.heard + EXPIRES or self.sending(upload.id):
                continue
            if upload.exhibit is None:
                await self._drop(upload.id)
                continue
            await self._keep(msgspec.structs.replace(upload, expired=True))
            if (reception := self._receptions.pop(upload.id, None)) is not None:
                reception.end()

    # inside

    async def _until_whole(
        self,
        id_: str,
        reception: Reception,
        on_progress: Callable[[int], None],
        on_waiting: Callable[[bool], None],
    ) -> None:
        waits, told = False, reception.spool.held.total
        while not reception.complete:
            if reception.trouble is not None:
                trouble, reception.trouble = reception.trouble, None
                raise trouble
            known = self._all.get(id_)
            if known is None or known.expired:
                raise Refused("upload-cancelled" if known is None else "upload-expired")
            reception.bell.clear()
            if reception.lost:
                await reception.sync()
            if reception.quiet != waits:
                waits = not waits
                on_waiting(waits)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if waits else LOOK_SECONDS):
                    await reception.bell.wait()
            if (held := reception.spool.held.total) != told:
                told = held
                on_progress(held)
        if waits:
            on_waiting(False)

    async def _compare(
        self, reception: Reception, ticket: object, at: int, body: AsyncIterator[bytes], check: Checksum
    ) -> None:
        """Nothing of it counts before all of it has the checksum."""
        digest, size = check.begin(), 0
        with tempfile.SpooledTemporaryFile(max_size=STAGED, dir=str(self._folder)) as stage:

            def take(data: bytes) -> None:
                digest.update(data)
                stage.write(data)

            async for data in blocks(body):
                size += len(data)
                if at + size > reception.length:
                    raise Refused("upload-too-large", most=reception.length)
                try:
                    await asyncio.to_thread(take, data)
                except OSError as error:
                    raise refusal(error, self._folder / "stage") from error
                reception.hear()
            if digest.digest() != check.digest:
                raise Refused("upload-checksum")
            stage.seek(0)
            while data := await asyncio.to_thread(stage.read, BLOCK):
                await reception.write(ticket, at, data)
                at += len(data)

    async def _reception(self, id_: str) -> Reception:
        """Raises Refused: why there is none, upload-not-now."""
        upload = self.get(id_)
        if id_ not in self._receptions and self.whole(id_) and upload.length > 0:
            raise Refused("upload-offset", here=upload.length)
        if upload.exhibit is None:
            return await self._companion(upload)
        try:
            async with asyncio.timeout(OPENING_SECONDS), self._opened:
                while id_ not in self._receptions:
                    self.get(id_)
                    if id_ in self._why:
                        raise Refused.of(self._why[id_].problem())
                    await self._opened.wait()
        except TimeoutError:
            raise Refused("upload-not-now") from None
        return self._receptions[id_]

    async def _companion(self, upload: Upload) -> Reception:
        if upload.id not in self._receptions:
            mark = self._mark(upload.id)
            spool = await Spool.open(self.file(upload.id), upload.length, self.held(upload.id))
            if upload.id in self._receptions:  # somebody else was quicker
                await spool.close()
            else:
                self._receptions[upload.id] = Reception(upload.length, spool, mark)
        return self._receptions[upload.id]

    def _mark(self, id_: str) -> Mark:
        return Mark(self._folder / f"{id_}.mark")

    def _free(self) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refusal(error, self._folder) from error
        return room(self._folder)

    async def _note(self, id_: str) -> None:
        """When a byte last came; often enough for what expires by days."""
        now, upload = time.time(), self._all.get(id_)
        if upload is not None and now - upload.heard > HEARD_SECONDS:
            with suppress(Refused):  # the bytes are on the disk
                await self._keep(msgspec.structs.replace(upload, heard=now))

    async def _settle(self, upload: Upload, reception: Reception) -> None:
        """A companion is all here."""
        spool = reception.spool
        await spool.checked()
        if not spool.complete:  # what a former process left could not be read again: it is sent again
            await reception.sync()
            return
        if self._receptions.pop(upload.id, None) is None:
            return  # its last piece came twice
        self._reached[upload.id] = upload.length
        sha256 = await spool.settle()
        await spool.close()
        settled = msgspec.structs.replace(upload, sha256=sha256, heard=time.time())
        await self._keep(settled)
        self.on_beside(settled)

    async def _keep(self, upload: Upload) -> None:
        await self._db.put(SPACE, upload.id, msgspec.json.encode(upload))
        self._all[upload.id] = upload

    async def _drop(self, id_: str) -> None:
        upload = self._all.pop(id_, None)
        reception = self._receptions.pop(id_, None)
        if reception is not None:
            reception.end()
            if upload is not None and upload.exhibit is None:
                await reception.spool.close()
        if upload is not None:
            await self._db.delete(SPACE, id_)
            await asyncio.to_thread(self._remove, id_)

    async def _drop_alone(self) -> None:
        """Companions whose last exhibit is gone."""
        for upload in list(self._all.values()):
            if upload.exhibit is None and not upload.bundle and not self.set_of(upload):
                await self._drop(upload.id)

    def _remove(self, id_: str) -> None:
        self._mark(id_).remove()
        with suppress(OSError):
            self.file(id_).unlink(missing_ok=True)

    def _clean(self) -> None:
        """What a kill between two steps left."""
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            if path.stem not in self._all:
                with suppress(OSError):
                    path.unlink()

    async def _sweep(self) -> None:
        for upload in self.all():  # killed between a companion's last byte and the note of its hash
            if upload.exhibit is None and upload.sha256 is None and self.whole(upload.id):
                with suppress(Refused):
                    await self._settle(upload, await self._companion(upload))
        while True:
            try:
                await self.expire(time.time())
            except Refused as refused:
                log.warning("uploads: %s", refused)
            await asyncio.sleep(SWEEP_SECONDS)


async def sent_for(db: Database, exhibit: str) -> list[Upload]:
    """What the exhibit comes by, first, and the companions that go when it goes. Nothing where it comes by a link."""
    known: list[Upload] = []
    for _, data in await db.items(SPACE):
        with suppress(msgspec.MsgspecError):  # it is of nothing then, and goes with the next start
            known.append(msgspec.json.decode(data, type=Upload))
    own = [one for one in known if one.exhibit == exhibit]
    shared = {one.set for one in known if one.exhibit not in {None, exhibit}}
    sets = {one.set for one in own} - shared
    return own + [one for one in known if one.exhibit is None and one.set in sets]


def places(folder: Path, id_: str) -> tuple[Path, Path]:
    """Where something of an upload lies beside its exhibit's own folder. `folder`: that of the exhibits."""
    return folder / FOLDER / f"{id_}.mark", folder / FOLDER / f"{id_}.file"


def _needed(upload: Upload, n: int) -> int:
    """Bytes of the disk: an exhibit's are written twice, as they come and in what is prepared from them; a bundle's
    once more, since it stays until all of it is taken in."""
    return 3 * n if upload.bundle else n if upload.exhibit is None else 2 * n
