"""What owners and admins ask of their relay: commands of the wire as they are. Each needs the relay, now."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from common.crypto.identity import relay_id_of
from common.errors import LinkLost
from common.moving import MoveLink
from common.protocol.messages import ANSWERS, Command, MoveOffered
from desktop.events import LinkEvent
from desktop.link.asking import LINK_LOST, Asking
from desktop.link.denied import Denied
from desktop.link.wire import Wire
from desktop.moves import MoveAllowed
from desktop.ordered import Ordered


class Owning:
    """Answers are told with the command that they belong to, and kept nowhere here."""

    def __init__(self, asking: Asking, tell: Callable[[LinkEvent], None]) -> None:
        self._asking = asking
        self._tell = tell
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {"order": self.order}

    async def order(self, command: Command) -> None:
        """Ask, and tell what came of it."""
        try:
            wire = self._asking.link()
            answer = await wire.ask(command, ANSWERS[type(command)])
        except Denied as denied:
            self._tell(Ordered(command, None, denied.code, str(denied)))
        except LinkLost as lost:
            self._tell(Ordered(command, None, LINK_LOST, str(lost)))
        else:
            self._tell(Ordered(command, answer))
            if isinstance(answer, MoveOffered):
                self._tell(_allowed(wire, answer))


def _allowed(wire: Wire, offered: MoveOffered) -> MoveAllowed:
    """The ticket, with where the relay answers and who it is."""
    address = wire.address
    return MoveAllowed(MoveLink(address.host, address.port, relay_id_of(wire.certificate), offered.ticket).text)
