"""``python -m relay run``: the relay in the foreground, until Ctrl+C, SIGTERM, or the end of who started it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from common.crypto.identity import show_relay_id
from common.environment import secret_in
from common.errors import ConfigError
from common.protocol.limits import DEFAULT_PORT
from relay.api import leave_out_strangers_faults
from relay.app import RunningRelay, running
from relay.cli.saying import say
from relay.config import Config

# The option of each setting, its placeholder, and what it says in the help.
_OPTIONS: Final = {
    "SERVER_HOST": ("--host", "ADDRESS", "where to listen (all addresses)"),
    "SERVER_PORT": ("--port", "PORT", f"TCP port ({DEFAULT_PORT}, or the next free one)"),
    "RELAY_NAME": ("--name", "NAME", "how the relay is called in lists (this computer's name)"),
    "RELAY_DATA_DIR": ("--data-dir", "FOLDER", "where the database lies (data)"),
    "RELAY_KEY_FILE": ("--key-file", "FILE", "the key file (in the user's config folder)"),
    "RELAY_PASSPHRASE_FILE": ("--passphrase-file", "FILE", "a passphrase in place of the key file: its first line"),
    "RELAY_REGISTRATION": ("--registration", "POLICY", "who may register: open, invite, closed (open)"),
    "RELAY_ANNOUNCE": ("--announce", "YES|NO", "announce the relay on the network (yes)"),
    "RELAY_INTERFACES": ("--interfaces", "LIST", "adapters or addresses to announce (those of the LAN)"),
    "RELAY_RATE_LIMIT": ("--rate-limit", "N", "messages per second and device, 0 for no limit (20)"),
    "RELAY_LOG_LEVEL": ("--log-level", "LEVEL", "debug, info, warning, error (info)"),
}
STAY: Final = b"stay"
"""A line that takes back ``--stop-with-parent``."""
_LOG_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_DOTENV: Final = Path(".env")
ASK: Final = "-"
IMAGE_MARK: Final = Path("/etc/py-messenger-image")
"""Is in the image that the Dockerfile makes. What engines leave behind themselves is not everywhere, and in other containers too."""
_BRIDGED: Final = "those of the computer that runs this container, with the port that it publishes for {port}"
_ANNOUNCE_FROM_HOST: Final = (
    "Clients do not find a container by themselves. Enter ADDRESS and PORT of that computer there, or announce them from it:\n"
    "  python3 messenger.py relay announce --host ADDRESS --port PORT"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("run", help="run the relay in the foreground", description=__doc__)
    for setting, (option, placeholder, words) in _OPTIONS.items():
        parser.add_argument(option, dest=setting, metavar=placeholder, help=f"{words} [{setting}]")
    parser.add_argument(
        "--recovery-code",
        metavar="FILE",
        nargs="?",
        const=ASK,
        help="open the data by the recovery code, which is asked for, or the first line of FILE, and let the key file or a "
        "new passphrase open it again",
    )
    parser.add_argument(
        "--json", action="store_true", help="say that it is ready in one line of JSON, and nothing else"
    )
    parser.add_argument("--stop-with-parent", action="store_true", help="end when standard input ends")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the relay until it is asked to stop.

    Raises:
        StartupError: it cannot run; the text says what to do.
    """
    config = Config.read({setting: getattr(options, setting) for setting in _OPTIONS}, _DOTENV)
    if options.recovery_code is not None:
        config = replace(config, recovery_code=_recovery_code(options.recovery_code))
    os.umask(0o077)  # ids, times and sizes stand in clear in the database: they are not everybody's on this machine
    logging.basicConfig(level=config.log_level.upper(), format=_LOG_FORMAT, stream=sys.stderr)
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
    with _stopping_on_signals(stop.set):
        async with running(config) as relay:
            say(_as_json(relay) if as_json else _in_words(relay))
            if stop_with_parent:
                _stop_at_end_of_input(asyncio.get_running_loop(), stop)
            await stop.wait()
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


# -- the recovery code -------------------------------------------------------------------------------------------------


def _recovery_code(place: str) -> str:
    """What stands in the first line of the file *place*, or is typed. Never an argument: those are shown to every user."""
    if place != ASK:
        return secret_in(Path(place), "The file after --recovery-code (without one, the code is asked for)")
    if sys.stdin is None:
        raise ConfigError("The recovery code cannot be asked for here. Write it into a file: --recovery-code FILE")
    if sys.stdin.isatty():
        sys.stderr.write("Recovery code: ")
        sys.stderr.flush()
    code = sys.stdin.readline().strip()
    if not code:
        raise ConfigError("No recovery code was given. Type it, or write it into a file: --recovery-code FILE")
    return code


# -- what it says ------------------------------------------------------------------------------------------------------


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


def _in_words(relay: RunningRelay) -> str:
    is_bridged = relay.beacon is None and _is_in_container()
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
    if relay.recovery_code is not None and relay.owner_code is not None:
        lines += [
            "\nShown this once. Write both down and keep them apart from this computer:\n",
            f"  Recovery code: {relay.recovery_code}\n",
            "                 opens the data when the key file or passphrase is lost\n",
            f"  Owner code:    {relay.owner_code}\n",
            "                 whoever registers with it becomes the owner of this relay\n",
        ]
    if is_bridged:
        lines.append(f"\n{_ANNOUNCE_FROM_HOST}\n")
    lines.append("\nThe relay is running. Ctrl+C stops it.\n")
    return "".join(lines)


def _is_in_container() -> bool:
    return IMAGE_MARK.exists()


def _with_blanks(invitation: str) -> str:
    """*invitation* with words to replace: a container in a bridge does not know where others reach it."""
    scheme, _, rest = invitation.partition("://")
    return f"{scheme}://ADDRESS:PORT/{rest.partition('/')[2]}"


def _addresses(relay: RunningRelay) -> str:
    return ", ".join(_at(address, relay.port) for address in relay.addresses or ("127.0.0.1",))


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
