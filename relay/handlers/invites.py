"""Invitations: codes that let people register, and those to a group that bring them into it as well."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from common.crypto.identity import Invitation
from common.errors import BadRequest, InvitationNeeded, NotAllowed, TooManyAttempts
from common.ids import GroupId, Millis, UserId
from common.protocol import limits
from common.protocol.messages import Answer, AuditAct, CreateInvite, Invite, Invited, Invites, ListInvites, RevokeInvite
from relay.handlers.audit import note
from relay.handlers.entering import check_admin, rank_of
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.ranks import is_admin
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

WRONG_CODE: Final = (
    "This code is wrong, has expired or was used up. Ask whoever gave it to you for another one, or leave it out."
)
FOR_ACCOUNTS: Final = "This code leads into a group, for people who have an account here. Ask an owner or admin of the relay for an invitation to it."
_IS_HERE_ONLY: Final = re.compile(r"(.+\.)?localhost|127\.0\.0\.1|::1|fe[89ab].:.*", re.IGNORECASE)
"""Loopback, and the link-local addresses of IPv6, which lead nowhere without the name of an adapter."""
_HOST: Final = re.compile(r"[0-9a-z_.:-]+", re.IGNORECASE)


# -- made, listed, revoked ---------------------------------------------------------------------------------------------


async def create_invite(parts: Parts, caller: SignedIn, command: CreateInvite) -> Invited:
    """A new code, and a link with it that leads here."""
    group = group_of(parts, command.group)
    expires = None if command.expires is None else Millis(command.expires)

    def create(transaction: Transaction) -> tuple[Invite, str]:
        if group is not None:
            check_admin(transaction, caller, group)
        parts.limits.check("invites", caller.id, transaction.invites.made_by(caller.id, transaction.now))
        return make(transaction, caller, caller.id, group, command.uses, expires)

    invite, code = await parts.journal.change(create)
    return Invited(re=command.id, invite=invite, code=code, link=await link_with(parts, code, caller.host))


async def list_invites(parts: Parts, caller: SignedIn, command: ListInvites) -> Invites:
    """The invitations that still let somebody in."""
    group, now = group_of(parts, command.group), parts.now()
    return Invites(re=command.id, invites=await parts.store.read(lambda tables: tables.invites.good_ones(group, now)))


async def revoke_invite(parts: Parts, caller: SignedIn, command: RevokeInvite) -> Answer:
    """Make an invitation worthless; one that is so already stays so."""

    def revoke(transaction: Transaction) -> None:
        invite = transaction.invites.get(command.invite)
        if invite is None:
            return
        if invite.by != caller.id and not _could_have_made(transaction, caller, invite):
            raise NotAllowed("Only who made this invitation, or an owner or admin, may revoke it.")
        take_back(transaction, caller, invite)

    await parts.journal.change(revoke)
    return Answer(re=command.id)


def make(
    transaction: Transaction,
    by: SignedIn | None,
    maker: UserId,
    group: GroupId | None,
    uses: int | None,
    expires: Millis | None,
) -> tuple[Invite, str]:
    """A new one of *maker*'s, and its code; *by*: who does it, None: the command line.

    Raises:
        BadRequest, NotAllowed: it would be worth nothing, or there are too many.
    """
    now = transaction.now
    if expires is not None and expires <= now:
        raise BadRequest("'expires' has passed already.")
    if len(transaction.invites.good_ones(group, now)) >= limits.INVITES_MAX:
        raise NotAllowed("There are as many invitations as there may be. Revoke some first.")
    made = transaction.invites.add(maker, group, uses, expires, now)
    _note(transaction, by, "invite_made", made[0])
    return made


def take_back(transaction: Transaction, by: SignedIn | None, invite: Invite) -> None:
    """Make *invite* worthless; *by*: who does it, None: the command line."""
    transaction.invites.revoke(invite.id)
    _note(transaction, by, "invite_revoked", invite)


async def link_with(parts: Parts, code: str, host: str = "") -> str:
    """A link that leads here, with that *code*. *host*: as what somebody reached the relay just now, where that is known."""
    name, port = _place(host) or await parts.reached_at()
    return Invitation(name, port, parts.relay_id, code).link


def _note(transaction: Transaction, by: SignedIn | None, act: AuditAct, invite: Invite) -> None:
    """Write it down where it is the relay's matter: done by an owner or admin of it. What others do for their groups is not."""
    if by is None or is_admin(by.user.role):
        group = None if invite.group is None else transaction.groups.get(invite.group)
        note(transaction, by, act, detail=f"{invite.id}" if group is None else f"{invite.id}, {group.name}")


