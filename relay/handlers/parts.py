"""What handlers work with: the parts of the relay, and who is asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from common.ids import GroupId, Millis, RelayId, SessionId, UserId
from common.protocol.messages import LimitName, Registration, Scope, User
from relay.control.words import AnyOrder, Outcome
from relay.fanout import Fanout, Link
from relay.handlers.passwords import Passwords
from relay.journal import Journal
from relay.moving.handover import Handover
from relay.personal_limits import PersonalLimits, reached
from relay.roster import Roster
from relay.search.search import Search
from relay.storage.storage import Storage
from relay.tally import Tally
from relay.throttle import Buckets, Guesses, Tokens


class Throttles(Struct, frozen=True):
    """Every limit of how often. The buckets of a session are shared by its links and its HTTP requests."""

    posts_by_session: Buckets[SessionId]
    posts_by_person: Buckets[tuple[UserId, LimitName]]
    commands_by_session: Buckets[SessionId]
    posts_by_webhook: Buckets[int]
    commands_by_address: Buckets[str]
    registrations_by_address: Buckets[str]
    typing: Buckets[tuple[UserId, GroupId]]
    guesses: Guesses
    tokens: Tokens


class Parts(Struct, frozen=True):
    """The parts of one relay. *now*: Unix milliseconds. *reached_at*: the host and port where neighbours reach it at this moment.

    *only_admins_invite*: with the policy ``invite``, people without an account are let in by invitations of the relay's owners and
    admins alone. *file_bytes*: the largest file that it takes. *obey*: has an order of the control channel done that somebody gives with
    their client, by the same rules as for the command line and as far as their rank on the relay goes."""

    relay_id: RelayId
    name: str
    registration: Registration
    only_admins_invite: bool
    store: Storage
    journal: Journal
    roster: Roster
    fanout: Fanout
    passwords: Passwords
    throttles: Throttles
    limits: PersonalLimits
    tally: Tally
    search: Search
    now: Callable[[], Millis]
    reached_at: Callable[[], Awaitable[tuple[str, int]]]
    file_bytes: int
    obey: Callable[[AnyOrder, SignedIn], Awaitable[Outcome]]
    kept_otherwise: asyncio.Event
    """Set when something may have had its time, or is to be destroyed: by another rule, or because an account was deleted."""
    handover: Handover

    def check_pace(self, user: UserId) -> None:
        """Let *user* say something, by whatever way it comes.

        Raises:
            RateLimited: they have said as much as one person may; it says after how many seconds they may again.
        """
        for name, per_s, burst in self.limits.paces(user):
            if (wait_s := self.throttles.posts_by_person.wait_at((user, name), per_s, burst)) > 0:
                raise reached(name, burst, round(wait_s, 3))


class Stranger(Struct, frozen=True):
    """Somebody without a token, at *address*."""

    address: str


class SignedIn(Struct, frozen=True):
    """A device session that showed its token, or a script with an access token. *link*: its WebSocket, None when it asks by plain HTTP.

    *scope*: what the access token is good for, at *expires* for the last time; None of a device session, that may all and for ever.

    *host*: as what it reached the relay, the `Host` of its request: with the port, and not checked beyond that.
    """

    user: User
    session: SessionId
    address: str
    link: Link | None = None
    host: str = ""
    scope: Scope | None = None
    expires: Millis | None = None

    @property
    def id(self) -> UserId:
        """Whose device session it is."""
        return self.user.id


Caller = Stranger | SignedIn
