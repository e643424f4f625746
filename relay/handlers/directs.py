"""Direct conversations: of two people, or of one with themselves. Nobody else sees them, comes in or is taken out."""

from __future__ import annotations

from common.errors import NotSignedIn, UnknownUser
from common.ids import GroupId, UserId
from common.protocol.messages import GroupChanged, GroupInfo, OneGroup, OpenDirect, Role
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.views import info_for, stored_info
from relay.roster import Group
from relay.storage.transaction import Transaction


async def open_direct(parts: Parts, caller: SignedIn, command: OpenDirect) -> OneGroup:
    """The conversation with somebody, made when there is none: one for both, whoever begins, and when both do at once."""
    peer = UserId(command.user)
    there = await parts.store.read(lambda tables: tables.directs.between(caller.id, peer))
    if there is not None and parts.roster.group(there) is not None:
        return OneGroup(re=command.id, group=await info_for(parts, caller.id, there))

    def find(transaction: Transaction) -> GroupInfo:
        group = transaction.directs.between(caller.id, peer)
        if transaction.people.living(caller.id) is None:
            raise NotSignedIn
        if group is None and transaction.people.living(peer) is None:
            raise UnknownUser
        if group is None:
            return _make(parts, transaction, caller.id, peer)
        return stored_info(transaction, caller.id, group, peer)

    return OneGroup(re=command.id, group=await parts.journal.change(find))


def _make(parts: Parts, transaction: Transaction, one: UserId, other: UserId) -> GroupInfo:
    group = transaction.groups.create("direct", "", "", True, transaction.now)
    transaction.directs.add(one, other, group)
    roles: dict[UserId, Role] = {one: "member", other: "member"}
    for user, role in roles.items():
        transaction.groups.add_member(group, user, role, transaction.now)
    infos = {user: stored_info(transaction, user, group, peer) for user, peer in ((other, one), (one, other))}
    transaction.afterwards(lambda: _introduce(parts, group, roles, infos))
    return infos[one]


def _introduce(parts: Parts, group: GroupId, roles: dict[UserId, Role], infos: dict[UserId, GroupInfo]) -> None:
    (*_, info) = infos.values()
    parts.fanout.add_group(Group(group, info.kind, info.name, info.topic, info.private, info.last_seq, roles))
    for user, seen in infos.items():
        parts.fanout.tell_user(user, GroupChanged(group=seen))
