"""Accounts and device sessions: register, sign in, sign out, and whose token it is."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from functools import partial
from typing import Final

from common.errors import (
    BadPassword,
    InvitationNeeded,
    NotSignedIn,
    RateLimited,
    RegistrationClosed,
    UsernameTaken,
    WrongCredentials,
)
from common.ids import GroupId, SessionId
from common.protocol import limits
from common.protocol.messages import Answer, Login, Logout, Register, Role, User, UserChanged
from common.protocol.messages import SignedIn as TokenGiven
from relay.handlers import invites, names
from relay.handlers.entering import enter
from relay.handlers.invites import Found
from relay.handlers.parts import Caller, Parts, SignedIn
from relay.handlers.passwords import line_of
from relay.handlers.scopes import widest
from relay.storage.audit import Note
from relay.storage.entries import Draft
from relay.storage.lanes import ahead
from relay.storage.transaction import Transaction

TOKEN_BYTES: Final = 32
SEEN_EVERY_MS: Final = 60_000
"""When a script was last here is noted this often."""
FORGOTTEN_AFTER_MS: Final = 30 * 24 * 3600 * 1000
"""A device that was not here for so long gives its place to another one, where there is none left."""
_TOKEN_CHARACTERS_MAX: Final = 64
_SCHEME: Final = "bearer"


# -- tokens ------------------------------------------------------------------------------------------------------------


def new_token() -> str:
    """What a device shows from now on in place of a password."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What is stored of a token. It is random, so a fast hash cannot be turned round."""
    return hashlib.sha256(token.encode()).digest()


