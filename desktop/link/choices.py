"""How the person wants each conversation, on all their devices: kept here at once, said to the relay when it is there.

The relay's word counts, except for what was chosen here and it does not know yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from common.ids import GroupId
from common.protocol.messages import Answer, Choose, GroupInfo
from desktop.events import LinkEvent
from desktop.events.conversations import ChoicesKnown, GroupChoice
from desktop.link.asking import Asking
from desktop.link.denied import Denied
from desktop.link.shelf import Shelf


class Choices:
    """The choices of one account."""

    def __init__(self, shelf: Shelf, asking: Asking, tell: Callable[[LinkEvent], None]) -> None:
        """*shelf* remembers them, also those that are still to be said."""
        self._shelf = shelf
        self._asking = asking
        self._tell = tell

    def choose(self, group: GroupId, choice: GroupChoice) -> None:
        """How the person wants that conversation from now on."""
        self._shelf.keep_choice(group, replace(choice, said=False))
        self._tell(ChoicesKnown(dict(self._shelf.choices)))
        self._say(group)

    def opened(self) -> None:
        """There is a link: say what was chosen without one."""
        for group in list(self._shelf.choices):
            self._say(group)

    def seen(self, groups: Iterable[GroupInfo]) -> None:
        """The relay has told of these groups, with what was chosen for them on any device."""
        is_news = False
        for info in groups:
            own = self._shelf.choices.get(info.id, GroupChoice(said=True))
            theirs = GroupChoice(info.notify, info.hidden, said=True)
            if info.role is not None and own.said and own != theirs:
                self._shelf.keep_choice(info.id, theirs)
                is_news = True
        if is_news:
            self._tell(ChoicesKnown(dict(self._shelf.choices)))

    def _say(self, group: GroupId) -> None:
        choice = self._shelf.choices.get(group)
        if choice is not None and not choice.said and self._asking.wire is not None:
            self._asking.while_linked(self._ask(group, choice), "choice")

    async def _ask(self, group: GroupId, choice: GroupChoice) -> None:
        try:
            await self._asking.patiently(Choose(group=group, notify=choice.notify, hidden=choice.hidden), Answer)
        except Denied as denied:  # no longer in that group: nobody else needs to know then
            self._asking.refused("choose", denied)
        now = self._shelf.choices.get(group)
        if now is not None and now == choice:
            self._shelf.keep_choice(group, replace(choice, said=True))
