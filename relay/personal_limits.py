"""How much one person may have, and how often they may say something: what the relay's owners set, else its settings.

What is set for somebody alone counts before what is set for everybody, and that before the default. 0 is no limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, get_args

from msgspec import Struct

from common.errors import LimitReached, QuotaExceeded, RateLimited, TooManyConnections, WireError
from common.ids import UserId
from common.protocol import limits
from common.protocol.messages import LimitName

NAMES: Final[tuple[LimitName, ...]] = get_args(LimitName)
MOST: Final = 2**53 - 1
"""No limit is higher: every program reads that as a whole number."""
LINKS_RETRY_S: Final = 10.0
"""When a client is to try again that has as many links as its person may."""
_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0
_PER_MINUTE: Final = 30
_PER_HOUR: Final = 300
"""Of the seconds of a minute and an hour, so many with messages at the rate of one device session."""

_REACHED: Final[dict[LimitName, str]] = {
    "links": "You are connected {most} times, as often as you may. Close the client somewhere, or sign out there.",
    "devices": "You are signed in on {most} devices, as many as you may. Sign out somewhere first.",
    "messages_per_minute": "You may write {most} messages a minute here. Wait a little.",
    "messages_per_hour": "You may write {most} messages an hour here. Wait a little.",
    "files": "You may have {most} bytes in files on this relay. Ask whoever runs it, or delete messages with files.",
    "uploads": "You have {most} uploads that are not complete, as many as you may. Complete some, or take them away.",
    "groups": "You have made {most} groups, as many as you may on this relay. Ask whoever runs it.",
    "invites": "You have given out {most} invitations, as many as you may. Revoke some first.",
    "webhooks": "You have made {most} webhooks, as many as you may. Revoke some first.",
    "tokens": "You have {most} access tokens, as many as you may. Revoke some first.",
}
_ERRORS: Final[dict[LimitName, type[WireError]]] = {
    "links": TooManyConnections,
    "messages_per_minute": RateLimited,
    "messages_per_hour": RateLimited,
    "files": QuotaExceeded,
}
"""Those that have a code of their own; of all others it is `limit_reached`."""


def defaults(rate: int, files: int) -> dict[LimitName, int]:
    """What counts where nothing was set. *rate*: messages a second of one device session, 0 for no limit; *files*: bytes, 0 for no limit."""
    return {
        "links": 50,
        "devices": 100,
        "messages_per_minute": rate * _PER_MINUTE,
        "messages_per_hour": rate * _PER_HOUR,
        "files": files,
        "uploads": 200,
        "groups": 200,
        "invites": 200,
        "webhooks": 200,
        "tokens": limits.TOKENS_MAX,
    }


class Setting(Struct, frozen=True):
    """What was set. *user*: for whom alone, None for everybody. *value*: 0 is no limit."""

    name: LimitName
    user: UserId | None
    value: int


class PersonalLimits:
    """All limits of one relay, in memory; changed only after what was set is stored."""

    def __init__(self, standard: Mapping[LimitName, int], settings: Iterable[Setting] = ()) -> None:
        """*standard*: the defaults of all names. *settings*: what is stored."""
        self.standard = dict(standard)
        self._set: dict[tuple[LimitName, UserId | None], int] = {}
        for each in settings:
            self._set[each.name, each.user] = each.value

    def of(self, name: LimitName, user: UserId | None = None) -> int:
        """What counts for *user*, for everybody without an exception if None; 0: no limit."""
        own = None if user is None else self._set.get((name, user))
        if own is not None:
            return own
        found = self._set.get((name, None))
        return self.standard[name] if found is None else found

    def own(self, name: LimitName, user: UserId | None) -> int | None:
        """What was set exactly for *user* (None: everybody); None: nothing."""
        return self._set.get((name, user))

    def put(self, name: LimitName, user: UserId | None, value: int | None) -> None:
        """From now on it is *value* for *user* (None: everybody); None: what it would be without."""
        if value is None:
            self._set.pop((name, user), None)
        else:
            self._set[name, user] = value

    def exceptions(self) -> list[Setting]:
        """What was set for somebody alone, by name and person."""
        found = [Setting(name, user, value) for (name, user), value in self._set.items() if user is not None]
        return sorted(found, key=lambda each: (each.user or 0, NAMES.index(each.name)))

    def check(self, name: LimitName, user: UserId, more_than: int) -> None:
        """Let *user*, who has *more_than* of it, have one more (of bytes: not have more).

        Raises:
            LimitReached, TooManyConnections: they have as much as they may.
        """
        most = self.of(name, user)
        if most and more_than >= most:
            raise reached(name, most, LINKS_RETRY_S if name == "links" else None)

    def check_bytes(self, user: UserId, size: int) -> None:
        """Let *user* have *size* bytes in files.

        Raises:
            QuotaExceeded: that is too much.
        """
        most = self.of("files", user)
        if most and size > most:
            raise reached("files", most)

    def paces(self, user: UserId) -> list[tuple[LimitName, float, int]]:
        """How often *user* may say something: each limit with how many a second that is on average, and how many at once."""
        found: list[tuple[LimitName, float, int]] = []
        if most := self.of("messages_per_minute", user):
            found.append(("messages_per_minute", most / _MINUTE_S, most))
        if most := self.of("messages_per_hour", user):
            found.append(("messages_per_hour", most / _HOUR_S, most))
        return found


def reached(name: LimitName, most: int, retry_after: float | None = None) -> WireError:
    """The error that says so; *retry_after* in seconds."""
    words = _REACHED[name].format(most=f"{most:,}")
    return _ERRORS.get(name, LimitReached)(words, retry_after=retry_after, limit=name, most=most)
