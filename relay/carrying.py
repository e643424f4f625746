"""Files that are on their way over HTTP now, each with whose request carries it: so that it ends when that one may no longer.

A request looks at its token and its membership when it begins, and a large file takes minutes. Who signs out, has a token revoked or is
taken out of the group is cut off in the middle; a file that is gone is not poured to its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from common.errors import NotSignedIn, TooManyConnections
from common.ids import GroupId, Millis, SessionId, UserId
from common.protocol.messages import FileId

AT_ONCE_PER_PERSON: Final = 32


class Carried:
    """One request. *end* is called when its session is over; it must not block."""

    __slots__ = ("end", "expires", "file", "is_doubted", "is_over", "session", "user")

    def __init__(
        self, user: UserId, session: SessionId, expires: Millis | None, file: FileId, end: Callable[[], None]
    ) -> None:
        self.user = user
        self.session = session
        self.expires = expires
        self.file = file
        self.end = end
        self.is_over = False
        self.is_doubted = False
        """Something happened after which its user may have lost the file: look again before the next piece."""

    def check(self, now: Millis) -> None:
        """Before every piece.

        Raises:
            NotSignedIn: its session is over.
        """
        if self.is_over or (self.expires is not None and now >= self.expires):
            raise NotSignedIn


class Carrying:
    """All of them. Told by the fan-out and the storage what has ended."""

    def __init__(self) -> None:
        self._all: set[Carried] = set()
        self._count: Counter[UserId] = Counter()

    @contextmanager
    def on_its_way(self, carried: Carried) -> Iterator[None]:
        """Count a request for as long as the block runs.

        Raises:
            TooManyConnections: its user has as many at once as may be.
        """
        if self._count[carried.user] >= AT_ONCE_PER_PERSON:
            raise TooManyConnections("Too many transfers at once. Wait until some of them have ended.")
        self._count[carried.user] += 1
        self._all.add(carried)
        try:
            yield
        finally:
            self._all.discard(carried)
            self._count[carried.user] -= 1
            if not self._count[carried.user]:
                del self._count[carried.user]

    def end_all(self) -> None:
        """The relay goes down."""
        for carried in list(self._all):
            carried.is_over = True
            carried.end()

    def session_ended(self, session: SessionId) -> None:
        """A device session or token is worth nothing any more."""
        for carried in [each for each in self._all if each.session == session]:
            carried.is_over = True
            carried.end()

    def member_removed(self, group: GroupId, user: UserId) -> None:
        """Somebody is out of a group; the same file may be in another one of theirs."""
        for carried in self._all:
            carried.is_doubted |= carried.user == user

    def files_gone(self, gone: Sequence[FileId]) -> None:
        """The last message that named them was taken back."""
        for carried in self._all:
            carried.is_doubted |= carried.file in gone
