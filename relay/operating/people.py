"""The accounts, for who runs the relay: who there is, shut out, let in, a forgotten password, another role, devices signed out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from common.errors import BadPassword, LastOwner, NotAllowed, UnknownUser
from common.ids import Millis, SessionId, UserId
from common.protocol import limits
from common.protocol.messages import User, UserChanged
from relay.control.words import (
    DeletePerson,
    DisablePerson,
    Done,
    EnablePerson,
    FreeName,
    ListPeople,
    ListSessions,
    PasswordReset,
    People,
    Person,
    Promote,
    ResetPassword,
    RevokeSessions,
    Session,
    Sessions,
)
from relay.handlers import deletion
from relay.operating.operator import Operator
from relay.operating.standing import check_above, check_standing
from relay.storage.erasure import pseudonym
from relay.storage.sessions import DeviceSession
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_PASSWORD_BYTES: Final = 9
"""72 random bits: twelve characters to read out and type once."""
_NOT_ONESELF: Final = "Nobody does that to themselves. Ask another owner, or do it on the relay's own machine."


async def list_people(operator: Operator, order: ListPeople) -> People:
    """Everybody, by id."""
    parts = operator.parts

    def look(tables: Tables) -> tuple[list[User], dict[UserId, tuple[bool, Millis]], dict[UserId, tuple[int, Millis]]]:
        check_standing(tables, operator.by, "admin")
        return tables.people.all(), tables.people.facts(), tables.sessions.counts()

    everybody, facts, counts = await parts.store.read(look)
    online = set(parts.fanout.users)
    return People(
        [
            Person(
                user.id,
                user.username,
                user.display_name,
                user.role,
                is_disabled=facts[user.id][0],
                is_online=user.id in online,
                sessions=counts.get(user.id, (0, None))[0],
                created_at=facts[user.id][1],
                seen_at=counts.get(user.id, (0, None))[1],
            )
            for user in everybody
        ]
    )


async def disable_person(operator: Operator, order: DisablePerson) -> Done:
    """Out at once, and not in again: what they made for others to come in by is worth nothing either. What they wrote stays."""

    def disable(transaction: Transaction) -> None:
        user = _other(operator, transaction, order.username)
        if user.role == "owner" and not transaction.people.has_owner_beside(user.id):
            raise LastOwner
        transaction.people.set_disabled(user.id, True)
        _sign_out(operator, transaction, user.id)
        operator.note(transaction, "account_disabled", whom=user.username)

    await operator.parts.journal.change(disable)
    return Done("They are signed out everywhere and cannot come in. `relay users enable` lets them in again.")


async def enable_person(operator: Operator, order: EnablePerson) -> Done:
    """They may sign in again, with the password that they had."""

    def enable(transaction: Transaction) -> None:
        user = _other(operator, transaction, order.username)
        transaction.people.set_disabled(user.id, False)
        operator.note(transaction, "account_enabled", whom=user.username)

    await operator.parts.journal.change(enable)
    return Done()


async def delete_person(operator: Operator, order: DeletePerson) -> Done:
    """At once for people; what takes its time follows by itself."""

    def delete(transaction: Transaction) -> None:
        user = _other(operator, transaction, order.username)
        deletion.begin(operator.parts, transaction, user.id, order.messages)
        operator.note(transaction, "account_deleted", whom=pseudonym(user.id), detail=order.messages)

    await operator.parts.journal.change(delete)
    if order.messages == "anonymous":
        return Done("The account is deleted. What they said stays, without a name.")
    return Done(
        "The account is deleted, and nobody reads any more what they said. It goes from the disk by itself now."
    )


async def free_name(operator: Operator, order: FreeName) -> Done:
    """Nobody knows whose it was; so it is not written down which it is."""

    def free(transaction: Transaction) -> None:
        if not transaction.erasure.free_name(order.username):
            raise UnknownUser("No deleted account had that user name.")
        operator.note(transaction, "name_freed")

    await operator.parts.journal.change(free)
    return Done()


async def reset_password(operator: Operator, order: ResetPassword) -> PasswordReset:
    """Another password, and none of the devices that were signed in by the one before."""
    made_up = "" if order.password else secrets.token_urlsafe(_PASSWORD_BYTES)
    password = order.password or made_up
    if len(password) < limits.PASSWORD_MIN:
        raise BadPassword
    await operator.parts.store.read(lambda tables: _other(operator, tables, order.username))  # before the costly hash
    hashed = await operator.parts.passwords.hash(password, "leading")

    def reset(transaction: Transaction) -> None:
        user = _other(operator, transaction, order.username)
        transaction.people.set_password(user.id, hashed)
        _sign_out(operator, transaction, user.id)
        operator.note(transaction, "password_reset", whom=user.username)

    await operator.parts.journal.change(reset)
    return PasswordReset(made_up)


async def promote(operator: Operator, order: Promote) -> Done:
    """Another role on the relay, and in the group that everybody is in. Their links come back as that."""
    parts = operator.parts

    def change(transaction: Transaction) -> None:
        check_standing(transaction, operator.by, "owner")
        user = _person(transaction, order.username)
        if user.role == order.role:
            return
        if user.role == "owner" and not transaction.people.has_owner_beside(user.id):
            raise LastOwner
        general = transaction.groups.general()
        transaction.people.set_role(user.id, order.role)
        transaction.groups.set_role(general, user.id, order.role)
        if order.role == "member":  # what they gave out as an admin of the relay is worth nothing any more
            transaction.invites.revoke_beyond(user.id)
            transaction.webhooks.revoke_beyond(user.id)
        operator.note(transaction, "role_changed", whom=user.username, detail=order.role)
        now = transaction.people.get(user.id)
        assert now is not None, "it was there a moment ago"

        def tell() -> None:
            parts.roster.set_role(general, user.id, order.role)
            parts.fanout.tell_everyone([UserChanged(user=now)])
            parts.fanout.restart_links(user.id)

        transaction.afterwards(tell)

    await parts.journal.change(change)
    return Done()


async def list_sessions(operator: Operator, order: ListSessions) -> Sessions:
    """Devices and access tokens, oldest first."""
    found = await operator.parts.store.read(
        lambda tables: tables.sessions.all_of(_beneath(operator, tables, order.username).id)
    )
    return Sessions(
        [
            Session(
                each.id, each.device, each.created_at, each.seen_at, None if each.scopes is None else list(each.scopes)
            )
            for each in found
        ]
    )


async def revoke_sessions(operator: Operator, order: RevokeSessions) -> Done:
    """Signed out there, at once."""

    def is_meant(session: DeviceSession) -> bool:
        return order.session is None or session.id == order.session

    def revoke(transaction: Transaction) -> int:
        user = _beneath(operator, transaction, order.username)
        ended = _sign_out(operator, transaction, user.id, is_meant)
        if ended:
            operator.note(transaction, "sessions_revoked", whom=user.username, detail=str(ended))
        return ended

    if not await operator.parts.journal.change(revoke) and order.session is not None:
        raise NotAllowed("They have no device session with that number. Look at `relay users sessions`.")
    return Done()


def _person(tables: Tables, username: str) -> User:
    account = tables.people.account(username)
    if account is None:
        raise UnknownUser("Nobody has that user name. Look at `relay users list`.")
    return account.user


def _beneath(operator: Operator, tables: Tables, username: str) -> User:
    """The person with that name, whom who gives the order may act on: everybody on themselves."""
    user = _person(tables, username)
    check_above(tables, operator.by, user)
    return user


def _other(operator: Operator, tables: Tables, username: str) -> User:
    """As `_beneath`, and not themselves: they would shut themselves out of the very client that they do it with."""
    user = _beneath(operator, tables, username)
    if operator.by is not None and operator.by.id == user.id:
        raise NotAllowed(_NOT_ONESELF)
    return user


def _sign_out(
    operator: Operator,
    transaction: Transaction,
    user: UserId,
    is_meant: Callable[[DeviceSession], bool] = lambda _session: True,
) -> int:
    """Make the tokens of *user* worthless and close their links; how many there were."""
    ended: list[SessionId] = [session.id for session in transaction.sessions.all_of(user) if is_meant(session)]
    for session in ended:
        transaction.sessions.revoke(session)

    def see_off() -> None:
        for session in ended:
            operator.parts.fanout.end_session(session, user)

    transaction.afterwards(see_off)
    return len(ended)
