"""What follows when an account was deleted: out of all groups, what was said destroyed where it is to be, the name out of the audit.

Everything here may be done twice: whenever the relay is killed, the next start begins with who is not finished and does what is left. What
is held stays until the hold ends; so does the name of who said it, and the deletion goes on then.
"""

from __future__ import annotations

import logging
from typing import Final

from msgspec import Struct

from common.ids import GroupId, Seq, UserId
from common.protocol.messages import Entry, Fate
from relay.handlers.entering import leave
from relay.handlers.parts import Parts
from relay.operating.steps import DONE, STEP, Steps, purge
from relay.storage.entries import Draft
from relay.storage.erasure import Own, farewell_nonce, pseudonym
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_log = logging.getLogger(__name__)

LOOKED_AT: Final = 200
"""Entries, or records of the audit, that are opened in one go."""


class _Leaving(Struct, frozen=True):
    """Who has deleted their account, and what becomes of what they said."""

    user: UserId
    fate: Fate

    def farewell(self, group: GroupId) -> Draft:
        return Draft(group, self.user, "deleted", self.fate, farewell_nonce(group))


class Eraser:
    """Finishes what was begun."""

    def __init__(self, parts: Parts, steps: Steps) -> None:
        self._parts = parts
        self._steps = steps
        self._is_held = False
        """Whether something had to stay this time."""

    async def look(self) -> None:
        """Do all that is left to do."""
        for user, fate in await self._parts.store.read(lambda tables: tables.erasure.unfinished()):
            await self._finish(_Leaving(user, fate))

    async def _finish(self, who: _Leaving) -> None:
        self._is_held = False
        self._parts.fanout.end_links(who.user)  # of a device that was cut off before its answer
        if who.fate == "erase":
            await self._destroy_files(who)
        for group in await self._parts.store.read(lambda tables: tables.erasure.groups_of(who.user)):
            await self._leave(who, group)
        if who.fate == "erase":
            await self._destroy_said(who)
            await self._destroy_copies(who)
        if not self._is_held:
            await self._forget_name(who)
        if not self._is_held:
            await self._steps.once(lambda transaction: self._end(transaction, who))
            _log.info("Account %d is deleted; nothing is left to do for it.", who.user)

    # -- files ---------------------------------------------------------------------------------------------------------

    async def _destroy_files(self, who: _Leaving) -> None:
        def step(transaction: Transaction) -> int:
            files = [] if self._holds(transaction) else transaction.erasure.files_of(who.user, STEP)
            for file_id in files:
                transaction.files.remove(file_id)
            transaction.has_destroyed = True
            return len(files) or DONE

        await self._steps.until_done(step)

    # -- groups --------------------------------------------------------------------------------------------------------

    async def _leave(self, who: _Leaving, group: GroupId) -> None:
        await self._steps.until_done(lambda transaction: self._leave_step(transaction, who, group))

    def _leave_step(self, transaction: Transaction, who: _Leaving, group: GroupId) -> int:
        if self._holds(transaction, group) or transaction.groups.role(group, who.user) is None:
            return DONE
        if transaction.erasure.is_alone(group, who.user):
            return self._dissolve_step(transaction, who, group)
        transaction.erasure.forget_in(group, who.user)
        row = transaction.groups.get(group)
        if row is not None and row.kind == "direct":
            transaction.append(who.farewell(group))
        else:
            leave(self._parts, transaction, group, who.user, by=who.user, farewell=who.farewell(group))
        return DONE

    def _dissolve_step(self, transaction: Transaction, who: _Leaving, group: GroupId) -> int:
        """Delete some of a log that nobody is going to read; with the last of it, what the group was called."""
        floor, end = transaction.retention.floor(group), transaction.entries.last_seq(group)
        if floor < end:
            purge(self._parts, transaction, group, Seq(min(floor + STEP, end)))
            return 0
        transaction.groups.rename(group, "")
        transaction.groups.set_topic(group, "")
        transaction.erasure.close_direct(group)
        members = [row.user for row in transaction.groups.members(group)]
        for member in members:
            transaction.take_out(group, member)
        transaction.has_destroyed = True
        transaction.afterwards(lambda: self._dissolved(group, members))
        return DONE

    def _dissolved(self, group: GroupId, members: list[UserId]) -> None:
        if (found := self._parts.roster.group(group)) is not None:
            found.name = found.topic = ""
        for member in members:
            self._parts.fanout.remove_member(group, member)

    # -- what was said -------------------------------------------------------------------------------------------------

    async def _destroy_said(self, who: _Leaving) -> None:
        """By the index of what each person has sent."""
        reached = b""

        def step(transaction: Transaction) -> int:
            nonlocal reached
            own = transaction.erasure.said_by(who.user, reached, STEP)
            if not own:
                return DONE
            reached = own[-1].nonce
            self._destroy(transaction, who, own)
            return len(own)

        await self._steps.until_done(step)

    def _destroy(self, transaction: Transaction, who: _Leaving, own: list[Own]) -> None:
        erasure, destroyed = transaction.erasure, [each for each in own if not self._holds(transaction, each.group)]
        for each in destroyed:
            if each.kind == "message":
                transaction.take_back(each.group, each.seq)
        others = [each for each in destroyed if each.kind != "message"]
        erasure.empty(others)
        erasure.forget_reactions(who.user, [each for each in others if each.kind == "reaction"])
        self._told(transaction, who, [(each.number, each.group) for each in destroyed])

    async def _destroy_copies(self, who: _Leaving) -> None:
        """What others have forwarded is found by looking at every message; what has no nonce too."""
        reached: int | None = 0
        while reached is not None:
            reached, found = await self._steps.look(
                lambda tables, after=reached: _copies(tables, who.user, after)  # type: ignore[misc]
            )
            if found:
                await self._steps.once(lambda transaction, some=found: self._destroy_found(transaction, who, some))  # type: ignore[misc]

    def _destroy_found(self, transaction: Transaction, who: _Leaving, found: list[tuple[int, Entry]]) -> int:
        destroyed = [(number, each) for number, each in found if not self._holds(transaction, each.group)]
        for _number, each in destroyed:
            transaction.take_back(each.group, each.seq)
        self._told(transaction, who, [(number, each.group) for number, each in destroyed])
        return len(destroyed)

    def _told(self, transaction: Transaction, who: _Leaving, destroyed: list[tuple[int, GroupId]]) -> None:
        """Tell each group of it once, and the search that these are no messages any more."""
        if not destroyed:
            return
        for group in sorted({group for _number, group in destroyed}):
            transaction.append(who.farewell(group))
        transaction.has_destroyed = True
        purges, numbers = transaction.retention.count_purge(), [number for number, _group in destroyed]
        transaction.afterwards(lambda: self._parts.search.forget(numbers, purges))

    # -- the name ------------------------------------------------------------------------------------------------------

    async def _forget_name(self, who: _Leaving) -> None:
        """What was written down of the person keeps saying what was done, and that it was one and the same."""
        name = await self._parts.store.read(lambda tables: tables.erasure.name_of(who.user))
        reached: int | None = 0
        while name is not None and reached is not None:
            found, reached = await self._steps.look(
                lambda tables, after=reached: tables.audit.naming(name, after, LOOKED_AT)  # type: ignore[misc]
            )
            if found:
                await self._steps.once(lambda transaction, some=found: self._rename(transaction, who, name, some))  # type: ignore[misc]

    def _rename(self, transaction: Transaction, who: _Leaving, name: str, records: list[int]) -> int:
        if not self._holds(transaction):
            transaction.audit.rename(records, name, pseudonym(who.user))
            transaction.has_destroyed = True
        return len(records)

    def _end(self, transaction: Transaction, who: _Leaving) -> int:
        if not self._holds(transaction):
            transaction.erasure.finish(who.user)
            transaction.has_destroyed = True
        return DONE

    def _holds(self, transaction: Transaction, group: GroupId | None = None) -> bool:
        """Whether nothing may be deleted on the relay, or in *group*."""
        held = transaction.retention.rule().held if group is None else transaction.retention.is_held(group)
        self._is_held |= held
        return held


def _copies(tables: Tables, user: UserId, after: int) -> tuple[int | None, list[tuple[int, Entry]]]:
    """The last number that was looked at, None at the end; and which of the messages up to there say again what *user* has said."""
    page = tables.log.numbered_after(after, LOOKED_AT)
    found = [
        (number, entry)
        for number, entry in page
        if entry.kind == "message" and (entry.forwarded == user or entry.sender == user) and tables.log.has_body(number)
    ]
    return page[-1][0] if page else None, found
