"""How things look to one person: groups with their unread counts, members with their presence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.ids import GroupId, Seq, UserId
from common.protocol import limits
from common.protocol.messages import GroupInfo, GroupKind, Role
from relay.handlers.parts import Parts
from relay.roster import Group
from relay.storage.tables import Tables


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What the roster knew of a group at one moment, as a value that may cross to a reader's thread."""

    id: GroupId
    kind: GroupKind
    name: str
    topic: str
    private: bool
    last_seq: Seq
    role: Role | None


def facts_for(group: Group, user: UserId) -> GroupFacts:
    """*group* as it is published now, for *user*."""
    return GroupFacts(
        group.id, group.kind, group.name, group.topic, group.private, group.last_seq, group.roles.get(user)
    )


def facts_of_all(parts: Parts, user: UserId) -> list[GroupFacts]:
    """All groups that *user* is in or could join."""
    return [facts_for(group, user) for group in parts.roster.seen_by(user)]


def infos(tables: Tables, user: UserId, groups: Sequence[GroupFacts]) -> list[GroupInfo]:
    """On a reader's thread: *groups* with what *user* has read of them. A stranger's look into an open group shows no message."""
    read_seqs = tables.groups.read_seqs(user)
    return [_info(tables, user, facts, read_seqs.get(facts.id, Seq(0))) for facts in groups]


def _info(tables: Tables, user: UserId, facts: GroupFacts, read_seq: Seq) -> GroupInfo:
    is_member = facts.role is not None
    return GroupInfo(
        id=facts.id,
        kind=facts.kind,
        name=facts.name,
        topic=facts.topic,
        private=facts.private,
        last_seq=facts.last_seq,
        read_seq=read_seq,
        unread=tables.entries.unread(facts.id, user, read_seq, limits.UNREAD_COUNTED) if is_member else 0,
        role=facts.role,
        last=tables.entries.last_message(facts.id) if is_member else None,
    )


async def info_for(parts: Parts, user: UserId, group: GroupId) -> GroupInfo:
    """One group as *user* sees it now."""
    found = parts.roster.group(group)
    assert found is not None, "groups are never taken away"
    facts = facts_for(found, user)
    (info,) = await parts.store.read(lambda tables: infos(tables, user, [facts]))
    return info
