"""What handlers work with: the parts of the relay, and who is asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from common.ids import Millis, RelayId, SessionId, UserId
from common.protocol.messages import Registration, User
from relay.fanout import Fanout, Link
from relay.handlers.passwords import Passwords
from relay.journal import Journal
from relay.roster import Roster
from relay.storage.storage import Storage
from relay.throttle import Buckets, Guesses


@dataclass(frozen=True, slots=True)
class Throttles:
    """Every limit of how often. The buckets of a session are shared by its links and its HTTP requests."""

    posts_by_session: Buckets[SessionId]
    commands_by_session: Buckets[SessionId]
    commands_by_address: Buckets[str]
    registrations_by_address: Buckets[str]
    guesses: Guesses


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one relay. *now*: Unix milliseconds."""

    relay_id: RelayId
    name: str
    registration: Registration
    store: Storage
    journal: Journal
    roster: Roster
    fanout: Fanout
    passwords: Passwords
    throttles: Throttles
    now: Callable[[], Millis]


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody without a token, at *address*."""

    address: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A device session that showed its token. *link*: its WebSocket, None when it asks by plain HTTP."""

    user: User
    session: SessionId
    address: str
    link: Link | None = None

    @property
    def id(self) -> UserId:
        """Whose device session it is."""
        return self.user.id


Caller = Stranger | SignedIn
