"""Who there is, who is here, and who has read how far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol import limits
from common.protocol.messages import Entry, Member, PresenceState, Role, User
from desktop.locale import _
from desktop.model.rows import MemberRow

# Among people who are equally present, those who run the group stand first.
_RANK: dict[Role, int] = {"owner": 0, "admin": 1, "member": 2}


class Roster:
    """People of one relay, as far as this client knows them."""

    def __init__(self, me: User) -> None:
        """*me*: the person who is signed in."""
        self.me = me
        self._users: dict[UserId, User] = {me.id: me}
        self._presence: dict[UserId, PresenceState] = {}
        """Of those who are here."""
        self._status: dict[UserId, str] = {}
        self._typing: dict[GroupId, dict[UserId, Millis]] = {}
        """Until when it is believed."""
        self._roles: dict[GroupId, dict[UserId, Role]] = {}
        self._muted: dict[GroupId, dict[UserId, Millis | None]] = {}
        """Who may write nothing there, and until when."""
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
        self._muted[group] = {member.user.id: member.muted.until for member in listed if member.muted is not None}
        for member in listed:
            self.see_presence(member.user.id, member.presence, member.status)
            self.see_read(group, member.user.id, member.read_seq)
        return self.know(member.user for member in listed)

    def see_presence(self, user: UserId, state: PresenceState, status: str = "") -> None:
        """Somebody came or went, or says something else of themselves."""
        if state == "offline":
            self._presence.pop(user, None)
            self._status.pop(user, None)
        else:
            self._presence[user] = state
            self._status[user] = status

    def nobody_is_here(self) -> None:
        """The link is down: who is here cannot be known."""
        self._presence.clear()
        self._status.clear()
        self._typing.clear()

    def see_typing(self, group: GroupId, user: UserId, now: Millis) -> None:
        """Somebody is writing in *group*."""
        if user != self.me.id:
            self._typing.setdefault(group, {})[user] = Millis(now + int(limits.TYPING_S * 1000))

    def stop_typing(self, now: Millis) -> bool:
        """Whoever was not heard to write for a while has stopped. Returns whether there was anybody."""
        stopped = [(group, user) for group, until in self._typing.items() for user, at in until.items() if at <= now]
        for group, user in stopped:
            del self._typing[group][user]
        return bool(stopped)

    def see_read(self, group: GroupId, user: UserId, seq: Seq) -> None:
        """Somebody has read *group* up to *seq*; never moves back."""
        read = self._read.setdefault(group, {})
        read[user] = max(read.get(user, Seq(0)), seq)

    def follow(self, group: GroupId, entry: Entry, now: Millis) -> bool:
        """*entry* was just added to the log of *group*. Returns whether that changes who is in it, as what, or who writes there."""
        changed = self._typing.get(group, {}).pop(entry.sender, None) is not None
        roles = self._roles.get(group)
        if roles is None:
            return changed
        whom = entry.user or entry.sender
        match entry.kind:
            case "join":
                roles.setdefault(whom, "member")
            case "leave" | "deleted":
                roles.pop(whom, None)
            case "ban" if entry.on:
                roles.pop(whom, None)
            case "mute" if entry.on and entry.body is not None and entry.body.isdecimal():
                self._muted.setdefault(group, {})[whom] = Millis(now + int(entry.body) * 1000)
            case "mute" if entry.on:
                self._muted.setdefault(group, {})[whom] = None
            case "mute":
                self._muted.get(group, {}).pop(whom, None)
            case "role" if whom in roles and entry.body in get_args(Role):
                roles[whom] = entry.body  # type: ignore[assignment]
            case _:
                return changed
        return True

    def lift_mutes(self, now: Millis) -> bool:
        """Who was muted until now is so no more. Returns whether there was anybody."""
        over = [
            (group, user)
            for group, mutes in self._muted.items()
            for user, until in mutes.items()
            if until is not None and until <= now
        ]
        for group, user in over:
            del self._muted[group][user]
        return bool(over)

    def forget_group(self, group: GroupId) -> None:
        """The person no longer sees that group."""
        self._roles.pop(group, None)
        self._muted.pop(group, None)
        self._read.pop(group, None)
        self._typing.pop(group, None)

    # -- asking --------------------------------------------------------------------------------------------------------

    def name(self, user: UserId) -> str:
        """What somebody is called; their number while that is not known."""
        known = self._users.get(user)
        if known is not None and known.deleted:
            return _("Deleted account")
        return (known.display_name or known.username) if known else f"#{user}"

    def deleted(self) -> set[UserId]:
        """People whose accounts were deleted: they are called by words, other ones in another language."""
        return {user.id for user in self._users.values() if user.deleted}

    def knows(self, user: UserId) -> bool:
        """Whether that person's name is known."""
        return user in self._users

    def read_by_others(self, group: GroupId) -> Seq:
        """The furthest that anybody but this person has read."""
        read = self._read.get(group, {})
        return max((seq for user, seq in read.items() if user != self.me.id), default=Seq(0))

    def presence(self, user: UserId) -> PresenceState:
        """Whether somebody is here, and how."""
        return self._presence.get(user, "offline")

    def status(self, user: UserId) -> str:
        """What somebody says of themselves; empty: nothing."""
        return self._status.get(user, "")

    def typing(self, group: GroupId) -> list[str]:
        """The first names of those who write in *group* now."""
        return [self.name(user).partition(" ")[0] for user in self._typing.get(group, {})]

    def online_count(self) -> int:
        """People who are here now, this person among them."""
        return len(self._presence)

    def count(self, group: GroupId) -> tuple[int, int] | None:
        """Members of *group* and how many of them are here; None while they are not known."""
        members = self._roles.get(group)
        return (len(members), len(members.keys() & self._presence.keys())) if members else None

    def users(self, group: GroupId | None) -> list[UserId]:
        """The members of *group*, or everybody who is known and has an account."""
        if group is not None:
            return list(self._roles.get(group, {}))
        return [user.id for user in self._users.values() if not user.deleted]

    def row(self, user: UserId, group: GroupId | None) -> MemberRow:
        """Somebody as the members pane and the pickers show them."""
        known = self._users.get(user)
        role: Role = known.role if known is not None else "member"
        if group is not None:
            role = self._roles.get(group, {}).get(user, "member")
        return MemberRow(
            user,
            self.name(user),
            known.username if known is not None else "",
            role,
            self.presence(user),
            user == self.me.id,
            self.status(user),
            group is not None and user in self._typing.get(group, {}),
            group is not None and user in self._muted.get(group, {}),
        )

    def seek(self, text: str, group: GroupId | None) -> list[MemberRow]:
        """Who has a name, a user name or a word in them that begins with *text*: of *group*, or everybody who is known."""
        sought = text.strip().casefold()
        rows = [self.row(user, group) for user in self.users(group)]
        found = [row for row in rows if _begins(row.name, sought) or _begins(row.username, sought)]
        found.sort(key=lambda row: (row.presence == "offline", row.name.casefold(), row.user))
        return found

    def members(self, group: GroupId) -> list[MemberRow]:
        """The members pane: who is here first, then by role, then by name."""
        rows = [self.row(user, group) for user in self._roles.get(group, {})]
        rows.sort(key=lambda row: (row.presence == "offline", _RANK[row.role], row.name.casefold(), row.user))
        return rows


def _begins(name: str, sought: str) -> bool:
    folded = name.casefold()
    return folded.startswith(sought) or any(word.startswith(sought) for word in folded.split())
