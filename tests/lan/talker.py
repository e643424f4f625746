"""A client without a window as a program, for a host of a simulated LAN: the real link finds the relay, registers, and talks.

Each line on standard input is posted to the general group. Speaks in lines of JSON, each with the monotonic time of all hosts:
``{"t", "event": "state", "state"}``, ``{"t", "event": "message", "seq", "body", "mine"}``,
``{"t", "event": "presence", "mine", "state"}``, ``{"t", "event": "outbox", "waiting"}``, ``{"t", "event": "epoch", "epoch"}`` when the log has
another life, and ``{"t", "event": "signed_out"}``. The line `SLEPT` is not posted: from then on the clock that goes through sleep shows
an hour more.
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
from desktop.events import LinkEvent
from desktop.events.conversations import EntriesKnown, EpochBegan, GroupSeen, GroupsListed, PresenceSeen
from desktop.events.link import LinkChanged, SignedIn, SignedOut
from desktop.events.outbox import OutboxItem, OutboxListed
from desktop.events.relays import RelaysFound
from desktop.link.link import Link

SLEPT = "/slept"


def now() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


class Talker:
    """Folds what the link tells into lines."""

    def __init__(self, home: Path, name: str) -> None:
        self._name = name
        self._registered = False
        self._me: UserId | None = None
        self._general = GroupId(0)
        self._known = threading.Event()
        self.link = Link(home, self._hear, now)

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
            case PresenceSeen(user, state):
                tell("presence", mine=user == self._me, state=state)
            case EpochBegan(epoch):
                tell("epoch", epoch=epoch)
            case SignedOut():
                tell("signed_out")
            case OutboxListed(items=items):
                tell("outbox", waiting=len(items))
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
            if line.rstrip("\n") == SLEPT:
                skip_an_hour()
                continue
            self._known.wait()
            item = OutboxItem(self._general, Nonce(secrets.token_hex(16)), line.rstrip("\n"), now())
            self.link.act(item)
        self.link.stop()


def tell(event: str, **more: object) -> None:
    """One line."""
    print(json.dumps({"t": time.monotonic(), "event": event, **more}), flush=True)


def skip_an_hour() -> None:
    """As after a suspension: every other clock stood still."""
    clock_gettime = time.clock_gettime
    time.clock_gettime = lambda clock: clock_gettime(clock) + 3600 * (clock == time.CLOCK_BOOTTIME)


if __name__ == "__main__":
    Talker(Path(sys.argv[1]), sys.argv[2]).talk()
