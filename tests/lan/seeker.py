"""A client's finder as a program, for a host of a simulated LAN. Speaks in lines of JSON, each with the monotonic time of all hosts:

``{"t", "event": "looking"}``, ``{"t", "event": "relays", "relays": […]}``, ``{"t", "event": "trouble", "message"}``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time

from desktop.events.relays import FoundRelay
from desktop.link.finder import Finder


def tell(event: str, **more: object) -> None:
    """One line."""
    print(json.dumps({"t": time.monotonic(), "event": event, **more}), flush=True)


def tell_relays(relays: tuple[FoundRelay, ...]) -> None:
    """The whole list, in one line."""
    shown = [
        {"name": r.name, "relay_id": r.relay_id, "host": r.host, "port": r.port, "addresses": r.addresses}
        for r in relays
    ]
    tell("relays", relays=shown)


async def seek(multicast: bool, broadcast: bool) -> None:
    """Look until SIGTERM."""
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    finder = Finder(
        tell_relays,
        on_trouble=lambda message: tell("trouble", message=message),
        multicast=multicast,
        broadcast=broadcast,
    )
    tell("looking")
    await finder.start()
    await stopped.wait()
    await finder.close()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-multicast", action="store_true")
    parser.add_argument("--no-broadcast", action="store_true")
    given = parser.parse_args()
    asyncio.run(seek(not given.no_multicast, not given.no_broadcast))


if __name__ == "__main__":
    main()
