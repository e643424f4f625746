"""A client without a window as a program that checks the connection, for a host of a simulated LAN.

Given a name it first registers at the first relay that it finds, and stays signed in; without one it stays in the list of relays. Each line on
standard input checks once. Speaks in lines of JSON: ``{"event": "state", "state"}``, ``{"event": "ready"}`` when it listens to its input,
``{"event": "alarm"}`` when another identity answers, and ``{"event": "checked", "findings": [{"leg", "good", "text", "command"}]}``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from desktop.events import LinkEvent
from desktop.events.link import IdentityChanged, LinkChanged, SignedIn
from desktop.events.relays import ConnectionChecked, RelaysFound
from desktop.link.address import parse_address
from desktop.link.link import Link
from desktop.link.looking import Looking
from tests.lan.talker import now, tell


class Checker:
    """Folds what the link tells into lines."""

    def __init__(self, home: Path, name: str, server: str) -> None:
        self._name = name
        self._registered = False
        self.link = Link(home, self._hear, now, Looking(server=server))

    def _hear(self, event: LinkEvent) -> None:
        match event:
            case RelaysFound(relays) if relays and self._name and not self._registered:
                self._registered = True
                self.link.register(relays[0], self._name, "correct horse battery", self._name, "")
            case SignedIn():
                self.link.look_for_relays(False)
            case LinkChanged(state):
                tell("state", state=type(state).__name__)
            case IdentityChanged():
                tell("alarm")
            case ConnectionChecked(findings, done=True):
                said = [{"leg": f.leg, "good": f.good, "text": f.text, "command": f.command} for f in findings]
                tell("checked", findings=said)
            case _:
                pass

    def run(self) -> None:
        """Check at each line of standard input, until it ends."""
        self.link.start()
        self.link.look_for_relays(True)
        tell("ready")
        for _line in sys.stdin:
            self.link.check_connection()
        self.link.stop()


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    server = str(parse_address(given["server"])) if "server" in given else ""
    Checker(Path(given["home"]), given.get("name", ""), server).run()
