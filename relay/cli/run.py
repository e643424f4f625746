"""``python -m relay run``: the relay in the foreground, until Ctrl+C, SIGTERM, or the end of who started it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from common.crypto.identity import show_relay_id
from common.errors import StartupError
from relay.api import leave_out_strangers_faults
from relay.app import RunningRelay, running
from relay.cli import container
from relay.cli.ordering import data_dir
from relay.cli.saying import say
from relay.cli.settings import OPTIONS, add_recovery_code, add_settings, config_of
from relay.config import Config
from relay.logs import say_faults_of, set_up
from relay.moving.marks import MovedAway
from relay.service.manager import Manager
from relay.storage import in_place

STAY: Final = b"stay"
"""A line that takes back ``--stop-with-parent``."""
_BRIDGED: Final = "those of the computer that runs this container, with the port that it publishes for {port}"
_ANNOUNCE_FROM_HOST: Final = (
    "Clients do not find a container by themselves. Enter ADDRESS and PORT of that computer there, or announce them from it:\n"
    "  python3 messenger.py relay announce --host ADDRESS --port PORT"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("run", help="run the relay in the foreground", description=__doc__)
    add_settings(parser, *OPTIONS)
    add_recovery_code(
        parser,
        "open the data by the recovery code, which is asked for, or the first line of FILE, and let the key file or a new passphrase open "
        "it again",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="say that it is ready in one line of JSON, and nothing else but, in a line before it, that it is upgrading its database",
    )
    parser.add_argument("--stop-with-parent", action="store_true", help="end when standard input ends")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    """As `run`; for programs, a failed start is a line of JSON too, besides the words on standard error."""
    try:
        return run(options)
    except StartupError as error:
        if options.json:
            code = "moved_away" if isinstance(error, MovedAway) else error.code
            say(f"{json.dumps({'type': 'NotDone', 'code': code, 'message': str(error)}, ensure_ascii=False)}\n")
        raise


def run(options: argparse.Namespace) -> int:
    """Run the relay until it is asked to stop.

    Raises:
        StartupError: it cannot run; the text says what to do.
    """
    in_place.settle(data_dir(options))  # before the settings, of which some may lie there
    config = config_of(options)
    os.umask(0o077)  # ids, times and sizes stand in clear in the database: they are not everybody's on this machine
    set_up(config.log_level, config.log_format, config.log_file, config.log_file_max)
    leave_out_strangers_faults()
    _run_in_loop(_serve(config, as_json=options.json, stop_with_parent=options.stop_with_parent))
    return 0


def _run_in_loop(main: Coroutine[Any, Any, None]) -> None:
    """With uvloop where it is installed: the same relay, about a fifth faster."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


async def _serve(config: Config, *, as_json: bool, stop_with_parent: bool) -> None:
    stop = asyncio.Event()
    say_faults_of(asyncio.get_running_loop())
    manager = Manager.read()
    async with manager.alive():
        with _stopping_on_signals(stop.set):
            upgrading = partial(_say_upgrading, manager, as_json)
            async with running(config, stop=stop.set, upgrading=upgrading) as relay:
                manager.ready(f"“{relay.config.name}” serves on port {relay.port}")
                say(_as_json(relay) if as_json else _in_words(relay, is_logged=manager.is_there))
                if stop_with_parent:
                    _stop_at_end_of_input(asyncio.get_running_loop(), stop)
                await stop.wait()
                manager.stopping()
                if not as_json:
                    say("Stopping …\n")


# -- when to stop ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _stopping_on_signals(stop: Callable[[], None]) -> Any:
    """Call *stop* in the loop on Ctrl+C and SIGTERM, for as long as the block runs."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in signals:
            loop.add_signal_handler(number, stop)
    except NotImplementedError:  # Windows: Python's own handlers, which run between two steps of the main thread
        before = [signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop)) for number in signals]
        try:
            yield
        finally:
            for number, handler in zip(signals, before, strict=True):
                signal.signal(number, handler)
    else:
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


def _stop_at_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input ends, which it does with the process that holds its other end, however that one ends."""

    def watch() -> None:
        while line := os.read(0, 1024):
            if line.strip() == STAY:
                return
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


