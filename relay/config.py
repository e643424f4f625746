"""The relay's settings, read once."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast, get_args

from platformdirs import user_config_path

from common.crypto.keyfile import default_key_file
from common.discovery.record import visible_name
from common.environment import Sources
from common.protocol import limits
from common.protocol.messages import Registration

CONFIG_FOLDER: Final = "pymessenger"
ALL_ADDRESSES: Final = frozenset({"", "*"})
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
RATE_LIMIT: Final = 20
RATE_LIMIT_MAX: Final = 1_000_000

SETTINGS: Final = (
    "SERVER_HOST",
    "SERVER_PORT",
    "RELAY_NAME",
    "RELAY_DATA_DIR",
    "RELAY_KEY_FILE",
    "RELAY_PASSPHRASE",
    "RELAY_PASSPHRASE_FILE",
    "RELAY_REGISTRATION",
    "RELAY_ANNOUNCE",
    "RELAY_INTERFACES",
    "RELAY_RATE_LIMIT",
    "RELAY_LOG_LEVEL",
)
"""Every setting that `Config.read` looks at."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one relay.

    *host*: where to listen, "" for all addresses. *port*: 0 takes any free one; when it was not asked for, a busy one gives way
    to the next. *rate_limit*: messages per second and device session, 0 for none. *interfaces*: adapters or addresses to
    announce, empty for those of the LAN. *recovery_code*: no setting, but what somebody typed for this one start.
    """

    data_dir: Path
    key_file: Path
    name: str
    host: str = ""
    port: int = limits.DEFAULT_PORT
    is_port_asked_for: bool = False
    passphrase: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)
    registration: Registration = "open"
    announce: bool = True
    interfaces: tuple[str, ...] = ()
    rate_limit: int = RATE_LIMIT
    log_level: str = "info"

    @classmethod
    def read(
        cls,
        cli: Mapping[str, str | None] | None = None,
        dotenv_path: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Config:
        """The settings of this process. *cli*: options by the setting's name; *environ* is for tests.

        Raises:
            ConfigError: a setting has a value that cannot be used; the text says which, from where, and what is allowed.
        """
        sources = Sources.gather(cli or {}, dotenv_path, environ)
        host = sources.text("SERVER_HOST", "")
        return cls(
            data_dir=sources.path("RELAY_DATA_DIR", Path("data")),
            key_file=sources.path("RELAY_KEY_FILE", default_key_file(config_folder())),
            name=visible_name(sources.text("RELAY_NAME", "") or socket.gethostname()) or "relay",
            host="" if host in ALL_ADDRESSES else host.strip("[]"),
            port=sources.integer("SERVER_PORT", limits.DEFAULT_PORT, 0, 65535),
            is_port_asked_for=sources.is_given("SERVER_PORT"),
            passphrase=sources.secret("RELAY_PASSPHRASE"),
            registration=cast(Registration, sources.choice("RELAY_REGISTRATION", get_args(Registration), "open")),
            announce=sources.flag("RELAY_ANNOUNCE", True),
            interfaces=sources.words("RELAY_INTERFACES"),
            rate_limit=sources.integer("RELAY_RATE_LIMIT", RATE_LIMIT, 0, RATE_LIMIT_MAX),
            log_level=sources.choice("RELAY_LOG_LEVEL", LOG_LEVELS, "info"),
        )


def config_folder() -> Path:
    """This user's folder for settings of this program."""
    return user_config_path(CONFIG_FOLDER, appauthor=False)
