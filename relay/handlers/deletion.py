"""Deleting an account: what is said and done at once. What takes its time, `relay.operating.erasing` does afterwards.

From the commit on nobody signs in as that person, nobody is told their name, and where all that they said is to be destroyed nobody reads
it any more, although the disk still holds some of it for a while.
"""

from __future__ import annotations

from typing import Final

from common.errors import LastOwner, NotSignedIn, OnHold, UnknownUser, WrongCredentials
from common.ids import SessionId, UserId
from common.protocol.messages import Answer, DeleteAccount, Fate, User, UserChanged
from relay.handlers import invites, names
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.passwords import line_of
from relay.storage.audit import Note
from relay.storage.erasure import pseudonym
from relay.storage.transaction import Transaction

_LAST_OWNER: Final = "This is the only owner of the relay, which would be without anybody who looks after it. Make somebody else an owner first."
_HELD: Final = "Everything is to be kept here at present, so no account can be deleted. Ask whoever runs the relay."


async def delete_account(parts: Parts, caller: SignedIn, command: DeleteAccount) -> Answer:
    """The caller's own, once they have shown that it is theirs."""
    username = caller.user.username
    account_name = names.folded(username)
    invites.begin_guess(parts, account_name, caller.address)
    account = await parts.store.read(lambda tables: tables.people.account(username))
    stored = None if account is None or account.disabled else account.password_hash
    if not await parts.passwords.is_right(stored, command.password, line_of(caller.user.role)) or account is None:
        raise WrongCredentials("The password is wrong. Nothing was deleted.")
    parts.throttles.guesses.succeeded(account_name, caller.address)
    called = pseudonym(caller.id)
    note = Note("account_deleted", "client", by=called, whom=called, detail=command.messages)

    def delete(transaction: Transaction) -> None:
        if not transaction.sessions.holds(caller.session):
            raise NotSignedIn
        begin(parts, transaction, caller.id, command.messages, own=caller.session)
        transaction.audit.add(note, transaction.now)

    await parts.journal.change(delete)
    parts.fanout.end_session(caller.session, caller.id)  # now, so that the answer goes out before
    return Answer(re=command.id)


def begin(parts: Parts, transaction: Transaction, user: UserId, fate: Fate, *, own: SessionId | None = None) -> None:
    """*user* has no account from the commit on; the rest follows in steps, by `Parts.kept_otherwise`. Their links are closed, but for those
    of the device session *own*, which still waits for its answer.

    Raises:
        UnknownUser: they have none.
        LastOwner: nobody else owns the relay.
        OnHold: something that would go by it is to be kept.
    """
    person = transaction.people.living(user)
    if person is None:
        raise UnknownUser
    if person.role == "owner" and not transaction.people.has_owner_beside(user):
        raise LastOwner(_LAST_OWNER)
    if transaction.retention.rule().held or transaction.erasure.held(user):
        raise OnHold(_HELD)
    sessions = [session.id for session in transaction.sessions.all_of(user)]
    mutes = list(transaction.mutes.of_user(user))
    transaction.delete_account(user, person.username, fate)

    def tell() -> None:
        for place in mutes:
            parts.roster.lift_mute(place, user)
        parts.roster.set_tells(user, True)
        for setting in parts.limits.exceptions():
            if setting.user == user:
                parts.limits.put(setting.name, user, None)
        parts.fanout.tell_everyone([UserChanged(user=User(user, "", "", "member", deleted=True))])
        for session in sessions:
            if session != own:
                parts.fanout.end_session(session, user)
        parts.kept_otherwise.set()

    transaction.afterwards(tell)
