"""How much one person may, for who owns the relay: what counts, for whom it is otherwise, and setting it."""

from __future__ import annotations

from common.errors import BadRequest, UnknownUser
from common.ids import UserId
from common.protocol.messages import LimitName, User
from relay.control.words import Done, LimitException, LimitShown, LimitsShown, SetLimit, ShowLimits
from relay.operating.operator import Operator
from relay.operating.standing import check_standing
from relay.personal_limits import NAMES, Setting
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction


async def show_limits(operator: Operator, order: ShowLimits) -> LimitsShown:
    """Those of everybody with all exceptions, or those of one person with how much they have."""
    limits = operator.parts.limits
    takes_files = bool(operator.parts.file_bytes)
    names = [name for name in NAMES if takes_files or name != "files"]  # where none are taken nobody has any

    def look(tables: Tables) -> LimitsShown:
        check_standing(tables, operator.by, "owner")
        if order.username:
            user = _person(tables, order.username)
            used = _used(operator, tables, user.id)
            return LimitsShown([_shown(operator, name, user.id, used.get(name)) for name in names], [], user.username)
        exceptions = limits.exceptions()
        usernames = {
            user.id: user.username for user in tables.people.many(each.user for each in exceptions if each.user)
        }
        return LimitsShown(
            [_shown(operator, name, None, None) for name in names],
            [
                LimitException(usernames[each.user], each.name, each.value)
                for each in exceptions
                if each.user is not None and each.user in usernames and each.name in names
            ],
        )

    return await operator.parts.store.read(look)


async def set_limit(operator: Operator, order: SetLimit) -> Done:
    """It counts from now on: what somebody has already stays, and so do links that are open."""
    limits, name, value = operator.parts.limits, order.limit, order.value

    def change(transaction: Transaction) -> None:
        check_standing(transaction, operator.by, "owner")
        user = _person(transaction, order.username) if order.username else None
        whom = None if user is None else user.id
        before = limits.own(name, whom)
        if before == value:
            return
        if value is None:
            transaction.limits.lift(name, whom)
        else:
            transaction.limits.put(Setting(name, whom, value))
        operator.note(
            transaction,
            "limits_changed",
            whom="" if user is None else user.username,
            detail=f"{name}: {_told(before)} → {_told(value)}",
        )
        transaction.afterwards(lambda: limits.put(name, whom, value))

    if name == "files" and not operator.parts.file_bytes:
        raise BadRequest("This relay takes no files (RELAY_FILE_MAX).")
    await operator.parts.journal.change(change)
    return Done()


def _person(tables: Tables, username: str) -> User:
    account = tables.people.account(username)
    if account is None:
        raise UnknownUser("Nobody has that user name. Look at `relay users list`.")
    return account.user


def _shown(operator: Operator, name: LimitName, user: UserId | None, used: int | None) -> LimitShown:
    limits = operator.parts.limits
    return LimitShown(
        name=name,
        value=limits.of(name, user),
        otherwise=limits.standard[name] if user is None else limits.of(name),
        is_set=limits.own(name, user) is not None,
        used=used,
    )


def _used(operator: Operator, tables: Tables, user: UserId) -> dict[LimitName, int]:
    """How much *user* has of what can be counted at a moment."""
    now = operator.parts.now()
    return {
        "links": operator.parts.fanout.links_of(user),
        "devices": len(tables.sessions.seen_of(user)),
        "files": tables.files.size_of(user),
        "uploads": tables.files.awaited_of(user),
        "groups": tables.groups.made_by(user),
        "invites": tables.invites.made_by(user, now),
        "webhooks": tables.webhooks.made_by(user),
        "tokens": len(tables.sessions.tokens_of(user, now)),
    }


def _told(value: int | None) -> str:
    """For the record, which each client shows as it stands."""
    return "–" if value is None else f"{value:,}" if value else "∞"
