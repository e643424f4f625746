"""A backup a day, the last seven kept, in a folder that somebody has named. What hinders it is said in the log and in the relay's health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from common.errors import WireError
from common.ids import Millis, RelayId
from relay.operating.backups import BESIDE, back_up, note_made
from relay.operating.operator import Operator

_log = logging.getLogger(__name__)

EVERY: Final = timedelta(days=1)
KEPT: Final = 7
LOOK_S: Final = 600.0
"""Between two looks whether one is due; so a machine that sleeps at night makes it in the morning, and a full disk is tried again."""
_STAMP: Final = "%Y%m%d-%H%M%S"
_ENDING: Final = ".backup"
_PART: Final = ".part"


class BackupSchedule:
    """Makes backups from `start` to `close`."""

    def __init__(self, operator: Operator, folder: Path) -> None:
        self._operator = operator
        self._folder = folder.absolute()
        self._task: asyncio.Task[None] | None = None
        self.problem = ""
        """Why there is no new backup, in words; empty while all is well."""
        self.made_at: Millis | None = None
        """When the last one was made since the start."""

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look_again_and_again(), name="backup schedule")

    async def close(self) -> None:
        """End it; a backup that is being made is given up, and nothing is left of it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _look_again_and_again(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # the next look may go well; people go on talking meanwhile
                _log.exception("A scheduled backup failed")
                self.problem = "A scheduled backup failed; the relay's log says how."
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Make a backup if one is due, and delete those that are too many then."""
        now, relay_id = self._operator.parts.now(), self._operator.parts.relay_id
        try:
            names = await asyncio.to_thread(self._names)
            if not is_due(names, relay_id, now):
                return
            # Of a relay that was killed meanwhile: it may take the very room that the new one needs.
            await asyncio.to_thread(self._remove, broken_off(names, relay_id))
            made = await back_up(self._operator, self._folder / name_of(relay_id, now))
            self.made_at = now
            await asyncio.to_thread(self._tidy_up)
            await note_made(self._operator, made, own=True)
        except (OSError, WireError) as error:
            self._complain(error.strerror or str(error) if isinstance(error, OSError) else str(error))
        else:
            self.problem = ""
            _log.info("Backup %s: %d bytes, %d files", made.path, made.bytes, made.files)

    def _complain(self, reason: str) -> None:
        problem = f"The daily backup to {self._folder} cannot be made: {reason}"
        if problem != self.problem:
            _log.error("%s", problem)
        self.problem = problem

    def _names(self) -> list[str]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return [path.name for path in self._folder.iterdir()]

    def _tidy_up(self) -> None:
        self._remove(superfluous(self._names(), self._operator.parts.relay_id))

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._folder / name).unlink(missing_ok=True)


def name_of(relay_id: RelayId, now: Millis) -> str:
    """What a backup of that time is called: backups of several relays may lie in one folder."""
    return f"relay-{relay_id[:8].lower()}-{datetime.fromtimestamp(now / 1000, UTC).strftime(_STAMP)}{_ENDING}"


def is_due(names: Iterable[str], relay_id: RelayId, now: Millis) -> bool:
    """Whether the last backup among *names* is a day old. One from the future, of a clock that was set back, counts as old."""
    made = [at for name in names if (at := _made_at(name, relay_id)) is not None]
    present = datetime.fromtimestamp(now / 1000, UTC)
    return not any(present - EVERY < at <= present for at in made)


def superfluous(names: Iterable[str], relay_id: RelayId) -> list[str]:
    """What is to go: all of this relay's but the newest, and what was broken off. Nothing else in the folder is ever touched."""
    names = list(names)
    whole = sorted((name for name in names if _made_at(name, relay_id) is not None), reverse=True)
    return whole[KEPT:] + broken_off(names, relay_id)


def broken_off(names: Iterable[str], relay_id: RelayId) -> list[str]:
    """Those of this relay that were never finished."""
    endings = (BESIDE, _PART)
    return [
        name
        for name in names
        if any(name.endswith(each) and _made_at(name[: -len(each)], relay_id) for each in endings)
    ]


def _made_at(name: str, relay_id: RelayId) -> datetime | None:
    head = f"relay-{relay_id[:8].lower()}-"
    if not (name.startswith(head) and name.endswith(_ENDING)):
        return None
    try:
        return datetime.strptime(name[len(head) : -len(_ENDING)], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
