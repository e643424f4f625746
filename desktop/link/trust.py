"""What this client knows of an identity that answered: new, known, or another identity under a known name or address. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from common.ids import RelayId
from desktop.events import Trust
from desktop.link.archive import KnownRelay


def judge(
    relay_id: RelayId, name: str, addresses: Iterable[str], known: Iterable[KnownRelay]
) -> tuple[Trust, KnownRelay | None]:
    """How far *relay_id*, which calls itself *name* and answered at *addresses* (``host:port``), is to be trusted.

    Comes with the known relay that it is, or whose name or address it shows. Only the identity makes a relay known. Names are
    compared as people read them: without regard to case and to look-alike forms of one letter (NFKC).
    """
    by_id = {relay.relay_id: relay for relay in known}
    if relay_id in by_id:
        return Trust.KNOWN, by_id[relay_id]
    shown, at = _as_read(name), set(addresses)
    for relay in by_id.values():
        if _as_read(relay.name) == shown or at & set(relay.addresses):
            return Trust.IMPOSTOR, relay
    return Trust.NEW, None


def _as_read(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
