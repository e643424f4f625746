"""What a person does with groups: make, join, leave, name, and say who is in them. Each needs the relay, now."""

from __future__ import annotations

from collections.abc import Callable

from common.ids import GroupId, Millis, UserId
from common.protocol.messages import (
    AddMember,
    BanMember,
    Bans,
    CreateGroup,
    CreateInvite,
    GroupInfo,
    Invited,
    Invites,
    JoinGroup,
    LeaveGroup,
    ListBans,
    ListInvites,
    OneGroup,
    OpenDirect,
    RemoveMember,
    RenameGroup,
    RevokeInvite,
    Role,
    SetRole,
    SetTopic,
)
from desktop.events import LinkEvent
from desktop.events.asked import BansListed, InviteMade, InvitesListed
from desktop.events.conversations import GroupWanted
from desktop.link.asking import Asking


class Membership:
    """The groups of one account, as far as the person changes them."""

    def __init__(
        self,
        asking: Asking,
        seen: Callable[[GroupInfo], None],
        joined: Callable[[GroupId], None],
        tell: Callable[[LinkEvent], None],
    ) -> None:
        """*seen* takes a group that is new or changed; *joined* is told that the person is in one now."""
        self._asking = asking
        self._seen = seen
        self._joined = joined
        self._tell = tell

    # -- groups --------------------------------------------------------------------------------------------------------

    async def create_group(self, name: str, topic: str, private: bool) -> None:
        """Make a group; it is told as seen."""
        command = CreateGroup(name=name, topic=topic, private=private)
        if answer := await self._asking.or_refuse("create_group", command, OneGroup):
            self._seen(answer.group)

    async def open_direct(self, user: UserId) -> None:
        """The conversation with *user*; it is told as seen, and as wanted."""
        if answer := await self._asking.or_refuse("open_direct", OpenDirect(user=user), OneGroup):
            self._seen(answer.group)
            self._tell(GroupWanted(answer.group.id))

    async def join_group(self, group: GroupId) -> None:
        """Become a member."""
        if answer := await self._asking.or_refuse("join_group", JoinGroup(group=group), OneGroup):
            self._seen(answer.group)
            self._joined(group)

    async def join_by_code(self, code: str) -> None:
        """Become a member of the group that an invitation is for."""
        if answer := await self._asking.or_refuse("join_by_code", JoinGroup(code=code), OneGroup):
            self._seen(answer.group)
            self._tell(GroupWanted(answer.group.id))

    async def leave_group(self, group: GroupId) -> None:
        """Stop being a member."""
        await self._asking.is_done("leave_group", LeaveGroup(group=group))

    async def rename_group(self, group: GroupId, name: str) -> None:
        """Give a group another name."""
        await self._asking.is_done("rename_group", RenameGroup(group=group, name=name))

    async def set_topic(self, group: GroupId, topic: str) -> None:
        """Say what a group is about."""
        await self._asking.is_done("set_topic", SetTopic(group=group, topic=topic))

    # -- members -------------------------------------------------------------------------------------------------------

    async def add_member(self, group: GroupId, user: UserId) -> None:
        """Put somebody into a group."""
        await self._asking.is_done("add_member", AddMember(group=group, user=user))

    async def remove_member(self, group: GroupId, user: UserId) -> None:
        """Take somebody out."""
        await self._asking.is_done("remove_member", RemoveMember(group=group, user=user))

    async def ban_member(self, group: GroupId, user: UserId, on: bool) -> None:
        """Take somebody out for good, or let them come back."""
        if await self._asking.is_done("ban_member", BanMember(group=group, user=user, on=on)) and not on:
            await self.list_bans(group)

    async def list_bans(self, group: GroupId) -> None:
        """Tell who may not come back."""
        if answer := await self._asking.or_refuse("list_bans", ListBans(group=group), Bans):
            self._tell(BansListed(group, tuple(answer.bans)))

    async def set_role(self, group: GroupId, user: UserId, role: Role) -> None:
        """Make somebody owner, admin or member."""
        await self._asking.is_done("set_role", SetRole(group=group, user=user, role=role))

    # -- invitations ---------------------------------------------------------------------------------------------------

    async def create_invite(self, group: GroupId | None, uses: int | None, expires: Millis | None) -> None:
        """Make an invitation: to *group*, or to the relay."""
        command = CreateInvite(group=group, uses=uses, expires=expires)
        if answer := await self._asking.or_refuse("create_invite", command, Invited):
            self._tell(InviteMade(answer.invite, answer.code, answer.link))

    async def list_invites(self, group: GroupId | None) -> None:
        """Tell which invitations are still good."""
        if answer := await self._asking.or_refuse("list_invites", ListInvites(group=group), Invites):
            self._tell(InvitesListed(group, tuple(answer.invites)))

    async def revoke_invite(self, group: GroupId | None, invite: int) -> None:
        """Make one worthless, and tell which are left."""
        if await self._asking.is_done("revoke_invite", RevokeInvite(invite=invite)):
            await self.list_invites(group)
