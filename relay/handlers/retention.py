"""How much of the past is kept: who may say so, what would go by it, and who is told.

A group's owners and admins may keep less than the relay does; whoever owns the relay decides. Nothing goes by a new rule before the
person was told how many messages that are. While everything is held, nobody deletes anything, the relay included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct, structs

from common.errors import NotAllowed, OnHold, UnknownGroup, WouldDelete
from common.ids import GroupId, UserId
from common.protocol.codec import encode
from common.protocol.messages import (
    CountExpired,
    Expired,
    GetRetention,
    Keeps,
    Retained,
    RetentionChanged,
    SetHold,
    SetRetention,
)
from relay.handlers.audit import note
from relay.handlers.entering import check_admin
from relay.handlers.groups import tell_all_who_see
from relay.handlers.parts import Parts, SignedIn
from relay.keeping import OwnRule, Rule, is_shorter, keeps_of
from relay.storage.entries import Content, Draft
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_OF_TWO: Final = "A conversation of two keeps what the relay keeps."
_Rules = tuple[Rule, OwnRule]
"""The relay's rule and a group's own one."""
Change = Callable[[Rule, OwnRule], _Rules]


class Asker(Struct, frozen=True):
    """Who wants another rule. *owns*: the relay, so that a group may keep more than that.

    *user*: in whose name it is written down, None: nobody has an account yet; *via*: by what. *by*: who does it with a client. *check* looks
    once more, within the transaction, whether they may.
    """

    user: UserId | None
    owns: bool
    via: str | None = None
    by: SignedIn | None = None
    check: Callable[[Transaction], object] = lambda _transaction: None


# -- commands ----------------------------------------------------------------------------------------------------------


async def get_retention(parts: Parts, caller: SignedIn, command: GetRetention) -> Retained:
    """The relay's rule."""
    rule = await parts.store.read(lambda tables: tables.retention.rule())
    return Retained(re=command.id, keeps=Keeps(rule.days, rule.entries, rule.held))


async def count_expired(parts: Parts, caller: SignedIn, command: CountExpired) -> Expired:
    """How many messages would go."""
    group, asker = _asked(parts, caller, command.group)
    change = numbers(group, command.days, command.entries, asker)
    lost = await count(parts, group, holding(group, False) if command.release else change)
    return Expired(re=command.id, messages=lost)


async def set_retention(parts: Parts, caller: SignedIn, command: SetRetention) -> Expired:
    """Another rule, for a group or for the relay."""
    group, asker = _asked(parts, caller, command.group)
    change = numbers(group, command.days, command.entries, asker)
    return Expired(re=command.id, messages=await change_rules(parts, group, change, asker, command.loses))


async def set_hold(parts: Parts, caller: SignedIn, command: SetHold) -> Expired:
    """Let nothing be deleted, or end that."""
    group = None if command.group is None else GroupId(command.group)
    lost = await change_rules(
        parts, group, holding(group, command.on), Asker(caller.id, owns=True, by=caller), command.loses
    )
    return Expired(re=command.id, messages=lost)


def _asked(parts: Parts, caller: SignedIn, asked: int | None) -> tuple[GroupId | None, Asker]:
    owns = caller.user.role == "owner"
    if asked is None:
        return None, Asker(caller.id, owns, by=caller)
    found = parts.roster.group(asked)
    if found is None:
        raise UnknownGroup
    if found.kind == "direct":
        raise NotAllowed(_OF_TWO)
    group = found.id
    return group, Asker(caller.id, owns, by=caller, check=lambda transaction: check_admin(transaction, caller, group))


# -- what they do, for who runs the relay too --------------------------------------------------------------------------


def numbers(group: GroupId | None, days: int | None, entries: int | None, asker: Asker) -> Change:
    """Keep so much: in *group*, or (None) wherever no other rule is; None: as the relay says."""
    if group is None:
        return lambda rule, own: (Rule(days or 0, entries or 0, rule.held), own)
    longer = asker.owns and (days is not None or entries is not None)
    return lambda rule, own: (rule, OwnRule(days, entries, longer, own.held))


