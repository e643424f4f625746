"""What was done to the relay, for who owns it; and its settings, which are noted at a start where they are other ones."""

from __future__ import annotations

import logging

import msgspec

from common.errors import WireError
from relay.control.words import AuditList, ListAudit
from relay.handlers.audit import note
from relay.operating.operator import Operator
from relay.operating.standing import check_standing
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_log = logging.getLogger(__name__)


async def list_audit(operator: Operator, order: ListAudit) -> AuditList:
    """The newest records, or those before one; the newest first."""

    def look(tables: Tables) -> AuditList:
        check_standing(tables, operator.by, "owner")
        found = tables.audit.newest(order.limit + 1, order.before)
        return AuditList(found[: order.limit], more=len(found) > order.limit)

    return await operator.parts.store.read(look)


async def note_settings(operator: Operator) -> None:
    """Write down which settings are other ones than the last time, and let go what is too old. A relay that cannot store serves all the
    same."""
    now = operator.config.kept()

    def look(transaction: Transaction) -> None:
        seen = transaction.meta.settings_seen()
        before: dict[str, str] = {} if seen is None else msgspec.json.decode(seen, type=dict[str, str])
        if before != now:
            transaction.meta.set_settings_seen(msgspec.json.encode(now).decode())
            changed = [
                f"{name}: {before[name]} → {now[name]}" for name in now if before.get(name, now[name]) != now[name]
            ]
            if changed:
                note(transaction, None, "settings_changed", detail=", ".join(changed), own=True)
        transaction.audit.tidy(transaction.now)

    try:
        await operator.parts.journal.change(look)
    except WireError as error:
        _log.warning("Whether the settings have changed cannot be written down (%s).", error)
