"""Who is in which group, as what, and how far each log is published: in memory, changed only after a commit.

Preconditions are answered from here, without SQL. The names are here too, as everybody asks for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import GroupKind, Keeps, Role
from relay.keeping import OwnRule, Rule, keeps_of


class Group(Struct):
    """A group as the relay knows it now. *last_seq*: the last entry that was published; *floor*: up to where the log was deleted."""

    id: GroupId
    kind: GroupKind
    name: str
    topic: str
    private: bool
    last_seq: Seq
    roles: dict[UserId, Role] = field(default_factory=dict)
    slow: int = 0
    """Seconds between two messages of one member."""
    floor: Seq = Seq(0)
    own: OwnRule = field(default_factory=OwnRule)
    keeps: Keeps | None = None
    """What follows from its own rule and the relay's."""

    def is_open_to(self, user: UserId) -> bool:
        """Whether *user* may know that it exists."""
        return user in self.roles or self.is_open

    @property
    def is_open(self) -> bool:
        """Whether everybody may see it and join."""
        return self.kind == "group" and not self.private

    def peer_of(self, user: UserId) -> UserId | None:
        """The other one of a direct conversation, *user* themselves of their notes; None in any other group."""
        return next((peer for peer in self.roles if peer != user), user) if self.kind == "direct" else None


class Roster:
    """The groups and their members."""

    def __init__(self, general: GroupId) -> None:
        self.general = general
        self._groups: dict[GroupId, Group] = {}
        self._groups_by_user: dict[UserId, set[GroupId]] = {}
        self._open: set[GroupId] = set()
        self.silent: set[UserId] = set()
        """Who does not tell how far they have read, and so is not told."""
        self.mutes: dict[tuple[GroupId | None, UserId], Millis | None] = {}
        """Who may write nothing where (None: anywhere), and until when (None: until it is lifted)."""
        self._rule = Rule()

    def muted(self, group: GroupId | None, user: UserId, now: Millis) -> tuple[bool, Millis | None]:
        """Whether *user* may write nothing in *group* (None: is muted on the whole relay) at *now*, and until when."""
        found = [self.mutes[place, user] for place in dict.fromkeys((group, None)) if (place, user) in self.mutes]
        lasting = [until for until in found if until is None or until > now]
        if not lasting:
            return False, None
        return True, None if None in lasting else max(until for until in lasting if until is not None)

    def set_mute(self, group: GroupId | None, user: UserId, until: Millis | None) -> None:
        """*user* may write nothing there from now on."""
        self.mutes[group, user] = until

    def lift_mute(self, group: GroupId | None, user: UserId) -> None:
        """*user* may write there again."""
        self.mutes.pop((group, user), None)

    def set_rule(self, rule: Rule) -> None:
        """How much of the past the relay keeps from now on."""
        self._rule = rule
        for group in self._groups.values():
            group.keeps = keeps_of(rule, group.own)

    def set_own_rule(self, group: GroupId, own: OwnRule) -> None:
        """How much of its past *group* keeps from now on."""
        found = self._groups[group]
        found.own, found.keeps = own, keeps_of(self._rule, own)

    def tells(self, user: UserId) -> bool:
        """Whether *user* lets others know how far they have read."""
        return user not in self.silent

    def set_tells(self, user: UserId, tells: bool) -> None:
        """*user* has made up their mind."""
        (self.silent.discard if tells else self.silent.add)(user)

    def add_group(self, group: Group) -> None:
        """A group was made."""
        self._groups[group.id] = group
        group.keeps = keeps_of(self._rule, group.own)
        if group.is_open:
            self._open.add(group.id)
        for user in group.roles:
            self._groups_by_user.setdefault(user, set()).add(group.id)

    def add_member(self, group: GroupId, user: UserId, role: Role) -> None:
        """Somebody has joined."""
        self._groups[group].roles[user] = role
        self._groups_by_user.setdefault(user, set()).add(group)

    def set_role(self, group: GroupId, user: UserId, role: Role) -> None:
        """A member has become something else."""
        if user in self._groups[group].roles:
            self._groups[group].roles[user] = role

    def remove_member(self, group: GroupId, user: UserId) -> None:
        """Somebody has left."""
        self._groups[group].roles.pop(user, None)
        self._groups_by_user.get(user, set()).discard(group)

    def add_memberships(self, memberships: Iterable[tuple[GroupId, UserId, Role]]) -> None:
        """What the storage holds at the start."""
        for group, user, role in memberships:
            self.add_member(group, user, role)

    def kinds(self) -> Counter[GroupKind]:
        """How many groups there are of each kind."""
        return Counter(group.kind for group in self._groups.values())

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

    def groups(self) -> list[Group]:
        """Every group."""
        return list(self._groups.values())

    def seen_by(self, user: UserId) -> Iterator[Group]:
        """The groups that *user* is in or could join, by id."""
        # Not by looking at all groups: of direct conversations there may be as many as there are pairs of people.
        return (self._groups[group] for group in sorted(self._open | self._groups_by_user.get(user, set())))
