"""Muting somebody on the whole relay, for who runs it: they read on, and write nothing for a time or until it is lifted."""

from __future__ import annotations

from common.errors import UnknownUser
from common.ids import UserId
from relay.control.words import Done, MutePerson, UnmutePerson
from relay.handlers.muting import change_mute, tell_of_everywhere
from relay.operating.operator import Operator
from relay.storage.transaction import Transaction


async def mute_person(operator: Operator, order: MutePerson) -> Done:
    """From now on; in place of a mute of the whole relay that there is."""
    await _change(operator, order.username, on=True, seconds=order.seconds)
    return Done()


async def unmute_person(operator: Operator, order: UnmutePerson) -> Done:
    """They may write again, but in groups that have muted them."""
    if not await _change(operator, order.username, on=False, seconds=None):
        return Done("They are not muted on the whole relay. Their groups may have muted them: those lift that.")
    return Done()


async def _change(operator: Operator, username: str, *, on: bool, seconds: int | None) -> bool:
    parts = operator.parts

    def change(transaction: Transaction) -> UserId | None:
        account = transaction.people.account(username)
        if account is None:
            raise UnknownUser("Nobody has that user name. Look at `relay users list`.")
        user = account.user
        if not change_mute(parts, transaction, None, user.id, on=on, seconds=seconds, by=None):
            return None
        operator.note(
            transaction,
            "user_muted" if on else "user_unmuted",
            whom=user.username,
            detail="" if seconds is None else str(seconds),
        )
        return user.id

    user = await parts.journal.change(change)
    if user is not None:
        await tell_of_everywhere(parts, user)
    return user is not None
