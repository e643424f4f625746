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
    LimitException,
    ListAccounts,
    ListAudit,
    ListLimits,
    ListSessions,
    OneRelay,
    PasswordMade,
    PersonLimit,
    PersonLimits,
    Promote,
    ResetPassword,
    RevokeSessions,
    Scope,
    Session,
    Sessions,
    SetLimit,
    ShowState,
    User,
)
from relay.control import words
from relay.control.words import AnyOrder, Outcome
from relay.handlers.parts import Parts, SignedIn
from relay.storage.tables import Tables

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


async def list_limits(parts: Parts, caller: SignedIn, command: ListLimits) -> PersonLimits:
    """What everybody may, and for whom it is otherwise; or what somebody may, and has."""
    username = "" if command.user is None else await _name_of(parts, command.user)
    done = await _ordered(parts, caller, words.ShowLimits(username), words.LimitsShown)
    found = [PersonLimit(each.name, each.value, each.otherwise, each.is_set, each.used) for each in done.limits]

    def people(tables: Tables) -> dict[str, User]:
        accounts = (tables.people.account(name) for name in {each.username for each in done.exceptions})
        return {account.user.username: account.user for account in accounts if account is not None}

    users = await parts.store.read(people) if done.exceptions else {}
    exceptions = [
        LimitException(users[each.username], each.name, each.value)
        for each in done.exceptions
        if each.username in users  # whoever has deleted their account meanwhile has no limits
    ]
    return PersonLimits(re=command.id, limits=found, exceptions=exceptions)


async def set_limit(parts: Parts, caller: SignedIn, command: SetLimit) -> Answer:
    """Another limit, for everybody or for somebody alone."""
    username = "" if command.user is None else await _name_of(parts, command.user)
    await _ordered(parts, caller, words.SetLimit(command.limit, command.value, username), words.Done)
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
