"""Whether the database is sound, and whether this version can use it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from common.errors import StartupError
from relay.cli.doctor.finding import Finding, Live, Patient
from relay.moving.marks import moved_to_serve
from relay.storage.closed import Closed
from relay.storage.folder import refuse_remains
from relay.storage.migrate import migrations

WITHIN_S: Final = 20.0
"""So long it is looked over: about ten million entries on a disk that was read before."""
_RESTORE: Final = "Stop the relay, keep a copy of the data folder, restore a backup (`python -m relay restore FILE --replace`), and have a look at the disk."


def check(patient: Patient) -> list[Finding]:
    """By the running relay, or of the closed database."""
    folder = patient.config.data_dir
    match patient.inside:
        case Live(_, _, examined):
            return [*_sound(examined.damage, examined.is_whole), *_ailments(patient.inside)]
        case Closed(schema, _, _, _, damage, is_whole):
            return [*_startable(folder), *_sound(damage, is_whole), *_version(schema)]
        case None:
            begins = Finding(True, f"There is no database in {folder} yet: the first start makes it.")
            return _startable(folder) or [begins]
        case str(reason):
            return [
                Finding(False, reason, "Run the doctor as the user who runs the relay; if it is damaged: " + _RESTORE)
            ]


def why_not_startable(folder: Path) -> str:
    """Why the next start refuses *folder*, whatever is in the database: it has moved, or is gone where there was one. Empty: it does not."""
    try:
        moved_to_serve(folder)
        refuse_remains(folder)
    except StartupError as error:
        return str(error)
    return ""


def _startable(folder: Path) -> list[Finding]:
    why = why_not_startable(folder)
    return [Finding(False, "A relay that is started now refuses to run with this data folder.", why)] if why else []


def _sound(damage: str, is_whole: bool) -> list[Finding]:
    if damage:
        return [Finding(False, f"The database is damaged: {damage}.", _RESTORE)]
    rest = "" if is_whole else f" (it is large: as far as it was looked at in {WITHIN_S:.0f} s)"
    return [Finding(True, f"The database is sound{rest}.")]


def _version(schema: int) -> list[Finding]:
    newest = max(migrations())
    if schema > newest:
        return [
            Finding(
                False,
                f"A later version of this program wrote the database (version {schema}; this one knows {newest}).",
                "Use that version, or restore a backup from before.",
            )
        ]
    if schema < newest:
        return [
            Finding(True, f"The database is of an earlier version ({schema}); the next start brings it to {newest}.")
        ]
    return []


def _ailments(live: Live) -> list[Finding]:
    """What the relay itself complains about, but for what other checks find out."""
    return [
        Finding(False, each.words, "It is in the relay's log and in GET /health; docs/operations.md says what to do.")
        for each in live.examined.ailments
        if each.code in ("storage", "reading", "damaged", "wal_large", "backup")
    ]
