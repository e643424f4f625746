"""How much of the past is kept, for who runs the relay: what holds where, other rules, a hold and its end."""

from __future__ import annotations

from typing import Final

from common.errors import NotAllowed, UnknownGroup
from common.ids import GroupId, UserId
from common.protocol.messages import Keeps
from relay.control.words import CountExpired, Expired, GroupKept, RetentionShown, SetHold, SetRetention, ShowRetention
from relay.handlers.retention import Asker, Change, change_rules, count, holding, numbers
from relay.operating.operator import Operator
from relay.roster import Group

_VIA: Final = "relay retention"
"""By what it is said in the log of the group, in the name of who has owned the relay for longest."""


async def show_retention(operator: Operator, order: ShowRetention) -> RetentionShown:
    """The relay's rule, and the groups where it is otherwise."""
    rule = await operator.parts.store.read(lambda tables: tables.retention.rule())
    named = _group(operator, order.group)
    own = await operator.parts.store.read(lambda tables: tables.retention.owns())
    groups = [
        GroupKept(group.id, group.name, group.keeps or Keeps())
        for group in operator.parts.roster.groups()
        if (group is named if named is not None else _is_otherwise(group) or own[group.id].held)
    ]
    return RetentionShown(Keeps(rule.days, rule.entries, rule.held), groups)


async def count_expired(operator: Operator, order: CountExpired) -> Expired:
    """How many messages would go."""
    group = _id(operator, order.group)
    change = holding(group, False) if order.release else numbers(group, order.days, order.entries, _asker(None))
    return Expired(await count(operator.parts, group, change))


async def set_retention(operator: Operator, order: SetRetention) -> Expired:
    """Another rule."""
    group = _id(operator, order.group)
    return await _changed(operator, group, numbers(group, order.days, order.entries, _asker(None)), order.loses)


async def set_hold(operator: Operator, order: SetHold) -> Expired:
    """Let nothing be deleted, or end that."""
    group = _id(operator, order.group)
    return await _changed(operator, group, holding(group, order.on), order.loses)


async def _changed(operator: Operator, group: GroupId | None, change: Change, loses: int) -> Expired:
    owner = await operator.parts.store.read(lambda tables: tables.people.first_owner())
    asker = _asker(None if owner is None else owner.id)
    return Expired(await change_rules(operator.parts, group, change, asker, loses))


def _asker(owner: UserId | None) -> Asker:
    return Asker(owner, owns=True, via=_VIA)


def _is_otherwise(group: Group) -> bool:
    return group.keeps is not None and group.keeps.own


def _id(operator: Operator, named: str) -> GroupId | None:
    found = _group(operator, named)
    return None if found is None else found.id


def _group(operator: Operator, named: str) -> Group | None:
    """The group with that id or name; None where none is named.

    Raises:
        UnknownGroup: there is none.
        NotAllowed: there are several of that name, or it is a conversation of two.
    """
    if not named:
        return None
    roster = operator.parts.roster
    if named.isascii() and named.isdigit() and (by_id := roster.group(int(named))) is not None:
        if by_id.kind == "direct":
            raise NotAllowed("A conversation of two keeps what the relay keeps.")
        return by_id
    found = [group for group in roster.groups() if group.kind != "direct" and group.name.casefold() == named.casefold()]
    if not found:
        raise UnknownGroup("There is no group of that name or number. Look at its information in a client.")
    if len(found) > 1:
        ids = ", ".join(str(group.id) for group in found)
        raise NotAllowed(f"There are several groups of that name. Give the number of one of them: {ids}.")
    return found[0]
