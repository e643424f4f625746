"""The webhooks of a group: addresses at which a script says something there, and nothing else."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from common.ids import Millis
from common.protocol import limits
from common.protocol.messages import Webhook
from desktop import locale
from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.secret_shown import SecretShown, Shown
from desktop.view.sheets.base import Sheet


class HookActs(Struct, frozen=True):
    """What the sheet asks for."""

    create: Callable[[str], None]
    revoke: Callable[[Webhook], None]


class HooksSheet(Sheet):
    """Makes one, shows its address once, lists and revokes those that are good."""

    WIDTH = 520

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, name: str, acts: HookActs) -> None:
        """*name*: of the group."""
        super().__init__(parent, look, on_close, _("Webhooks of “{name}”").format(name=look.safe.name(name)))
        self._acts = acts
        self._shown: Shown | None = None
        self._hooks: Sequence[Webhook] = ()
        self._made: SecretShown | None = None
        self.say(
            _("A script that knows the address says something here under that name. It can read nothing."), "small"
        )
        self.name = kit.Field(self.body, look, _("Name under which it speaks"))
        self.name.pack(fill="x")
        self._list = kit.frame(self.body, look)
        self._list.pack(fill="x", pady=(look.px(12), 0))
        self.add_button(_("Make an address"), self.make, "Primary", default=True)
        self.add_button(_("Close"), self.close)

    def make(self) -> None:
        """Ask for one."""
        name = self.name.text.strip()
        if not name:
            self.name.show_problem(_("Please enter something here."))
        elif len(name) > limits.NAME_CHARACTERS:
            self.name.show_problem(_("At most {n} characters, please.").format(n=limits.NAME_CHARACTERS))
        else:
            self._acts.create(name)

    def show_made(self, shown: Shown) -> None:
        """One was made."""
        self._shown = shown
        if self._made is not None:
            self._made.destroy()
        self.name.put("")
        self._made = SecretShown(self.body, self.look, shown)
        self._made.pack(fill="x", pady=(self.look.px(12), 0), before=self._list)
        self.hear(self._made)
        self.after_idle(self._made.point_out)

    def show_hooks(self, hooks: Sequence[Webhook]) -> None:
        """Those that are good."""
        self._hooks = hooks
        look, px, safe = self.look, self.look.px, self.look.safe
        now = Millis(int(time.time() * 1000))
        for child in self._list.winfo_children():
            child.destroy()
        for hook in hooks:
            row = kit.frame(self._list, look)
            row.pack(fill="x", pady=(0, px(4)))
            kit.button(row, look, _("Revoke"), lambda hook=hook: self._acts.revoke(hook), "Link").pack(side="right")  # type: ignore[misc]
            words = f"{safe.name(hook.name)} · {locale.moment(hook.at, now)}"
            kit.paragraph(row, look, words).pack(side="left", fill="x", expand=True)
        self.hear(self._list)

    def first_focus(self) -> tk.Misc:
        return self.name.entry

    def take_over(self, old: Sheet) -> None:
        assert isinstance(old, HooksSheet)
        if old._shown is not None:
            self.show_made(old._shown)
        self.show_hooks(old._hooks)
        super().take_over(old)
