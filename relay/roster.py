"""Who is in which group, as what, and how far each log is published: in memory, changed only after a commit.

Preconditions are answered from here, without SQL. The names are here too, as everybody asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from common.ids import GroupId, Seq, UserId
from common.protocol.messages import GroupKind, Role


@dataclass(slots=True)
class Group:
    """A group as the relay knows it now. *last_seq*: the last entry that was published."""

    id: GroupId
    kind: GroupKind
    name: str
    topic: str
    private: bool
    last_seq: Seq
    roles: dict[UserId, Role] = field(default_factory=dict)

    def is_open_to(self, user: UserId) -> bool:
        """Whether *user* may know that it exists."""
        return user in self.roles or (self.kind == "group" and not self.private)


class Roster:
    """The groups and their members."""

    def __init__(self, general: GroupId) -> None:
        self.general = general
        self._groups: dict[GroupId, Group] = {}
        self._groups_by_user: dict[UserId, set[GroupId]] = {}

    def add_group(self, group: Group) -> None:
        """A group was made."""
        self._groups[group.id] = group
        for user in group.roles:
            self._groups_by_user.setdefault(user, set()).add(group.id)

    def add_member(self, group: GroupId, user: UserId, role: Role) -> None:
        """Somebody has joined."""
        self._groups[group].roles[user] = role
        self._groups_by_user.setdefault(user, set()).add(group)

    def remove_member(self, group: GroupId, user: UserId) -> None:
        """Somebody has left."""
        self._groups[group].roles.pop(user, None)
        self._groups_by_user.get(user, set()).discard(group)

    def add_memberships(self, memberships: Iterable[tuple[GroupId, UserId, Role]]) -> None:
        """What the storage holds at the start."""
        for group, user, role in memberships:
            self.add_member(group, user, role)

    def group(self, group: int) -> Group | None:
        """The group with that id."""
        return self._groups.get(GroupId(group))

    def role(self, group: int, user: UserId) -> Role | None:
        """What *user* is in *group*; None for who is not in it."""
        found = self._groups.get(GroupId(group))
        return None if found is None else found.roles.get(user)

    def groups_of(self, user: UserId) -> frozenset[GroupId]:
        """The groups that *user* is in."""
        return frozenset(self._groups_by_user.get(user, ()))

    def seen_by(self, user: UserId) -> Iterator[Group]:
        """The groups that *user* is in or could join, by id."""
        return (group for _, group in sorted(self._groups.items()) if group.is_open_to(user))
