"""A session bus of a test's own, which shares nothing with the session of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WITHIN_S = 10.0
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""


class SessionBus:
    """A dbus-daemon. *address*: what DBUS_SESSION_BUS_ADDRESS is to be."""

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        """*folder*: short, because the socket is in it."""
        config = folder / "bus.conf"
        config.write_text(_CONFIG.format(socket=folder / "bus"))
        self._daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        assert self._daemon.stdout is not None
        self.address = self._daemon.stdout.readline().strip()
        assert self.address, "no bus"

    def connect(self) -> Any:
        """A connection of its own to the bus."""
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

        return open_dbus_connection(self.address)

    def close(self) -> None:
        """End it, as a logout does."""
        self._daemon.kill()
        self._daemon.wait()
        assert self._daemon.stdout is not None
        self._daemon.stdout.close()


def take_name(bus: Any, name: str) -> None:
    """Be *name* on the bus."""
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]

    assert bus.send_and_get_reply(message_bus.RequestName(name), timeout=WITHIN_S).body == (1,)
