"""What the rules of operating work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct

from common.crypto.keyslots import MasterKey, Slot
from common.ids import Millis
from common.protocol.messages import AuditAct
from relay.config import Config
from relay.control.words import Progress
from relay.handlers.audit import note
from relay.handlers.parts import Parts, SignedIn
from relay.health.troubles import Trouble
from relay.operating.renewal import Renewal
from relay.storage.store import Store
from relay.storage.transaction import Transaction

Tell = Callable[[Progress], None]


class Operator(Struct, frozen=True):
    """The relay, for who runs it. *store*: the storage that the parts use too, with what nobody else may do. *tell*: how far it is.
    *renewal*: what seals older entries anew.

    *by*: who gives the order with their client; None: it comes from the command line of this machine, whose word counts most.
    *port*: where it listens. *stop* begins its end; None: whoever runs it ends it otherwise.
    """

    parts: Parts
    store: Store
    config: Config
    renewal: Renewal
    tell: Tell = lambda _progress: None
    port: int = 0
    since: Millis | None = None
    """When it was started, where that is known."""
    stop: Callable[[], None] | None = None
    by: SignedIn | None = None
    troubles: Callable[[], Awaitable[list[Trouble]]] | None = None
    """What is not well; None where nobody watches."""

    def note(self, transaction: Transaction, act: AuditAct, *, whom: str = "", detail: str = "") -> None:
        """Write down, with what is being done, who does it: see `relay.handlers.audit.note`."""
        note(transaction, self.by, act, whom=whom, detail=detail)

    def make_slot(self, make: Callable[[MasterKey], Slot]) -> Slot:
        """Another way to the master key; it opens nothing before it is stored."""
        return self.store.with_master(make)