# -- what it says ------------------------------------------------------------------------------------------------------


def _say_upgrading(manager: Manager, as_json: bool, before: int, after: int) -> None:
    """Who waits for the relay to be ready is to know why that takes longer this once."""
    words = f"The database is brought from version {before} to {after}, after a copy was made. A large one takes some minutes …\n"
    manager.says(words.strip())
    say(json.dumps({"ready": False, "upgrading": [before, after]}) + "\n" if as_json else words)


def _as_json(relay: RunningRelay) -> str:
    said = {
        "ready": True,
        "name": relay.config.name,
        "addresses": relay.addresses,
        "port": relay.port,
        "relay_id": relay.relay_id,
        "data_dir": str(relay.config.data_dir.resolve()),
        "key_protection": relay.key_protection,
        "invitation": relay.invitation,
        "recovery_code": relay.recovery_code,
        "owner_code": relay.owner_code,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None}) + "\n"


def _in_words(relay: RunningRelay, *, is_logged: bool = False) -> str:
    """*is_logged*: a service manager keeps these words, where others may read them: no codes then."""
    is_bridged = relay.beacon is None and container.is_in_container()
    rows = [
        ("Relay", relay.config.name),
        ("Addresses", _BRIDGED.format(port=relay.port) if is_bridged else _addresses(relay)),
        ("Relay id", show_relay_id(relay.relay_id)),
        ("Data folder", str(relay.config.data_dir.resolve())),
        ("Master key", f"protected by {relay.key_protection}"),
        ("Invitation", _with_blanks(relay.invitation) if is_bridged else relay.invitation),
        ("curl", f"--insecure --pinnedpubkey '{relay.public_key_pin}'"),
    ]
    lines = [f"{name + ':':13} {value}\n" for name, value in rows]
    lines += _instead_of_codes(relay) if is_logged else _codes(relay)
    if is_bridged:
        lines.append(f"\n{_ANNOUNCE_FROM_HOST}\n")
    lines.append("\nThe relay is running. Ctrl+C stops it.\n")
    return "".join(lines)


def _codes(relay: RunningRelay) -> list[str]:
    lines = []
    if relay.recovery_code is not None:
        lines += [
            "\nShown this once. Write it down and keep it apart from this computer:\n",
            f"  Recovery code: {relay.recovery_code}\n",
            "                 opens the data when the key file or passphrase is lost;\n",
            "                 to know that what you wrote is right: python -m relay keys confirm\n",
        ]
    elif not relay.is_code_confirmed:
        lines.append(
            "\nNobody has typed the recovery code back yet: python -m relay keys confirm. If it is lost: keys new-recovery-code\n"
        )
    if relay.owner_code is not None:
        lines += [
            "\nNobody owns this relay yet:\n",
            f"  Owner code:    {relay.owner_code}\n",
            "                 whoever registers with it becomes the owner; shown at each start until then\n",
        ]
    return lines


def _instead_of_codes(relay: RunningRelay) -> list[str]:
    order, where = "python -m relay", f"--data-dir {relay.config.data_dir.absolute()}"
    lines = []
    if not relay.is_code_confirmed:
        lines.append(
            f"\nNobody holds a recovery code yet, and none is written into a log: {order} keys new-recovery-code {where}\n"
        )
    if relay.owner_code is not None:
        lines.append(f"\nNobody owns this relay yet. Register, then: {order} users promote YOUR-NAME owner {where}\n")
    return lines


def _with_blanks(invitation: str) -> str:
    """*invitation* with words to replace: a container in a bridge does not know where others reach it."""
    scheme, _, rest = invitation.partition("://")
    return f"{scheme}://ADDRESS:PORT/{rest.partition('/')[2]}"


def _addresses(relay: RunningRelay) -> str:
    return ", ".join(_at(address, relay.port) for address in relay.addresses or ("127.0.0.1",))


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
