"""Moves, for who runs the relay: let another computer take it over, and see how far that is."""

from __future__ import annotations

from typing import Final

from common.errors import NotAllowed
from common.moving import MoveLink
from relay.control.words import Move, MoveOffered, OfferMove, ShowMove
from relay.moving.handover import Claimed, Held, Left, Offered, Serving
from relay.operating.operator import Operator

_STATES: Final = {Serving: "none", Offered: "offered", Claimed: "copying", Held: "holding", Left: "left"}


async def offer_move(operator: Operator, _order: OfferMove) -> MoveOffered:
    """A ticket, in a link that leads here."""
    parts = operator.parts
    host, port = await parts.reached_at()
    if host == "127.0.0.1" and operator.config.host not in ("127.0.0.1", "localhost"):
        raise NotAllowed("This computer has no address on a network, so no other one can fetch the relay.")
    parts.handover.check_here()
    await parts.journal.change(lambda transaction: operator.note(transaction, "move_offered"))
    offered = parts.handover.offer()
    return MoveOffered(MoveLink(host, port, parts.relay_id, offered.ticket).text, offered.until)


async def show_move(operator: Operator, _order: ShowMove) -> Move:
    """How far a move is."""
    handover = operator.parts.handover
    to = handover.moved_to
    is_there = isinstance(handover.state, Left) and handover.state.mark.is_there
    return Move("moved" if is_there else _STATES[type(handover.state)], to)
