"""A question with a few answers."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from desktop.screen import ChoiceKind, Question
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet

_KINDS: dict[ChoiceKind, kit.ButtonKind] = {
    ChoiceKind.PRIMARY: "Primary",
    ChoiceKind.PLAIN: "Plain",
    ChoiceKind.DANGER: "Danger",
}
_NARROW_MOST = 3
_WIDE = 620
"""Four answers stand side by side, in Russian too."""


class AskSheet(Sheet):
    """Answers once; Escape and the cross answer with the last choice."""

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, question: Question, on_answer: Callable[[str], None]
    ) -> None:
        if len(question.choices) > _NARROW_MOST:
            self.WIDTH = _WIDE
        super().__init__(parent, look, on_close, look.safe.line(question.title))
        self._question = question
        self._on_answer = on_answer
        self.say(look.safe.body(question.text))
        for choice in question.choices:
            is_default = choice.kind is ChoiceKind.PRIMARY
            self.add_button(choice.label, lambda key=choice.key: self._answer(key), _KINDS[choice.kind], is_default)  # type: ignore[misc]

    @property
    def may_be_left(self) -> bool:
        return False

    def close(self) -> None:
        self._answer(self._question.choices[-1].key)

    def _answer(self, key: str) -> None:
        super().close()
        self._on_answer(key)
