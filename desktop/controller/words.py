"""How a refusal is told: with the time after which another try is worth it, and beside the field that it speaks of."""

from __future__ import annotations

from typing import Final

from desktop.locale import _, n_
from desktop.refusals import LINK_LOST, WRONG_CODE, in_words
from desktop.screen import SignInField

_FIELDS: Final = {
    "username_taken": SignInField.USERNAME,
    "bad_name": SignInField.USERNAME,
    "bad_password": SignInField.PASSWORD,
    "wrong_credentials": SignInField.PASSWORD,
    "invitation_needed": SignInField.CODE,
}
_SAID_IN_FULL: Final = frozenset({LINK_LOST, "limit_reached"})
"""What comes with these says more than can be known from the code, and is in the person's language already."""


def refusal(code: str, message: str, retry_after: float | None = None, *, gave_code: bool = False) -> str:
    """What to tell the person; *message* as it came, for codes that a newer relay may have. *retry_after* in seconds.

    *gave_code*: they came with an invitation or owner code, so that asking them for one would be no answer.
    """
    text = _(WRONG_CODE) if gave_code and code == "invitation_needed" else in_words(code, message)
    if code in _SAID_IN_FULL and message:
        text = message
    if retry_after is not None and retry_after >= 1:
        seconds = round(retry_after)
        text += " " + n_("Try again in {n} second.", "Try again in {n} seconds.", seconds).format(n=seconds)
    return text


def field_of(code: str) -> SignInField:
    """The field of the sign-in form that a refusal speaks of."""
    return _FIELDS.get(code, SignInField.FORM)
