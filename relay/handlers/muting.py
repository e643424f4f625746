"""Who may write nothing for a time, and how often one may write in a group.

That holds where what is said is stored (`relay.storage.transaction`), so that nothing comes after the entry that says so; what is said
without being stored is asked for here, at the door. A repeat of what was stored before gets its first answer all the same.
"""

from __future__ import annotations

from typing import Final

from common.errors import Muted, NotAllowed, UnknownUser
from common.ids import GroupId, Millis, UserId
from common.protocol.messages import (
    Answer,
    AuditAct,
    GroupChanged,
    ListMutes,
    Mute,
    MuteMember,
    Mutes,
    Sent,
    SetSlow,
)
from relay.handlers.audit import note
from relay.handlers.entering import check_admin
from relay.handlers.groups import changeable, tell_all_who_see
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.ranks import higher, is_admin, outranks
from relay.handlers.views import facts_of_all, infos, stored_info
from relay.storage.entries import Content, Draft
from relay.storage.mutes import MuteRow
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction, left_s

_OF_TWO: Final = "Nobody is muted in a conversation of two. Ask an owner or admin of the relay."
_ONESELF: Final = "Nobody mutes themselves, nor lifts that."
_ABOVE: Final = "Only an owner may do that to an owner or admin."


def check_may_speak(parts: Parts, caller: SignedIn, group: GroupId | None = None) -> None:
    """Let pass who may write in *group*, or at all.

    Raises:
        Muted: not now.
    """
    now = parts.now()
    is_muted, until = parts.roster.muted(group, caller.id, now)
    if is_muted:
        raise Muted(retry_after=left_s(until, now))


# -- mute --------------------------------------------------------------------------------------------------------------


async def mute_member(parts: Parts, caller: SignedIn, command: MuteMember) -> Answer:
    """Let somebody write nothing, for a time or until it is lifted; or lift that."""
    user = UserId(command.user)
    group = None if command.group is None else _group_of_many(parts, command.group)
    if user == caller.id:
        raise NotAllowed(_ONESELF)

    def mute(transaction: Transaction) -> bool:
        person = transaction.people.living(user)
        if person is None:
            raise UnknownUser
        if group is None:
            rank, role = caller.user.role, person.role
        else:
            rank, there = check_admin(transaction, caller, group), transaction.groups.role(group, user)
            if there is None and command.on:
                raise UnknownUser("This person is not in the group. Look at its members again.")
            role = higher(there or "member", person.role)
        is_above = (
            person.role == "owner" and caller.user.role != "owner"
        )  # who runs the relay is muted by their like alone
        if is_above or not outranks(rank, role):
            raise NotAllowed(_ABOVE)
        is_changed = change_mute(parts, transaction, group, user, on=command.on, seconds=command.seconds, by=caller.id)
        if is_changed and group is None:
            act: AuditAct = "user_muted" if command.on else "user_unmuted"
            detail = "" if command.seconds is None or not command.on else str(command.seconds)
            note(transaction, caller, act, whom=person.username, detail=detail)
        return is_changed

    if await parts.journal.change(mute) and group is None:
        await tell_of_everywhere(parts, user)
    return Answer(re=command.id)


def change_mute(
    parts: Parts,
    transaction: Transaction,
    group: GroupId | None,
    user: UserId,
    *,
    on: bool,
    seconds: int | None,
    by: UserId | None,
) -> bool:
    """As part of a transaction: mute *user* in *group* (None: on the whole relay) for *seconds* (None: until it is lifted), or lift that.

    Whether anything changed. *by*: None by the command line, which has no place in a group's log.
    """
    before = transaction.mutes.get(group, user)
    if not on and before is None:
        return False
    until = None if seconds is None else Millis(transaction.now + seconds * 1000)
    if on:
        transaction.mute(MuteRow(group, user, by, transaction.now, until))
        transaction.afterwards(lambda: parts.roster.set_mute(group, user, until))
    else:
        transaction.mutes.lift(group, user)
        transaction.afterwards(lambda: parts.roster.lift_mute(group, user))
    if group is not None:
        assert by is not None, "in a group somebody does it"
        body = str(seconds) if on and seconds is not None else None
        transaction.append(Draft(group, by, "mute", body=body, more=Content(user=user, on=on)))
        _tell_of_here(parts, transaction, group, user)
    return True


