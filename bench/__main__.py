"""``python -m bench [PART …]`` measures and prints the table; ``--list`` names the parts, ``--json`` is for programs."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from bench.figures import Figure, table

PARTS: Final = {
    "journal": "durable entries through the journal alone, beside the disk's own commit rate",
    "relay": "a whole relay over TLS: accepted messages, deliveries, acknowledgements, memory of idle links",
    "files": "files over TLS to and from a relay, one and ten at once, and what that costs in memory",
    "history": "a page of history out of a million entries",
    "search": "a search in a million messages, and what its index costs",
    "first_paint": "from the start of the client to its first painted window",
    "timeline": "frames of a timeline with 100,000 messages",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named parts (all without a name). Exit code 1 when a goal is missed, 2 for a wrong name."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--list", action="store_true", help="name the parts and stop")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    options = parser.parse_args(arguments)
    if options.list:
        sys.stdout.write("".join(f"{name:12} {what}\n" for name, what in PARTS.items()))
        return 0
    if unknown := [name for name in options.parts if name not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    figures: list[Figure] = []
    for name in options.parts or PARTS:
        sys.stderr.write(f"measuring {name}: {PARTS[name]} …\n")
        figures += importlib.import_module(f"bench.{name}").measure()
    sys.stdout.write(_as_json(figures) if options.json else f"{_machine()}\n\n{table(figures)}\n")
    return 1 if any(figure.is_met is False for figure in figures) else 0


def _machine() -> str:
    return (
        f"{platform.system()} {platform.release()}, {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


def _as_json(figures: Sequence[Figure]) -> str:
    shown = [asdict(figure) | {"is_met": figure.is_met} for figure in figures]
    return json.dumps({"machine": _machine(), "figures": shown}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
