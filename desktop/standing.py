"""The relay on this computer that runs without this client: it was let stay, or started by hand. Asked through its command line.

Each question is a child process of a few tenths of a second, so that the client needs to know nothing of how a relay takes orders.
Everything here blocks.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from common.crypto.identity import BadRelayId, parse_relay_id
from desktop.hosted import HostingStands

ASK_S: Final = 15.0
STOP_S: Final = 15.0
_ROOT: Final = Path(__file__).parent.parent
_NO_WINDOW_ON_WINDOWS: Final = 0x08000000

_log = logging.getLogger(__name__)


def standing(where: Sequence[str] = ()) -> HostingStands | None:
    """The relay that runs with the own data folder, None when there is none. *where*: arguments that name another folder."""
    done = _asked("status", where, ASK_S)
    if done is None or done.returncode != 0:
        return None
    try:
        said: dict[str, Any] = json.loads(done.stdout)
        return HostingStands(parse_relay_id(said["relay_id"]), str(said["name"]), int(said["port"]))
    except (ValueError, TypeError, KeyError, BadRelayId):
        _log.warning("the relay on this computer says something that is not understood")
        return None


def stop_standing(where: Sequence[str] = ()) -> str:
    """End that relay, and wait until it has ended; empty, or in words why it did not."""
    done = _asked("stop", where, STOP_S)
    if done is None:
        return "python -m relay stop"
    if done.returncode == 0:
        return ""
    try:
        said = json.loads(done.stdout)
        return "" if said["code"] == "not_running" else str(said["message"])
    except (ValueError, TypeError, KeyError):
        return done.stderr.strip()


def _asked(command: str, where: Sequence[str], within_s: float) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            [sys.executable, "-m", "relay", command, "--json", *where],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=within_s,
            creationflags=_NO_WINDOW_ON_WINDOWS if sys.platform == "win32" else 0,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("the relay on this computer cannot be asked: %s", error)
        return None
