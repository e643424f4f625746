"""How things look to one person: groups with their unread counts, members with their presence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from common.ids import GroupId, Seq, UserId
from common.protocol import limits
from common.protocol.messages import GroupInfo, GroupKind, Keeps, Role, Silence
from relay.handlers import sight
from relay.handlers.parts import Parts
from relay.roster import Group
from relay.storage.groups import Standing
from relay.storage.mutes import MuteRow
from relay.storage.tables import Tables


class GroupFacts(Struct, frozen=True):
    """What the roster knew of a group at one moment, as a value that may cross to a reader's thread."""

    id: GroupId
    kind: GroupKind
    name: str
    topic: str
    private: bool
    last_seq: Seq
    role: Role | None
    peer: UserId | None = None
    slow: int = 0
    floor: Seq = Seq(0)
    keeps: Keeps | None = None


def facts_for(group: Group, user: UserId) -> GroupFacts:
    """*group* as it is published now, for *user*."""
    return GroupFacts(
        group.id,
        group.kind,
        group.name,
        group.topic,
        group.private,
        group.last_seq,
        group.roles.get(user),
        group.peer_of(user),
        group.slow,
        group.floor,
        group.keeps,
    )


def facts_of_all(parts: Parts, user: UserId) -> list[GroupFacts]:
    """All groups that *user* is in or could join."""
    return [facts_for(group, user) for group in parts.roster.seen_by(user)]


def infos(tables: Tables, user: UserId, groups: Sequence[GroupFacts]) -> list[GroupInfo]:
    """On a reader's thread: *groups* with what *user* has read of them. A stranger's look into an open group shows no message."""
    standings, mutes = tables.groups.standings(user), tables.mutes.of_user(user)
    return [
        _info(tables, user, facts, standings.get(facts.id, Standing()), _silence(mutes, facts.id)) for facts in groups
    ]


def _silence(mutes: Mapping[GroupId | None, MuteRow], group: GroupId) -> Silence | None:
    """What keeps somebody with these *mutes* from writing in *group*: of two the one that lasts longer. It may be over already."""
    here, everywhere = mutes.get(group), mutes.get(None)
    row = here if here is not None and here.outlasts(everywhere) else everywhere
    return None if row is None else Silence(row.until, row.group is None)


def _info(tables: Tables, user: UserId, facts: GroupFacts, standing: Standing, muted: Silence | None) -> GroupInfo:
    if facts.role is None:
        return _from_outside(facts)
    read_seq = standing.read_seq
    unread = tables.entries.unread(facts.id, user, read_seq, limits.UNREAD_COUNTED)
    last = tables.entries.last_message(facts.id)
    return structs.replace(
        _from_outside(facts),
        read_seq=read_seq,
        unread=unread,
        last=None if last is None else sight.seen(tables, facts.id, [last])[0],
        mentions=tables.said.mentions_of(facts.id, user, read_seq, limits.UNREAD_COUNTED) if unread else 0,
        notify=standing.notify,
        hidden=standing.hidden,
        muted=muted,
    )


def _from_outside(facts: GroupFacts) -> GroupInfo:
    return GroupInfo(
        id=facts.id,
        kind=facts.kind,
        name=facts.name,
        topic=facts.topic,
        private=facts.private,
        last_seq=facts.last_seq,
        role=facts.role,
        peer=facts.peer,
        slow=facts.slow,
        floor=facts.floor,
        keeps=facts.keeps,
    )


def still_seen(parts: Parts, user: UserId, groups: Sequence[GroupInfo]) -> list[GroupInfo]:
    """*groups* as they were read, but nothing said in those that *user* was taken out of while they were read."""
    still_in = parts.roster.groups_of(user)
    return [
        info if info.role is None or info.id in still_in else structs.replace(info, last=None, unread=0)
        for info in groups
    ]


def stored_info(tables: Tables, user: UserId, group: GroupId, peer: UserId | None = None) -> GroupInfo:
    """One group as it is stored, for *user*: within a transaction, where the roster does not know yet what becomes of it."""
    row = tables.groups.get(group)
    assert row is not None, "groups are never taken away"
    role = tables.groups.role(group, user)
    facts = GroupFacts(
        row.id,
        row.kind,
        row.name,
        row.topic,
        row.private,
        row.last_seq,
        role,
        peer,
        row.slow,
        row.floor,
        tables.retention.keeps(group),
    )
    (info,) = infos(tables, user, [facts])
    return info


async def info_for(parts: Parts, user: UserId, group: GroupId) -> GroupInfo:
    """One group as *user* sees it now."""
    found = parts.roster.group(group)
    assert found is not None, "groups are never taken away"
    facts = facts_for(found, user)
    (info,) = await parts.store.read(lambda tables: infos(tables, user, [facts]))
    return info
