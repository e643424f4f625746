"""A controller between a screen and a link of lists, and what the tests of both sides say to it."""

from __future__ import annotations

from pathlib import Path

from common.ids import Millis, RelayId
from common.protocol.messages import Entry, GroupInfo
from desktop import hosted, moves
from desktop.autostart.seen import AutostartSeen
from desktop.controller import Controller
from desktop.events import LinkEvent
from desktop.events.conversations import EntriesKnown, GroupsListed, UsersKnown
from desktop.events.link import Connected, LinkChanged, SignedIn
from desktop.events.relays import FoundRelay, Trust
from desktop.model.rows import Bubble
from desktop.notifications import NotifierEvent
from desktop.settings import SettingsFile
from tests.desktop.lists import Calls, ListHosting, ListScreen
from tests.desktop.model.people import ANNA, BORIS, MEI, MORNING, group, nonce

OFFICE = RelayId("K7QF2M3DZXWAPL4T" * 3 + "ABCD")
OTHER = RelayId("ZZZZ" * 13)


def found(trust: Trust = Trust.NEW, *, name: str = "Office", registration: str = "open") -> FoundRelay:
    """A relay that answered a probe."""
    return FoundRelay(OFFICE, name, "192.168.1.20", 5000, ("192.168.1.20:5000",), 3, registration, trust)  # type: ignore[arg-type]


class Stage:
    """A controller between a screen and a link of lists."""

    def __init__(self, home: Path) -> None:
        self.screen = ListScreen()
        self.link = Calls()
        self.hosting = ListHosting()
        self.notifier = Calls()
        self.moving = Calls()
        self.autostart = Calls()
        self.now = Millis(MORNING)
        self.settings = SettingsFile(home)
        self.direct = ""
        self._nonces = iter(range(500, 600))

    def opens(self, *, remembered: bool = False, in_background: bool = False) -> Controller:
        """The window is there."""
        self.controller = Controller(
            self.link,
            self.hosting,
            self.settings,
            self.notifier,
            self.moving,
            self.autostart,
            now=lambda: self.now,
            new_nonce=lambda: nonce(next(self._nonces)),
            direct=self.direct,
        )
        self.controller.begin(self.screen, remembered=remembered, in_background=in_background)
        return self.controller

    def tells(self, *told: LinkEvent | hosted.HostingEvent | moves.MoveEvent | NotifierEvent | AutostartSeen) -> None:
        """The link tells so, and the turn is over."""
        for event in told:
            self.controller.fold(event)
        self.controller.settle()

    def anna_is_in(self, *groups: GroupInfo, history: tuple[Entry, ...] = ()) -> Controller:
        """Anna is signed in and sees *groups*; the link is up."""
        controller = self.opens(remembered=True)
        controller.window_focused(True)
        self.tells(
            SignedIn(OFFICE, "Office", ANNA, "keyring", offline=True),
            UsersKnown((BORIS, MEI)),
            GroupsListed(groups or (group(1),)),
        )
        if history:
            self.tells(EntriesKnown(history[0].group, history, first_reached=True))
        self.tells(LinkChanged(Connected()))
        return controller

    def hears(self, *entries: Entry) -> None:
        """Just said."""
        self.tells(EntriesKnown(entries[0].group, entries, live=True))

    @property
    def bodies(self) -> list[str]:
        return [row.body for row in self.screen.rows if isinstance(row, Bubble)]
