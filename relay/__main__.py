"""``python -m relay COMMAND``: run, status, stop, announce, doctor, keys, users, limits, retention, invites, audit, backup, restore, move, service."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from typing import Final, cast

from common import packages

if __name__ == "__main__" and not packages.are_here():
    packages.go_on("relay")

from common.errors import StartupError
from relay import VERSION
from relay.cli import (
    announce,
    audit,
    backup,
    doctor,
    invites,
    itself,
    keys,
    limits,
    move,
    restore,
    retention,
    run,
    service,
    users,
)
from relay.cli.manual import complete
from relay.exits import INTERRUPTED, MOVED_AWAY, NOT_DONE
from relay.moving.marks import MovedAway

_COMMANDS: Final = (
    run,
    itself,
    announce,
    doctor,
    keys,
    users,
    limits,
    retention,
    invites,
    audit,
    backup,
    restore,
    move,
    service,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says. The exit code is 0, or one of `relay.exits`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without the letters of a name is no reason to stop
            stream.reconfigure(errors="replace")
    options = command_line().parse_args(arguments)
    try:
        return cast(Callable[[argparse.Namespace], int], options.run)(options)
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return MOVED_AWAY if isinstance(error, MovedAway) else NOT_DONE
    except KeyboardInterrupt:
        return INTERRUPTED


def command_line() -> argparse.ArgumentParser:
    """All commands with their help."""
    parser = argparse.ArgumentParser(
        prog="python -m relay",
        description="The relay of a Py_messenger: keeps the groups' history and tells everybody.",
    )
    parser.add_argument("--version", action="version", version=VERSION)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add_parser(subparsers)
    complete(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
