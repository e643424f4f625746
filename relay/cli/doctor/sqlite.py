"""Which SQLite there is, and what that means."""

from __future__ import annotations

import sqlite3
from typing import Final

from relay.cli.doctor.finding import Finding, Live, Patient

FIXED: Final = (3, 51, 3)
_CARE: Final = (
    "Versions before 3.51.3 can lose commits when several connections write or checkpoint. The relay does both with one connection, so "
    "it is not affected; never open its database with another program while it runs."
)


def check(patient: Patient) -> list[Finding]:
    """That of the running relay, else that of this program."""
    version = patient.inside.examined.sqlite if isinstance(patient.inside, Live) else sqlite3.sqlite_version
    return [judge(version)]


def judge(version: str) -> Finding:
    """What that *version* means."""
    is_fixed = tuple(int(part) for part in version.split(".")) >= FIXED
    return Finding(True, f"SQLite {version}.", "" if is_fixed else _CARE)
