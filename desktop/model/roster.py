"""Who there is, who is here, and who has read how far."""

from __future__ import annotations

from collections.abc import Iterable

from common.ids import GroupId, Seq, UserId
from common.protocol.messages import Member, PresenceState, Role, User
from desktop.model.rows import MemberRow

# Among people who are equally present, those who run the group stand first.
_RANK: dict[Role, int] = {"owner": 0, "admin": 1, "member": 2}


class Roster:
    """People of one relay, as far as this client knows them."""

    def __init__(self, me: User) -> None:
        """*me*: the person who is signed in."""
        self.me = me
        self._users: dict[UserId, User] = {me.id: me}
        self._online: set[UserId] = set()
        self._roles: dict[GroupId, dict[UserId, Role]] = {}
        self._read: dict[GroupId, dict[UserId, Seq]] = {}

    # -- folding -------------------------------------------------------------------------------------------------------

    def know(self, users: Iterable[User]) -> set[UserId]:
        """These people exist. Returns those who are new or are called otherwise now."""
        changed: set[UserId] = set()
        for user in users:
            if self._users.get(user.id) != user:
                self._users[user.id] = user
                changed.add(user.id)
                if user.id == self.me.id:
                    self.me = user
        return changed

    def list_members(self, group: GroupId, members: Iterable[Member]) -> set[UserId]:
        """The whole of *group*. Returns the people who are new or are called otherwise now."""
        listed = tuple(members)
        self._roles[group] = {member.user.id: member.role for member in listed}
        for member in listed:
            self.see_presence(member.user.id, member.presence)
            self.see_read(group, member.user.id, member.read_seq)
        return self.know(member.user for member in listed)

    def see_presence(self, user: UserId, state: PresenceState) -> None:
        """Somebody came or went."""
        if state == "online":
            self._online.add(user)
        else:
            self._online.discard(user)

    def nobody_is_here(self) -> None:
        """The link is down: who is here cannot be known."""
        self._online.clear()

    def see_read(self, group: GroupId, user: UserId, seq: Seq) -> None:
        """Somebody has read *group* up to *seq*; never moves back."""
        read = self._read.setdefault(group, {})
        read[user] = max(read.get(user, Seq(0)), seq)

    def joined(self, group: GroupId, user: UserId) -> None:
        """Somebody has become a member, as the log says. Does nothing while the group's members are not known."""
        if group in self._roles:
            self._roles[group].setdefault(user, "member")

    def left(self, group: GroupId, user: UserId) -> None:
        """Somebody is no longer a member, as the log says."""
        self._roles.get(group, {}).pop(user, None)

    def forget_group(self, group: GroupId) -> None:
        """The person no longer sees that group."""
        self._roles.pop(group, None)
        self._read.pop(group, None)

    # -- asking --------------------------------------------------------------------------------------------------------

    def name(self, user: UserId) -> str:
        """What somebody is called; their number while that is not known."""
        known = self._users.get(user)
        return (known.display_name or known.username) if known else f"#{user}"

    def knows(self, user: UserId) -> bool:
        """Whether that person's name is known."""
        return user in self._users

    def read_by_others(self, group: GroupId) -> Seq:
        """The furthest that anybody but this person has read."""
        read = self._read.get(group, {})
        return max((seq for user, seq in read.items() if user != self.me.id), default=Seq(0))

    def online_count(self) -> int:
        """People who are here now, this person among them."""
        return len(self._online)

    def count(self, group: GroupId) -> tuple[int, int] | None:
        """Members of *group* and how many of them are here; None while they are not known."""
        members = self._roles.get(group)
        return (len(members), len(members.keys() & self._online)) if members else None

    def members(self, group: GroupId) -> list[MemberRow]:
        """The members pane: who is here first, then by role, then by name."""
        rows = [
            MemberRow(
                user,
                self.name(user),
                known.username if (known := self._users.get(user)) else "",
                role,
                "online" if user in self._online else "offline",
                user == self.me.id,
            )
            for user, role in self._roles.get(group, {}).items()
        ]
        rows.sort(key=lambda row: (row.presence != "online", _RANK[row.role], row.name.casefold(), row.user))
        return rows
