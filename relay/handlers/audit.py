"""Writing down what is done to the relay, in the transaction that does it: neither happens without the other."""

from __future__ import annotations

from common.protocol.messages import AuditAct
from relay.handlers.parts import SignedIn
from relay.storage.audit import Note
from relay.storage.transaction import Transaction


def note(
    transaction: Transaction, by: SignedIn | None, act: AuditAct, *, whom: str = "", detail: str = "", own: bool = False
) -> None:
    """Write down that *by* did *act*; None: whoever runs the relay, from its command line, or (*own*) the relay by itself.

    *whom*: a user name; *detail*: the new role, a group, a path, and the like. Never a secret, nor what somebody said.
    """
    if by is not None:
        transaction.audit.add(Note(act, "client", by.user.username, whom, detail), transaction.now)
    else:
        transaction.audit.add(Note(act, "relay" if own else "command_line", "", whom, detail), transaction.now)
