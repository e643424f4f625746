"""A client without a window as a program, for a host of a simulated LAN: the real link finds the relay, registers, and talks.

Each line on standard input is posted to the general group. Speaks in lines of JSON, each with the monotonic time of all hosts:
``{"t", "event": "state", "state"}`` and ``{"t", "event": "message", "seq", "body", "mine"}``.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from common.ids import GroupId, Millis, Nonce, UserId
from common.protocol.messages import GroupInfo
from desktop.events import EntriesKnown, GroupSeen, GroupsListed, LinkChanged, LinkEvent, RelaysFound, SignedIn
from desktop.link.link import Link


class Talker:
    """Folds what the link tells into lines."""

    def __init__(self, home: Path, name: str) -> None:
        self._name = name
        self._registered = False
        self._me: UserId | None = None
        self._general = GroupId(0)
        self._known = threading.Event()
        self.link = Link(home, self._hear, lambda: Millis(time.time_ns() // 1_000_000))

    def _hear(self, event: LinkEvent) -> None:
        match event:
            case RelaysFound(relays) if relays and not self._registered:
                self._registered = True
                self.link.register(relays[0], self._name, "correct horse battery", self._name, "")
            case SignedIn(user=user):
                self._me = user.id
                self.link.look_for_relays(False)
            case GroupsListed(groups):
                self._learn(groups)
            case GroupSeen(group):
                self._learn([group])
            case LinkChanged(state):
                tell("state", state=type(state).__name__)
            case EntriesKnown(entries=entries):
                for entry in entries:
                    if entry.kind == "message":
                        tell("message", seq=entry.seq, body=entry.body, mine=entry.sender == self._me)
            case _:
                pass

    def _learn(self, groups: Iterable[GroupInfo]) -> None:
        for group in groups:
            if group.kind == "general":
                self._general = group.id
                self._known.set()

    def talk(self) -> None:
        """Post each line of standard input, until it ends."""
        self.link.start()
        self.link.look_for_relays(True)
        for line in sys.stdin:
            self._known.wait()
            self.link.post(self._general, Nonce(secrets.token_hex(16)), line.rstrip("\n"))
        self.link.stop()


def tell(event: str, **more: object) -> None:
    """One line."""
    print(json.dumps({"t": time.monotonic(), "event": event, **more}), flush=True)


if __name__ == "__main__":
    Talker(Path(sys.argv[1]), sys.argv[2]).talk()
