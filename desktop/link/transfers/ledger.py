"""What is known of each transfer, sealed in the archive, so that it goes on after a restart."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from common.errors import SealError
from common.ids import GroupId, RelayId, UserId
from desktop.events.transfers import TransferKind, TransferState
from desktop.link.archive import Archive

_TABLE: Final = "transfer"
_log = logging.getLogger(__name__)


class Record(msgspec.Struct, frozen=True):
    """A transfer as it is kept. *path*: of an upload what is sent, of a download where it will be. *file*: the relay's id, empty before it
    has given one.

    *stamp*: of an upload, when the file was changed last; another one means another content. *ask*: of an upload, that its file was not
    what was chosen: to go on with it means to send the file as it is at that moment.
    *of_message*: it is uploaded for a message, which says when it is over.
    *replace*: of a download, that it takes the place of what is at *path*: the person said so.
    """

    key: str
    place: int
    kind: TransferKind
    group: GroupId
    path: Path
    name: str
    size: int
    state: TransferState
    file: str = ""
    mime: str = ""
    width: int = 0
    height: int = 0
    stamp: int = 0
    done: int = 0
    problem: str = ""
    of_message: bool = False
    replace: bool = False
    ask: bool = False


class Ledger:
    """The records of one account, in their order."""

    def __init__(self, archive: Archive, relay_id: RelayId, user: UserId) -> None:
        """`recall` them first."""
        self._archive = archive
        self._whose = (relay_id, user)
        self.records: dict[str, Record] = {}

    async def recall(self) -> None:
        """Read what was kept."""

        def read(conn: sqlite3.Connection) -> list[tuple[str, bytes]]:
            statement = f"SELECT key, sealed FROM {_TABLE} WHERE relay_id = ? AND user = ?"
            return conn.execute(statement, self._whose).fetchall()

        found: list[Record] = []
        for key, sealed in await self._archive.read(read):
            try:
                found.append(self._archive.seals.open(Record, sealed, _TABLE, *self._whose, key))
            except SealError as error:
                _log.warning("a transfer cannot be recalled: %s", error)
        self.records = {record.key: record for record in sorted(found, key=lambda record: record.place)}

    def keep(self, record: Record) -> None:
        """New or changed; on the disk soon after."""
        self.records[record.key] = record
        sealed = self._archive.seals.seal(record, _TABLE, *self._whose, record.key)
        row = (*self._whose, record.key, sealed)
        self._archive.change(
            lambda conn: conn.execute(f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?)", row),
        )

    def drop(self, key: str) -> None:
        """It is over."""
        if self.records.pop(key, None) is not None:
            row = (*self._whose, key)
            self._archive.change(
                lambda conn: conn.execute(f"DELETE FROM {_TABLE} WHERE relay_id = ? AND user = ? AND key = ?", row)
            )

    def next_place(self) -> int:
        """Behind all others."""
        return max((record.place for record in self.records.values()), default=0) + 1
