"""The table: each command with its handler and what must be true before it runs. One table for both doors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from msgspec import Struct

from common.errors import NotAllowed, NotAMember, NotSignedIn, RateLimited, UnknownGroup
from common.protocol.messages import (
    AddMember,
    Answer,
    BanMember,
    Choose,
    Command,
    CountExpired,
    CreateGroup,
    CreateInvite,
    CreateToken,
    CreateWebhook,
    DeleteAccount,
    DisableUser,
    Edit,
    Entry,
    GetRetention,
    Hello,
    History,
    JoinGroup,
    LeaveGroup,
    ListAccounts,
    ListAudit,
    ListBans,
    ListEdits,
    ListGroups,
    ListInvites,
    ListLimits,
    ListMembers,
    ListMutes,
    ListPins,
    ListReaders,
    ListSessions,
    ListTokens,
    ListUsers,
    ListWebhooks,
    Login,
    Logout,
    MarkRead,
    MarkUnread,
    MuteMember,
    OfferMove,
    OpenDirect,
    Pin,
    Post,
    Promote,
    React,
    Redact,
    Register,
    RemoveMember,
    RenameGroup,
    ResetPassword,
    RevokeInvite,
    RevokeSessions,
    RevokeToken,
    RevokeWebhook,
    Role,
    Scope,
    Search,
    SetHold,
    SetLimit,
    SetPresence,
    SetReceipts,
    SetRetention,
    SetRole,
    SetSlow,
    SetTopic,
    ShowState,
    Typing,
)
from relay.handlers import (
    accounts,
    acts,
    deletion,
    directs,
    greeting,
    groups,
    invites,
    membership,
    moving,
    muting,
    owning,
    people,
    presence,
    reading,
    retention,
    search,
    talk,
    tokens,
    webhooks,
)
from relay.handlers.parts import Caller, Parts, SignedIn
from relay.handlers.ranks import higher, is_admin
from relay.handlers.scopes import check_scope
from relay.journal import urgent
from relay.storage.lanes import ahead

_SAYS: Final = frozenset({Post, Edit, Redact, React, Pin})
"""What everybody in the group hears, and so is counted as messages are."""

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
    if not is_admin(_rank(parts, caller, command)):
        raise NotAllowed("Only an owner or admin of the group may do that.")


def OWNER(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """An owner of the command's group, or one of the relay who is in it."""
    if _rank(parts, caller, command) != "owner":
        raise NotAllowed("Only an owner of the group may do that.")


