"""Letting another computer take this relay over."""

from __future__ import annotations

from common.errors import NotAllowed, WrongCredentials
from common.protocol.messages import MoveOffered, OfferMove
from relay.handlers import invites, names
from relay.handlers.audit import note
from relay.handlers.parts import Parts, SignedIn


async def offer_move(parts: Parts, caller: SignedIn, command: OfferMove) -> MoveOffered:
    """A ticket for one computer: it leads to every message and every key, so the password is asked for again."""
    username = caller.user.username
    account_name = names.folded(username)
    invites.begin_guess(parts, account_name, caller.address)
    account = await parts.store.read(lambda tables: tables.people.account(username))
    stored = None if account is None or account.disabled else account.password_hash
    if not await parts.passwords.is_right(stored, command.password, "leading") or account is None:
        raise WrongCredentials("The password is wrong. Nothing was handed over.")
    parts.throttles.guesses.succeeded(account_name, caller.address)
    if account.user.role != "owner":  # what was true at the door may have changed since
        raise NotAllowed("Only an owner of the relay may do that.")
    parts.handover.check_here()
    await parts.journal.change(lambda transaction: note(transaction, caller, "move_offered"))
    offered = parts.handover.offer()
    return MoveOffered(re=command.id, ticket=offered.ticket, expires_at=offered.until)
