"""What owners and admins of the relay do with it from their clients: the orders of the command line, given by somebody.

The rule of each is in `relay.operating`, once for both; `Parts.obey` leads there.
"""

from __future__ import annotations

from typing import TypeVar, cast

from common.errors import InternalError, UnknownUser
from common.ids import SessionId, UserId
from common.protocol.messages import (
    Account,
    Accounts,
    Answer,
    AuditEntries,
    DisableUser,
    ListAccounts,
    ListAudit,
    ListSessions,
    OneRelay,
    PasswordMade,
    Promote,
    ResetPassword,
    RevokeSessions,
    Scope,
    Session,
    Sessions,
    ShowState,
    User,
)
from relay.control import words
from relay.control.words import AnyOrder, Outcome
from relay.handlers.parts import Parts, SignedIn

T = TypeVar("T", bound=Outcome)


async def list_audit(parts: Parts, caller: SignedIn, command: ListAudit) -> AuditEntries:
    """What was done to the relay."""
    done = await _ordered(parts, caller, words.ListAudit(command.limit, command.before), words.AuditList)
    return AuditEntries(re=command.id, entries=done.entries, more=done.more)


async def list_accounts(parts: Parts, caller: SignedIn, command: ListAccounts) -> Accounts:
    """Everybody."""
    done = await _ordered(parts, caller, words.ListPeople(), words.People)
    accounts = [
        Account(
            User(each.id, each.username, each.display_name, each.role),
            each.created_at,
            each.is_disabled,
            each.is_online,
            each.sessions,
            each.seen_at,
        )
        for each in done.people
    ]
    return Accounts(re=command.id, accounts=accounts)


async def disable_user(parts: Parts, caller: SignedIn, command: DisableUser) -> Answer:
    """Shut somebody out, or let them in again."""
    username = await _name_of(parts, command.user)
    order = words.DisablePerson(username) if command.on else words.EnablePerson(username)
    await _ordered(parts, caller, order, words.Done)
    return Answer(re=command.id)


async def reset_password(parts: Parts, caller: SignedIn, command: ResetPassword) -> PasswordMade:
    """A new password of somebody else, told this once."""
    order = words.ResetPassword(await _name_of(parts, command.user))
    done = await _ordered(parts, caller, order, words.PasswordReset)
    return PasswordMade(re=command.id, password=done.password)


async def promote(parts: Parts, caller: SignedIn, command: Promote) -> Answer:
    """Another role on the relay."""
    await _ordered(parts, caller, words.Promote(await _name_of(parts, command.user), command.role), words.Done)
    return Answer(re=command.id)


async def list_sessions(parts: Parts, caller: SignedIn, command: ListSessions) -> Sessions:
    """Where somebody is signed in."""
    order = words.ListSessions(await _name_of(parts, command.user))
    done = await _ordered(parts, caller, order, words.Sessions)
    sessions = [
        Session(
            each.id,
            each.device,
            each.created_at,
            each.seen_at,
            None if each.scopes is None else cast(tuple[Scope, ...], tuple(each.scopes)),
            own=each.id == caller.session,
        )
        for each in done.sessions
    ]
    return Sessions(re=command.id, sessions=sessions)


async def revoke_sessions(parts: Parts, caller: SignedIn, command: RevokeSessions) -> Answer:
    """Sign somebody out."""
    session = None if command.session is None else SessionId(command.session)
    await _ordered(parts, caller, words.RevokeSessions(await _name_of(parts, command.user), session), words.Done)
    return Answer(re=command.id)


async def show_state(parts: Parts, caller: SignedIn, command: ShowState) -> OneRelay:
    """How it stands with the relay."""
    done = await _ordered(parts, caller, words.ShowState(), words.StateShown)
    return OneRelay(re=command.id, relay=done.relay)


async def _name_of(parts: Parts, user: int) -> str:
    """By which the orders know people: it never changes.

    Raises:
        UnknownUser: there is nobody with that id.
    """
    found = await parts.store.read(lambda tables: tables.people.get(UserId(user)))
    if found is None:
        raise UnknownUser
    return found.username


async def _ordered(parts: Parts, caller: SignedIn, order: AnyOrder, expected: type[T]) -> T:
    outcome = await parts.obey(order, caller)
    if not isinstance(outcome, expected):
        raise InternalError
    return outcome
