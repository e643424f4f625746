"""What can be done with a message: by its menu, by a key, by a click on a reaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from common.ids import Seq
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Bubble, Delivery
from desktop.screen import Choice as Answer
from desktop.screen import ChoiceKind, Question
from desktop.view.overlay import Choice, Quick

QUICK: Final = ("👍", "❤️", "😂", "🎉", "🙏", "👀")
"""The reactions above the menu."""

Ask = Callable[[Question, Callable[[str], None]], None]
Forward = Callable[[Seq], None]
"""Let the person choose where a message goes."""
PickEmoji = Callable[[Callable[[str], None]], None]
"""Let the person choose an emoji, and call with it."""


class MessageActs:
    """Nothing of this is offered for a message that is damaged or taken back; one that waits or failed can be edited and deleted."""

    def __init__(
        self, intents: Intents, ask: Ask, forward: Forward, pick_emoji: PickEmoji, take_keyboard: Callable[[], None]
    ) -> None:
        """*take_keyboard*: give it back to the messages, after a sheet had it."""
        self._take_keyboard = take_keyboard
        self._intents = intents
        self._pick_emoji = pick_emoji
        self._ask = ask
        self._forward = forward

    def quick(self, row: Bubble) -> Sequence[Quick]:
        """The row of emoji."""
        if _seq(row) is None:
            return ()
        return [Quick(sign, lambda sign=sign: self.toggle(row, sign)) for sign in QUICK]  # type: ignore[misc]

    def first(self, row: Bubble) -> list[Choice]:
        """The menu's lines before those of copying."""
        if _seq(row) is None:
            return []
        return [
            Choice("reply", _("Reply"), lambda: self.reply(row), "R"),
            Choice("smile", _("React…"), lambda: self.react(row), "+"),
        ]

    def last(self, row: Bubble) -> list[Choice]:
        """The menu's lines after those of copying."""
        seq = _seq(row)
        choices: list[Choice] = []
        if _is_unsent(row) and row.delivery is not Delivery.FAILED:  # what failed has its own lines
            if row.may_edit:
                choices.append(Choice("edit", _("Edit"), lambda: self.edit(row), "E"))
            choices.append(Choice("trash", _("Delete…"), lambda: self.delete(row), "Del", danger=True))
        if seq is None:
            return choices
        if row.may_edit:
            choices.append(Choice("edit", _("Edit"), lambda: self.edit(row), "E"))
        choices.append(Choice("forward", _("Forward…"), lambda: self._forward(seq), "F"))
        choices.append(Choice("pin", _("Unpin") if row.pinned else _("Pin"), lambda: self.pin(row), "P"))
        if row.own:
            choices.append(Choice("checks", _("Read by…"), lambda: self._intents.show_readers(seq), "W"))
        if row.own and row.edited:
            choices.append(Choice("clock", _("Earlier texts…"), lambda: self._intents.show_edits(seq), "H"))
        choices.append(Choice("eye", _("Mark as unread"), lambda: self._intents.mark_unread(seq), "U"))
        if row.may_delete:
            choices.append(Choice("trash", _("Delete…"), lambda: self.delete(row), "Del", danger=True))
        return choices

    def act(self, name: str, row: Bubble) -> bool:
        """Do what the keymap calls so with that message; whether it can be done with it."""
        seq = _seq(row)
        if seq is None:
            return self._act_on_unsent(name, row)
        match name:
            case "reply":
                self.reply(row)
            case "edit" if row.may_edit:
                self.edit(row)
            case "pin":
                self.pin(row)
            case "react":
                self.react(row)
            case "forward":
                self._forward(seq)
            case "readers" if row.own:
                self._intents.show_readers(seq)
            case "edits" if row.own and row.edited:
                self._intents.show_edits(seq)
            case "unread":
                self._intents.mark_unread(seq)
            case "delete" if row.may_delete:
                self.delete(row)
            case _:
                return False
        return True

    def _act_on_unsent(self, name: str, row: Bubble) -> bool:
        if not _is_unsent(row) or name not in ("edit", "delete") or (name == "edit" and not row.may_edit):
            return False
        self.edit(row) if name == "edit" else self.delete(row)
        return True

    def reply(self, row: Bubble) -> None:
        """The composer answers it."""
        seq = _seq(row)
        if seq is not None:
            self._intents.reply_to(seq)

    def react(self, row: Bubble) -> None:
        """Any emoji can be put to it."""

        def chosen(sign: str) -> None:
            self.toggle(row, sign)
            self._take_keyboard()

        if _seq(row) is not None:
            self._pick_emoji(chosen)

    def edit(self, row: Bubble) -> None:
        """Its text goes into the composer."""
        seq = _seq(row)
        if seq is not None and row.may_edit:
            self._intents.edit(seq)
        elif row.nonce is not None and _is_unsent(row) and row.may_edit:
            self._intents.edit_failed(row.nonce)

    def pin(self, row: Bubble) -> None:
        """On the list of pinned ones, or off it."""
        seq = _seq(row)
        if seq is not None:
            self._intents.pin(seq, not row.pinned)

    def delete(self, row: Bubble) -> None:
        """Asks before."""
        seq, nonce = _seq(row), row.nonce
        if seq is not None:
            self._ask_whether(
                _("It will be gone for everybody, with its files."), lambda: self._intents.delete(Seq(seq))
            )
        elif _is_unsent(row) and nonce is not None:
            self._ask_whether(_("It is not sent yet, and will not be."), lambda: self._intents.discard(nonce))

    def _ask_whether(self, text: str, delete: Callable[[], None]) -> None:
        answers = (Answer("delete", _("Delete"), ChoiceKind.DANGER), Answer("", _("Cancel")))
        asked = Question(_("Delete this message?"), text, answers)
        self._ask(asked, lambda key: delete() if key == "delete" else None)

    def toggle(self, row: Bubble, emoji: str) -> None:
        """Put the own reaction to it, or take it away."""
        seq = _seq(row)
        if seq is not None:
            own = any(one.own and one.emoji == emoji for one in row.reactions)
            self._intents.react(seq, emoji, not own)


def _is_unsent(row: Bubble) -> bool:
    """An own message that waits or failed."""
    return row.own and row.seq is None and row.nonce is not None


def _seq(row: Bubble) -> Seq | None:
    """Of a message that something can be done with."""
    return None if row.damaged or row.redacted else row.seq
