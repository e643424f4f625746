"""avahi in one host of a simulated LAN: a foreign mDNS stack, which must see what we announce. Its bus and its run folder are its own."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lan.wires import Host

TOOLS = ("avahi-daemon", "avahi-browse", "dbus-daemon", "unshare")
SERVICE = "_pymessenger._tcp"

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*"/>
<allow receive_sender="*"/><allow eavesdrop="true"/></policy></busconfig>
"""
_DAEMON = """[server]
host-name={name}
allow-interfaces=eth0
enable-dbus=yes
[publish]
publish-workstation=no
"""


def why_no_avahi() -> str:
    """Why there is no foreign witness here; an empty string where there is."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"{', '.join(missing)} missing: apt-get install -y avahi-daemon avahi-utils dbus" if missing else ""


@dataclass(frozen=True)
class Seen:
    """A line of avahi-browse."""

    name: str
    host: str
    address: str
    port: int
    txt: frozenset[str]


class Avahi:
    """avahi-daemon on *host*, with a bus of its own."""

    def __init__(self, host: Host, folder: Path) -> None:
        self._host = host
        self._folder = folder
        self._bus = f"unix:path={folder / 'bus'}"

    async def start(self) -> None:
        """Start the bus and the daemon; `browse` waits for them."""
        self._folder.mkdir()
        bus, daemon = self._folder / "bus.conf", self._folder / "avahi.conf"
        bus.write_text(_BUS.format(socket=self._folder / "bus"))
        daemon.write_text(_DAEMON.format(name=f"witness-{self._host.number}"))
        await self._host.run("dbus-daemon", f"--config-file={bus}", "--nofork", "--nopidfile")
        # Its run folder is fixed at compile time: a private /run, so that several can stand side by side.
        start = (
            "mount --make-rprivate / && mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && "
            f"until [ -S {self._folder / 'bus'} ]; do sleep 0.05; done && "
            f"exec avahi-daemon -f {daemon} --no-drop-root --no-chroot --no-rlimits"
        )
        await self._host.run("unshare", "-m", "sh", "-c", start, DBUS_SYSTEM_BUS_ADDRESS=self._bus)

    async def browse(self) -> list[Seen]:
        """What avahi sees now, resolved."""
        browsing = await self._host.run("avahi-browse", "-rtp", SERVICE, DBUS_SYSTEM_BUS_ADDRESS=self._bus)
        return [seen for line in (await browsing.rest()).splitlines() if (seen := _parse(line)) is not None]

    async def sees(self, condition: Callable[[set[Seen]], bool], within_s: float = 10.0) -> set[Seen]:
        """Browse again and again, until *condition* holds for all that is there. Fails with what is there instead."""
        found: set[Seen] = set()
        try:
            async with asyncio.timeout(within_s):
                while not condition(found := set(await self.browse())):
                    pass
        except TimeoutError:
            raise AssertionError(f"avahi goes on seeing {found}") from None
        return found


def _parse(line: str) -> Seen | None:
    parts = line.split(";", 9)
    if parts[0] != "=" or len(parts) < 10:
        return None
    return Seen(_unescape(parts[3]), parts[6], parts[7], int(parts[8]), frozenset(re.findall(r'"([^"]*)"', parts[9])))


def _unescape(text: str) -> str:
    r"""``\208\161`` stands for the bytes 208 and 161."""
    return re.sub(rb"\\(\d{3})", lambda found: bytes([int(found[1])]), text.encode()).decode()
