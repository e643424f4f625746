"""The units for systemd, as text: what the relay may touch when nobody watches it. Pure.

The unit of the system runs it as a user that exists only while it runs, who may write to its two folders and nothing else, sees no
home folder, gains no right, and calls only what a program of its kind needs. The unit of a person (for who is not root) uses the
person's own folders, and what of this a manager without rights can do.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from msgspec import Struct

from relay.exits import MOVED_AWAY, WRONG

NAME: Final = "py-messenger-relay.service"
STATE: Final = "py-messenger"
"""The folder of the data, below ``/var/lib``."""
KEYS: Final = "py-messenger-key"
"""That of the key file: never within the data, which is copied and moved without it."""
SETTINGS: Final = Path("/etc/py-messenger.env")
WATCHDOG_S: Final = 120
OPEN_FILES: Final = 65_536
STEPS_SINCE: Final = 254
"""The version of systemd that can wait longer after each failure; older ones would warn of the words."""
_HOMES: Final = (Path("/home"), Path("/root"), Path("/run/user"))
_TEMPORARY: Final = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  what PrivateTmp hides
_TROUBLED_S: Final = 5

_NETWORK: Final = ("Wants=network-online.target", "After=network-online.target")

# What every process can be held to without any right.
_HELD: Final = (
    "UMask=0077",
    f"LimitNOFILE={OPEN_FILES}",
    "LimitCORE=0",  # the keys are in its memory
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    # Netlink: the adapters and their addresses.
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
)
# What only the manager of the system can do.
_SHUT_IN: Final = (
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "ProtectSystem=strict",
    "PrivateMounts=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "DevicePolicy=closed",
    "PrivateUsers=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "RemoveIPC=yes",
    "KeyringMode=private",
)


class Program(Struct, frozen=True):
    """Where the program is. *python* starts it; *folders* are all that it needs to read besides the system's own."""

    root: Path
    python: Path
    folders: tuple[Path, ...]


def system_unit(program: Program, version: int, user: str | None = None) -> str:
    """For the manager of the system, whose *version* is. *user*: an existing one, in place of one that is made up at each start."""
    who = ("DynamicUser=yes",) if user is None else (f"User={user}",)
    hidden = [folder for folder in program.folders if _is_in(folder, (*_HOMES, *_TEMPORARY))]
    # The program may lie in somebody's home: of that it alone is shown, and only to be read.
    sees = (
        "ProtectHome=tmpfs" if any(_is_in(folder, _HOMES) for folder in hidden) else "ProtectHome=yes",
        *((f"BindReadOnlyPaths={_paths(hidden)}",) if hidden else ()),
    )
    own = (
        f"StateDirectory={STATE} {KEYS}",
        "StateDirectoryMode=0700",
        f"EnvironmentFile=-{SETTINGS}",
        "Environment=PYTHONDONTWRITEBYTECODE=1",
    )
    options = ("--data-dir", f"%S/{STATE}", "--key-file", f"%S/{KEYS}/relay.key")
    return _unit(program, version, options, (*who, *own, *_SHUT_IN, *sees, *_HELD), "multi-user.target", _NETWORK)


def user_unit(program: Program, version: int, data_dir: Path, key_file: Path) -> str:
    """For the manager of one person, with the data and the key that they have."""
    options = ("--data-dir", _escaped(data_dir), "--key-file", _escaped(key_file))
    # A checkout that was moved or deleted is not missed at each sign-in.
    is_there = (f"ConditionPathExists={str(program.root).replace('%', '%%')}",)
    return _unit(program, version, options, _HELD, "default.target", is_there)


def _unit(
    program: Program, version: int, options: Iterable[str], rules: Iterable[str], target: str, after: Iterable[str] = ()
) -> str:
    # systemd takes no such signs in what it starts itself.
    by = ("/usr/bin/env",) if set(str(program.python)) & set("\"'\\$;") else ()
    command = (*by, _escaped(program.python), "-m", "relay", "run", *options)
    later = ("RestartSteps=6", "RestartMaxDelaySec=5min") if version >= STEPS_SINCE else ()
    lines = (
        "[Unit]",
        "Description=Py_messenger relay",
        *after,
        # Whatever keeps it from running (a full disk, a port that another has) may be over by the next time.
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"WorkingDirectory={str(program.root).replace('%', '%%')}",
        f"ExecStart={' '.join(_quoted(word) for word in command)}",
        "Restart=on-failure",
        f"RestartSec={_TROUBLED_S}",
        *later,
        f"RestartPreventExitStatus={WRONG} {MOVED_AWAY}",  # the next time would be as this one
        f"WatchdogSec={WATCHDOG_S}",
        "TimeoutStopSec=15",
        *rules,
        "",
        "[Install]",
        f"WantedBy={target}",
    )
    return "\n".join(lines) + "\n"


def _is_in(folder: Path, places: Iterable[Path]) -> bool:
    return any(folder.is_relative_to(place) for place in places)


def _escaped(path: Path) -> str:
    """*path* with what systemd would replace in a command line."""
    return str(path).replace("%", "%%").replace("$", "$$")


def _quoted(word: str) -> str:
    """*word* as one, whatever is in it."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"' if plain != word or not plain or any(sign.isspace() or sign in "';" for sign in plain) else word


def _paths(paths: Iterable[Path]) -> str:
    """For ``BindReadOnlyPaths``, where a colon would begin another place."""
    return " ".join(_quoted(str(path).replace("%", "%%")).replace(":", "\\:") for path in paths)
