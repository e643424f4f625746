"""What to say when the client cannot begin, or not where it left off."""

from __future__ import annotations

from typing import Final

from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question, Screen

_GO_ON: Final = "go on"
_CLOSE: Final = "close"


def cannot_begin(screen: Screen, code: str, message: str) -> None:
    """Nothing can be done in this window: say why, or end at once where the one that is open already has come to the front."""
    match code:
        case "window_called":
            screen.close()
        case "folder_taken":
            screen.show_blocked(_("Py_messenger is open already"), message)
        case _:
            screen.show_blocked(_("Py_messenger cannot begin"), message)


def ask_about_key(screen: Screen, folder: str) -> None:
    """The conversations that were kept in *folder* cannot be opened: let the person mend that before anything new is begun."""
    text = _(
        "In {folder} lies what this computer had stored of your conversations, but the key to it is gone: secrets.json, or the "
        "record in the system's keyring. If you have a backup of it, close this window, put it back in place of the new one, and "
        "start again. Else go on and sign in: the relays still have what was sent; what was not sent yet is lost."
    ).format(folder=folder)
    choices = (Choice(_GO_ON, _("Go on without it")), Choice(_CLOSE, _("Close"), ChoiceKind.PRIMARY))
    question = Question(_("The key to your conversations is missing"), text, choices)
    screen.ask(question, lambda answer: screen.close() if answer == _CLOSE else None)
