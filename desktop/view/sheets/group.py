"""Making a group, and giving it another name."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.crypto.identity import BadInvitation, parse_invitation
from common.protocol import limits
from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class CreateGroupSheet(Sheet):
    """Name, topic, and whether others can find it."""

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, on_create: Callable[[str, str, bool], None]
    ) -> None:
        super().__init__(parent, look, on_close, _("New group"))
        self._on_create = on_create
        self._private = False
        self._name = kit.Field(self.body, look, _("Name"))
        self._name.pack(fill="x", pady=(0, look.px(8)))
        self._topic = kit.Field(self.body, look, _("Topic"), hint=_("What it is about; may stay empty."))
        self._topic.pack(fill="x", pady=(0, look.px(10)))
        kit.switch(self.body, look, _("Private: only those who are added see it"), False, self._set_private).pack(
            fill="x"
        )
        self.add_button(_("Make the group"), self._create, "Primary", default=True)
        self.add_button(_("Cancel"), self.close)

    def first_focus(self) -> tk.Misc:
        return self._name.entry

    def _set_private(self, private: bool) -> None:
        self._private = private

    def _create(self) -> None:
        name, topic = self._name.text.strip(), self._topic.text.strip()
        if not _good_name(self._name, name):
            return
        if len(topic) > limits.TOPIC_CHARACTERS:
            self._topic.show_problem(_("At most {n} characters, please.").format(n=limits.TOPIC_CHARACTERS))
            return
        self.close()
        self._on_create(name, topic, self._private)


class RenameGroupSheet(Sheet):
    """One field with the present name."""

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, name: str, on_rename: Callable[[str], None]
    ) -> None:
        super().__init__(parent, look, on_close, _("Rename the group"))
        self._on_rename = on_rename
        self._before = name
        self._name = kit.Field(self.body, look, _("Name"))
        self._name.put(look.safe.drawable(name))
        self._name.entry.selection_range(0, "end")
        self._name.pack(fill="x")
        self.add_button(_("Rename"), self._rename, "Primary", default=True)
        self.add_button(_("Cancel"), self.close)

    def first_focus(self) -> tk.Misc:
        return self._name.entry

    def _rename(self) -> None:
        name = self._name.text.strip()
        if _good_name(self._name, name):
            self.close()
            if name != self._before:
                self._on_rename(name)


class JoinByCodeSheet(Sheet):
    """One field for an invitation's link or code."""

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, on_code: Callable[[str], None]) -> None:
        super().__init__(parent, look, on_close, _("Join by an invitation"))
        self._on_code = on_code
        self._code = kit.Field(self.body, look, _("Link or code"), hint=_("As somebody of this relay sent it to you."))
        self._code.pack(fill="x")
        self.add_button(_("Join"), self._join, "Primary", default=True)
        self.add_button(_("Cancel"), self.close)

    def first_focus(self) -> tk.Misc:
        return self._code.entry

    def _join(self) -> None:
        text = self._code.text.strip()
        code: str | None = text
        if "://" in text:
            try:
                code = parse_invitation(text).code
            except BadInvitation:
                self._code.show_problem(_("This is not an invitation link. Ask for it once more."))
                return
        if not code:
            self._code.show_problem(_("There is no code in it."))
            return
        self.close()
        self._on_code(code)


def _good_name(field: kit.Field, name: str) -> bool:
    if not name:
        field.show_problem(_("A group needs a name."))
    elif len(name) > limits.NAME_CHARACTERS:
        field.show_problem(_("At most {n} characters, please.").format(n=limits.NAME_CHARACTERS))
    else:
        return True
    return False
