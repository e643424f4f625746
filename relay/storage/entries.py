"""The groups' logs as they are stored: pages of entries, and what is counted in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import structs

from common.crypto.sealing import SealKey, open_sealed
from common.errors import SealError
from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry, EntryKind, FileInfo
from relay.storage.vault import Vault

Row = tuple[GroupId, Seq, str, UserId, Millis, bytes | None, Seq | None, int, bytes | None]
"""group_id, seq, kind, sender, at, nonce, target, key_id, body: the columns in this order everywhere."""

_COLUMNS: Final = "group_id, seq, kind, sender, at, nonce, target, key_id, body"
SAID: Final = ("message", "edit", "reaction")
"""The kinds of entries that say something of their sender's own."""
_KEPT: Final = "seq > (SELECT floor FROM groups WHERE id = ?)"
"""The last entry of a log keeps its row when its time has come, but is not there any more."""

# What is sealed: nothing for an entry that says nothing, the first mark and the text where there is no more, so that "" and no body
# differ, and the second mark and all fields where there is more.
_TEXT: Final = b"t"
_CONTENT: Final = b"c"


class Draft(msgspec.Struct, frozen=True):
    """An entry before it has its place.

    *at*: Unix milliseconds, None for the time of the commit. *nonce*: with it, a repeat of the same draft changes nothing.
    """

    group: GroupId
    sender: UserId
    kind: EntryKind
    body: str | None = None
    nonce: Nonce | None = None
    target: Seq | None = None
    at: Millis | None = None
    more: Content | None = None
    """What it says besides *body*."""


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an entry says besides its text; the fields are those of `Entry`. Sealed as a whole."""

    body: str | None = None
    user: UserId | None = None
    on: bool = True
    files: tuple[FileInfo, ...] = ()
    mentions: tuple[UserId, ...] = ()
    forwarded: UserId | None = None
    via: str | None = None


_ENCODE: Final = msgspec.msgpack.Encoder().encode
_DECODE: Final = msgspec.msgpack.Decoder(Content).decode


def plaintext_of(draft: Draft) -> bytes:
    """What is sealed for *draft*."""
    if draft.more is not None:
        return _CONTENT + _ENCODE(structs.replace(draft.more, body=draft.body))
    return b"" if draft.body is None else _TEXT + draft.body.encode()


def entry_of(draft: Draft, seq: Seq, at: Millis) -> Entry:
    """*draft* in its place."""
    entry = Entry(draft.group, seq, draft.kind, draft.sender, at, draft.nonce, draft.body, draft.target)
    return entry if draft.more is None else _filled(entry, draft.more)


def _filled(entry: Entry, content: Content) -> Entry:
    return structs.replace(
        entry,
        user=content.user,
        on=content.on,
        files=content.files,
        mentions=content.mentions,
        forwarded=content.forwarded,
        via=content.via,
    )


class Entries:
    """Reads entries. One object belongs to one connection, and so to one thread."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault
        self._erasing: frozenset[int] | None = None

    def after(self, group: GroupId, seq: Seq, limit: int) -> list[Entry]:
        """The first *limit* entries after *seq*, rising."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE group_id = ? AND seq > ? AND {_KEPT} ORDER BY seq LIMIT ?",
            (group, seq, group, limit),
        )
        return self._opened(rows)

    def before(self, group: GroupId, seq: Seq | None, limit: int) -> list[Entry]:
        """The last *limit* entries before *seq* (None: of all), rising."""
        below, value = ("", ()) if seq is None else ("AND seq < ?", (seq,))
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE group_id = ? {below} AND {_KEPT} ORDER BY seq DESC LIMIT ?",
            (group, *value, group, limit),
        )
        page = self._opened(rows)
        page.reverse()
        return page

    def said_by(self, sender: UserId, group: GroupId, after: Seq, up_to: Seq) -> list[Entry]:
        """What *sender* has put into *group* after *after* and up to *up_to*, rising."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE group_id = ? AND seq > ? AND seq <= ? AND sender = ? AND {_KEPT} ORDER BY seq",
            (group, after, up_to, sender, group),
        )
        return self._opened(rows)

    def count_of(self, sender: UserId) -> int:
        """How much that has a nonce *sender* has said: messages and what is done with them."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM entries WHERE sender = ? AND nonce IS NOT NULL", (sender,)
        ).fetchone()
        return int(count)

    def at(self, group: GroupId, seq: Seq) -> Entry | None:
        """The entry in one place."""
        return self.several(group, [seq]).get(seq)

    def in_place(self, group: GroupId, seq: Seq) -> Entry | None:
        """As `at`; also the emptied last entry of a log of which nothing is kept."""
        rows = self._conn.execute(f"SELECT {_COLUMNS} FROM entries WHERE group_id = ? AND seq = ?", (group, seq))
        return next(iter(self._opened(rows)), None)

    def several(self, group: GroupId, seqs: Iterable[Seq]) -> dict[Seq, Entry]:
        """The entries in these places, as far as they are there."""
        select = f"SELECT {_COLUMNS} FROM entries WHERE group_id = ? AND seq = ? AND {_KEPT}"
        rows = (self._conn.execute(select, (group, seq, group)).fetchone() for seq in seqs)
        entries = [self._open(*row) for row in rows if row is not None]
        return {entry.seq: entry for entry in entries}

    def changing(self, group: GroupId, target: Seq, kind: EntryKind) -> list[Entry]:
        """The edits of *target*, or its redaction, rising."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE group_id = ? AND target = ? AND kind IN ('edit', 'redaction') AND kind = ?"
            " ORDER BY seq",
            (group, target, kind),
        )
        return self._opened(rows)

    def edits(self, group: GroupId, target: Seq) -> int:
        """How often *target*, which was not taken back, was edited."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM entries WHERE group_id = ? AND target = ? AND kind IN ('edit', 'redaction')",
            (group, target),
        ).fetchone()
        return int(count)

    def destroy(self, group: GroupId, target: Seq) -> None:
        """Destroy what *target* and all its edits say; they keep their places."""
        self._conn.execute("UPDATE entries SET body = NULL WHERE group_id = ? AND seq = ?", (group, target))
        self._conn.execute(
            "UPDATE entries SET body = NULL"
            " WHERE group_id = ? AND target = ? AND kind IN ('edit', 'redaction') AND kind = 'edit'",
            (group, target),
        )

    def exists(self, group: GroupId, seq: Seq) -> bool:
        """Whether the log of *group* reaches *seq*."""
        found = self._conn.execute("SELECT 1 FROM entries WHERE group_id = ? AND seq = ?", (group, seq)).fetchone()
        return found is not None

    def last_message(self, group: GroupId) -> Entry | None:
        """The newest message, whatever came after it."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE group_id = ? AND kind = 'message' AND {_KEPT} ORDER BY seq DESC LIMIT 1",
            (group, group),
        )
        return next(iter(self._opened(rows)), None)

    def unread(self, group: GroupId, user: UserId, read_seq: Seq, cap: int) -> int:
        """How many messages of others stand after *read_seq*; counting ends at *cap*."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM (SELECT 1 FROM entries WHERE group_id = ? AND seq > ?"
            " AND kind = 'message' AND sender <> ? AND body IS NOT NULL"
            " AND sender NOT IN (SELECT id FROM users WHERE erasing = 1) LIMIT ?)",
            (group, read_seq, user, cap),
        ).fetchone()
        return int(count)

    def by_nonce(self, sender: UserId, nonce: Nonce) -> Entry | None:
        """What *sender* stored under *nonce*."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE sender = ? AND nonce = ?", (sender, bytes.fromhex(nonce))
        )
        return next(iter(self._opened(rows)), None)

    def last_seq(self, group: GroupId) -> Seq:
        """Where the log of *group* ends; 0 while it is empty."""
        (seq,) = self._conn.execute("SELECT max(seq) FROM entries WHERE group_id = ?", (group,)).fetchone()
        return Seq(seq or 0)

    def last_seqs(self) -> dict[GroupId, Seq]:
        """Where each group's log ends."""
        rows = self._conn.execute(
            "SELECT id, coalesce((SELECT max(seq) FROM entries WHERE group_id = groups.id), 0) FROM groups"
        )
        return dict(rows)

    def newest_at(self) -> Millis:
        """When the newest entry was made, by the clock of then; 0 without any."""
        (at,) = self._conn.execute(
            "SELECT max((SELECT at FROM entries WHERE group_id = groups.id ORDER BY seq DESC LIMIT 1)) FROM groups"
        ).fetchone()
        return Millis(at if isinstance(at, int) else 0)

    def _opened(self, rows: sqlite3.Cursor) -> list[Entry]:
        # All at once: a statement that an exception leaves in the middle would hold its state of the tables, and with it
        # every checkpoint, until nobody remembers the exception any more.
        return [self._open(*row) for row in rows.fetchall()]

    def _open(
        self,
        group: GroupId,
        seq: Seq,
        kind: str,
        sender: UserId,
        at: Millis,
        nonce: bytes | None,
        target: Seq | None,
        key_id: int,
        sealed: bytes | None,
    ) -> Entry:
        if not is_whole(kind, sender, at, nonce, target, key_id, sealed):
            self._vault.found_damaged("entries", group, seq)
            return _remains(group, seq, kind, sender, at)
        author_nonce = None if nonce is None else Nonce(nonce.hex())
        if sealed is None or (kind in SAID and sender in self._being_erased()):
            return Entry(group, seq, kind, sender, at, author_nonce, None, target, redacted=True)
        try:
            key = self._vault.keys.get(key_id) or self._load_key(group, key_id)
            place = self._vault.places.associated(group, seq, kind, sender, at, target, key_id)
            plaintext = open_sealed(key, sealed, place)
        except SealError:
            self._vault.found_damaged("entries", group, seq)
            return Entry(group, seq, kind, sender, at, author_nonce, None, target, damaged=True)
        if not plaintext.startswith(_CONTENT):
            body = plaintext[1:].decode() if plaintext else None
            return Entry(group, seq, kind, sender, at, author_nonce, body, target)
        content = _DECODE(memoryview(plaintext)[1:])
        return _filled(Entry(group, seq, kind, sender, at, author_nonce, content.body, target), content)

    def _being_erased(self) -> frozenset[int]:
        """Whose words are being destroyed: from the beginning of that on nobody reads what is left of them."""
        if self._erasing is None:
            found = self._conn.execute("SELECT id FROM users WHERE erasing = 1").fetchall()
            self._erasing = frozenset(user for (user,) in found)
        return self._erasing

    def _load_key(self, group: GroupId, key_id: int) -> SealKey:
        row = self._conn.execute(
            "SELECT wrapped FROM data_keys WHERE id = ? AND group_id = ?", (key_id, group)
        ).fetchone()
        if row is None:
            raise SealError("The data key of this record is not there: it was destroyed, or the record was moved.")
        key = self._vault.unwrap(row[0], key_id, group)
        self._vault.keys[key_id] = key
        return key


def is_whole(*columns: object) -> bool:
    """Whether each of kind, sender, at, nonce, target, key_id and body has its type: on a page that was damaged, anything stands."""
    kind, sender, at, nonce, target, key_id, body = map(type, columns)
    none = type(None)
    return (
        kind is str
        and sender is int
        and at is int
        and (nonce is bytes or nonce is none)
        and (target is int or target is none)
        and key_id is int
        and (body is bytes or body is none)
    )


def _remains(group: GroupId, seq: Seq, kind: object, sender: object, at: object) -> Entry:
    """What can still be shown of such a row: that there was an entry in this place."""
    return Entry(
        group,
        seq,
        kind if isinstance(kind, str) else "message",
        UserId(sender if isinstance(sender, int) else 0),
        Millis(at if isinstance(at, int) else 0),
        damaged=True,
    )
