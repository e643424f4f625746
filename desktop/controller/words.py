"""What the relay refuses, in the person's language and from where they sit. The relay itself speaks English only."""

from __future__ import annotations

from typing import Final

from desktop.locale import _, mark, n_
from desktop.screen import SignInField

LINK_LOST: Final = "link_lost"
"""The code of what did not reach the relay."""

REFUSALS: Final = {
    "internal_error": mark("Something went wrong in the relay. Its log says what."),
    "malformed_frame": mark("The relay did not understand this client. Is one of them much older?"),
    "bad_request": mark("The relay did not understand this client. Is one of them much older?"),
    "unknown_command": mark("This relay is too old for that."),
    "unexpected_message": mark("The relay did not understand this client. Is one of them much older?"),
    "frame_too_large": mark("This is too much at once. Send less."),
    "not_signed_in": mark("This device is no longer signed in. Sign in again."),
    "wrong_credentials": mark("The user name or the password is wrong."),
    "too_many_attempts": mark("Too many wrong passwords. Wait a little and try again."),
    "username_taken": mark("Somebody on this relay already has that user name. Choose another, or sign in."),
    "bad_name": mark("This name cannot be used: it is empty, too long or has characters that cannot be seen."),
    "bad_password": mark("This password cannot be used: it needs 8 to 1024 characters."),
    "registration_closed": mark("This relay takes no new people. Ask whoever runs it."),
    "invitation_needed": mark("This relay asks for an invitation: enter its code, or paste the invitation link."),
    "rate_limited": mark("Too much at once. Wait a little."),
    "not_a_member": mark("You are not in this group. Join it first."),
    "unknown_group": mark("This group is no longer there."),
    "unknown_user": mark("This person is no longer there."),
    "not_allowed": mark("You may not do that here."),
    "nonce_reused": mark("The relay already has another message in place of this one. Send it again as a new one."),
    "unknown_target": mark("The message that this one answers is no longer there."),
    "storage_unavailable": mark(
        "The relay cannot store anything right now: its disk is full or failing. Nothing was lost; try again later."
    ),
    "too_many_connections": mark("Too many connections from this computer. Close some and try again."),
    "foreign_origin": mark("The relay does not accept this address. Try the one that it shows at its start."),
    "shutting_down": mark("The relay is shutting down. Try again when it is back."),
    LINK_LOST: mark("The relay cannot be reached. Check that it runs and that this computer is on its network."),
}

_FIELDS: Final = {
    "username_taken": SignInField.USERNAME,
    "bad_name": SignInField.USERNAME,
    "bad_password": SignInField.PASSWORD,
    "wrong_credentials": SignInField.PASSWORD,
    "invitation_needed": SignInField.CODE,
}


def refusal(code: str, message: str, retry_after: float | None = None) -> str:
    """What to tell the person; *message* as it came, for codes that a newer relay may have. *retry_after* in seconds."""
    text = _(REFUSALS[code]) if code in REFUSALS else message
    if code == LINK_LOST and message:
        text = message
    if retry_after is not None and retry_after >= 1:
        seconds = round(retry_after)
        text += " " + n_("Try again in {n} second.", "Try again in {n} seconds.", seconds).format(n=seconds)
    return text


def field_of(code: str) -> SignInField:
    """The field of the sign-in form that a refusal speaks of."""
    return _FIELDS.get(code, SignInField.FORM)