def holding(group: GroupId | None, on: bool) -> Change:
    """Let nothing be deleted in *group*, or (None) anywhere; or end that."""
    if group is None:
        return lambda rule, own: (structs.replace(rule, held=on), own)
    return lambda rule, own: (rule, structs.replace(own, held=on))


async def count(parts: Parts, group: GroupId | None, change: Change) -> int:
    """How many messages would go by *change* that do not go now; it takes its time in long logs."""
    lost = 0
    for each, keeps in await parts.store.read(lambda tables: _shortened(tables, group, change)):
        lost += await parts.store.read(lambda tables, one=each, new=keeps: _lost(tables, one, new, parts))  # type: ignore[misc]
    return lost


def _shortened(tables: Tables, group: GroupId | None, change: Change) -> list[tuple[GroupId, Keeps | None]]:
    rule, owns = tables.retention.rule(), tables.retention.owns(None if group is None else [group])
    changed = [(each, keeps_of(*change(rule, own)), keeps_of(rule, own)) for each, own in owns.items()]
    return [(each, after) for each, after, before in changed if is_shorter(after, before)]


def _lost(tables: Tables, group: GroupId, keeps: Keeps | None, parts: Parts) -> int:
    return tables.retention.messages_up_to(group, tables.retention.expired(group, keeps, parts.now()))


async def change_rules(parts: Parts, group: GroupId | None, change: Change, asker: Asker, loses: int) -> int:
    """Other rules from now on; how many messages go by that.

    Raises:
        WouldDelete: more than *loses*.
    """
    lost = await count(parts, group, change)
    if lost > loses:
        raise WouldDelete(f"{lost:,} messages would be deleted by that. Say that you agree to lose them.")

    def apply(transaction: Transaction) -> bool:
        asker.check(transaction)
        retention = transaction.retention
        place = transaction.groups.general() if group is None else group
        before = retention.rule(), retention.own(place)
        rule, own = after = change(*before)
        if after == before:
            return False
        retention.set_rule(rule)
        retention.set_own(place, own)
        keeps = Keeps(rule.days, rule.entries, rule.held) if group is None else keeps_of(rule, own) or Keeps()
        _write_down(transaction, place, structs.replace(keeps, own=group is not None), asker)
        if asker.owns:
            _note(transaction, group, before, after, asker)

        def follow() -> None:
            parts.roster.set_rule(rule)
            parts.roster.set_own_rule(place, own)

        transaction.afterwards(follow)
        return True

    if await parts.journal.change(apply):
        parts.kept_otherwise.set()
        found = None if group is None else parts.roster.group(group)
        if found is None:
            parts.fanout.tell_everyone([RetentionChanged()])
        else:
            await tell_all_who_see(parts, found)
    return lost


def _write_down(transaction: Transaction, group: GroupId, keeps: Keeps, asker: Asker) -> None:
    """Let everybody in *group* read it: an entry of its log."""
    if asker.user is not None:
        more = None if asker.via is None else Content(via=asker.via)
        transaction.append(Draft(group, asker.user, "retention", body=encode(keeps).decode(), more=more))


def _note(transaction: Transaction, group: GroupId | None, before: _Rules, after: _Rules, asker: Asker) -> None:
    """For who owns the relay: what its owners do to it and to the groups that they are in. What others do in their groups stands there."""
    row = None if group is None else transaction.groups.get(group)
    where = "*" if row is None else row.name
    was, is_now = (rule.held if group is None else own.held for rule, own in (before, after))
    if was != is_now:
        note(transaction, asker.by, "hold_set" if is_now else "hold_released", detail=where)
        return
    rule, own = after
    kept = rule if group is None else own
    said = f"days={_told(kept.days)}, entries={_told(kept.entries)}"
    note(transaction, asker.by, "retention_changed", detail=said if row is None else f"{where}: {said}")


def _told(value: int | None) -> str:
    """For the record, which each client shows as it stands."""
    return "–" if value is None else f"{value:,}" if value else "∞"


def check_not_held(tables: Tables, group: GroupId) -> None:
    """Raise `OnHold` where nothing may be deleted."""
    if tables.retention.is_held(group):
        raise OnHold
