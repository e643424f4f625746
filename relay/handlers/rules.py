"""The table: each command with its handler and what must be true before it runs. One table for both doors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from common.errors import NotAllowed, NotAMember, NotSignedIn, RateLimited, UnknownGroup
from common.protocol.messages import (
    Answer,
    Command,
    CreateGroup,
    Entry,
    Hello,
    History,
    JoinGroup,
    LeaveGroup,
    ListGroups,
    ListMembers,
    ListUsers,
    Login,
    Logout,
    MarkRead,
    Post,
    Register,
    RenameGroup,
    Role,
)
from relay.handlers import accounts, greeting, groups, people, talk
from relay.handlers.parts import Caller, Parts, SignedIn

_ADMINS: Final[frozenset[Role]] = frozenset({"owner", "admin"})

Need = Callable[[Parts, Caller, Any], None]


# -- preconditions, answered from memory -------------------------------------------------------------------------------


def NOBODY_IN_PARTICULAR(parts: Parts, caller: Caller, command: Command) -> None:  # noqa: N802  reads as a constant in the table
    """Anybody may, without a token."""


def SIGNED_IN(parts: Parts, caller: Caller, command: Command) -> None:  # noqa: N802
    """Whoever has shown a token."""
    if not isinstance(caller, SignedIn):
        raise NotSignedIn


def MEMBER(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """Who is in the command's group."""
    if not isinstance(caller, SignedIn):
        raise NotSignedIn
    if parts.roster.role(command.group, caller.id) is None:
        found = parts.roster.group(command.group)
        raise NotAMember if found is not None and found.is_open_to(caller.id) else UnknownGroup


def ADMIN(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """An owner or admin of the command's group, or one of the relay who is in it."""
    MEMBER(parts, caller, command)
    assert isinstance(caller, SignedIn), "MEMBER has seen to it"
    if caller.user.role not in _ADMINS and parts.roster.role(command.group, caller.id) not in _ADMINS:
        raise NotAllowed("Only an owner or admin of the group may do that.")


# -- the table ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """A command that is awaited before the next one of its link begins."""

    handle: Callable[[Parts, Any, Any], Awaitable[Answer]]
    needs: Need


@dataclass(frozen=True, slots=True)
class Pipelined:
    """A command that only begins: its link goes on, the answer follows when the future is done."""

    begin: Callable[[Parts, Any, Any], asyncio.Future[Entry]]
    answer: Callable[[Any, Entry], Answer]
    needs: Need


RULES: Final[dict[type[Command], Rule | Pipelined]] = {
    Register: Rule(accounts.register, needs=NOBODY_IN_PARTICULAR),
    Login: Rule(accounts.login, needs=NOBODY_IN_PARTICULAR),
    Logout: Rule(accounts.logout, needs=SIGNED_IN),
    Hello: Rule(greeting.hello, needs=SIGNED_IN),
    ListGroups: Rule(groups.list_groups, needs=SIGNED_IN),
    CreateGroup: Rule(groups.create_group, needs=SIGNED_IN),
    JoinGroup: Rule(groups.join_group, needs=SIGNED_IN),
    LeaveGroup: Rule(groups.leave_group, needs=MEMBER),
    RenameGroup: Rule(groups.rename_group, needs=ADMIN),
    ListMembers: Rule(groups.list_members, needs=MEMBER),
    ListUsers: Rule(people.list_users, needs=SIGNED_IN),
    Post: Pipelined(talk.post, talk.sent, needs=MEMBER),
    History: Rule(talk.history, needs=MEMBER),
    MarkRead: Rule(talk.mark_read, needs=MEMBER),
}


# -- running them ------------------------------------------------------------------------------------------------------


def admit(parts: Parts, caller: Caller, command: Command) -> None:
    """Let *command* pass by the limits of how often.

    Raises:
        RateLimited: too much at once; it says after how many seconds it may be tried again.
    """
    throttles = parts.throttles
    wait_s = throttles.commands_by_address.wait_s(caller.address)
    if wait_s <= 0 and isinstance(caller, SignedIn):
        buckets = throttles.posts_by_session if type(command) is Post else throttles.commands_by_session
        wait_s = buckets.wait_s(caller.session)
    if wait_s > 0:
        raise RateLimited(retry_after=round(wait_s, 3))


def begin(rule: Pipelined, parts: Parts, caller: SignedIn, command: Command) -> asyncio.Future[Entry]:
    """The fast path of a link: check, queue, and go on. The future fails with a `WireError` when the answer is no later on.

    Raises:
        WireError: the answer is no at once.
    """
    admit(parts, caller, command)
    rule.needs(parts, caller, command)
    return rule.begin(parts, caller, command)


async def perform(parts: Parts, caller: Caller, command: Command) -> Answer:
    """The answer to *command*.

    Raises:
        WireError: the answer is no.
    """
    admit(parts, caller, command)
    rule = RULES[type(command)]
    rule.needs(parts, caller, command)
    if isinstance(rule, Pipelined):
        return rule.answer(command, await rule.begin(parts, caller, command))
    return await rule.handle(parts, caller, command)
