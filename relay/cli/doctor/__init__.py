"""``python -m relay doctor``: examines the relay of this computer, or looks at another one as a client would, and names the remedies.

One module a check. Those of the network (`network`, `legs`) look at any relay; the others at the one of this computer, by the control channel
while it runs, else at its closed data, which they never change.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from msgspec import structs

from common.errors import StartupError
from common.ids import Millis
from common.protocol.limits import DEFAULT_PORT
from relay.cli.asking import Card
from relay.cli.doctor import clock, database, disk, filesystem, folder, keys, ports, sqlite
from relay.cli.doctor.finding import Check, Finding, Live, Patient
from relay.cli.doctor.legs import examine
from relay.cli.doctor.network import Facts, gather
from relay.cli.ordering import add_options
from relay.config import Config
from relay.control.asking import OrderRefused, order
from relay.control.place import NotRunning
from relay.control.words import Examined, ExamineRelay, Keys, Relay, ShowKeys, ShowRelay
from relay.exits import NOT_DONE
from relay.storage.closed import Closed, look_into

CHECKS: Final[dict[str, Check]] = {
    "folder": folder.check,
    "filesystem": filesystem.check,
    "disk": disk.check,
    "sqlite": sqlite.check,
    "keys": keys.check,
    "database": database.check,
    "clock": clock.check,
    "ports": ports.check,
}
_DOTENV: Final = Path(".env")
_SIGNS: Final = {"ok": "ok  ", "warning": "warn", "failed": "FAIL"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="find out why a relay is not found, does not answer or does not start",
        description="Examines the relay of this computer, whether it runs or not: its ports and addresses, what the network hears of it, the clock, "
        "the disk and its file system, SQLite, the keys, the database, the rights of its folder. With --host of another computer: looks "
        "at the relay there as a client would. Nothing is changed.",
    )
    parser.add_argument("--host", dest="SERVER_HOST", metavar="ADDRESS", help="the relay's address (this computer)")
    parser.add_argument(
        "--port",
        dest="SERVER_PORT",
        metavar="PORT",
        help=f"its TCP port (that of the running relay, or {DEFAULT_PORT})",
    )
    parser.add_argument("--key-file", dest="RELAY_KEY_FILE", metavar="FILE", help="the key file [RELAY_KEY_FILE]")
    add_options(parser, run)


def run(options: argparse.Namespace) -> int:
    """Examine, print, and return 0 when nothing failed, else 1.

    Raises:
        StartupError: a setting cannot be used, or the host's name is not known here.
    """
    names = ("SERVER_HOST", "SERVER_PORT", "RELAY_DATA_DIR", "RELAY_KEY_FILE")
    config = Config.read({name: getattr(options, name) for name in names}, _DOTENV)
    inside = look_inside(config)
    if isinstance(inside, Live) and not config.is_port_asked_for:
        config = replace(config, port=inside.relay.port)
    facts = asyncio.run(gather(config))
    if not facts.is_elsewhere:
        facts = structs.replace(facts, refused=database.why_not_startable(config.data_dir))
    findings = list(examine(facts))
    if not facts.is_elsewhere:
        now = Millis(time.time_ns() // 1_000_000)
        findings += examine_here(Patient(config, now, inside, clocks_of(facts)))
    else:
        findings += [finding.of("clock") for finding in clock.apart(clocks_of(facts))]
    print(_as_json(findings) if options.json else _in_words(findings))
    return NOT_DONE if any(finding.state == "failed" for finding in findings) else 0


def look_inside(config: Config) -> Live | Closed | str | None:
    """What the relay of this computer says, or what is in its closed database; see `Patient`. Blocks."""
    folder = config.data_dir
    try:
        return Live(
            order(folder, ShowRelay(), Relay),
            order(folder, ShowKeys(), Keys),
            order(folder, ExamineRelay(database.WITHIN_S), Examined),
        )
    except NotRunning:
        pass  # then its data is looked at
    except OrderRefused as error:
        return f"The running relay does not say how it is: {error}"
    try:
        return look_into(folder, database.WITHIN_S)
    except StartupError as error:  # it runs, and its control channel is not there or not for this user
        return str(error)
    except (sqlite3.Error, OSError) as error:
        return f"The database in {folder} cannot be read ({error})."


def clocks_of(facts: Facts) -> dict[str, float]:
    """How many seconds this computer's clock is ahead of those of other computers."""
    cards = [*facts.neighbours, *([facts.first] if facts.is_elsewhere and isinstance(facts.first, Card) else [])]
    return {f"“{card.said.name}”": card.ahead_s for card in cards if card.ahead_s is not None}


def examine_here(patient: Patient) -> list[Finding]:
    """All checks of the relay of this computer, one after the other."""
    return [finding.of(name) for name, check in CHECKS.items() for finding in check(patient)]


def _in_words(findings: list[Finding]) -> str:
    lines = []
    for finding in findings:
        lines.append(f"{_SIGNS[finding.state]}  {finding.what}")
        if finding.remedy:
            lines.append(f"      → {finding.remedy}")
    return "\n".join(lines)


def _as_json(findings: list[Finding]) -> str:
    said = {
        "type": "Diagnosis",
        "is_well": all(finding.state != "failed" for finding in findings),
        "findings": [
            {"check": finding.check, "state": finding.state, "what": finding.what, "remedy": finding.remedy}
            for finding in findings
        ],
    }
    return json.dumps(said, ensure_ascii=False)
