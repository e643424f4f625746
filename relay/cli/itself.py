"""``python -m relay status`` and ``stop``: whether a relay runs here, and to end one that nobody holds in the foreground."""

from __future__ import annotations

import argparse
import time
from typing import Final

import msgspec

from common.crypto.identity import show_relay_id
from common.errors import StartupError
from relay.cli.ordering import add_options, ask, data_dir
from relay.control.asking import OrderRefused, order
from relay.control.words import Done, Relay, ShowRelay, StopRelay
from relay.storage.folder import lock_folder

STOP_S: Final = 10.0
"""Three seconds are promised; a slow disk takes some more."""
_AGAIN_S: Final = 0.05


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    words = "say which relay runs here, and where"
    add_options(subparsers.add_parser("status", help=words, description=words), _status)
    words = "end the relay that runs here, as Ctrl+C does"
    add_options(subparsers.add_parser("stop", help=words, description=words), _stop)


def _status(options: argparse.Namespace) -> int:
    relay = ask(options, ShowRelay(), Relay)
    if not options.json:
        print(
            f"{relay.name} runs on port {relay.port}, process {relay.pid}.\nRelay id: {show_relay_id(relay.relay_id)}"
        )
    return 0


def _stop(options: argparse.Namespace) -> int:
    folder = data_dir(options)
    done = order(folder, StopRelay(), Done)
    until = time.monotonic() + STOP_S
    while True:
        try:
            lock_folder(folder).release()
        except StartupError:
            if time.monotonic() > until:
                raise OrderRefused(
                    "not_done", "The relay has begun to stop and is not done yet; its log says what it waits for."
                ) from None
            time.sleep(_AGAIN_S)  # nobody tells when a lock is free
        else:
            break
    print(msgspec.json.encode(done).decode() if options.json else "The relay has stopped.")
    return 0
