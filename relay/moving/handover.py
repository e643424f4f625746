"""What the relay that is left knows of a move: a table of states without I/O but its one mark.

    serving ─offer─> offered ─begin─> claimed ─freeze─> frozen ─commit─> left ─arrived─> gone
       ^                │ too old       │ silent, given up  │ silent, given up
       └────────────────┴───────────────┴───────────────────┘

Up to `frozen` this relay may change its mind at any moment, and does when the other computer falls silent. What was copied is worth nothing then:
it belongs to one *move*, which never comes back. The mark `relay.moved` is what hands over (`relay.moving.marks`); after it there is no way back but
on purpose.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from common.errors import MoveOver, NotAllowed, RelayMoved, RelayMoving, StorageUnavailable, WrongTicket
from common.ids import Millis, RelayId
from relay.moving.marks import MOVED, Moved, write_mark
from relay.moving.ticket import hash_of, new_ticket, proof_of

TICKET_MS: Final = 10 * 60 * 1000
"""For so long a computer may begin with a ticket."""
CLAIMED_S: Final = 60.0
"""Who has begun and says nothing for so long has given up; nobody was held up by it."""
FROZEN_S: Final = 10.0
"""The same, while nobody can write here."""
RETRY_S: Final = 1.0
"""When clients are to try again meanwhile."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """No move."""


@dataclass(frozen=True, slots=True)
class Offered:
    """*ticket* allows one computer to begin."""

    until: Millis
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A computer fetches what there is. *claim*: the hash of what it calls itself by; *heard_at*: by the loop's clock."""

    claim: bytes
    heard_at: float
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing is stored any more; *move* names this state of the relay. *is_handing_over*: its mark is being written."""

    claim: bytes
    move: str
    heard_at: float
    is_handing_over: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """The mark stands, and the other computer is to serve."""

    mark: Moved


State = Serving | Offered | Claimed | Held | Left


class Storing(Protocol):
    """What can be held."""

    async def hold(self) -> None: ...

    def go_on(self) -> None: ...


class Handover:
    """The move of one relay, seen from where it is."""

    def __init__(
        self,
        relay_id: RelayId,
        folder: Path,
        store: Storing,
        now: Callable[[], Millis],
        clock: Callable[[], float],
        mark: Moved | None = None,
    ) -> None:
        """*folder*: the data folder. *mark*: what stands there already."""
        self._relay_id = relay_id
        self._folder = folder
        self._store = store
        self._now = now
        self._clock = clock
        self.state: State = Serving() if mark is None else Left(mark)
        self.on_left: Callable[[], Awaitable[None]] = _nothing
        """Called when the other computer is about to serve: this one is to be found no more."""
        self.on_gone: Callable[[list[str]], None] = lambda to: None
        """Called with the addresses where it does."""

    # -- what clients and the command line see -------------------------------------------------------------------------

    @property
    def moved_to(self) -> list[str]:
        """Where the relay is served now; empty while it is here."""
        return self.state.mark.to if isinstance(self.state, Left) and self.state.mark.is_there else []

    def check_here(self) -> None:
        """Whether this relay may still answer for itself.

        Raises:
            RelayMoving, RelayMoved: another one is to.
        """
        if isinstance(self.state, Left):
            if self.state.mark.is_there:
                raise RelayMoved(_where(self.state.mark.to), retry_after=RETRY_S)
            raise RelayMoving(retry_after=RETRY_S)

    def offer(self) -> Offered:
        """A new ticket; an older one, and a copy that is being made, is worth nothing any more.

        Raises:
            NotAllowed, RelayMoved: a move is at its end already.
        """
        if isinstance(self.state, Left):
            raise RelayMoved
        if isinstance(self.state, Held):
            raise NotAllowed("The relay is being handed over at this moment. Wait for what becomes of it.")
        offered = Offered(Millis(self._now() + TICKET_MS), new_ticket())
        self.state = offered
        return offered

    # -- what the other computer asks ----------------------------------------------------------------------------------

    def begin(self, proof: str, claim: str) -> str:
        """The ticket that *proof* is of; who calls itself *claim* has it from now on. Doing it twice changes nothing.

        Raises:
            WrongTicket: it is of none that is good.
        """
        match self.state:
            case Offered(until, ticket) if self._now() < until and _is_of(proof, ticket):
                self.state = Claimed(hash_of(claim), self._clock(), ticket)
                return ticket
            case Claimed(held, _, ticket) if held == hash_of(claim) and _is_of(proof, ticket):
                return ticket
            case _:
                raise WrongTicket

    def heard(self, claim: str) -> Claimed | Held:
        """It is still there.

        Raises:
            MoveOver: its move is.
        """
        state = self.state
        if not isinstance(state, Claimed | Held) or state.claim != hash_of(claim):
            raise MoveOver
        self.state = state = replace(state, heard_at=self._clock())
        return state

    async def hold(self, claim: str) -> str:
        """Store nothing any more, and the name of the state that is now to be copied.

        Raises:
            MoveOver: its move is.
        """
        state = self.heard(claim)
        if isinstance(state, Claimed):
            state = self.state = Held(state.claim, secrets.token_hex(16), self._clock())
            _log.warning("The relay is being handed over to another computer: nothing is stored until that is done.")
        await self._store.hold()  # also when it was asked for twice: who is answered relies on it
        if not (isinstance(self.state, Held) and self.state.move == state.move):
            self._go_on_unless_held()
            raise MoveOver
        return state.move

    async def commit(self, claim: str, move: str) -> None:
        """Hand over. When this returns, the mark stands.

        Raises:
            MoveOver: *move* was given up; this relay goes on.
            StorageUnavailable: the mark cannot be written; whether it stands is seen by the next try.
        """
        state = self.state
        if isinstance(state, Left) and (state.mark.claim, state.mark.move) == (hash_of(claim), move):
            return
        state = self.heard(claim)
        if not isinstance(state, Held) or state.move != move:
            raise MoveOver
        self.state = replace(state, is_handing_over=True)
        mark = Moved(self._relay_id, state.claim, move, self._now())
        try:
            await asyncio.shield(asyncio.to_thread(write_mark, self._folder, mark))
        except OSError as error:
            if not await asyncio.to_thread((self._folder / MOVED).exists):
                self.state = replace(state, heard_at=self._clock(), is_handing_over=False)
            _log.error("The relay cannot be handed over: the disk fails (%s).", error)
            raise StorageUnavailable from error
        if not self._has_left():
            self.state = Left(mark)
            _log.warning("The relay was handed over to another computer. Here it serves no longer.")
            await self.on_left()

    async def arrived(self, claim: str, to: list[str]) -> None:
        """It is served there.

        Raises:
            MoveOver: it was never handed over to that computer.
            StorageUnavailable: this cannot be kept; ask again.
        """
        state = self.state
        if not isinstance(state, Left) or state.mark.claim != hash_of(claim):
            raise MoveOver
        mark = _there(state.mark, to)
        try:
            await asyncio.to_thread(write_mark, self._folder, mark)
        except OSError as error:
            raise StorageUnavailable from error
        was_there, self.state = state.mark.is_there, Left(mark)
        if not was_there:
            _log.warning("%s", _where(to))
            self.on_gone(to)

    def give_up(self, claim: str) -> None:
        """The other computer does not want it after all.

        Raises:
            MoveOver: it is over already.
        """
        if not (isinstance(state := self.heard(claim), Held) and state.is_handing_over):
            self._serve()

    def look(self) -> None:
        """Time has passed: give up who has fallen silent."""
        match self.state:
            case Offered(until) if self._now() >= until:
                self._serve()
            case Claimed(_, heard_at) if self._clock() - heard_at > CLAIMED_S:
                self._serve()
            case Held(_, _, heard_at, False) if self._clock() - heard_at > FROZEN_S:
                _log.warning("The other computer has fallen silent: the relay goes on here.")
                self._serve()
            case _:
                pass

    def _has_left(self) -> bool:
        return isinstance(self.state, Left)

    def _serve(self) -> None:
        self.state = Serving()
        self._go_on_unless_held()

    def _go_on_unless_held(self) -> None:
        if not isinstance(self.state, Held | Left):
            self._store.go_on()


def _there(mark: Moved, to: list[str]) -> Moved:
    return Moved(mark.relay_id, mark.claim, mark.move, mark.at, to, is_there=True)


def _is_of(proof: str, ticket: str) -> bool:
    return secrets.compare_digest(proof.encode(), proof_of(ticket).encode())


def _where(to: list[str]) -> str:
    return f"This relay has moved to another computer{': ' + ', '.join(to) if to else ''}. It answers there by the same id."


async def _nothing() -> None:
    """Nobody cares."""
