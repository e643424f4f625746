"""Asks the relay that is to be taken over, over TLS that is pinned to its id. Everything here blocks."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, TypeVar

import msgspec

from common.crypto.identity import relay_id_of
from common.crypto.tls import client_context
from common.errors import MessengerError
from common.ids import RelayId
from common.protocol.messages import FileId, Problem
from relay.moving.words import BYTES, CLAIM, Arrived, Begin, Begun, Commit, Fine, Frozen

WAIT_S: Final = 10.0
"""For each of connecting, greeting, and reading a piece."""
LONG_S: Final = 60.0
"""For what the other computer has to do first: a copy of its database."""
_ANSWER_BYTES: Final = 256 * 1024

T = TypeVar("T", bound=msgspec.Struct)


class Unreachable(MessengerError):
    """Nothing was heard, or not all of it: what was asked for may have been done."""


class NotThatRelay(MessengerError):
    """Another relay answers there; nothing was said to it."""


class Refusal(MessengerError):
    """The relay that is to be taken over says no. *code* as on the wire."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Leaving:
    """The relay at the other end."""

    def __init__(self, host: str, port: int, relay_id: RelayId, claim: str) -> None:
        """*claim*: by what this computer is known there."""
        self.host = host
        self.port = port
        self.relay_id = relay_id
        self.claim = claim

    def begin(self, proof: str) -> Begun:
        """Begin with a ticket.

        Raises:
            Unreachable, NotThatRelay, Refusal: as everything here.
        """
        return self._ask("begin", Begin(proof), Begun)

    def hold(self) -> str:
        """Have it store nothing any more; the name of the state that it is in."""
        return self._ask("hold", None, Frozen, LONG_S).move

    def alive(self) -> None:
        """Say that this one is still there."""
        self._ask("alive", None, Fine)

    def commit(self, move: str) -> None:
        """Have it hand over. When this returns, it has; when it raises `Refusal` with ``move_over``, it has not and will not."""
        self._ask("commit", Commit(move), Fine)

    def arrived(self, to: list[str]) -> None:
        """Say that the relay is served here."""
        self._ask("arrived", Arrived(to), Fine)

    def give_up(self) -> None:
        """Say that it is not wanted."""
        self._ask("give-up", None, Fine)

    def copy(self, have: list[FileId]) -> AbstractContextManager[Heard]:
        """All that is there, but the files that this one has."""
        return self._answer("copy", b"".join(map(bytes.fromhex, have)), LONG_S)

    def _ask(self, what: str, body: msgspec.Struct | None, kind: type[T], within_s: float = WAIT_S) -> T:
        encoded = b"" if body is None else msgspec.json.encode(body)
        with self._answer(what, encoded, within_s) as heard:
            try:
                return msgspec.json.decode(heard.read(_ANSWER_BYTES), type=kind)
            except msgspec.DecodeError as error:
                raise Unreachable(
                    "What was answered cannot be understood. Are both computers of the same version?"
                ) from error

    @contextmanager
    def _answer(self, what: str, body: bytes, within_s: float) -> Iterator[Heard]:
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=WAIT_S, context=client_context())
        try:
            with self._in_words():
                heard = self._asked(connection, what, body, within_s)
            yield heard
        finally:
            connection.close()

    def _asked(self, connection: http.client.HTTPSConnection, what: str, body: bytes, within_s: float) -> Heard:
        connection.connect()
        line = connection.sock
        assert isinstance(line, ssl.SSLSocket)
        if relay_id_of(line.getpeercert(binary_form=True) or b"") != self.relay_id:
            raise NotThatRelay(f"Another relay answers at {self.host}, port {self.port}. Nothing was said to it.")
        line.settimeout(within_s)
        connection.request("POST", f"/move/{what}", body, {CLAIM: self.claim})
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise _refusal(response)
        line.settimeout(WAIT_S)
        return Heard(response, self._in_words)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                f"The relay at {self.host}, port {self.port} does not answer ({str(error) or type(error).__name__})."
            ) from error


class Heard:
    """What comes from the other end, and nothing else: what becomes of it on this machine's disk is not its failure."""

    def __init__(
        self, response: http.client.HTTPResponse, in_words: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._response = response
        self._in_words = in_words
        self.bytes = int(response.headers.get(BYTES) or 0)
        """About how much it will be."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to *size* bytes; fewer only at the end.

        Raises:
            Unreachable: it broke off.
        """
        with self._in_words():
            return self._response.read(None if size < 0 else size)


def _refusal(response: http.client.HTTPResponse) -> MessengerError:
    try:
        problem = msgspec.json.decode(response.read(_ANSWER_BYTES), type=Problem)
    except msgspec.DecodeError:
        return Unreachable(f"The relay answers with {response.status}. Is it of the same version?")
    return Refusal(problem.code, problem.message)
