"""Accounts and device sessions: register, sign in, sign out, and whose token it is."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from common.errors import (
    BadPassword,
    InvitationNeeded,
    NotSignedIn,
    RateLimited,
    RegistrationClosed,
    TooManyAttempts,
    UsernameTaken,
    WrongCredentials,
)
from common.ids import SessionId
from common.protocol import limits
from common.protocol.messages import Answer, Login, Logout, Register, Role, User, UserChanged
from common.protocol.messages import SignedIn as TokenGiven
from relay.handlers import names
from relay.handlers.parts import Caller, Parts, SignedIn
from relay.storage.entries import Draft
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

TOKEN_BYTES: Final = 32
_TOKEN_CHARACTERS_MAX: Final = 64
_SCHEME: Final = "bearer"
_WRONG_CODE: Final = "This code is wrong or was used up. Ask whoever runs the relay for another one, or leave it out."


# -- tokens ------------------------------------------------------------------------------------------------------------


def new_token() -> str:
    """What a device shows from now on in place of a password."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What is stored of a token. It is random, so a fast hash cannot be turned round."""
    return hashlib.sha256(token.encode()).digest()


async def caller_of(parts: Parts, authorization: str | None, address: str) -> SignedIn:
    """Who shows this `Authorization` header.

    Raises:
        NotSignedIn: nobody.
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if scheme.lower() != _SCHEME or not token or len(token) > _TOKEN_CHARACTERS_MAX or not token.isascii():
        raise NotSignedIn
    hashed = token_hash(token)
    session = await parts.store.read(lambda tables: tables.sessions.by_token(hashed))
    if session is None:
        raise NotSignedIn
    return SignedIn(session.user, session.id, address)


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
    role = await _role_by_code(parts, code, caller.address)
    if await parts.store.read(lambda tables: tables.people.account(command.username)) is not None:
        raise UsernameTaken  # before the costly hash; the transaction looks again
    hashed = await parts.passwords.hash(command.password)
    token = new_token()

    def add(transaction: Transaction) -> tuple[User, SessionId]:
        now = transaction.now
        if role == "owner" and not transaction.meta.take_owner_code(code or ""):
            raise InvitationNeeded(_WRONG_CODE)
        user = transaction.people.add(command.username, display_name, hashed, role, now)
        general = transaction.groups.general()
        transaction.append(Draft(general, user.id, "join"))
        transaction.groups.add_member(general, user.id, role, now)
        return user, transaction.sessions.add(user.id, token_hash(token), command.device, now)

    user, _session = await parts.journal.change(add)
    parts.fanout.tell_everyone([UserChanged(user=user)])
    parts.fanout.add_member(parts.roster.general, user.id, role)
    return TokenGiven(re=command.id, token=token, user=user)


async def login(parts: Parts, caller: Caller, command: Login) -> TokenGiven:
    """Sign in on one more device."""
    account_name = names.folded(command.username)
    _begin_guess(parts, account_name, caller.address)
    account = await parts.store.read(lambda tables: tables.people.account(command.username))
    stored = None if account is None or account.disabled else account.password_hash
    if not await parts.passwords.is_right(stored, command.password) or account is None:
        raise WrongCredentials
    parts.throttles.guesses.succeeded(account_name, caller.address)
    token, user = new_token(), account.user
    await parts.journal.change(
        lambda transaction: transaction.sessions.add(user.id, token_hash(token), command.device, transaction.now)
    )
    return TokenGiven(re=command.id, token=token, user=user)


async def logout(parts: Parts, caller: SignedIn, command: Logout) -> Answer:
    """End the device session and its links."""
    await parts.journal.change(lambda transaction: transaction.sessions.revoke(caller.session))
    parts.fanout.end_session(caller.session, caller.id)
    return Answer(re=command.id)


# -- who may register --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Code:
    is_owner: bool
    is_invitation: bool


async def _role_by_code(parts: Parts, code: str | None, address: str) -> Role:
    """What a new account with *code* becomes. A code that is wrong is refused even where none is needed: whoever mistyped
    the owner code would not notice."""
    if code is None:
        if parts.registration == "closed":
            raise RegistrationClosed
        if parts.registration == "invite":
            raise InvitationNeeded
        return "member"
    # Counted by address alone: a code is too long to be guessed, and nobody shall keep others from using theirs.
    _begin_guess(parts, f"code from {address}", address)
    found = await parts.store.read(lambda tables: _look_at(tables, code))
    if not (found.is_owner or found.is_invitation):
        raise RegistrationClosed if parts.registration == "closed" else InvitationNeeded(_WRONG_CODE)
    parts.throttles.guesses.succeeded(f"code from {address}", address)
    if found.is_owner:
        return "owner"
    if parts.registration == "closed":
        raise RegistrationClosed
    return "member"


def _look_at(tables: Tables, code: str) -> _Code:
    return _Code(tables.meta.is_owner_code(code), tables.meta.is_invitation_code(code))


def _begin_guess(parts: Parts, account_name: str, address: str) -> None:
    if (wait_s := parts.throttles.guesses.begin(account_name, address)) > 0:
        raise TooManyAttempts(retry_after=wait_s)
