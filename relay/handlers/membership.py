"""Who is in a group, and as what: join, leave, add, remove, ban, give a role.

The rules have looked into the roster; within the transaction the same is asked of what is stored, for several may act at once.
"""

from __future__ import annotations

from typing import Final

from common.errors import BadRequest, InvitationNeeded, NotAllowed, UnknownGroup, UnknownUser
from common.ids import GroupId, UserId
from common.protocol.messages import (
    AddMember,
    Answer,
    AuditAct,
    Ban,
    BanMember,
    Bans,
    GroupInfo,
    JoinGroup,
    LeaveGroup,
    ListBans,
    OneGroup,
    RemoveMember,
    SetRole,
)
from relay.handlers import invites
from relay.handlers.audit import note
from relay.handlers.entering import about, change_role, check_admin, enter, leave, rank_of
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.ranks import is_admin, outranks
from relay.handlers.views import info_for, stored_info
from relay.storage.entries import Draft
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_OF_EVERYBODY: Final = "Everybody is in this group, and stays in it."
_OF_TWO: Final = "This conversation stays between those who are in it."
_BANNED: Final = "You were banned from this group. Ask its owner or an admin."
_BANNED_OTHER: Final = "This person is banned from the group. Lift the ban first."
_ABOVE: Final = "Only an owner of the group may do that to an owner or admin."
_NO_OWNER: Final = "A group keeps an owner. Make somebody else owner first."


# -- coming and going --------------------------------------------------------------------------------------------------


async def join_group(parts: Parts, caller: SignedIn, command: JoinGroup) -> OneGroup:
    """Become a member: of an open group, or by a code of the group that it leads to."""
    if command.code is not None:
        info = await _join_by_code(parts, caller, command.group, command.code)
    elif command.group is not None:
        info = await _join_open(parts, caller, command.group)
    else:
        raise BadRequest("Say which 'group', or give the 'code' of an invitation.")
    return OneGroup(re=command.id, group=info)


async def _join_open(parts: Parts, caller: SignedIn, asked: int) -> GroupInfo:
    group = parts.roster.group(asked)
    if group is None or not group.is_open_to(caller.id):
        raise UnknownGroup
    if caller.id in group.roles:
        return await info_for(parts, caller.id, group.id)
    return await parts.journal.change(lambda transaction: _join(parts, transaction, group.id, caller.id))


async def _join_by_code(parts: Parts, caller: SignedIn, asked: int | None, code: str) -> GroupInfo:
    if (await invites.look_at(parts, code, caller.address)).invite is None:
        raise InvitationNeeded(invites.WRONG_CODE)

    def join(transaction: Transaction) -> GroupInfo:
        invite = invites.good_one(transaction, code)
        if invite.group is None or asked not in (None, invite.group):
            raise invites.leads_elsewhere()
        is_new = transaction.groups.role(invite.group, caller.id) is None
        info = _join(parts, transaction, invite.group, caller.id)
        if is_new:
            transaction.invites.use(invite)
        return info

    return await parts.journal.change(join)


def _join(parts: Parts, transaction: Transaction, group: GroupId, user: UserId) -> GroupInfo:
    if transaction.groups.role(group, user) is not None:
        return stored_info(transaction, user, group)
    if transaction.bans.holds(group, user):
        raise NotAllowed(_BANNED)
    return enter(parts, transaction, group, user, by=user)


async def leave_group(parts: Parts, caller: SignedIn, command: LeaveGroup) -> Answer:
    """Stop being a member."""
    group = _named(parts, command.group)

    def go(transaction: Transaction) -> None:
        if transaction.groups.role(group, caller.id) is not None:
            leave(parts, transaction, group, caller.id, by=caller.id)

    await parts.journal.change(go)
    return Answer(re=command.id)


# -- what owners and admins do -----------------------------------------------------------------------------------------


async def add_member(parts: Parts, caller: SignedIn, command: AddMember) -> Answer:
    """Put somebody into a group."""
    group, user = _named(parts, command.group), UserId(command.user)

    def add(transaction: Transaction) -> None:
        _check_person(transaction, user)
        check_admin(transaction, caller, group)
        if transaction.groups.role(group, user) is not None:
            return
        if transaction.bans.holds(group, user):
            raise NotAllowed(_BANNED_OTHER)
        enter(parts, transaction, group, user, by=caller.id)

    await parts.journal.change(add)
    return Answer(re=command.id)


