"""The attached files of an export, one after the other, into one folder: verified by their hash, under safe names that do not collide.

What cannot be fetched is noted with its reason, and the rest goes on. What the relay's being away interrupts goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec

from common.errors import LinkLost, RateLimited, ShuttingDown, StorageUnavailable, TooManyConnections
from common.protocol.messages import FileId, FileInfo
from desktop.export.records import FILES, OUTCOMES, Fetched
from desktop.link.denied import Denied
from desktop.link.exports.place import WANTED
from desktop.link.transfers.filenames import part_of, safe_name
from desktop.link.transfers.moving import Hopeless, Mover
from desktop.locale import _

TRIES: Final = 5
"""Of one file while the relay is there, without a byte of progress between them."""
PAUSE_S: Final = 0.5
PASSING: Final = frozenset(kind.code for kind in (RateLimited, ShuttingDown, StorageUnavailable, TooManyConnections))
NAMED: Final = 20
"""Of the files that are missing, so many are named to the window; the page names more."""


class FileFetcher:
    """*until_up* waits for the relay; *moved* is told how many bytes are there by now, and how many files were looked at."""

    def __init__(
        self,
        mover: Mover | None,
        work: Path,
        until_up: Callable[[], Awaitable[None]],
        moved: Callable[[int, int], None],
    ) -> None:
        """*mover*: None: nothing is fetched; *why_not* says why."""
        self._mover = mover
        self._work = work
        self._until_up = until_up
        self._moved = moved
        self._names = Names()
        self._got: dict[FileId, Fetched] = {}
        self._bytes = 0
        self._files = 0
        self.missing: list[str] = []
        self.missing_count = 0

    async def fetch(self, why_not: str = "") -> None:
        """Fetch all that `LogReader` has written down, and write down what became of each.

        Raises:
            OSError: the disk refuses.
        """
        encoder, decoder = msgspec.json.Encoder(), msgspec.json.Decoder(FileInfo)
        with (self._work / WANTED).open("rb") as wanted, (self._work / OUTCOMES).open("wb") as outcomes:
            for line in wanted:
                file = decoder.decode(line)
                outcome = await self._one(file) if self._mover is not None else Fetched(problem=why_not)
                if not outcome.path:
                    self.missing_count += 1
                    if len(self.missing) < NAMED:
                        self.missing.append(file.name)
                outcomes.write(encoder.encode(outcome) + b"\n")
                self._files += 1
                if self._mover is not None:
                    self._moved(self._bytes, self._files)

    async def _one(self, file: FileInfo) -> Fetched:
        known = self._got.get(file.id)
        if known is None:
            path = self._work / FILES / self._names.of(file.name)
            known = self._got[file.id] = await self._downloaded(file, path)
            self._bytes += file.size
        return known

    async def _downloaded(self, file: FileInfo, path: Path) -> Fetched:
        assert self._mover is not None, "somebody fetches"
        tries, most, pause_s = 0, 0, PAUSE_S
        problem = ""
        try:
            while tries < TRIES:
                await self._until_up()
                progress = _Progress(lambda done: self._moved(self._bytes + done, self._files))
                try:
                    await self._mover.download(file.id, path, file.size, progress)
                    return Fetched(f"{FILES}/{path.name}")
                except Denied as denied:
                    problem = denied.message
                    if denied.code not in PASSING:
                        break
                    pause_s = max(pause_s, denied.retry_after or 0.0)
                except LinkLost as lost:
                    problem = str(lost)
                tries, most = (1, progress.done) if progress.done > most else (tries + 1, most)
                await asyncio.sleep(pause_s)
        except Hopeless as hopeless:
            problem = str(hopeless)
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(part_of(path).unlink)
        return Fetched(problem=problem or _("The relay did not give it."))


class _Progress:
    """Hands on how far a download is, and remembers it."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self.done = 0

    def __call__(self, done: int) -> None:
        self.done = done
        self._tell(done)


class Names:
    """Safe names for files in one folder, no two alike on any system: "A.txt" and "a.txt" are the same for some."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def of(self, name: str) -> str:
        """*name*, safe, with a number where there was one like it."""
        safe = safe_name(name)
        stem, suffix = Path(safe).stem, Path(safe).suffix
        number = self._next.get(safe.casefold(), 1)
        while True:
            made = safe if number == 1 else f"{stem} ({number}){suffix}"
            number += 1
            if made.casefold() not in self._taken:
                break
        self._next[safe.casefold()] = number
        self._taken.add(made.casefold())
        return made
