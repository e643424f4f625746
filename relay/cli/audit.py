"""``python -m relay audit``: what was done to the relay that runs here, by whom and to whom."""

from __future__ import annotations

import argparse
from typing import Final

from common.protocol import limits
from common.protocol.messages import AuditEntry
from relay.cli.ordering import add_options, ask, number, table, when
from relay.control.words import AuditList, ListAudit

_VIA: Final = {"command_line": "(command line)", "relay": "(the relay itself)"}
_DETAILS: Final = {"owner_code": "by the owner code", "standing_code": "by the standing invitation"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    words = (
        "who did what to the relay: accounts, invitations, keys, backups, settings; "
        f"the newest {limits.AUDIT_ENTRIES:,} records of the last {limits.AUDIT_DAYS} days are kept"
    )
    command = subparsers.add_parser("audit", help="what was done to the relay, by whom and when", description=words)
    command.add_argument(
        "--limit",
        type=number(limits.AUDIT_ENTRIES),
        default=limits.PAGE_DEFAULT,
        metavar="N",
        help="show so many, newest first [%(default)s]",
    )
    command.add_argument(
        "--before", type=int, metavar="NUMBER", help="only what was done before the record of that number (the newest)"
    )
    add_options(command, _show)


def _show(options: argparse.Namespace) -> int:
    found = ask(options, ListAudit(options.limit, options.before), AuditList)
    if options.json:
        return 0
    head = ("number", "when", "by", "what", "whom", "")
    print(table([head, *(_row(entry) for entry in found.entries)]) if found.entries else "Nothing is written down yet.")
    if found.more:
        print(f"\nThere is more: --before {found.entries[-1].id}")
    return 0


def _row(entry: AuditEntry) -> tuple[str, ...]:
    if entry.damaged:
        return str(entry.id), when(entry.at), "", "(cannot be opened: damaged)", "", ""
    by = entry.by or _VIA.get(entry.via, "")
    detail = _DETAILS.get(entry.detail, entry.detail)
    return str(entry.id), when(entry.at), by, entry.act.replace("_", " "), entry.whom, detail
