"""The relay's settings, read once."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, cast, get_args

from platformdirs import user_config_path

from common.crypto.keyfile import default_key_file
from common.discovery.record import visible_name
from common.environment import Sources
from common.protocol import limits
from common.protocol.messages import Registration
from relay.logs import LOG_FORMATS, LogFormat

CONFIG_FOLDER: Final = "pymessenger"
ALL_ADDRESSES: Final = frozenset({"", "*"})
Inviters = Literal["everybody", "admins"]
"""Whose invitations let people without an account in: also those into a group of its owners and admins, or only the relay's."""
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
RATE_LIMIT: Final = 20
RATE_LIMIT_MAX: Final = 1_000_000
FILE_MAX: Final = 4 * 1024**3
LOG_FILE_MAX: Final = 10 * 1024**2
LOG_FILE_LEAST: Final = 64 * 1024
"""A smaller log file would be exchanged all the time, and keep next to nothing."""
FILES_PER_PERSON: Final = 20 * 1024**3

SETTINGS: Final = (
    "SERVER_HOST",
    "SERVER_PORT",
    "RELAY_NAME",
    "RELAY_DATA_DIR",
    "RELAY_KEY_FILE",
    "RELAY_PASSPHRASE",
    "RELAY_PASSPHRASE_FILE",
    "RELAY_REGISTRATION",
    "RELAY_INVITERS",
    "RELAY_ANNOUNCE",
    "RELAY_INTERFACES",
    "RELAY_RATE_LIMIT",
    "RELAY_FILE_MAX",
    "RELAY_FILES_PER_PERSON",
    "RELAY_FILES_IN_ALL",
    "RELAY_BACKUP_DIR",
    "RELAY_LOG_LEVEL",
    "RELAY_LOG_FORMAT",
    "RELAY_LOG_FILE",
    "RELAY_LOG_FILE_MAX",
)
"""Every setting that `Config.read` looks at."""
MOVED_SETTINGS: Final = "relay.settings"
"""In the data folder of a relay that has moved: what it brought along, for where nothing else is said."""
KEPT: Final = (
    "RELAY_NAME",
    "RELAY_REGISTRATION",
    "RELAY_INVITERS",
    "RELAY_RATE_LIMIT",
    "RELAY_FILE_MAX",
    "RELAY_FILES_PER_PERSON",
    "RELAY_FILES_IN_ALL",
)
"""Settings of a relay rather than of its machine: a relay that lets in only who is invited shall not be open elsewhere."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one relay.

    *host*: where to listen, "" for all addresses. *port*: 0 takes any free one; when it was not asked for, a busy one gives way
    to the next. *rate_limit*: messages per second and device session, 0 for none. *interfaces*: adapters or addresses to
    announce, empty for those of the LAN. *file_max*: bytes, 0 for no files at all; of *files_per_person* and *files_in_all* 0 is
    no limit. *backup_dir*: where a backup is made each day, None for nowhere. *log_file*: where the log
    goes besides standard error, None for nowhere; *log_file_max*: bytes, then another one is begun. *recovery_code*: no setting, but what somebody typed for this one start.
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
    inviters: Inviters = "everybody"
    announce: bool = True
    interfaces: tuple[str, ...] = ()
    rate_limit: int = RATE_LIMIT
    file_max: int = FILE_MAX
    files_per_person: int = FILES_PER_PERSON
    files_in_all: int = 0
    backup_dir: Path | None = None
    log_level: str = "info"
    log_format: LogFormat = "text"
    log_file: Path | None = None
    log_file_max: int = LOG_FILE_MAX

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
        data_dir = sources.path("RELAY_DATA_DIR", Path("data"))
        sources = sources.above(data_dir / MOVED_SETTINGS)
        host = sources.text("SERVER_HOST", "")
        return cls(
            data_dir=data_dir,
            key_file=sources.path("RELAY_KEY_FILE", default_key_file(config_folder())),
            name=visible_name(sources.text("RELAY_NAME", "") or socket.gethostname()) or "relay",
            host="" if host in ALL_ADDRESSES else host.strip("[]"),
            port=sources.integer("SERVER_PORT", limits.DEFAULT_PORT, 0, 65535),
            is_port_asked_for=sources.is_given("SERVER_PORT"),
            passphrase=sources.secret("RELAY_PASSPHRASE"),
            registration=cast(Registration, sources.choice("RELAY_REGISTRATION", get_args(Registration), "open")),
            inviters=cast(Inviters, sources.choice("RELAY_INVITERS", get_args(Inviters), "everybody")),
            announce=sources.flag("RELAY_ANNOUNCE", True),
            interfaces=sources.words("RELAY_INTERFACES"),
            rate_limit=sources.integer("RELAY_RATE_LIMIT", RATE_LIMIT, 0, RATE_LIMIT_MAX),
            file_max=sources.size("RELAY_FILE_MAX", FILE_MAX),
            files_per_person=sources.size("RELAY_FILES_PER_PERSON", FILES_PER_PERSON),
            files_in_all=sources.size("RELAY_FILES_IN_ALL", 0),
            backup_dir=sources.path("RELAY_BACKUP_DIR", Path()) if sources.text("RELAY_BACKUP_DIR", "") else None,
            log_level=sources.choice("RELAY_LOG_LEVEL", LOG_LEVELS, "info"),
            log_format=cast(LogFormat, sources.choice("RELAY_LOG_FORMAT", LOG_FORMATS, "text")),
            log_file=sources.path("RELAY_LOG_FILE", Path()) if sources.text("RELAY_LOG_FILE", "") else None,
            log_file_max=max(LOG_FILE_LEAST, sources.size("RELAY_LOG_FILE_MAX", LOG_FILE_MAX)),
        )

    def kept(self) -> dict[str, str]:
        """What goes with the relay when it moves, as it would stand in a ``.env``."""
        values = (
            self.name,
            self.registration,
            self.inviters,
            self.rate_limit,
            self.file_max,
            self.files_per_person,
            self.files_in_all,
        )
        return {name: str(value) for name, value in zip(KEPT, values, strict=True)}


def config_folder() -> Path:
    """This user's folder for settings of this program."""
    return user_config_path(CONFIG_FOLDER, appauthor=False)
