"""Files: what is known of each, its key, and which messages name it. The contents stand beside the database, sealed in chunks."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from common.crypto.sealing import SealKey
from common.errors import SealError, UnknownFile
from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import FileId, FileInfo
from relay.storage.vault import DAMAGED_NAME, Vault

_DETAILS: Final = "files.details"
_DIGEST: Final = "files.digest"
_COLUMNS: Final = "id, owner, size, received, details, key_wrapped, digest"
_Row = tuple[str, int, int, int, bytes, bytes, bytes | None]


class _Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the sender said of a file."""

    name: str
    mime: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file, or as much of it as has arrived. *digest*: SHA-256 in hex, once it is whole. *key*: None when its record is damaged."""

    info: FileInfo
    owner: UserId
    received: int
    digest: str | None
    key: SealKey | None = field(repr=False)

    @property
    def id(self) -> FileId:
        """The relay's name for it."""
        return self.info.id

    @property
    def size(self) -> int:
        """Bytes, once it is whole."""
        return self.info.size

    @property
    def is_whole(self) -> bool:
        """Whether everything has arrived and was looked over."""
        return self.digest is not None


class Files:
    """The files. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self.gone: list[FileId] = []
        """Files that this transaction has taken away; after the commit their contents go too."""
        self._conn = conn
        self._vault = vault

    # -- uploads -------------------------------------------------------------------------------------------------------

    def add(self, owner: UserId, named: FileInfo, now: Millis) -> StoredFile:
        """Make room for a file like *named*, whose id is given here."""
        file_id = secrets.token_hex(16)
        key = SealKey.random(0)
        info = msgspec.structs.replace(named, id=file_id)
        details = msgspec.json.encode(_Details(info.name, info.mime, info.width, info.height)).decode()
        self._conn.execute(
            "INSERT INTO files (id, owner, size, received, details, key_wrapped, touched_at) VALUES (?, ?, ?, 0, ?, ?, ?)",
            (
                file_id,
                owner,
                info.size,
                self._vault.seal_text(details, _DETAILS, file_id),
                self._vault.wrap_file_key(key, file_id, owner, info.size),
                now,
            ),
        )
        return StoredFile(info, owner, 0, None, key)

    def get(self, file_id: FileId) -> StoredFile | None:
        """One file."""
        row = self._conn.execute(f"SELECT {_COLUMNS} FROM files WHERE id = ?", (file_id,)).fetchone()
        return None if row is None else self._stored(row)

    def of_owner(self, owner: UserId, after: FileId, limit: int) -> list[StoredFile]:
        """The first *limit* files of *owner*, whole or not, whose ids come after *after*; by id."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM files WHERE owner = ? AND id > ? ORDER BY id LIMIT ?", (owner, after, limit)
        ).fetchall()
        return [self._stored(row) for row in rows]

    def set_received(self, file_id: FileId, received: int, now: Millis) -> None:
        """So many bytes from the beginning are safely stored."""
        self._conn.execute(
            "UPDATE files SET received = ?, touched_at = ? WHERE id = ? AND digest IS NULL", (received, now, file_id)
        )

    def set_whole(self, file_id: FileId, digest: str, now: Millis) -> None:
        """Everything has arrived; *digest* in hex."""
        self._conn.execute(
            "UPDATE files SET received = size, digest = ?, touched_at = ? WHERE id = ?",
            (self._vault.seal_text(digest, _DIGEST, file_id), now, file_id),
        )

    def remove(self, file_id: FileId) -> None:
        """Take a file away: with its row its key is destroyed."""
        if self._conn.execute("DELETE FROM files WHERE id = ?", (file_id,)).rowcount:
            self.gone.append(file_id)

    # -- messages that name them ---------------------------------------------------------------------------------------

    def infos_of(self, owner: UserId, ids: Iterable[FileId]) -> tuple[FileInfo, ...]:
        """What *owner* has uploaded under *ids*, in their order.

        Raises:
            UnknownFile: one of them is not there, not whole or somebody else's.
        """
        found = [self.get(file_id) for file_id in dict.fromkeys(ids)]
        if any(file is None or file.owner != owner or not file.is_whole for file in found):
            raise UnknownFile
        return tuple(file.info for file in found if file is not None)

    def attach(self, group: GroupId, seq: Seq, files: Sequence[FileInfo]) -> None:
        """The entry *seq* of *group* names these files, as far as they are here."""
        self._conn.executemany(
            "INSERT OR IGNORE INTO attachments (file_id, group_id, seq) SELECT id, ?, ? FROM files WHERE id = ?",
            [(group, seq, file.id) for file in files],
        )

    def detach(self, group: GroupId, seq: Seq) -> None:
        """The entry names no files any more; those that no other entry names go."""
        named = self._conn.execute(
            "DELETE FROM attachments WHERE group_id = ? AND seq = ? RETURNING file_id", (group, seq)
        ).fetchall()
        for (file_id,) in named:
            if not self.is_named(file_id):
                self.remove(file_id)

    def is_named(self, file_id: FileId) -> bool:
        """Whether a message names it."""
        row = self._conn.execute("SELECT 1 FROM attachments WHERE file_id = ? LIMIT 1", (file_id,)).fetchone()
        return row is not None

    def may_fetch(self, file_id: FileId, user: UserId) -> bool:
        """Whether *user* is in a group where a message names it."""
        row = self._conn.execute(
            "SELECT 1 FROM attachments AS a JOIN members AS m ON m.group_id = a.group_id AND m.user_id = ?"
            " WHERE a.file_id = ? LIMIT 1",
            (user, file_id),
        ).fetchone()
        return row is not None

    # -- how much there is ---------------------------------------------------------------------------------------------

    def size_of(self, owner: UserId) -> int:
        """Bytes of all files of *owner*, as long as they will be once they are whole."""
        (size,) = self._conn.execute("SELECT coalesce(sum(size), 0) FROM files WHERE owner = ?", (owner,)).fetchone()
        return int(size)

    def size_in_all(self) -> int:
        """Bytes of everybody's files, as long as they will be."""
        (size,) = self._conn.execute("SELECT coalesce(sum(size), 0) FROM files").fetchone()
        return int(size)

    def awaited(self) -> int:
        """Bytes that were announced and have not arrived yet."""
        (size,) = self._conn.execute("SELECT coalesce(sum(size - received), 0) FROM files").fetchone()
        return int(size)

    def awaited_of(self, owner: UserId) -> int:
        """How many files of *owner* have not arrived whole yet."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM files WHERE owner = ? AND digest IS NULL", (owner,)
        ).fetchone()
        return int(count)

    def unnamed_of(self, owner: UserId) -> int:
        """How many files of *owner* no message names (yet)."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM files AS f WHERE owner = ?"
            " AND NOT EXISTS (SELECT 1 FROM attachments WHERE file_id = f.id)",
            (owner,),
        ).fetchone()
        return int(count)

    def unnamed_since(self, before: Millis) -> list[FileId]:
        """Files that no message names and that nothing was added to since *before*."""
        rows = self._conn.execute(
            "SELECT id FROM files AS f WHERE touched_at < ? AND NOT EXISTS (SELECT 1 FROM attachments WHERE file_id = f.id)",
            (before,),
        ).fetchall()
        return [file_id for (file_id,) in rows]

    def ids(self) -> set[FileId]:
        """Every file."""
        return {file_id for (file_id,) in self._conn.execute("SELECT id FROM files").fetchall()}

    def whole(self) -> list[FileId]:
        """Those that are whole and have contents."""
        rows = self._conn.execute("SELECT id FROM files WHERE digest IS NOT NULL AND size > 0 ORDER BY id")
        return [file_id for (file_id,) in rows.fetchall()]

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _stored(self, row: _Row) -> StoredFile:
        file_id, owner, size, received, sealed, wrapped, digest = row
        opened = self._vault.open_text(sealed, _DETAILS, file_id)
        details = _Details(DAMAGED_NAME) if opened is None else msgspec.json.decode(opened, type=_Details)
        try:
            key = self._vault.unwrap_file_key(wrapped, file_id, owner, size)
        except SealError:
            self._vault.found_damaged("files", file_id)
            key = None
        info = FileInfo(file_id, details.name, size, details.mime, details.width, details.height)
        known = None if digest is None else self._vault.open_text(digest, _DIGEST, file_id)
        return StoredFile(info, UserId(owner), received, known, key)
