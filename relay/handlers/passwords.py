"""Argon2 in threads: few at once, for each takes 64 MiB, and waiting lines with an end.

There are three lines. Whoever owns or administers the relay has one with a thread of its own, so that no crowd of strangers who try
passwords keeps them out; new accounts have one that is shorter, so that they do not keep people from signing in.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final, Literal, TypeVar

from common.crypto.passwords import hash_password, verify_password
from common.errors import RateLimited
from common.protocol.messages import Role
from relay.handlers.ranks import is_admin

T = TypeVar("T")

Line = Literal["leading", "signing_in", "registering"]
AT_ONCE: Final = 2
LEADING_AT_ONCE: Final = 1
WAITING_MAX: Final[dict[Line, int]] = {"leading": 16, "signing_in": 48, "registering": 16}
_RETRY_S: Final = 2.0


def line_of(rank: Role) -> Line:
    """The line of who has an account, by their *rank* on the relay."""
    return "leading" if is_admin(rank) else "signing_in"


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._kept = asyncio.Semaphore(LEADING_AT_ONCE)
        self._waiting: Counter[Line] = Counter()

    async def hash(self, password: str, line: Line) -> str:
        """The text to store for *password*. Raises `RateLimited` when too many wait already."""
        return await self._in_thread(lambda: hash_password(password), line)

    async def is_right(self, stored: str | None, password: str, line: Line) -> bool:
        """Whether *stored* was made from *password*; for None the answer is no, after the same work.

        Raises:
            RateLimited: too many wait already.
        """
        return await self._in_thread(lambda: verify_password(stored, password), line)

    async def _in_thread(self, work: Callable[[], T], line: Line) -> T:
        if self._waiting[line] >= WAITING_MAX[line]:
            raise RateLimited("Too many people are signing in at this moment. Try again.", retry_after=_RETRY_S)
        self._waiting[line] += 1
        try:
            async with self._kept if line == "leading" else self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._waiting[line] -= 1
