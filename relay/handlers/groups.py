"""Groups: list, make, join, leave, rename; and who is in them."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from common.errors import NotAllowed, UnknownGroup
from common.ids import GroupId, UserId
from common.protocol.messages import (
    Answer,
    CreateGroup,
    Entry,
    GroupChanged,
    GroupGone,
    Groups,
    JoinGroup,
    LeaveGroup,
    ListGroups,
    ListMembers,
    Member,
    Members,
    OneGroup,
    RenameGroup,
    Sent,
    User,
)
from relay.handlers import names
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.views import facts_for, facts_of_all, info_for, infos
from relay.roster import Group
from relay.storage.entries import Draft
from relay.storage.groups import MemberRow
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction


async def list_groups(parts: Parts, caller: SignedIn, command: ListGroups) -> Groups:
    """The groups that the caller is in or could join."""
    facts = facts_of_all(parts, caller.id)
    groups = await parts.store.read(lambda tables: infos(tables, caller.id, facts))
    return Groups(re=command.id, groups=groups)


async def create_group(parts: Parts, caller: SignedIn, command: CreateGroup) -> OneGroup:
    """Make a group that the caller owns. Everybody hears of an open one."""
    names.check_name(command.name)
    names.check_topic(command.topic)

    def create(transaction: Transaction) -> Entry:
        now = transaction.now
        group = transaction.groups.create("group", command.name, command.topic, command.private, now)
        join = transaction.append(Draft(group, caller.id, "join"))
        transaction.groups.add_member(group, caller.id, "owner", now)
        return join

    join = await parts.journal.change(create)
    group = Group(join.group, "group", command.name, command.topic, command.private, join.seq, {caller.id: "owner"})
    parts.fanout.add_group(group)
    await _tell_all_who_see(parts, group)
    return OneGroup(re=command.id, group=await info_for(parts, caller.id, group.id))


async def join_group(parts: Parts, caller: SignedIn, command: JoinGroup) -> OneGroup:
    """Become a member of an open group."""
    group = parts.roster.group(command.group)
    if group is None or not group.is_open_to(caller.id):
        raise UnknownGroup
    if caller.id not in group.roles:

        def join(transaction: Transaction) -> bool:
            if group.id in transaction.groups.read_seqs(caller.id):
                return False
            transaction.append(Draft(group.id, caller.id, "join"))
            transaction.groups.add_member(group.id, caller.id, "member", transaction.now)
            return True

        if await parts.journal.change(join):
            await _admit(parts, caller.id, group)
    return OneGroup(re=command.id, group=await info_for(parts, caller.id, group.id))


async def leave_group(parts: Parts, caller: SignedIn, command: LeaveGroup) -> Answer:
    """Stop being a member."""
    group = _known(parts, command.group)
    if group.kind != "group":
        raise NotAllowed("Nobody leaves this group.")

    def leave(transaction: Transaction) -> bool:
        if group.id not in transaction.groups.read_seqs(caller.id):
            return False
        transaction.append(Draft(group.id, caller.id, "leave"))
        transaction.groups.remove_member(group.id, caller.id)
        return True

    if await parts.journal.change(leave):
        parts.fanout.remove_member(group.id, caller.id)
        if group.is_open_to(caller.id):
            parts.fanout.tell_user(caller.id, GroupChanged(group=await info_for(parts, caller.id, group.id)))
        else:
            parts.fanout.tell_user(caller.id, GroupGone(group=group.id))
    return Answer(re=command.id)


async def rename_group(parts: Parts, caller: SignedIn, command: RenameGroup) -> Sent:
    """Give a group another name; its members get the entry, whoever else sees the group hears of it."""
    names.check_name(command.name)
    group = _known(parts, command.group)

    def rename(transaction: Transaction) -> Sent:
        transaction.groups.rename(group.id, command.name)
        entry = transaction.append(Draft(group.id, caller.id, "rename", body=command.name))
        return Sent(re=command.id, seq=entry.seq, at=entry.at)

    sent = await parts.journal.change(rename)
    group.name = command.name
    await _tell_all_who_see(parts, group)
    return sent


async def list_members(parts: Parts, caller: SignedIn, command: ListMembers) -> Members:
    """Everybody in a group."""
    rows, users = await parts.store.read(lambda tables: _members(tables, GroupId(command.group)))
    members = [
        Member(user=users[row.user], role=row.role, presence=parts.fanout.presence(row.user), read_seq=row.read_seq)
        for row in rows
    ]
    return Members(re=command.id, members=members)


def _members(tables: Tables, group: GroupId) -> tuple[list[MemberRow], dict[UserId, User]]:
    rows = tables.groups.members(group)
    return rows, {user.id: user for user in tables.people.many(row.user for row in rows)}


def _known(parts: Parts, group: int) -> Group:
    found = parts.roster.group(group)
    if found is None:
        raise UnknownGroup
    return found


async def _admit(parts: Parts, user: UserId, group: Group) -> None:
    """Let the group's entries reach *user*. The event that says from where on goes out first, with no await in between: whoever
    gets an entry knows the group and how far its log had come before."""
    facts = replace(facts_for(group, user), role="member")
    (info,) = await parts.store.read(lambda tables: infos(tables, user, [facts]))
    parts.fanout.tell_user(user, GroupChanged(group=structs.replace(info, last_seq=group.last_seq)))
    parts.fanout.add_member(group.id, user, "member")


async def _tell_all_who_see(parts: Parts, group: Group) -> None:
    """A group looks different to each person: its unread count, its role. One look into the tables serves all who are online."""
    facts = [(user, facts_for(group, user)) for user in parts.fanout.users if group.is_open_to(user)]
    seen = await parts.store.read(lambda tables: [(user, infos(tables, user, [fact])[0]) for user, fact in facts])
    for user, info in seen:
        parts.fanout.tell_user(user, GroupChanged(group=info))
