"""``python -m relay status`` and ``stop``: which relay runs here and how it is, and to end one that nobody holds in the foreground."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from common.crypto.identity import show_relay_id
from common.errors import StartupError
from common.protocol.messages import Health, RelayState
from relay.cli.ordering import add_options, data_dir, when
from relay.control.asking import OrderRefused, order
from relay.control.words import Done, Relay, ShowRelay, ShowState, StateShown, StopRelay
from relay.sizes import size_text
from relay.storage.folder import lock_folder

STOP_S: Final = 10.0
"""Three seconds are promised; a slow disk takes some more."""
_AGAIN_S: Final = 0.05


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the commands."""
    words = "say which relay runs here, where, and whether it is well"
    more = "What is not well is said with what to do. For scripts, `health` of `--json`."
    add_options(subparsers.add_parser("status", help=words, description=f"{words}. {more}"), _status)
    words = "end the relay that runs here, as Ctrl+C does"
    add_options(subparsers.add_parser("stop", help=words, description=words), _stop)


def _status(options: argparse.Namespace) -> int:
    folder = data_dir(options)
    try:
        state = order(folder, ShowState(), StateShown).relay
    except OrderRefused:  # nothing can be read: then that is what is not well, and the relay knows it from now on
        state = None
    relay = order(folder, ShowRelay(), Relay)
    if options.json:
        said: dict[str, Any] = msgspec.to_builtins(relay) | {"state": msgspec.to_builtins(state)}
        print(msgspec.json.encode(said).decode())
    else:
        print("\n".join((*_who(relay), *_how(relay.health), *(() if state is None else _what(state)))))
    return 0


def _who(relay: Relay) -> Iterator[str]:
    yield f"{relay.name} runs on port {relay.port}, process {relay.pid}."
    yield f"Relay id: {show_relay_id(relay.relay_id)}"


def _how(health: Health) -> Iterator[str]:
    if health.status == "ok":
        yield "It is well."
        return
    yield "Not well:"
    for code, reason in zip(health.codes, health.reasons, strict=True):
        yield f"  {code + ':':14} {reason}"


def _what(state: RelayState) -> Iterator[str]:
    people = f"{state.online:,} of {state.people:,} people are here"
    yield f"Version {state.version}, since {when(state.since)}. {people}; entries: {state.entries:,}, groups: {state.groups:,}."
    if state.free is not None and state.total is not None:
        yield f"Its disk has {size_text(state.free)} of {size_text(state.total)} free. Data: {state.folder}"
    if state.backup_at is None:
        yield "There has never been a backup: python -m relay backup FILE"
    else:
        yield f"The last backup was made {when(state.backup_at)}."


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
