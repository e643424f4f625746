"""Groups: list, make, rename, say what they are about; and who is in them."""

from __future__ import annotations

from msgspec import structs
from msgspec.structs import replace

from common.errors import NotAllowed, UnknownGroup
from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import (
    Answer,
    Choose,
    CreateGroup,
    GroupChanged,
    GroupInfo,
    Groups,
    ListGroups,
    ListMembers,
    Member,
    Members,
    OneGroup,
    RenameGroup,
    Sent,
    SetTopic,
    Silence,
    User,
)
from relay.handlers import names
from relay.handlers.entering import check_admin
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.views import facts_for, facts_of_all, infos, still_seen, stored_info
from relay.roster import Group
from relay.storage.entries import Draft
from relay.storage.groups import MemberRow
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction


async def list_groups(parts: Parts, caller: SignedIn, command: ListGroups) -> Groups:
    """The groups that the caller is in or could join."""
    facts = facts_of_all(parts, caller.id)
    groups = await parts.store.read(lambda tables: infos(tables, caller.id, facts))
    return Groups(re=command.id, groups=still_seen(parts, caller.id, groups))


async def create_group(parts: Parts, caller: SignedIn, command: CreateGroup) -> OneGroup:
    """Make a group that the caller owns. Everybody hears of an open one."""
    names.check_name(command.name)
    names.check_topic(command.topic)

    def create(transaction: Transaction) -> GroupInfo:
        now = transaction.now
        parts.limits.check("groups", caller.id, transaction.groups.made_by(caller.id))
        group = transaction.groups.create("group", command.name, command.topic, command.private, now, caller.id)
        transaction.append(Draft(group, caller.id, "join"))
        transaction.groups.add_member(group, caller.id, "owner", now)
        info = stored_info(transaction, caller.id, group)
        transaction.afterwards(lambda: _introduce(parts, info, caller.id))
        return info

    return OneGroup(re=command.id, group=await parts.journal.change(create))


def _introduce(parts: Parts, info: GroupInfo, owner: UserId) -> None:
    """Let everybody who may see a new group know it; its owner as the one who is in it."""
    group = Group(info.id, info.kind, info.name, info.topic, info.private, info.last_seq, {owner: "owner"})
    parts.fanout.add_group(group)
    parts.fanout.tell_user(owner, GroupChanged(group=info))
    if not info.private:
        as_others_see_it = GroupChanged(group=structs.replace(info, read_seq=Seq(0), role=None))
        for user in parts.fanout.users:
            if user != owner:
                parts.fanout.tell_user(user, as_others_see_it)


async def rename_group(parts: Parts, caller: SignedIn, command: RenameGroup) -> Sent:
    """Give a group another name; its members get the entry, whoever else sees the group hears of it."""
    names.check_name(command.name)
    group = changeable(parts, command.group)

    def rename(transaction: Transaction) -> Sent:
        check_admin(transaction, caller, group.id)
        transaction.groups.rename(group.id, command.name)
        entry = transaction.append(Draft(group.id, caller.id, "rename", body=command.name))
        transaction.afterwards(lambda: setattr(group, "name", command.name))
        return Sent(re=command.id, seq=entry.seq, at=entry.at)

    sent = await parts.journal.change(rename)
    await tell_all_who_see(parts, group)
    return sent


async def set_topic(parts: Parts, caller: SignedIn, command: SetTopic) -> Sent:
    """Say what a group is about; its members get the entry, whoever else sees the group hears of it."""
    names.check_topic(command.topic)
    group = changeable(parts, command.group)

    def change(transaction: Transaction) -> Sent:
        check_admin(transaction, caller, group.id)
        transaction.groups.set_topic(group.id, command.topic)
        entry = transaction.append(Draft(group.id, caller.id, "topic", body=command.topic))
        transaction.afterwards(lambda: setattr(group, "topic", command.topic))
        return Sent(re=command.id, seq=entry.seq, at=entry.at)

    sent = await parts.journal.change(change)
    await tell_all_who_see(parts, group)
    return sent


async def choose(parts: Parts, caller: SignedIn, command: Choose) -> Answer:
    """How the caller wants a conversation; their own devices hear of it, and nobody else."""
    found = parts.roster.group(command.group)
    assert found is not None, "the rule has seen to it"
    group, peer = found.id, found.peer_of(caller.id)

    def keep(transaction: Transaction) -> None:
        transaction.groups.choose(group, caller.id, command.notify, command.hidden)
        info = stored_info(transaction, caller.id, group, peer)
        transaction.afterwards(lambda: parts.fanout.tell_user(caller.id, GroupChanged(group=info)))

    await parts.journal.change(keep)
    return Answer(re=command.id)


async def list_members(parts: Parts, caller: SignedIn, command: ListMembers) -> Members:
    """Everybody in a group."""
    group, now = GroupId(command.group), parts.now()
    rows, users, furthest = await parts.store.read(lambda tables: _members(tables, group))
    tells, fanout = parts.roster.tells, parts.fanout
    mutes = {row.user: silence for row in rows if (silence := _silence(parts, group, row.user, now)) is not None}

    def read_seq(row: MemberRow) -> Seq:
        if row.user == caller.id:
            return row.read_seq
        return furthest.get(row.user, Seq(0)) if tells(caller.id) and tells(row.user) else Seq(0)

    members = [
        Member(
            user=users[row.user],
            role=row.role,
            presence=fanout.presence(row.user),
            read_seq=read_seq(row),
            status=fanout.status(row.user),
            muted=mutes.get(row.user),
        )
        for row in rows
    ]
    return Members(re=command.id, members=members)


def _silence(parts: Parts, group: GroupId, user: UserId, now: Millis) -> Silence | None:
    is_everywhere, until_everywhere = parts.roster.muted(None, user, now)
    is_muted, until = parts.roster.muted(group, user, now)
    return Silence(until, is_everywhere and until == until_everywhere) if is_muted else None


def _members(tables: Tables, group: GroupId) -> tuple[list[MemberRow], dict[UserId, User], dict[UserId, Seq]]:
    rows = tables.groups.members(group)
    users = {user.id: user for user in tables.people.many(row.user for row in rows)}
    return rows, users, tables.receipts.furthest(group)


def changeable(parts: Parts, group: int) -> Group:
    """A group with a name and a topic.

    Raises:
        NotAllowed: a direct conversation has neither.
    """
    found = parts.roster.group(group)
    if found is None:
        raise UnknownGroup
    if found.kind == "direct":
        raise NotAllowed("A conversation of two has no name and no topic.")
    return found


async def tell_all_who_see(parts: Parts, group: Group) -> None:
    """A group looks different to each person: its unread count, its role. One look into the tables serves all who are online.

    Whoever came, left or got another role meanwhile, or everybody where the name or topic changed once more, hears of that from
    whoever did it, and not of what was before.
    """
    facts = {user: facts_for(group, user) for user in parts.fanout.users if group.is_open_to(user)}
    seen = await parts.store.read(lambda tables: {user: infos(tables, user, [fact])[0] for user, fact in facts.items()})
    for user, info in seen.items():
        now = facts_for(group, user)
        if now == replace(facts[user], last_seq=now.last_seq):
            parts.fanout.tell_user(user, GroupChanged(group=structs.replace(info, last_seq=now.last_seq)))
