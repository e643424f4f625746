"""What later entries do to archived messages: an edit replaces the text, a redaction destroys it, here as at the relay.

The archive holds each message as it stands now, as far as that is known, and of its edits only the newest text.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Final

import msgspec

from common.errors import SealError
from common.ids import GroupId
from common.protocol.messages import Entry
from desktop.link.seals import Seals
from desktop.model.said import SAYING, after

DESTROYING: Final = frozenset({"edit", "redaction"})

_log = logging.getLogger(__name__)

Place = tuple[str, int]
"""Relay id and user: where the records of an account are bound to."""


def target_of(entry: Entry) -> int | None:
    """The message that *entry* changes; an answer changes nothing."""
    return entry.target if entry.kind in SAYING else None


def settle(conn: sqlite3.Connection, seals: Seals, account: int, place: Place, group: GroupId, target: int) -> None:
    """Bring the message *target* and its edits to what is archived of them now."""
    where = (account, group, target)
    rows = conn.execute(
        "SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND target = ? ORDER BY seq", where
    )
    acts = [act for seq, sealed in rows.fetchall() if (act := _opened(seals, sealed, place, group, seq)) is not None]
    acts = [act for act in acts if act.kind in DESTROYING]
    if not acts:
        return
    row = conn.execute("SELECT sealed FROM entry WHERE account = ? AND room = ? AND seq = ?", where).fetchone()
    message = _opened(seals, row[0], place, group, target) if row is not None else None
    is_redacted = any(act.kind == "redaction" for act in acts) or (message is not None and message.redacted)
    edits = [act for act in acts if act.kind == "edit" and act.body is not None]
    changed = [
        msgspec.structs.replace(edit, body=None, mentions=(), redacted=is_redacted)
        for edit in edits
        if is_redacted or edit is not edits[-1]
    ]
    if message is not None:
        now = message
        for act in acts:
            now = after(now, act)
        if now != message:
            changed.append(now)
    conn.executemany(
        "UPDATE entry SET sealed = ? WHERE account = ? AND room = ? AND seq = ?",
        [(seals.seal(one, "entry", *place, group, one.seq), account, group, one.seq) for one in changed],
    )


def _opened(seals: Seals, sealed: bytes, place: Place, group: GroupId, seq: int) -> Entry | None:
    try:
        return seals.open(Entry, sealed, "entry", *place, group, seq)
    except SealError as error:
        _log.warning("an entry of the archive is damaged: %s", error)
        return None
