"""How much of the past is kept, as it is stored; what has had its time; and deleting it, for good.

A group's log is deleted from its beginning, up to its *floor*. The seqs above it stay what they are. The last entry of a log keeps
its row, emptied, when its time has come: so seqs and numbers are never given twice, and a client's cursor can still be told from one
of another log. It goes when there is a later one.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec
from msgspec import Struct

from common.ids import GroupId, Millis, Seq
from common.protocol.messages import FileId, Keeps
from relay.keeping import YOUNG_MS, OwnRule, Rule, keeps_of, oldest_kept
from relay.storage.meta import read_setting, write_setting

_RULE: Final = "retention"
_PURGES: Final = "purges"


class Purged(Struct, frozen=True):
    """What one step deleted. *floor*: where the log begins after it. *numbers*: of the messages that were there."""

    group: GroupId
    floor: Seq
    numbers: list[int]
    purges: int
    """Of the whole life of this database, this one included."""


class Retention:
    """One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    # -- rules ---------------------------------------------------------------------------------------------------------

    def rule(self) -> Rule:
        """The relay's rule."""
        stored = read_setting(self._conn, _RULE)
        return Rule() if stored is None else msgspec.json.decode(stored, type=Rule)

    def set_rule(self, rule: Rule) -> None:
        """The relay's rule from now on."""
        write_setting(self._conn, _RULE, msgspec.json.encode(rule))

    def own(self, group: GroupId) -> OwnRule:
        """The group's own rule."""
        return self.owns([group])[group]

    def owns(self, groups: list[GroupId] | None = None) -> dict[GroupId, OwnRule]:
        """The own rules of *groups* (None: of all)."""
        columns = "SELECT id, keep_days, keep_entries, keep_longer, held FROM groups"
        if groups is None:
            rows = self._conn.execute(columns).fetchall()
        else:
            rows = [self._conn.execute(f"{columns} WHERE id = ?", (group,)).fetchone() for group in groups]
        return {
            GroupId(group): OwnRule(days, entries, bool(longer), bool(held))
            for group, days, entries, longer, held in rows
        }

    def set_own(self, group: GroupId, own: OwnRule) -> None:
        """The group's own rule from now on."""
        self._conn.execute(
            "UPDATE groups SET keep_days = ?, keep_entries = ?, keep_longer = ?, held = ? WHERE id = ?",
            (own.days, own.entries, own.longer, own.held, group),
        )

    def keeps(self, group: GroupId) -> Keeps | None:
        """What holds for *group* now."""
        return keeps_of(self.rule(), self.own(group))

    def is_held(self, group: GroupId) -> bool:
        """Whether nothing may be deleted in *group*."""
        (held,) = self._conn.execute("SELECT held FROM groups WHERE id = ?", (group,)).fetchone()
        return bool(held) or self.rule().held

    # -- what has had its time -----------------------------------------------------------------------------------------

    def floor(self, group: GroupId) -> Seq:
        """Up to where the log of *group* is deleted."""
        (floor,) = self._conn.execute("SELECT floor FROM groups WHERE id = ?", (group,)).fetchone()
        return Seq(floor)

    def expired(self, group: GroupId, keeps: Keeps | None, now: Millis, within: int | None = None) -> Seq:
        """Up to which entry the log of *group* has had its time, looking at *within* entries (None: all); its floor when nothing has."""
        floor = self.floor(group)
        if keeps is None or keeps.held or not (keeps.days or keeps.entries):
            return floor
        (last,) = self._conn.execute(
            "SELECT coalesce(max(seq), 0) FROM entries WHERE group_id = ?", (group,)
        ).fetchone()
        end = last if within is None else min(last, floor + within)
        until = self._first_since(group, floor, end, oldest_kept(keeps, now)) - 1 if keeps.days else floor
        if keeps.entries and last - keeps.entries > until:
            young = self._first_since(group, floor, end, Millis(now - YOUNG_MS))
            until = max(until, min(last - keeps.entries, young - 1))
        return Seq(until)

    def _first_since(self, group: GroupId, floor: Seq, end: int, since: Millis) -> int:
        """The first entry from *since* or later, of those after *floor* up to *end*; the one after them when there is none."""
        row = self._conn.execute(
            "SELECT seq FROM entries WHERE group_id = ? AND seq > ? AND seq <= ? AND at >= ? ORDER BY seq LIMIT 1",
            (group, floor, end, since),
        ).fetchone()
        return end + 1 if row is None else int(row[0])

    def messages_up_to(self, group: GroupId, last: Seq) -> int:
        """How many messages the log of *group* has up to *last*."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM entries WHERE group_id = ? AND seq > ? AND seq <= ? AND kind = 'message' AND body IS NOT NULL",
            (group, self.floor(group), last),
        ).fetchone()
        return int(count)

    # -- deleting ------------------------------------------------------------------------------------------------------

    def purge(self, group: GroupId, last: Seq) -> tuple[Purged, list[FileId]]:
        """Delete the log of *group* up to *last*, with all that was said of it; also the files that these messages named, of which
        others may still name some."""
        conn, floor = self._conn, self.floor(group)
        numbers = conn.execute(
            "SELECT id FROM entries WHERE group_id = ? AND seq > ? AND seq <= ? AND kind = 'message' AND body IS NOT NULL",
            (group, floor, last),
        ).fetchall()
        # What a later edit says is what the message said.
        conn.execute(
            "UPDATE entries SET body = NULL WHERE group_id = ? AND target > ? AND target <= ?"
            " AND kind IN ('edit', 'redaction') AND kind = 'edit' AND body IS NOT NULL",
            (group, floor, last),
        )
        for table in ("edits", "reactions", "pins"):
            conn.execute(f"DELETE FROM {table} WHERE group_id = ? AND target <= ?", (group, last))
        conn.execute("DELETE FROM mentions WHERE group_id = ? AND seq <= ?", (group, last))
        named = conn.execute(
            "DELETE FROM attachments WHERE group_id = ? AND seq <= ? RETURNING file_id", (group, last)
        ).fetchall()
        conn.execute(
            "DELETE FROM entries WHERE group_id = :group AND seq <= :last"
            " AND seq < (SELECT max(seq) FROM entries WHERE group_id = :group)",
            {"group": group, "last": last},
        )
        conn.execute("UPDATE entries SET body = NULL WHERE group_id = ? AND seq = ?", (group, last))
        conn.execute("UPDATE groups SET floor = ? WHERE id = ?", (last, group))
        return Purged(group, last, [number for (number,) in numbers], self.count_purge()), [file for (file,) in named]

    def count_purge(self) -> int:
        """Something is deleted once more; how often it was, with this."""
        purges = self.purges() + 1
        write_setting(self._conn, _PURGES, str(purges).encode())
        return purges

    def purges(self) -> int:
        """How often something was deleted: what has followed the log knows by it whether it has followed that too."""
        stored = read_setting(self._conn, _PURGES)
        return 0 if stored is None else int(stored)

    def free_pages(self) -> int:
        """How many pages of the database are empty and could go back to the disk."""
        (free,) = self._conn.execute("PRAGMA freelist_count").fetchone()
        (mode,) = self._conn.execute("PRAGMA auto_vacuum").fetchone()
        return int(free) if mode == _INCREMENTAL else 0

    def reclaim(self, pages: int) -> int:
        """Give up to *pages* of them back; how many are left."""
        self._conn.execute(f"PRAGMA incremental_vacuum({pages})").fetchall()
        return self.free_pages()


_INCREMENTAL: Final = 2
