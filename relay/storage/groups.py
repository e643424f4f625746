"""Groups, their members and read markers. Names and topics are sealed."""

from __future__ import annotations

import sqlite3
import sys
from typing import Final, cast

from msgspec import Struct

from common.errors import UnknownGroup
from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import GroupKind, NotifyLevel, Role
from relay.storage.vault import Vault

_NAME: Final = "groups.name"
_TOPIC: Final = "groups.topic"
_COLUMNS: Final = (
    "id, kind, name, topic, private, floor,"
    " coalesce((SELECT max(seq) FROM entries WHERE group_id = groups.id), 0) AS last_seq, slow_s"
)


class GroupRow(Struct, frozen=True):
    """A group, and where its log begins and ends."""

    id: GroupId
    kind: GroupKind
    name: str
    topic: str
    private: bool
    floor: Seq
    last_seq: Seq
    slow: int = 0
    """Seconds between two messages of one member."""


class MemberRow(Struct, frozen=True):
    """Somebody in a group."""

    user: UserId
    role: Role
    read_seq: Seq


class Standing(Struct, frozen=True):
    """How far somebody has read a group of theirs, and how they want it."""

    read_seq: Seq = Seq(0)
    notify: NotifyLevel = "all"
    hidden: bool = False


class Groups:
    """The groups. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    def create(
        self, kind: GroupKind, name: str, topic: str, private: bool, now: Millis, by: UserId | None = None
    ) -> GroupId:
        """Make an empty group without members; *by* made it."""
        added = self._conn.execute(
            "INSERT INTO groups (kind, name, topic, private, created_at, by_id) VALUES (?, x'', x'', ?, ?, ?)",
            (kind, private, now, by),
        )
        assert added.lastrowid is not None
        group = GroupId(added.lastrowid)  # the names are bound to the id, which is known only now
        self._conn.execute(
            "UPDATE groups SET name = ?, topic = ? WHERE id = ?",
            (self._vault.seal_text(name, _NAME, group), self._vault.seal_text(topic, _TOPIC, group), group),
        )
        return group

    def get(self, group: GroupId) -> GroupRow | None:
        """One group."""
        row = self._conn.execute(f"SELECT {_COLUMNS} FROM groups WHERE id = ?", (group,)).fetchone()
        return None if row is None else self._row(*row)

    def all(self) -> list[GroupRow]:
        """Every group, by id."""
        return [self._row(*row) for row in self._conn.execute(f"SELECT {_COLUMNS} FROM groups ORDER BY id")]

    def general(self) -> GroupId:
        """The group that everybody is in."""
        (group,) = self._conn.execute("SELECT id FROM groups WHERE kind = 'general'").fetchone()
        return GroupId(group)

    def rename(self, group: GroupId, name: str) -> None:
        """Give *group* another name."""
        self._conn.execute(
            "UPDATE groups SET name = ? WHERE id = ?", (self._vault.seal_text(name, _NAME, group), group)
        )

    def set_topic(self, group: GroupId, topic: str) -> None:
        """Say what *group* is about."""
        self._conn.execute(
            "UPDATE groups SET topic = ? WHERE id = ?", (self._vault.seal_text(topic, _TOPIC, group), group)
        )

    def set_slow(self, group: GroupId, seconds: int) -> None:
        """So many seconds are between two messages of one member of *group*; 0: none."""
        self._conn.execute("UPDATE groups SET slow_s = ? WHERE id = ?", (seconds, group))

    def slow_ones(self) -> dict[GroupId, int]:
        """The groups where there is a pause between messages, and how many seconds it has."""
        return dict(self._conn.execute("SELECT id, slow_s FROM groups WHERE slow_s > 0").fetchall())

    def made_by(self, user: UserId) -> int:
        """How many groups that are there *user* has made."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM groups WHERE by_id = ? AND kind = 'group'", (user,)
        ).fetchone()
        return int(count)

    # -- members -------------------------------------------------------------------------------------------------------

    def add_member(self, group: GroupId, user: UserId, role: Role, now: Millis) -> None:
        """Put *user* into *group*; who is in it already stays as they are. What was said before counts as read.

        Raises:
            UnknownGroup: the group is gone.
        """
        try:
            self._conn.execute(
                "INSERT INTO members (group_id, user_id, role, read_seq, joined_at)"
                " VALUES (:group, :user, :role, coalesce((SELECT max(seq) FROM entries WHERE group_id = :group), 0), :now)"
                " ON CONFLICT (group_id, user_id) DO NOTHING",
                {"group": group, "user": user, "role": role, "now": now},
            )
        except sqlite3.IntegrityError as error:
            raise UnknownGroup from error

    def remove_member(self, group: GroupId, user: UserId) -> None:
        """Take *user* out of *group*."""
        self._conn.execute("DELETE FROM members WHERE group_id = ? AND user_id = ?", (group, user))

    def role(self, group: GroupId, user: UserId) -> Role | None:
        """What *user* is in *group*; None for who is not in it."""
        row = self._conn.execute(
            "SELECT role FROM members WHERE group_id = ? AND user_id = ?", (group, user)
        ).fetchone()
        return None if row is None else cast(Role, row[0])

    def set_role(self, group: GroupId, user: UserId, role: Role) -> None:
        """Make the member *user* of *group* something else there."""
        self._conn.execute("UPDATE members SET role = ? WHERE group_id = ? AND user_id = ?", (role, group, user))

    def has_owner_beside(self, group: GroupId, user: UserId) -> bool:
        """Whether somebody else than *user* owns *group*."""
        found = self._conn.execute(
            "SELECT 1 FROM members WHERE group_id = ? AND role = 'owner' AND user_id <> ?", (group, user)
        ).fetchone()
        return found is not None

    def heir(self, group: GroupId, user: UserId) -> UserId | None:
        """Who comes after *user*: of the others the admin who is longest in *group*, without admins the member."""
        row = self._conn.execute(
            "SELECT user_id FROM members WHERE group_id = ? AND user_id <> ?"
            " ORDER BY role = 'admin' DESC, joined_at, user_id LIMIT 1",
            (group, user),
        ).fetchone()
        return None if row is None else UserId(row[0])

    def is_empty(self, group: GroupId) -> bool:
        """Whether nobody is in *group*."""
        return self._conn.execute("SELECT 1 FROM members WHERE group_id = ?", (group,)).fetchone() is None

    def members(self, group: GroupId) -> list[MemberRow]:
        """Everybody in *group*, by id."""
        rows = self._conn.execute(
            "SELECT user_id, role, read_seq FROM members WHERE group_id = ? ORDER BY user_id", (group,)
        )
        return [MemberRow(UserId(user), cast(Role, role), Seq(read_seq)) for user, role, read_seq in rows]

    def memberships(self) -> list[tuple[GroupId, UserId, Role]]:
        """Who is in which group, as what."""
        return self._conn.execute("SELECT group_id, user_id, role FROM members ORDER BY group_id, user_id").fetchall()

    # -- read markers --------------------------------------------------------------------------------------------------

    def read_seq(self, group: GroupId, user: UserId) -> Seq:
        """How far *user* has read *group*; 0 for who is not in it."""
        row = self._conn.execute(
            "SELECT read_seq FROM members WHERE group_id = ? AND user_id = ?", (group, user)
        ).fetchone()
        return Seq(0 if row is None else row[0])

    def standings(self, user: UserId) -> dict[GroupId, Standing]:
        """How *user* stands to each of their groups."""
        rows = self._conn.execute("SELECT group_id, read_seq, notify, hidden FROM members WHERE user_id = ?", (user,))
        return {
            # Interned, so that the encoder knows the default by sight and leaves it out.
            GroupId(group): Standing(Seq(seq), cast(NotifyLevel, sys.intern(notify)), bool(hidden))
            for group, seq, notify, hidden in rows
        }

    def choose(self, group: GroupId, user: UserId, notify: NotifyLevel, hidden: bool) -> None:
        """How the member *user* wants *group* from now on."""
        self._conn.execute(
            "UPDATE members SET notify = ?, hidden = ? WHERE group_id = ? AND user_id = ?",
            (notify, hidden, group, user),
        )

    def mark_read(self, group: GroupId, user: UserId, seq: Seq) -> Seq:
        """Move the marker up to *seq*, not beyond the log and never back; where it stands now."""
        self._conn.execute(
            "UPDATE members SET read_seq ="
            " max(read_seq, min(:seq, coalesce((SELECT max(seq) FROM entries WHERE group_id = :group), 0)))"
            " WHERE group_id = :group AND user_id = :user",
            {"group": group, "user": user, "seq": seq},
        )
        return self.read_seq(group, user)

    def mark_unread(self, group: GroupId, user: UserId, seq: Seq) -> Seq:
        """Set the marker back to before *seq*, never forward; where it stands now."""
        self._conn.execute(
            "UPDATE members SET read_seq = min(read_seq, ?) WHERE group_id = ? AND user_id = ?",
            (max(seq - 1, 0), group, user),
        )
        return self.read_seq(group, user)

    def _row(
        self, group: int, kind: str, name: bytes, topic: bytes, private: int, floor: int, last_seq: int, slow: int
    ) -> GroupRow:
        opened = self._vault.open_name
        return GroupRow(
            GroupId(group),
            cast(GroupKind, kind),
            opened(name, _NAME, group),
            opened(topic, _TOPIC, group),
            bool(private),
            Seq(floor),
            Seq(last_seq),
            slow,
        )
