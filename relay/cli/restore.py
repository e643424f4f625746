"""``python -m relay restore FILE``: the relay of a backup, on this machine: the same identity, all that was said up to the backup."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path

import msgspec

from common.crypto.identity import show_relay_id
from common.errors import StartupError
from common.ids import Millis
from relay.backup.container import NoBackup
from relay.backup.restoring import Restored, restore
from relay.cli.container import how_to_start
from relay.cli.ordering import add_options, when
from relay.cli.progress import Bar
from relay.cli.settings import KEY_OPTIONS, add_recovery_code, add_settings, config_of


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "restore",
        help="bring a backup back, on this machine or another",
        description="Put the relay of a backup into the data folder. It is the same relay: clients come back without a question, and send again "
        "what they have not seen acknowledged. All of the backup is opened before anything is touched.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the backup")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="where there is data already, move it aside and put the backup in its place",
    )
    add_options(parser, _run)
    add_settings(parser, *KEY_OPTIONS)
    add_recovery_code(parser, "open it by the recovery code, which is asked for, or the first line of FILE")


def _run(options: argparse.Namespace) -> int:
    os.umask(0o077)
    config = config_of(options)
    now = Millis(time.time_ns() // 1_000_000)
    try:
        with Bar(options.json) as bar:
            restored = asyncio.run(restore(options.file, config, now, bar, replace_data=options.replace))
    except NoBackup as error:
        raise StartupError(str(error)) from error
    if options.json:
        said = {
            "type": "Restored",
            "relay_id": restored.reading.header.relay_id,
            "made_at": restored.reading.header.made_at,
            "data_dir": str(restored.folder.resolve()),
            "moved": None if restored.moved is None else str(restored.moved),
        }
        print(msgspec.json.encode(said).decode())
    else:
        print(_in_words(restored))
    return 0


def _in_words(restored: Restored) -> str:
    header = restored.reading.header
    lines = [
        f"Relay {show_relay_id(header.relay_id)} is back in {restored.folder.resolve()}, as it was {when(header.made_at)}.",
        f"Its data is protected by {restored.protection}.",
    ]
    if restored.moved is not None:
        lines.append(f"What was there before is in {restored.moved}. Delete it when you are sure.")
    lines.append(
        f"Start it with {how_to_start()}. Never let the old one run as well: two relays with one identity would tell people different things."
    )
    return "\n".join(lines)