async def remove_member(parts: Parts, caller: SignedIn, command: RemoveMember) -> Answer:
    """Take somebody out of a group; they may come back as they came."""
    group, user = _named(parts, command.group), UserId(command.user)

    def remove(transaction: Transaction) -> None:
        _check_person(transaction, user)
        rank = check_admin(transaction, caller, group)
        role = transaction.groups.role(group, user)
        if role is None:
            return
        if user != caller.id and not outranks(rank, role):
            raise NotAllowed(_ABOVE)
        leave(parts, transaction, group, user, by=caller.id)
        _note(transaction, caller, "member_removed", group, user)

    await parts.journal.change(remove)
    return Answer(re=command.id)


async def ban_member(parts: Parts, caller: SignedIn, command: BanMember) -> Answer:
    """Take somebody out for good, in advance too; or lift that, which does not bring them back by itself."""
    group, user = _named(parts, command.group), UserId(command.user)
    if user == caller.id:
        raise NotAllowed("Nobody bans themselves.")

    def ban(transaction: Transaction) -> None:
        _check_person(transaction, user)
        rank = check_admin(transaction, caller, group)
        if command.on == transaction.bans.holds(group, user):
            return
        if not command.on:
            transaction.bans.lift(group, user)
            transaction.append(Draft(group, caller.id, "ban", more=about(user, caller.id, on=False)))
            _note(transaction, caller, "ban_lifted", group, user)
            return
        role = transaction.groups.role(group, user)
        if role is not None and not outranks(rank, role):
            raise NotAllowed(_ABOVE)
        transaction.bans.add(group, user, caller.id, transaction.now)
        if role is not None:
            leave(parts, transaction, group, user, by=caller.id, kind="ban")
        else:
            transaction.append(Draft(group, caller.id, "ban", more=about(user, caller.id)))
        _note(transaction, caller, "member_banned", group, user)

    await parts.journal.change(ban)
    return Answer(re=command.id)


async def list_bans(parts: Parts, caller: SignedIn, command: ListBans) -> Bans:
    """Who may not come back."""
    group = GroupId(command.group)

    def look(tables: Tables) -> list[Ban]:
        bans = tables.bans.of(group)
        users = {user.id: user for user in tables.people.many(user for user, _by, _at in bans)}
        return [Ban(users[user], by, at) for user, by, at in bans]

    return Bans(re=command.id, bans=await parts.store.read(look))


async def set_role(parts: Parts, caller: SignedIn, command: SetRole) -> Answer:
    """Make a member owner, admin or member. In the general group too, where the relay's owner may."""
    group, user, role = GroupId(command.group), UserId(command.user), command.role
    if _kind(parts, group) == "direct":
        raise NotAllowed(_OF_TWO)

    def give(transaction: Transaction) -> None:
        _check_person(transaction, user)
        if rank_of(transaction, caller, group) != "owner":
            raise NotAllowed("Only an owner of the group may do that.")
        before = transaction.groups.role(group, user)
        if before is None:
            raise UnknownUser("This person is not in the group. Look at its members again.")
        if before == role:
            return
        if before == "owner" and not transaction.groups.has_owner_beside(group, user):
            raise NotAllowed(_NO_OWNER)
        change_role(parts, transaction, group, user, role, by=caller.id)

    await parts.journal.change(give)
    return Answer(re=command.id)


# -- what is asked in all of them --------------------------------------------------------------------------------------


def _kind(parts: Parts, group: int) -> str:
    found = parts.roster.group(group)
    assert found is not None, "the rule has seen to it"
    return found.kind


def _named(parts: Parts, group: int) -> GroupId:
    """The id of a group that people come into and leave.

    Raises:
        NotAllowed: it is not of that kind.
    """
    kind = _kind(parts, group)
    if kind != "group":
        raise NotAllowed(_OF_TWO if kind == "direct" else _OF_EVERYBODY)
    return GroupId(group)


def _note(transaction: Transaction, caller: SignedIn, act: AuditAct, group: GroupId, user: UserId) -> None:
    """Write down what an owner or admin of the relay does in a group: they stand high in each that they are in."""
    if not is_admin(caller.user.role) or user == caller.id:
        return
    found, row = transaction.people.get(user), transaction.groups.get(group)
    note(transaction, caller, act, whom=found.username if found else "", detail=row.name if row else "")


def _check_person(transaction: Transaction, user: UserId) -> None:
    if transaction.people.living(user) is None:
        raise UnknownUser
