"""The command line's end of the control channel: one order to the relay that runs here, and what became of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from common.errors import MessengerError
from relay.control.place import Place, not_running, read_place
from relay.control.words import AnyOutcome, Call, NotDone, Order, Outcome, Progress

T = TypeVar("T", bound=Outcome)

ANSWER_S: Final = 120.0
"""A busy relay with a slow disk takes its time; longer than this, and it hangs."""
_LOOPBACK: Final = "127.0.0.1"


class OrderRefused(MessengerError):
    """The relay did not do it; the text says why. *code*: as on the wire, for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def order(folder: Path, what: Order, expected: type[T], told: Callable[[Progress], None] = lambda _: None) -> T:
    """Ask the relay with the data in *folder*. Blocks until it has answered; *told* hears meanwhile how far it is.

    Raises:
        NotRunning: there is none.
        OrderRefused: it refused, or broke off.
    """
    place = read_place(folder)
    try:
        with _connected(place) as connection:
            connection.sendall(msgspec.json.encode(Call(place.key, what)) + b"\n")  # type: ignore[arg-type]
            outcome = _last_of(connection, told)
    except (ConnectionRefusedError, FileNotFoundError) as error:
        raise not_running(folder) from error
    except TimeoutError as error:
        raise OrderRefused(
            "no_answer",
            f"The relay has not answered within {ANSWER_S:.0f} s. It may still do what it was asked to; look at its log.",
        ) from error
    except OSError as error:
        raise OrderRefused("no_answer", f"The relay broke off ({error.strerror or error}). Look at its log.") from error
    except msgspec.DecodeError as error:
        raise OrderRefused("no_answer", "The relay stopped before it answered, or is of another version.") from error
    if isinstance(outcome, NotDone):
        raise OrderRefused(outcome.code, outcome.message)
    assert isinstance(outcome, expected), f"{type(outcome).__name__} is no answer to {type(what).__name__}"
    return outcome


def _connected(place: Place) -> socket.socket:
    if not place.path:
        return socket.create_connection((_LOOPBACK, place.port), timeout=ANSWER_S)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(ANSWER_S)
        connection.connect(place.path)
    except BaseException:
        connection.close()
        raise
    return connection


def _last_of(connection: socket.socket, told: Callable[[Progress], None]) -> AnyOutcome:
    outcome: AnyOutcome = Progress(0, 0)
    with connection.makefile("rb") as lines:
        for line in lines:
            outcome = msgspec.json.decode(line, type=AnyOutcome)
            if isinstance(outcome, Progress):
                told(outcome)
    if isinstance(outcome, Progress):
        raise msgspec.DecodeError("it ended in the middle")
    return outcome
