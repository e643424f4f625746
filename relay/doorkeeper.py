"""Who may come in at all, before any token is looked at: known Host, no web page's Origin, not too many from one address."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from common.errors import ForeignOrigin, TooManyConnections
from common.protocol import limits
from common.protocol.messages import Role
from relay.places import KEPT

STRANGERS_AT_WORK: Final = 200
"""Requests without a token that something is done for, in all."""
RETRY_S: Final = 2.0
_LAN_SUFFIXES: Final = (".local", ".lan", ".home", ".internal", ".localdomain", ".home.arpa", ".localhost")
"""Names that no public name server answers for, so no web page can point one of its own at a relay (DNS rebinding)."""


class Doorkeeper:
    """Checks what a request says about where it comes from, and counts connections."""

    def __init__(self, names: Iterable[str]) -> None:
        """*names*: of this machine, beside addresses, single labels and names of the LAN."""
        self._names: set[str] = set()
        for name in names:
            self.know(name)
        self._links: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()

    def know(self, name: str) -> None:
        """One more name of this machine."""
        if name:
            self._names.add(name.rstrip(".").lower())

    def check(self, host: str | None, origin: str | None) -> None:
        """Let a request pass by its headers `Host` and `Origin`.

        Raises:
            ForeignOrigin: it comes from a web page, or was sent to a name that is not the relay's.
        """
        if origin is not None:
            raise ForeignOrigin
        if host is None or not self._is_known(_name_in(host)):
            raise ForeignOrigin("This relay is not known by that name. Use its address, or the name of its computer.")

    def _is_known(self, name: str) -> bool:
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return bool(name) and ("." not in name or name.endswith(_LAN_SUFFIXES))
        return True

    @contextmanager
    def link_from(self, address: str, rank: Role = "member") -> Iterator[None]:
        """Count a link from *address* for as long as the block runs, of somebody with that *rank* on the relay: for its owners and admins
        some are kept.

        Raises:
            TooManyConnections: there are as many as may be, from there or in all.
        """
        kept = 0 if rank == "member" else KEPT
        if self._links.total() >= limits.LINKS_IN_ALL + kept:
            raise TooManyConnections("This relay has as many connections as it can take. Try again later.")
        with _counted(self._links, address, limits.LINKS_PER_ADDRESS + kept):
            yield

    @contextmanager
    def stranger_from(self, address: str) -> Iterator[None]:
        """Count a request without a token from *address* for as long as the block runs.

        Raises:
            TooManyConnections: there are as many at once as may be.
        """
        if self._strangers.total() >= STRANGERS_AT_WORK:
            raise TooManyConnections("Too many people come in at this moment. Try again.", retry_after=RETRY_S)
        with _counted(self._strangers, address, limits.LINKS_UNAUTHENTICATED_PER_ADDRESS):
            yield


@contextmanager
def _counted(counter: Counter[str], address: str, limit: int) -> Iterator[None]:
    if counter[address] >= limit:
        raise TooManyConnections
    counter[address] += 1
    try:
        yield
    finally:
        counter[address] -= 1
        if not counter[address]:
            del counter[address]


def _name_in(host: str) -> str:
    """The name or address of a `Host` header, without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].rstrip(".").lower()
