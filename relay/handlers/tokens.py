"""Access tokens: keys that a person makes for scripts, good for less than their own device sessions."""

from __future__ import annotations

from common.errors import BadRequest, NotSignedIn
from common.ids import Millis, SessionId
from common.protocol.messages import AccessToken, Answer, CreateToken, ListTokens, RevokeToken, TokenMade, Tokens
from relay.handlers import names
from relay.handlers.accounts import new_token, token_hash
from relay.handlers.parts import Parts, SignedIn
from relay.storage.transaction import Transaction


async def create_token(parts: Parts, caller: SignedIn, command: CreateToken) -> TokenMade:
    """A new token of the caller, shown this once."""
    names.check_name(command.name)
    secret, scopes = new_token(), tuple(dict.fromkeys(command.scopes))
    expires = None if command.expires is None else Millis(command.expires)

    def create(transaction: Transaction) -> AccessToken:
        now, sessions = transaction.now, transaction.sessions
        if not sessions.holds(caller.session):
            raise NotSignedIn
        if expires is not None and expires <= now:
            raise BadRequest("'expires' has passed already.")
        parts.limits.check("tokens", caller.id, len(sessions.tokens_of(caller.id, now)))
        return sessions.add_token(caller.id, token_hash(secret), command.name, scopes, expires, now)

    token = await parts.journal.change(create)
    return TokenMade(re=command.id, token=token, secret=secret)


async def list_tokens(parts: Parts, caller: SignedIn, command: ListTokens) -> Tokens:
    """The caller's tokens that are still good."""
    now = parts.now()
    return Tokens(
        re=command.id, tokens=await parts.store.read(lambda tables: tables.sessions.tokens_of(caller.id, now))
    )


async def revoke_token(parts: Parts, caller: SignedIn, command: RevokeToken) -> Answer:
    """Make one worthless and close its links; one that is not there, or is somebody else's, stays as it is."""
    session = SessionId(command.token)

    def revoke(transaction: Transaction) -> None:
        if transaction.sessions.revoke_token(caller.id, session):
            transaction.afterwards(lambda: parts.fanout.end_session(session, caller.id))

    await parts.journal.change(revoke)
    return Answer(re=command.id)
