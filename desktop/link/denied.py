"""The relay's "no", as the client sees it."""

from __future__ import annotations

from common.errors import MessengerError, Muted
from common.protocol.messages import Problem
from desktop import durations
from desktop.locale import _
from desktop.refusals import REACHED, in_words
from desktop.sizes import count_text, size_text


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
        """The same as an exception, in the person's language."""
        words = in_words(problem.code, problem.message)
        if problem.limit in REACHED and problem.most is not None:
            most = size_text(problem.most) if problem.limit == "files" else count_text(problem.most)
            words = _(REACHED[problem.limit]).format(most=most)
        if problem.code == Muted.code and problem.retry_after is not None:
            words = _("You are muted here and can write again in {time}.").format(
                time=durations.in_words(problem.retry_after)
            )
        return cls(problem.code, words, problem.retry_after)
