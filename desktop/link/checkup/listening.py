"""Listens to the network for a while: which relays announce themselves, and which answer when everybody is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct, field

from common.discovery.adapters import LocalAddress
from common.discovery.broadcast import Asker
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import Announcement
from common.ids import RelayId
from desktop.link.looking import Looking
from desktop.locale import _

LISTEN_S: Final = 3.5
"""How long the network is listened to: the first answer may get lost on a busy port 5353, the second comes after 1 s."""
DOUBT_S: Final = 2.5
"""So much longer where relays answer and no announcement of them was heard: the next question goes out after 4 s."""
QUESTIONS: Final = 4
"""So often everybody is asked within that time; a datagram may get lost."""


class Ears(Struct, frozen=True):
    """What was heard in a while. *by_multicast* and *by_broadcast*: relays by their ids. *trouble*: what hinders multicast DNS."""

    by_multicast: dict[RelayId, Announcement] = field(default_factory=dict)
    by_broadcast: dict[RelayId, Announcement] = field(default_factory=dict)
    trouble: str = ""

    @property
    def every(self) -> dict[RelayId, Announcement]:
        """Each relay that was heard, with all its addresses; where it says itself that it is comes from its announcement."""
        found = dict(self.by_multicast)
        for relay_id, answer in self.by_broadcast.items():
            announced = found.get(relay_id)
            found[relay_id] = answer if announced is None else _joined(answer, announced)
        return found


async def listen(own: Sequence[LocalAddress], looking: Looking, listen_s: float = LISTEN_S) -> Ears:
    """Listen on the networks of *own* for *listen_s* seconds, and ask by broadcast."""
    instances: dict[str, Announcement] = {}
    answers: dict[RelayId, Announcement] = {}
    troubles = [""]

    def on_sighting(sighting: Sighting) -> None:
        match sighting:
            case Heard(instance, announcement):
                instances[instance] = announcement
            case Gone(instance):
                instances.pop(instance, None)

    def on_answer(answer: Announcement) -> None:
        before = answers.get(answer.relay_id)
        answers[answer.relay_id] = answer if before is None else _joined(before, answer)

    async def addresses() -> Sequence[LocalAddress]:
        return own

    watcher = Watcher(on_sighting, addresses, on_trouble=troubles.append)
    asker = Asker(on_answer, looking.ports)
    if looking.multicast:
        await watcher.start()
    try:
        if looking.broadcast:
            try:
                await asker.start()
            except OSError as problem:
                troubles.append(_("The network cannot be asked for relays: {reason}").format(reason=problem.strerror))
        for _turn in range(QUESTIONS):
            asker.ask(own)
            await asyncio.sleep(listen_s / QUESTIONS)
        if answers and not instances and looking.multicast and not troubles[-1]:
            await asyncio.sleep(DOUBT_S)
    finally:
        asker.close()
        await watcher.close()
    return Ears({heard.relay_id: heard for heard in instances.values()}, answers, troubles[-1])


def _joined(first: Announcement, more: Announcement) -> Announcement:
    """Both addresses; one that a relay answered from and that neither names was not meant to be used."""
    addresses = tuple(dict.fromkeys([*first.addresses, *more.addresses]))
    unnamed = {first.came_from, more.came_from} - {""}
    named = {one for heard in (first, more) for one in heard.addresses if one != heard.came_from}
    return replace(more, addresses=addresses, came_from=next(iter(sorted(unnamed - named)), ""))
