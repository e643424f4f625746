"""What the relay refuses, in the person's language and from where they sit, by the code on the wire. The relay speaks English only."""

from __future__ import annotations

from typing import Final

from desktop.locale import _, mark

LINK_LOST: Final = "link_lost"
"""The code of what did not reach the relay."""

WRONG_CODE: Final = mark(
    "This code does not let you in: it is wrong, has expired, was used up, or is only for people who have an account here. "
    "Ask whoever gave it to you for another one."
)
"""The answer ``invitation_needed`` to somebody who did give a code."""

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
    "last_owner": mark("This is the only owner of the relay. Make somebody else an owner first."),
    "account_deleted": mark("This account was deleted: nobody would read that."),
    "empty_message": mark("There is nothing to be seen in this message. Write something, or add a file."),
    "nonce_reused": mark("The relay already has another message in place of this one. Send it again as a new one."),
    "unknown_target": mark("That message is no longer there."),
    "on_hold": mark("Everything is kept there at present: nothing can be deleted."),
    "would_delete": mark("More messages would be deleted by that than you agreed to. Look at the number again."),
    "storage_unavailable": mark(
        "The relay cannot store anything right now: its disk is full or failing. Nothing was lost; try again later."
    ),
    "unknown_file": mark("This file is no longer there: it may have gone with its message."),
    "file_too_large": mark("This file is larger than the relay takes. Send a smaller one."),
    "quota_exceeded": mark("You have as much in files on this relay as you may. Delete messages with files."),
    "no_space": mark("The relay's disk has no room for this file."),
    "offset_conflict": mark("The upload was interrupted. Try again."),
    "checksum_mismatch": mark("The file was damaged on its way. Try again."),
    "wrong_media_type": mark("The relay did not understand this client. Is one of them much older?"),
    "unsupported_upload": mark("The relay did not understand this client. Is one of them much older?"),
    "bad_range": mark("The file is shorter than was thought. Try again."),
    "file_damaged": mark("This file was damaged on the relay's disk. Ask its sender to send it again."),
    "search_unavailable": mark("This relay cannot search."),
    "muted": mark("You are muted here for now. You can read everything."),
    "slow_mode": mark("There is a pause between messages in this group. Wait a little."),
    "limit_reached": mark("You have as many of these as you may on this relay."),
    "scope_needed": mark("You may not do that here."),
    "unknown_webhook": mark("There is no such webhook any more."),
    "too_many_connections": mark("Too many connections from this computer. Close some and try again."),
    "foreign_origin": mark("The relay does not accept this address. Try the one that it shows at its start."),
    "shutting_down": mark("The relay is shutting down. Try again when it is back."),
    "moving": mark("The relay is moving to another computer at this moment. Try again when it is there."),
    "moved": mark("The relay has moved to another computer. Looking for it there."),
    "wrong_ticket": mark("This does not allow to take the relay over any more. Begin again."),
    "copy_under_way": mark("A copy of the relay is being sent already. Wait a moment."),
    "move_over": mark("This move is over, and the relay goes on where it was. Begin again."),
    LINK_LOST: mark("The relay cannot be reached. Check that it runs and that this computer is on its network."),
}
REACHED: Final = {
    "links": mark("Your account is connected here as often as it may: {most} times. Close it somewhere else."),
    "devices": mark("Your account is signed in on as many devices as it may: {most}. Sign out somewhere else."),
    "messages_per_minute": mark("You write more than you may here: {most} messages a minute. Wait a little."),
    "messages_per_hour": mark("You write more than you may here: {most} messages an hour. Wait a little."),
    "files": mark("You have as much in files on this relay as you may: {most}. Delete messages with files."),
    "uploads": mark("As many of your files are on their way as may be: {most}. Let some arrive, or cancel them."),
    "groups": mark("You have made as many groups on this relay as you may: {most}. Ask whoever runs it."),
    "invites": mark("You have given out as many invitations as you may: {most}. Revoke some first."),
    "webhooks": mark("You have made as many webhooks as you may: {most}. Revoke some first."),
    "tokens": mark("You have as many access tokens as you may: {most}. Revoke some first."),
}
"""The same where a limit of one person is reached, by the limit's name on the wire."""


def in_words(code: str, message: str) -> str:
    """What to tell the person; *message* as it came, for codes that a newer relay may have."""
    return _(REFUSALS[code]) if code in REFUSALS else message
