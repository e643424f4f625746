"""Deleting one's own account: what happens then, in plain words, what becomes of what was said, and the password."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Final

from common.protocol.messages import Fate
from desktop.locale import _, mark
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet
from desktop.view.sheets.choosing import Choosing

FATES: Final[dict[Fate, tuple[str, str]]] = {
    "anonymous": (
        mark("It stays without my name"),
        mark(
            "Your messages and files stay where they are, and “Deleted account” stands in place of your name. What is written in them stays as it "
            "is, also where it names you."
        ),
    ),
    "erase": (
        mark("It is deleted"),
        mark(
            "Everything that you have said in any conversation is deleted for everybody, with your files, and what others forwarded of it. What "
            "others wrote themselves stays, also where they answer or name you."
        ),
    ),
}
"""What the choice is called, and what it means."""


class DeleteAccountSheet(Sheet):
    """Nothing is chosen before the person chooses, and nothing happens without their password."""

    WIDTH = 520

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        relay_name: str,
        username: str,
        download: kit.Command,
        delete: Callable[[str, Fate], None],
    ) -> None:
        """*download*: their data, before it is gone. *delete* gets the password and what becomes of what they said."""
        super().__init__(parent, look, on_close, _("Delete my account"))
        px = look.px
        self._delete = delete
        text = _(
            "Your account @{username} on “{relay}” is deleted for good. You are signed out on all devices, nobody can sign in with it again, and "
            "it cannot be brought back."
        )
        self.say(
            text.format(username=look.safe.name(username), relay=look.safe.name(relay_name)), "body", look.palette.text
        )
        fates = [(fate, _(title)) for fate, (title, _words) in FATES.items()]
        self.fate = Choosing[Fate | None](
            self.body, look, _("What becomes of what you have said"), fates, None, lambda _fate: self._chosen()
        )
        self.fate.pack(fill="x", pady=(px(4), px(8)))
        self._meaning = self.say("")
        self.say(
            _(
                "Notes to yourself, and private groups that nobody is in afterwards, are deleted in any case. A backup of the relay made before keeps "
                "what it has until it is replaced. This computer forgets everything that it kept of your account."
            )
        )
        kit.button(self.body, look, _("Download my data first…"), download, "Link", icon="download").pack(
            anchor="w", pady=(0, px(10))
        )
        self.password = kit.Field(self.body, look, _("Your password"), secret=True)
        self.password.pack(fill="x")
        self._problem = kit.paragraph(self.body, look, "", "second", look.palette.danger)
        self._button = self.add_button(_("Delete my account"), self._ask, "Danger", default=True)
        self.add_button(_("Cancel"), self.close)

    def first_focus(self) -> tk.Misc:
        return self

    def refused(self, words: str, *, is_password: bool) -> None:
        """It was not done. *is_password*: the password was wrong."""
        self._button.configure(state="normal")
        if is_password:
            self.password.show_problem(_("The password is wrong."))
            self.password.entry.focus_set()
        else:
            self._say_problem(words)

    def take_over(self, old: Sheet) -> None:
        assert isinstance(old, DeleteAccountSheet)
        if old.fate.value is not None:
            self.fate.choose(old.fate.value)
        super().take_over(old)

    def _chosen(self) -> None:
        fate = self.fate.value
        self._meaning.configure(text=_(FATES[fate][1]) if fate is not None else "")
        self._say_problem("")

    def _ask(self) -> None:
        fate, password = self.fate.value, self.password.text
        if fate is None:
            self._say_problem(_("Choose what becomes of what you have said."))
        elif not password:
            self.password.show_problem(_("Type your password: only you may do this."))
            self.password.entry.focus_set()
        else:
            self._say_problem("")
            self._button.configure(state="disabled")
            self._delete(password, fate)

    def _say_problem(self, words: str) -> None:
        self._problem.configure(text=self.look.safe.line(words, 600))
        if words:
            self._problem.pack(fill="x", pady=(self.look.px(10), 0))
        else:
            self._problem.pack_forget()
