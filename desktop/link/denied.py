"""The relay's "no", as the client sees it."""

from __future__ import annotations

from common.errors import MessengerError
from common.protocol.messages import Problem


class Denied(MessengerError):
    """The relay understood and said no. *code* as on the wire, *message* for people, *retry_after* in seconds."""

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        """The parts of a `Problem`."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    @classmethod
    def of(cls, problem: Problem) -> Denied:
        """The same as an exception."""
        return cls(problem.code, problem.message, problem.retry_after)
