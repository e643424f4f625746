"""What this client knows of an identity that answered: new, known, or another identity under a known name or address. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from common.ids import RelayId
from desktop.events.relays import Trust
from desktop.link.archive import KnownRelay


class Judgement(NamedTuple):
    """*whom*: the known relay that it is, or whose name or address it shows. *only_address*: its name is another."""

    trust: Trust
    whom: KnownRelay | None = None
    only_address: bool = False


def judge(relay_id: RelayId, name: str, addresses: Iterable[str], known: Iterable[KnownRelay]) -> Judgement:
    """How far *relay_id*, which calls itself *name* and answered at *addresses* (``host:port``), is to be trusted.

    Only the identity makes a relay known. Names are compared as people read them: without regard to case and to look-alike forms
    of one letter (NFKC). Who shows a known name is taken for an impostor of that relay, whatever its address.
    """
    by_id = {relay.relay_id: relay for relay in known}
    if relay_id in by_id:
        return Judgement(Trust.KNOWN, by_id[relay_id])
    shown, at = _as_read(name), set(addresses)
    for relay in by_id.values():
        if _as_read(relay.name) == shown:
            return Judgement(Trust.IMPOSTOR, relay)
    for relay in by_id.values():
        if at & set(relay.addresses):
            return Judgement(Trust.IMPOSTOR, relay, only_address=True)
    return Judgement(Trust.NEW)


def _as_read(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
