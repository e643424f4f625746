"""Orders about the relay as a whole: who it is, and that it shall end."""

from __future__ import annotations

import os
import sqlite3

from common.crypto.certificate import validity
from common.errors import NotAllowed, StorageUnavailable
from common.ids import Millis
from common.protocol.messages import Health
from relay.control.words import Ailment, Done, Examined, ExamineRelay, Relay, ShowRelay, StopRelay
from relay.operating.operator import Operator


async def show_relay(operator: Operator, _order: ShowRelay) -> Relay:
    """Who runs here, where, and how it is."""
    parts = operator.parts
    return Relay(parts.relay_id, parts.name, operator.port, os.getpid(), await health_of(operator))


async def health_of(operator: Operator) -> Health:
    """How it is, as `/health` tells it."""
    troubles = await operator.troubles() if operator.troubles is not None else []
    return Health(
        status="degraded" if troubles else "ok",
        reasons=[trouble.words for trouble in troubles],
        codes=[trouble.code for trouble in troubles],
    )


async def examine_relay(operator: Operator, order: ExamineRelay) -> Examined:
    """How well it is; people go on talking meanwhile.

    Raises:
        StorageUnavailable: the database cannot be read at all.
    """
    store = operator.store
    troubles = [] if operator.troubles is None else await operator.troubles()
    try:
        damage, is_whole = await store.search_damage(order.within_s)
    except sqlite3.Error as error:
        raise StorageUnavailable(f"The database cannot be read ({error}). Look at the disk.") from error
    try:
        newest_at = await store.read(lambda tables: tables.entries.newest_at())
    except StorageUnavailable:  # it stands in a damaged part, which is told
        newest_at = Millis(0)
    begins, ends = validity(store.identity.certificate_der)
    return Examined(
        ailments=[Ailment(trouble.code, trouble.words) for trouble in troubles],
        damage=damage or "",
        is_whole=is_whole,
        newest_at=newest_at,
        begins=begins,
        ends=ends,
        sqlite=sqlite3.sqlite_version,
    )


async def stop_relay(operator: Operator, _order: StopRelay) -> Done:
    """Begin to end, as with Ctrl+C; whoever asked gets the answer first.

    Raises:
        NotAllowed: this relay is part of a program that ends it itself.
    """
    if operator.stop is None:
        raise NotAllowed("This relay is ended by the program that runs it.")
    operator.stop()
    return Done()
