"""How often somebody may do something: token buckets for commands, growing pauses for wrong passwords.

Everything here is counted before any SQL or cryptography, in memory, bounded, with the clock as an argument.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
_Key = tuple[str, str, str]

REMEMBERED: Final = 10_000
"""Keys whose state is kept; beyond, the one that was quiet longest is forgotten."""

FREE_GUESSES_PER_ACCOUNT: Final = 8
FREE_GUESSES_PER_ADDRESS: Final = 24
LONGEST_PAUSE_S: Final = 60.0
FORGIVEN_AFTER_S: Final = 900.0


class Buckets(Generic[K]):
    """A token bucket for each key: *per_s* on average, *burst* at once. With *per_s* 0 everything is allowed."""

    def __init__(self, per_s: float, burst: float, now: Callable[[], float]) -> None:
        """*now*: seconds of a clock that never goes back."""
        self._per_s = per_s
        self._burst = burst
        self._now = now
        self._levels: OrderedDict[K, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: K) -> float:
        """0 when *key* may do it once more, which is counted; else after how many seconds it may."""
        return self.wait_at(key, self._per_s, self._burst)

    def wait_at(self, key: K, per_s: float, burst: float) -> float:
        """As `wait_s`, for a key with numbers of its own."""
        if per_s <= 0:
            return 0.0
        now = self._now()
        level, at = self._levels.pop(key, (burst, now))
        level = min(burst, level + (now - at) * per_s)
        allowed = level >= 1.0
        self._levels[key] = (level - 1.0 if allowed else level, now)
        _trim(self._levels)
        return 0.0 if allowed else (1.0 - level) / per_s


class Guesses:
    """Slows down whoever tries passwords or codes: after some free tries each failure doubles the pause, up to a minute.

    A try counts as failed from its beginning until `succeeded` says otherwise, so that many at once gain nothing. Where somebody
    has signed in before or made it, their account is counted apart: a stranger who guesses elsewhere cannot lock them out.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """*now*: seconds of a clock that never goes back."""
        self._now = now
        self._failures: OrderedDict[_Key, tuple[int, float]] = OrderedDict()
        self._at_home: OrderedDict[tuple[str, str], None] = OrderedDict()

    def begin(self, account: str, address: str) -> float:
        """0 when a try may begin, which is counted; else after how many seconds it may."""
        keys = self._keys(account, address)
        wait_s = max(self._pause_s(key, free) for key, free in keys.items())
        if wait_s > 0:
            return wait_s
        now = self._now()
        for key in keys:
            failures, _ = self._failures.pop(key, (0, now))
            self._failures[key] = (failures + 1, now)
        _trim(self._failures)
        return 0.0

    def succeeded(self, account: str, address: str) -> None:
        """The try was right: the account starts afresh, the address gets this one try back and no more."""
        by_account, by_address = self._keys(account, address)
        self._failures.pop(by_account, None)
        failures, at = self._failures.pop(by_address, (0, 0.0))
        if failures > 1:
            self._failures[by_address] = (failures - 1, at)
        self.lives_at(account, address)

    def lives_at(self, account: str, address: str) -> None:
        """Whoever has *account* was at *address*: who tries it elsewhere does not lock them out there."""
        self._at_home[account, address] = None
        _trim(self._at_home)

    def _keys(self, account: str, address: str) -> dict[_Key, int]:
        """What a try counts for, with the number of free tries."""
        home = address if (account, address) in self._at_home else ""
        return {
            ("account", account, home): FREE_GUESSES_PER_ACCOUNT,
            ("address", address, ""): FREE_GUESSES_PER_ADDRESS,
        }

    def _pause_s(self, key: _Key, free: int) -> float:
        failures, at = self._failures.get(key, (0, 0.0))
        passed_s = self._now() - at
        if failures and passed_s >= FORGIVEN_AFTER_S:
            del self._failures[key]
            return 0.0
        if failures < free:
            return 0.0
        return max(0.0, min(LONGEST_PAUSE_S, 2.0 ** min(failures - free, 16)) - passed_s)


class Tokens:
    """Slows down whoever shows tokens that nobody has: those that were right are known again, and are never made to wait."""

    def __init__(self, unknown: Buckets[str]) -> None:
        """*unknown*: how many that are not known may come from an address."""
        self._unknown = unknown
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def wait_s(self, token_hash: bytes, address: str) -> float:
        """0 when it may be looked up, which is counted for one that is not known; else after how many seconds."""
        return 0.0 if token_hash in self._right else self._unknown.wait_s(address)

    def was_right(self, token_hash: bytes) -> None:
        """It is somebody's."""
        self._right.pop(token_hash, None)
        self._right[token_hash] = None
        _trim(self._right)

    def was_wrong(self, token_hash: bytes) -> None:
        """It is nobody's, or nobody's any more."""
        self._right.pop(token_hash, None)


def _trim(remembered: OrderedDict[Any, Any]) -> None:
    while len(remembered) > REMEMBERED:
        remembered.popitem(last=False)
