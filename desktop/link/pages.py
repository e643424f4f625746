"""The entries of one account in the archive: kept as they come, read back by pages, each message as it stands now."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import msgspec

from common.errors import SealError
from common.ids import GroupId, RelayId, Seq
from common.protocol.messages import Entry, Imprint, User
from desktop.link.archive import Account, Archive
from desktop.link.changes import DESTROYING, settle, target_of
from desktop.link.runs import Run, Runs
from desktop.model.said import erases

_log = logging.getLogger(__name__)

T = TypeVar("T")

_SAYING: Final = frozenset({"message", "edit", "reaction"})
_OPENED: Final = 500
"""Records that are opened in one go."""


class Pages:
    """The logs, as far as they are here."""

    def __init__(self, archive: Archive, account: Account) -> None:
        """Nothing is recalled yet."""
        self._archive = archive
        self._row = account.row
        self._runs: dict[GroupId, Runs] = {}
        self._imprints: dict[GroupId, tuple[Seq, Imprint]] = {}
        self.relay_id: RelayId = account.relay_id
        self.user: User = account.user

    def runs(self, group: GroupId) -> Runs:
        """Which entries of *group* are here."""
        return self._runs.setdefault(group, Runs())

    def last_seqs(self) -> dict[GroupId, Seq]:
        """The last seq that is here, of each group that has any."""
        return {group: runs.last for group, runs in self._runs.items() if runs.last}

    def imprints(self, limit: int) -> dict[GroupId, Imprint]:
        """Of the entries at the last seqs, the *limit* newest: what tells them from others in their places."""
        last_seqs = self.last_seqs()
        known = [(group, of) for group, (seq, of) in self._imprints.items() if last_seqs.get(group) == seq]
        known.sort(key=lambda one: one[1].at, reverse=True)
        return dict(known[:limit])

    def keep_imprint(self, group: GroupId, entry: Entry) -> None:
        """*entry* is the newest of *group* that is here."""
        if entry.damaged:
            self._imprints.pop(group, None)
        else:
            self._imprints[group] = (entry.seq, Imprint.of(entry))

    def forget_runs(self, group: GroupId | None = None) -> None:
        """Nothing of *group* (None: of any) is here any more."""
        if group is None:
            self._runs.clear()
        else:
            self._runs.pop(group, None)

    def keep_entries(self, group: GroupId, entries: Sequence[Entry]) -> None:
        """Keep *entries*, which follow each other without a gap."""
        if not entries:
            return
        merged = self._place_of_run(group, self.runs(group).add(Run(entries[0].seq, entries[-1].seq)))
        kept = tuple(entries)
        if kept[-1].seq == self.runs(group).last:
            self.keep_imprint(group, kept[-1])

        def write(conn: sqlite3.Connection) -> None:
            self._write(conn, group, kept)
            conn.execute("DELETE FROM run WHERE account = ? AND room = ? AND first BETWEEN ? AND ?", merged)
            conn.execute("INSERT INTO run (account, room, first, last) VALUES (?, ?, ?, ?)", merged)

        self._archive.change(write, destroys=_destroys(kept))

    def keep_related(self, group: GroupId, entries: Sequence[Entry]) -> None:
        """Keep *entries* from anywhere in the log; what lies between them may be missing."""
        kept = tuple(entries)
        self._archive.change(lambda conn: self._write(conn, group, kept), destroys=_destroys(kept))

    def _write(self, conn: sqlite3.Connection, group: GroupId, entries: Sequence[Entry]) -> None:
        conn.executemany(
            "INSERT OR REPLACE INTO entry (account, room, seq, sealed, target) VALUES (?, ?, ?, ?, ?)",
            [
                (self._row, group, entry.seq, self._seal(entry, "entry", group, entry.seq), target_of(entry))
                for entry in entries
            ],
        )
        messages = [entry.seq for entry in entries if entry.kind == "message"]
        touched = {entry.target for entry in entries if entry.kind in DESTROYING and entry.target is not None}
        if messages:
            # What is said of them may have become known before them.
            rows = conn.execute(
                "SELECT DISTINCT target FROM entry WHERE account = ? AND room = ? AND target BETWEEN ? AND ?",
                (self._row, group, min(messages), max(messages)),
            )
            touched.update(set(messages) & {Seq(target) for (target,) in rows})
        for entry in entries:
            if entry.kind == "deleted" and entry.body == "erase":
                self._erase(conn, group, entry)
        for target in sorted(touched):
            settle(conn, self._archive.seals, self._row, (self.relay_id, self.user.id), group, target)

    def _erase(self, conn: sqlite3.Connection, group: GroupId, farewell: Entry) -> None:
        """Destroy what the sender of *farewell* has said in *group*, also what others forwarded of it."""
        place = (self._row, group)
        rows = conn.execute(
            "SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND seq < ?", (*place, farewell.seq)
        )
        emptied = []
        while some := rows.fetchmany(_OPENED):
            said = (entry for entry in self._opened(group, some) if erases(farewell, entry) and entry.kind in _SAYING)
            emptied += [
                msgspec.structs.replace(
                    entry, body=None, redacted=True, edited=False, files=(), mentions=(), forwarded=None
                )
                for entry in said
                if not entry.redacted
            ]
        conn.executemany(
            "UPDATE entry SET sealed = ? WHERE account = ? AND room = ? AND seq = ?",
            [(self._seal(one, "entry", group, one.seq), *place, one.seq) for one in emptied],
        )

    def _place_of_run(self, group: GroupId, run: Run) -> tuple[int, GroupId, Seq, Seq]:
        return (self._row, group, run.first, run.last)

    async def page_before(self, group: GroupId, before: Seq | None, limit: int) -> list[Entry]:
        """Up to *limit* entries that end just before *before* (None: at the newest), without gaps, rising.

        Empty when the entry before is not here. A record that does not open is dropped, so that it becomes a gap that the
        relay can fill, and the page begins after it.
        """
        runs = self.runs(group)
        run = runs.newest if before is None else runs.ending_before(before)
        if run is None:
            return []
        last = run.last if before is None else Seq(before - 1)
        first = Seq(max(run.first, last - limit + 1))
        sealed = await self._archive.read(
            lambda conn: conn.execute(
                "SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC",
                (self._row, group, first, last),
            ).fetchall()
        )
        page: list[Entry] = []
        for expected, (seq, record) in zip(range(last, first - 1, -1), sealed, strict=False):
            try:
                if seq != expected:
                    raise SealError(f"entry {expected} is missing")
                page.append(self._open(Entry, record, "entry", group, Seq(seq)))
            except SealError as error:
                _log.warning("an entry of the archive is damaged: %s", error)
                self._drop_entry(group, Seq(expected))
                break
        else:
            if len(page) < last - first + 1:
                self._drop_entry(group, Seq(last - len(page)))
        return page[::-1]

    async def related_to(self, group: GroupId, entries: Sequence[Entry]) -> list[Entry]:
        """What is archived that was said of *entries*, a page, after its end."""
        if not entries:
            return []
        place = (self._row, group, entries[0].seq, entries[-1].seq, entries[-1].seq)
        rows = await self._archive.read(
            lambda conn: conn.execute(
                "SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND target BETWEEN ? AND ? AND seq > ?"
                " ORDER BY seq",
                place,
            ).fetchall()
        )
        return self._opened(group, rows)

    async def entries_at(self, group: GroupId, seqs: Iterable[Seq]) -> list[Entry]:
        """Those of the entries at *seqs* that are archived."""
        wanted = sorted(seqs)
        marks = ", ".join("?" * len(wanted))
        rows = await self._archive.read(
            lambda conn: conn.execute(
                f"SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND seq IN ({marks})",
                (self._row, group, *wanted),
            ).fetchall()
        )
        return self._opened(group, rows)

    def _opened(self, group: GroupId, rows: Iterable[tuple[int, bytes]]) -> list[Entry]:
        found = []
        for seq, sealed in rows:
            try:
                found.append(self._open(Entry, sealed, "entry", group, Seq(seq)))
            except SealError as error:
                _log.warning("an entry of the archive is damaged: %s", error)
        return found

    def forget_up_to(self, group: GroupId, floor: Seq) -> None:
        """The log was deleted up to *floor*: destroy what is here of it, and what later edits of it say."""
        runs = self.runs(group)
        runs.cut(floor)
        if not runs.last:
            self._imprints.pop(group, None)
        kept = [self._place_of_run(group, run) for run in runs]
        place = (self._row, group, floor)

        def write(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM entry WHERE account = ? AND room = ? AND seq <= ?", place)
            conn.execute("DELETE FROM run WHERE account = ? AND room = ?", place[:2])
            conn.executemany("INSERT INTO run (account, room, first, last) VALUES (?, ?, ?, ?)", kept)
            later = conn.execute("SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND target <= ?", place)
            emptied = [
                msgspec.structs.replace(entry, body=None, mentions=(), redacted=entry.kind == "edit")
                for entry in self._opened(group, later.fetchall())
            ]
            conn.executemany(
                "UPDATE entry SET sealed = ? WHERE account = ? AND room = ? AND seq = ?",
                [(self._seal(one, "entry", group, one.seq), self._row, group, one.seq) for one in emptied],
            )

        self._archive.change(write, destroys=True)

    def _drop_entry(self, group: GroupId, seq: Seq) -> None:
        runs = self.runs(group)
        runs.drop(seq)
        kept = [self._place_of_run(group, run) for run in runs]
        row = self._row

        def write(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM entry WHERE account = ? AND room = ? AND seq = ?", (row, group, seq))
            conn.execute("DELETE FROM run WHERE account = ? AND room = ?", (row, group))
            conn.executemany("INSERT INTO run (account, room, first, last) VALUES (?, ?, ?, ?)", kept)

        self._archive.change(write)

    # -- records -------------------------------------------------------------------------------------------------------

    def _seal(self, what: object, table: str, *place: int | str) -> bytes:
        return self._archive.seals.seal(what, table, self.relay_id, self.user.id, *place)

    def _open(self, kind: type[T], sealed: bytes, table: str, *place: int | str) -> T:
        return self._archive.seals.open(kind, sealed, table, self.relay_id, self.user.id, *place)


def _destroys(entries: Iterable[Entry]) -> bool:
    return any(entry.kind in DESTROYING or entry.kind == "deleted" for entry in entries)