def _tell_of_here(parts: Parts, transaction: Transaction, group: GroupId, user: UserId) -> None:
    """After the commit *user*, if they are in *group*, learns whether they may write there."""
    if transaction.groups.role(group, user) is not None:
        info = stored_info(transaction, user, group)
        transaction.afterwards(lambda: parts.fanout.tell_user(user, GroupChanged(group=info)))


async def tell_of_everywhere(parts: Parts, user: UserId) -> None:
    """Tell *user*, if they are here, whether they may write, of each of their groups."""
    if user not in parts.fanout.users:
        return
    facts = [each for each in facts_of_all(parts, user) if each.role is not None]
    seen = await parts.store.read(lambda tables: infos(tables, user, facts))
    for info in seen:
        if parts.roster.role(info.id, user) == info.role:
            parts.fanout.tell_user(user, GroupChanged(group=info))


async def lift_expired(parts: Parts) -> None:
    """Lift what was to last until now, and tell those whom it concerns."""
    now = parts.now()
    expired = [key for key, until in parts.roster.mutes.items() if until is not None and until <= now]
    if not expired:
        return

    def lift(transaction: Transaction) -> list[UserId]:
        everywhere: list[UserId] = []
        for group, user in expired:
            row = transaction.mutes.get(group, user)
            if row is not None and row.holds(transaction.now):  # it was made longer meanwhile
                continue
            transaction.mutes.lift(group, user)
            transaction.afterwards(lambda place=group, person=user: parts.roster.lift_mute(place, person))  # type: ignore[misc]
            if group is None:
                everywhere.append(user)
            else:
                _tell_of_here(parts, transaction, group, user)
        return everywhere

    for user in await parts.journal.change(lift):
        await tell_of_everywhere(parts, user)


async def list_mutes(parts: Parts, caller: SignedIn, command: ListMutes) -> Mutes:
    """Who may write nothing now."""
    group, now = None if command.group is None else GroupId(command.group), parts.now()

    def look(tables: Tables) -> list[Mute]:
        rows = [row for row in tables.mutes.of(group) if row.holds(now)]
        users = {user.id: user for user in tables.people.many(row.user for row in rows)}
        return [Mute(users[row.user], row.at, row.by, row.until) for row in rows]

    return Mutes(re=command.id, mutes=await parts.store.read(look))


def _group_of_many(parts: Parts, group: int) -> GroupId:
    found = parts.roster.group(group)
    assert found is not None, "the rule has seen to it"
    if found.kind == "direct":
        raise NotAllowed(_OF_TWO)
    return found.id


# -- slow mode ---------------------------------------------------------------------------------------------------------


async def set_slow(parts: Parts, caller: SignedIn, command: SetSlow) -> Sent:
    """Let so many seconds be between two messages of one member; its members get the entry that says so."""
    group, seconds = changeable(parts, command.group), command.seconds

    def change(transaction: Transaction) -> Sent:
        check_admin(transaction, caller, group.id)
        transaction.set_slow(group.id, seconds)
        entry = transaction.append(Draft(group.id, caller.id, "slow", body=str(seconds)))
        transaction.afterwards(lambda: setattr(group, "slow", seconds))
        return Sent(re=command.id, seq=entry.seq, at=entry.at)

    sent = await parts.journal.change(change)
    await tell_all_who_see(parts, group)
    return sent


def is_watched(parts: Parts, caller: SignedIn, group: GroupId) -> bool:
    """Whether what the caller says there may be refused when it is stored, and so better stands alone in its batch."""
    found, mutes = parts.roster.group(group), parts.roster.mutes
    if (group, caller.id) in mutes or (None, caller.id) in mutes:
        return True
    return (
        found is not None
        and found.slow > 0
        and not is_admin(higher(found.roles.get(caller.id, "member"), caller.user.role))
    )
