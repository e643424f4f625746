"""The options that stand for settings, in one table for all commands, and the settings that come of them."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from common.environment import secret_in
from common.errors import ConfigError
from common.protocol.limits import DEFAULT_PORT
from relay.config import Config

# The option of each setting, its placeholder, and what it says in the help.
OPTIONS: Final = {
    "SERVER_HOST": ("--host", "ADDRESS", "where to listen (all addresses)"),
    "SERVER_PORT": ("--port", "PORT", f"TCP port ({DEFAULT_PORT}, or the next free one)"),
    "RELAY_NAME": ("--name", "NAME", "how the relay is called in lists (this computer's name)"),
    "RELAY_DATA_DIR": ("--data-dir", "FOLDER", "where the database lies (data)"),
    "RELAY_KEY_FILE": ("--key-file", "FILE", "the key file (in the user's config folder)"),
    "RELAY_PASSPHRASE_FILE": ("--passphrase-file", "FILE", "a passphrase in place of the key file: its first line"),
    "RELAY_REGISTRATION": ("--registration", "POLICY", "who may register: open, invite, closed (open)"),
    "RELAY_INVITERS": (
        "--inviters",
        "WHO",
        "with the policy invite, whose invitations let strangers in: everybody, admins of the relay (everybody)",
    ),
    "RELAY_ANNOUNCE": ("--announce", "YES|NO", "announce the relay on the network (yes)"),
    "RELAY_INTERFACES": ("--interfaces", "LIST", "adapters or addresses to announce (those of the LAN)"),
    "RELAY_RATE_LIMIT": ("--rate-limit", "N", "messages per second and device, 0 for no limit (20)"),
    "RELAY_BACKUP_DIR": ("--backup-dir", "FOLDER", "make a backup there each day, and keep the last seven"),
    "RELAY_LOG_LEVEL": ("--log-level", "LEVEL", "debug, info, warning, error (info)"),
    "RELAY_LOG_FORMAT": ("--log-format", "FORMAT", "text, or json: one object a line (text)"),
    "RELAY_LOG_FILE": ("--log-file", "FILE", "log there too, and keep four older ones beside it (none)"),
    "RELAY_LOG_FILE_MAX": ("--log-file-max", "SIZE", "begin another log file at that size (10M)"),
}
KEY_OPTIONS: Final = ("RELAY_KEY_FILE", "RELAY_PASSPHRASE_FILE")
DOTENV: Final = Path(".env")
_ASK: Final = "-"


def add_settings(parser: argparse.ArgumentParser, *settings: str) -> None:
    """The options of these *settings*."""
    for setting in settings:
        option, placeholder, words = OPTIONS[setting]
        parser.add_argument(option, dest=setting, metavar=placeholder, help=f"{words} [{setting}]")


def add_recovery_code(parser: argparse.ArgumentParser, words: str) -> None:
    """The option by which somebody opens the data with the recovery code; *words* say what comes of it."""
    parser.add_argument("--recovery-code", metavar="FILE", nargs="?", const=_ASK, help=f"{words} (not used)")


def config_of(options: argparse.Namespace) -> Config:
    """The settings: of those options that the command has, and of what stands elsewhere. With the recovery code where one is given.

    Raises:
        ConfigError: a setting cannot be used, or no code was given.
    """
    config = Config.read({setting: getattr(options, setting, None) for setting in OPTIONS}, DOTENV)
    place = getattr(options, "recovery_code", None)
    return config if place is None else replace(config, recovery_code=_recovery_code(place))


def _recovery_code(place: str) -> str:
    """What stands in the first line of the file *place*, or is typed. Never an argument: those are shown to every user."""
    if place != _ASK:
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
