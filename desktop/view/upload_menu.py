"""What can be done with an own message whose files are still on their way, as lines of its menu."""

from __future__ import annotations

from typing import Final

from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Bubble
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.overlay import Choice

FILES_LISTED: Final = 6
"""More lines than that make no menu; the others have their crosses in the message."""
_NAME: Final = 180
"""Logical pixels."""


def leave_out(look: Look, name: str) -> str:
    """What takes that file out of its message is called."""
    return _("Leave out {name}").format(name=fit(look.fonts, "second", look.safe.name_of_file(name), look.px(_NAME)))


def upload_choices(row: Bubble, look: Look, intents: Intents, without: str = "") -> list[Choice]:
    """Nothing for other messages. *without*: the key of the file that has a line of its own in the menu."""
    nonce = row.nonce
    if not row.uploads or nonce is None:
        return []
    choices = []
    if len(row.uploads) > 1:
        for file in row.uploads[:FILES_LISTED]:
            if file.key != without:
                act = lambda key=file.key: intents.cancel_upload(nonce, key)  # noqa: E731
                choices.append(Choice("close", leave_out(look, file.name), act))
    return choices