def INVITER(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """Who may invite: to a group its owners and admins, to the relay alone those of the relay."""
    if command.group is not None:
        ADMIN(parts, caller, command)
        return
    if not isinstance(caller, SignedIn):
        raise NotSignedIn
    if not is_admin(caller.user.role):
        raise NotAllowed("Only an owner or admin of the relay may do that. Invite to a group of yours instead.")


def KEEPER(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """Who may say how much of the past is kept: of a group its owners and admins, of the relay its owners."""
    if command.group is None:
        RELAY_OWNER(parts, caller, command)
    else:
        ADMIN(parts, caller, command)


def HOLDER(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """An owner of the relay; where the command names a group, one who is in it."""
    RELAY_OWNER(parts, caller, command)
    MEMBER_IF_NAMED(parts, caller, command)


def RELAY_ADMIN(parts: Parts, caller: Caller, command: Command) -> None:  # noqa: N802
    """An owner or admin of the relay."""
    if not isinstance(caller, SignedIn):
        raise NotSignedIn
    if not is_admin(caller.user.role):
        raise NotAllowed("Only an owner or admin of the relay may do that.")


def RELAY_OWNER(parts: Parts, caller: Caller, command: Command) -> None:  # noqa: N802
    """An owner of the relay."""
    if not isinstance(caller, SignedIn):
        raise NotSignedIn
    if caller.user.role != "owner":
        raise NotAllowed("Only an owner of the relay may do that.")


def LEADER(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """Who leads there: of a group its owners and admins, of the whole relay its own."""
    if command.group is not None:
        ADMIN(parts, caller, command)
        return
    if not isinstance(caller, SignedIn):
        raise NotSignedIn
    if not is_admin(caller.user.role):
        raise NotAllowed("Only an owner or admin of the relay may do that.")


def _rank(parts: Parts, caller: Caller, command: Any) -> Role:
    MEMBER(parts, caller, command)
    assert isinstance(caller, SignedIn), "MEMBER has seen to it"
    role = parts.roster.role(command.group, caller.id)
    assert role is not None, "MEMBER has seen to it"
    return higher(role, caller.user.role)


def MEMBER_IF_NAMED(parts: Parts, caller: Caller, command: Any) -> None:  # noqa: N802
    """Whoever has shown a token; where the command names a group, who is in it."""
    (SIGNED_IN if command.group is None else MEMBER)(parts, caller, command)


# -- the table ---------------------------------------------------------------------------------------------------------


class Rule(Struct, frozen=True):
    """A command that is awaited before the next one of its link begins.

    *scope*: what an access token must be good for; None: no access token may.
    *needs_still*: what it needs must be true after it as well: it tells what is said in a group, and the caller may have been taken
    out while that was read. *speaks*: what it says is seen by others and has no nonce, so who is muted may not.
    """

    handle: Callable[[Parts, Any, Any], Awaitable[Answer]]
    scope: Scope | None
    needs: Need
    needs_still: bool = False
    speaks: bool = False


class Pipelined(Struct, frozen=True):
    """A command that only begins: its link goes on, the answer follows when the future is done."""

    begin: Callable[[Parts, Any, Any], asyncio.Future[Entry]]
    answer: Callable[[Any, Entry], Answer]
    scope: Scope | None
    needs: Need


RULES: Final[dict[type[Command], Rule | Pipelined]] = {
    Register: Rule(accounts.register, scope=None, needs=NOBODY_IN_PARTICULAR),
    Login: Rule(accounts.login, scope=None, needs=NOBODY_IN_PARTICULAR),
    Logout: Rule(accounts.logout, scope="read", needs=SIGNED_IN),
    Hello: Rule(greeting.hello, scope="read", needs=SIGNED_IN),
    ListGroups: Rule(groups.list_groups, scope="read", needs=SIGNED_IN),
    CreateGroup: Rule(groups.create_group, scope="manage", needs=SIGNED_IN, speaks=True),
    JoinGroup: Rule(membership.join_group, scope="manage", needs=SIGNED_IN),
    LeaveGroup: Rule(membership.leave_group, scope="manage", needs=MEMBER),
    RenameGroup: Rule(groups.rename_group, scope="manage", needs=ADMIN, speaks=True),
    ListMembers: Rule(groups.list_members, scope="read", needs=MEMBER, needs_still=True),
    ListUsers: Rule(people.list_users, scope="read", needs=SIGNED_IN),
    Post: Pipelined(talk.post, talk.sent, scope="write", needs=MEMBER),
    History: Rule(talk.history, scope="read", needs=MEMBER, needs_still=True),
    MarkRead: Rule(reading.mark_read, scope="write", needs=MEMBER),
    Edit: Rule(acts.edit, scope="write", needs=MEMBER),
    ListEdits: Rule(acts.list_edits, scope="read", needs=MEMBER, needs_still=True),
    Redact: Rule(acts.redact, scope="write", needs=MEMBER),
    React: Rule(acts.react, scope="write", needs=MEMBER),
    Pin: Rule(acts.pin, scope="write", needs=MEMBER),
    ListPins: Rule(acts.list_pins, scope="read", needs=MEMBER, needs_still=True),
    ListReaders: Rule(reading.list_readers, scope="read", needs=MEMBER, needs_still=True),
    MarkUnread: Rule(reading.mark_unread, scope="write", needs=MEMBER),
    Typing: Rule(presence.typing, scope="write", needs=MEMBER),
    SetPresence: Rule(presence.set_presence, scope="write", needs=SIGNED_IN),
    SetReceipts: Rule(reading.set_receipts, scope="manage", needs=SIGNED_IN),
    Choose: Rule(groups.choose, scope="write", needs=MEMBER),
    OpenDirect: Rule(directs.open_direct, scope="write", needs=SIGNED_IN),
    AddMember: Rule(membership.add_member, scope="manage", needs=ADMIN),
    RemoveMember: Rule(membership.remove_member, scope="manage", needs=ADMIN),
    BanMember: Rule(membership.ban_member, scope="manage", needs=ADMIN),
    ListBans: Rule(membership.list_bans, scope="manage", needs=ADMIN, needs_still=True),
    MuteMember: Rule(muting.mute_member, scope="manage", needs=LEADER),
    ListMutes: Rule(muting.list_mutes, scope="manage", needs=LEADER, needs_still=True),
    SetSlow: Rule(muting.set_slow, scope="manage", needs=ADMIN),
    SetRole: Rule(membership.set_role, scope="manage", needs=OWNER),
    SetTopic: Rule(groups.set_topic, scope="manage", needs=ADMIN, speaks=True),
    CreateInvite: Rule(invites.create_invite, scope="manage", needs=INVITER),
    ListInvites: Rule(invites.list_invites, scope="manage", needs=INVITER, needs_still=True),
    RevokeInvite: Rule(invites.revoke_invite, scope="manage", needs=SIGNED_IN),
    Search: Rule(search.search, scope="read", needs=MEMBER_IF_NAMED, needs_still=True),
    CreateToken: Rule(tokens.create_token, scope=None, needs=SIGNED_IN),
    ListTokens: Rule(tokens.list_tokens, scope=None, needs=SIGNED_IN),
    RevokeToken: Rule(tokens.revoke_token, scope=None, needs=SIGNED_IN),
    CreateWebhook: Rule(webhooks.create_webhook, scope=None, needs=ADMIN, speaks=True),
    ListWebhooks: Rule(webhooks.list_webhooks, scope="manage", needs=ADMIN, needs_still=True),
    RevokeWebhook: Rule(webhooks.revoke_webhook, scope="manage", needs=MEMBER),
    ListAudit: Rule(owning.list_audit, scope=None, needs=RELAY_OWNER),
    GetRetention: Rule(retention.get_retention, scope="read", needs=SIGNED_IN),
    CountExpired: Rule(retention.count_expired, scope="manage", needs=KEEPER),
    SetRetention: Rule(retention.set_retention, scope="manage", needs=KEEPER),
    SetHold: Rule(retention.set_hold, scope="manage", needs=HOLDER),
    ListAccounts: Rule(owning.list_accounts, scope=None, needs=RELAY_ADMIN),
    DisableUser: Rule(owning.disable_user, scope=None, needs=RELAY_ADMIN),
    ResetPassword: Rule(owning.reset_password, scope=None, needs=RELAY_ADMIN),
    Promote: Rule(owning.promote, scope=None, needs=RELAY_OWNER),
    ListSessions: Rule(owning.list_sessions, scope=None, needs=SIGNED_IN),
    RevokeSessions: Rule(owning.revoke_sessions, scope=None, needs=SIGNED_IN),
    ListLimits: Rule(owning.list_limits, scope=None, needs=RELAY_OWNER),
    SetLimit: Rule(owning.set_limit, scope=None, needs=RELAY_OWNER),
    DeleteAccount: Rule(deletion.delete_account, scope=None, needs=SIGNED_IN),
    OfferMove: Rule(moving.offer_move, scope=None, needs=RELAY_OWNER),
    ShowState: Rule(owning.show_state, scope=None, needs=RELAY_OWNER),
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
        buckets = throttles.posts_by_session if type(command) in _SAYS else throttles.commands_by_session
        wait_s = buckets.wait_s(caller.session)
    if wait_s > 0:
        raise RateLimited(retry_after=round(wait_s, 3))
    if isinstance(caller, SignedIn) and type(command) in _SAYS:
        parts.check_pace(caller.id)


URGENT: Final[frozenset[type[Command]]] = frozenset(
    {
        Redact,
        RemoveMember,
        BanMember,
        MuteMember,
        SetSlow,
        RevokeInvite,
        RevokeToken,
        RevokeWebhook,
        SetRetention,
        SetLimit,
        DisableUser,
        ResetPassword,
        Promote,
        RevokeSessions,
    }
)
"""What owners and admins of the relay can do while the disk is full: by the room that is kept for it (`relay.storage.reserve`)."""


def begin(rule: Pipelined, parts: Parts, caller: SignedIn, command: Command) -> asyncio.Future[Entry]:
    """The fast path of a link: check, queue, and go on. The future fails with a `WireError` when the answer is no later on.

    Raises:
        WireError: the answer is no at once.
    """
    admit(parts, caller, command)
    check_scope(caller, rule.scope)
    rule.needs(parts, caller, command)
    return rule.begin(parts, caller, command)


@contextmanager
def _as_whoever_leads(caller: Caller, command: Command) -> Iterator[None]:
    """What owners and admins of the relay do is not kept waiting by the crowd, nor the urgent part of it by a full disk."""
    if not isinstance(caller, SignedIn) or not is_admin(caller.user.role):
        yield
        return
    with ahead(), urgent() if type(command) in URGENT else nullcontext():
        yield


async def perform(parts: Parts, caller: Caller, command: Command) -> Answer:
    """The answer to *command*.

    Raises:
        WireError: the answer is no.
    """
    admit(parts, caller, command)
    rule = RULES[type(command)]
    check_scope(caller, rule.scope)
    rule.needs(parts, caller, command)
    if isinstance(rule, Pipelined):
        return rule.answer(command, await rule.begin(parts, caller, command))
    if rule.speaks and isinstance(caller, SignedIn):
        muting.check_may_speak(parts, caller, getattr(command, "group", None))
    with _as_whoever_leads(caller, command):
        answer = await rule.handle(parts, caller, command)
    if rule.needs_still:
        rule.needs(parts, caller, command)
    return answer