async def caller_of(parts: Parts, authorization: str | None, address: str, host: str = "") -> SignedIn:
    """Who shows this `Authorization` header, in a request to *host*.

    Raises:
        NotSignedIn: nobody.
        RateLimited: too many tokens that are not known came from *address*.
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != _SCHEME or not token or len(token) > _TOKEN_CHARACTERS_MAX or not token.isascii():
        raise NotSignedIn
    hashed, now, seen = token_hash(token), parts.now(), parts.throttles.tokens
    if (wait_s := seen.wait_s(hashed, address)) > 0:
        raise RateLimited(retry_after=round(wait_s, 3))
    with ahead():
        session = await parts.store.read(lambda tables: tables.sessions.by_token(hashed, now))
    if session is None:
        seen.was_wrong(hashed)
        raise NotSignedIn
    seen.was_right(hashed)
    scope = None if session.scopes is None else widest(session.scopes)
    if scope is not None and now - session.seen_at >= SEEN_EVERY_MS:
        note_seen(parts, session.id)
    return SignedIn(session.user, session.id, address, host=host, scope=scope, expires=session.expires_at)


def note_seen(parts: Parts, session: SessionId) -> None:
    """Its device or script was here. That is worth a write, but nobody is refused for it; a failing disk shows at the next message."""
    parts.journal.change(lambda transaction: transaction.sessions.touch(session, transaction.now)).add_done_callback(
        _look_away
    )


def _look_away(seen: asyncio.Future[None]) -> None:
    if not seen.cancelled():
        seen.exception()


# -- commands ----------------------------------------------------------------------------------------------------------


async def register(parts: Parts, caller: Caller, command: Register) -> TokenGiven:
    """Make an account, put it into the general group, sign it in."""
    display_name = command.username if command.display_name is None else command.display_name
    names.check_username(command.username)
    names.check_name(display_name)
    if len(command.password) < limits.PASSWORD_MIN:
        raise BadPassword
    if (wait_s := parts.throttles.registrations_by_address.wait_s(caller.address)) > 0:
        raise RateLimited(retry_after=wait_s)
    code = command.code
    found = await _found(parts, code, caller.address)
    if await parts.store.read(lambda tables: tables.people.account(command.username)) is not None:
        raise UsernameTaken  # before the costly hash; the transaction looks again
    hashed = await parts.passwords.hash(command.password, "registering")
    token = new_token()

    def add(transaction: Transaction) -> User:
        now, groups = transaction.now, transaction.groups
        role, invited_to, by_what = _admitted(parts, transaction, found, code or "")
        user = transaction.people.add(command.username, display_name, hashed, role, now)
        transaction.audit.add(Note("account_made", "client", user.username, user.username, by_what), now)
        transaction.sessions.add(user.id, token_hash(token), command.device, now)
        transaction.afterwards(lambda: parts.fanout.tell_everyone([UserChanged(user=user)]))
        general = groups.general()
        transaction.append(Draft(general, user.id, "join"))
        groups.add_member(general, user.id, role, now)
        transaction.afterwards(lambda: parts.fanout.add_member(general, user.id, role))
        if invited_to is not None:
            enter(parts, transaction, invited_to, user.id, by=user.id)
        return user

    user = await parts.journal.change(add)
    parts.throttles.guesses.lives_at(names.folded(user.username), caller.address)
    return TokenGiven(re=command.id, token=token, user=user)


def _admitted(
    parts: Parts, transaction: Transaction, found: Found | None, code: str
) -> tuple[Role, GroupId | None, str]:
    """What the new account is on the relay, into which group it was invited, and by what it came in; the code is used now, or was
    by somebody faster."""
    if found is None:
        return "member", None, ""
    if found.is_owner:
        if not transaction.meta.take_owner_code(code):
            raise InvitationNeeded(invites.WRONG_CODE)
        return "owner", None, "owner_code"
    if found.invite is None:
        return "member", None, "standing_code"
    invite = invites.good_one(transaction, code)
    if parts.registration == "invite" and parts.only_admins_invite and not invites.is_of_admin(transaction, invite):
        raise InvitationNeeded(invites.FOR_ACCOUNTS)
    transaction.invites.use(invite)
    return "member", invite.group, str(invite.id)


async def login(parts: Parts, caller: Caller, command: Login) -> TokenGiven:
    """Sign in on one more device."""
    account_name = names.folded(command.username)
    invites.begin_guess(parts, account_name, caller.address)
    account = await parts.store.read(lambda tables: tables.people.account(command.username))
    stored = None if account is None or account.disabled else account.password_hash
    line = line_of("member" if account is None else account.user.role)
    if not await parts.passwords.is_right(stored, command.password, line) or account is None:
        raise WrongCredentials
    parts.throttles.guesses.succeeded(account_name, caller.address)
    token, user = new_token(), account.user

    def sign_in(transaction: Transaction) -> None:
        person = transaction.people.living(user.id)
        if person is None:  # deleted meanwhile
            raise WrongCredentials
        _make_room(parts, transaction, person)
        transaction.sessions.add(user.id, token_hash(token), command.device, transaction.now)

    await parts.journal.change(sign_in)
    return TokenGiven(re=command.id, token=token, user=user)


def _make_room(parts: Parts, transaction: Transaction, user: User) -> None:
    """Let *user* have one device session more. Where they have as many as they may, those go that have not been here for long; of an
    owner of the relay always that of the longest time ago: nobody else could let them in again who has lost a device.

    Raises:
        LimitReached: there are none such.
    """
    most = parts.limits.of("devices", user.id)
    if not most:
        return
    sessions, ended = transaction.sessions.seen_of(user.id), 0
    while len(sessions) >= most and (user.role == "owner" or transaction.now - sessions[0][1] >= FORGOTTEN_AFTER_MS):
        gone, seen_at = sessions.pop(0)
        transaction.sessions.revoke(gone)
        transaction.afterwards(partial(parts.fanout.end_session, gone, user.id))
        ended += transaction.now - seen_at < FORGOTTEN_AFTER_MS
    if ended:
        note = Note("sessions_revoked", "client", user.username, user.username, str(ended))
        transaction.audit.add(note, transaction.now)
    parts.limits.check("devices", user.id, len(sessions))


async def logout(parts: Parts, caller: SignedIn, command: Logout) -> Answer:
    """End the device session and its links."""
    await parts.journal.change(lambda transaction: transaction.sessions.revoke(caller.session))
    parts.fanout.end_session(caller.session, caller.id)
    return Answer(re=command.id)


# -- who may register --------------------------------------------------------------------------------------------------


async def _found(parts: Parts, code: str | None, address: str) -> Found | None:
    """What *code* is good for. One that is wrong is refused even where none is needed: whoever mistyped the owner code would not
    notice."""
    if code is None:
        if parts.registration == "closed":
            raise RegistrationClosed
        if parts.registration == "invite":
            raise InvitationNeeded
        return None
    found = await invites.look_at(parts, code, address)
    if parts.registration == "closed" and not found.is_owner:
        raise RegistrationClosed
    if not found:
        raise InvitationNeeded(invites.WRONG_CODE)
    return found