def _could_have_made(transaction: Transaction, caller: SignedIn, invite: Invite) -> bool:
    if invite.group is None:
        return is_admin(caller.user.role)
    is_member = transaction.groups.role(invite.group, caller.id) is not None
    return is_member and is_admin(rank_of(transaction, caller, invite.group))


def group_of(parts: Parts, asked: int | None) -> GroupId | None:
    """The group that is asked for, which must be one that people come into; None for the relay alone.

    Raises:
        NotAllowed: it is not.
    """
    if asked is None:
        return None
    found = parts.roster.group(asked)
    if found is None or found.kind != "group":
        raise NotAllowed("Nobody is invited to this group.")
    return found.id


def _place(host: str) -> tuple[str, int] | None:
    """Where others reach the relay too, going by how the caller does; None where that says nothing."""
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or port is None or _IS_HERE_ONLY.fullmatch(name) or not _HOST.fullmatch(name):
        return None
    return name, port


# -- used --------------------------------------------------------------------------------------------------------------


class Found(Struct, frozen=True):
    """What a code is good for."""

    is_owner: bool
    is_standing: bool
    invite: Invite | None

    def __bool__(self) -> bool:
        return self.is_owner or self.is_standing or self.invite is not None


async def look_at(parts: Parts, code: str, address: str) -> Found:
    """What *code* is good for. Who tries many wrong ones has to wait.

    Raises:
        TooManyAttempts: it is not looked at.
    """
    # Counted by address alone: a code is too long to be guessed, and nobody shall keep others from using theirs.
    begin_guess(parts, f"code from {address}", address)
    now = parts.now()
    found = await parts.store.read(lambda tables: _find(tables, code, now))
    if found:
        parts.throttles.guesses.succeeded(f"code from {address}", address)
    return found


def _find(tables: Tables, code: str, now: Millis) -> Found:
    meta = tables.meta
    return Found(meta.is_owner_code(code), meta.is_invitation_code(code), tables.invites.by_code(code, now))


def good_one(transaction: Transaction, code: str) -> Invite:
    """The invitation with that *code*; whoever was faster may have used it up, or it was revoked.

    Raises:
        InvitationNeeded: there is none.
    """
    invite = transaction.invites.by_code(code, transaction.now)
    if invite is None:
        raise InvitationNeeded(WRONG_CODE)
    return invite


def is_of_admin(transaction: Transaction, invite: Invite) -> bool:
    """Whether whoever made it is an owner or admin of the relay now."""
    maker = transaction.people.get(invite.by)
    return maker is not None and is_admin(maker.role)


def leads_elsewhere() -> InvitationNeeded:
    """What to say of a good code that does not lead into the group that was asked for."""
    return InvitationNeeded("This code is good, but not for that group. Ask for an invitation to it.")


def begin_guess(parts: Parts, account_name: str, address: str) -> None:
    """Count a try, of a password or a code, as failed until it is known to be right.

    Raises:
        TooManyAttempts: it may not even be tried yet.
    """
    if (wait_s := parts.throttles.guesses.begin(account_name, address)) > 0:
        raise TooManyAttempts(retry_after=wait_s)
