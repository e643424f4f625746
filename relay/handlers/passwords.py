"""Argon2 in threads: at most two at once, for each takes 64 MiB, and a waiting line with an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from common.crypto.passwords import hash_password, verify_password
from common.errors import RateLimited

T = TypeVar("T")

AT_ONCE: Final = 2
WAITING_MAX: Final = 64
_RETRY_S: Final = 2.0


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The text to store for *password*. Raises `RateLimited` when too many wait already."""
        return await self._in_thread(lambda: hash_password(password))

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Whether *stored* was made from *password*; for None the answer is no, after the same work.

        Raises:
            RateLimited: too many wait already.
        """
        return await self._in_thread(lambda: verify_password(stored, password))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise RateLimited("Too many people are signing in at this moment. Try again.", retry_after=_RETRY_S)
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
