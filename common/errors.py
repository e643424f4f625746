"""Every error of this program, sorted by who must act.

    MessengerError
        ProtocolError        the peer broke the rules of the wire
            MalformedFrame       not JSON, not UTF-8, not a frame
            BadRequest           a known command with wrong fields
            UnknownCommand       a type that this relay does not know
            UnexpectedMessage    a known word at the wrong time
            FrameTooLarge
        Refused              the rules were kept, the answer is no; the link goes on
        SealError            a stored record does not open: wrong key, or altered
        LinkLost             the wire broke; the link tries again
        StartupError         this machine or its settings must be mended before the program can run
            ConfigError          a setting has a value that cannot be used
            KeyUnavailable       no key slot opens
            DatabaseTooNew       written by a later version of this program

What can reach the wire carries a stable ``code`` for programs, an HTTP ``status`` for the plain door, and a message for people that
says what to do next. docs/protocol.md has a row for each code.
"""

from __future__ import annotations

from typing import ClassVar


class MessengerError(Exception):
    """The root of the tree."""


class WireError(MessengerError):
    """An error that is answered on the wire: ``{"type": "error", "re", "code", "message", "retry_after"?}``."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    default: ClassVar[str] = "Something went wrong in the relay. Try again; if it stays so, look into the relay's log."

    def __init__(self, message: str = "", *, retry_after: float | None = None, re: int | None = None) -> None:
        """*message* for people (the class's own when empty); *retry_after* in seconds; *re* the id of the command."""
        super().__init__(message or self.default)
        self.message = message or self.default
        self.retry_after = retry_after
        self.re = re


class InternalError(WireError):
    """A fault of the relay itself; its log has the trace."""


# -- the peer broke the rules of the wire ------------------------------------------------------------------------------


class ProtocolError(WireError):
    """The peer broke the rules of the wire."""

    status = 400


class MalformedFrame(ProtocolError):
    """Not UTF-8, not JSON, or neither an object nor an array of objects."""

    code = "malformed_frame"
    default = "This is not a JSON object, or an array of them, in UTF-8. Send one."


class BadRequest(ProtocolError):
    """A known command with a missing, mistyped or overlong field."""

    code = "bad_request"
    default = "A field of this command is missing, has the wrong type or is too long. Compare it with the protocol."


class UnknownCommand(ProtocolError):
    """A command that this relay does not know."""

    code = "unknown_command"
    status = 404
    default = "This relay does not know that command. Update the relay, or do without it."


class UnexpectedMessage(ProtocolError):
    """A known word at the wrong time."""

    code = "unexpected_message"
    status = 409
    default = (
        "That command does not belong here. Say hello first on a link, and once; register and log in by plain HTTPS."
    )


class FrameTooLarge(ProtocolError):
    """A frame over the limit."""

    code = "frame_too_large"
    status = 413
    default = "This frame is too large. Send less at once."


# -- the rules were kept, the answer is no -----------------------------------------------------------------------------


class Refused(WireError):
    """The rules were kept, the answer is no, and the link goes on."""

    status = 403


class NotSignedIn(Refused):
    """No token, or one that is not (or no longer) valid."""

    code = "not_signed_in"
    status = 401
    default = "Sign in first: the token is missing, expired or was revoked."


class WrongCredentials(Refused):
    """User name or password is wrong; which of the two is not said."""

    code = "wrong_credentials"
    status = 401
    default = "The user name or the password is wrong. Check both and try again."


class TooManyAttempts(Refused):
    """Wrong passwords too often for this account or from this address."""

    code = "too_many_attempts"
    status = 429
    default = "Too many wrong passwords. Wait a little and try again."


class UsernameTaken(Refused):
    """Somebody already has this user name (compared after NFKC and case folding)."""

    code = "username_taken"
    status = 409
    default = "Somebody on this relay already has that user name. Choose another, or sign in."


class BadName(Refused):
    """A name that is empty, too long or has characters that cannot be shown."""

    code = "bad_name"
    status = 400
    default = "This name cannot be used: it is empty, too long or has characters that cannot be seen. Choose another."


class BadPassword(Refused):
    """A new password that is too short or too long."""

    code = "bad_password"
    status = 400
    default = "This password cannot be used. Choose one of 8 to 1024 characters."


class RegistrationClosed(Refused):
    """The relay takes no new people."""

    code = "registration_closed"
    default = "This relay takes no new people. Ask whoever runs it."


class InvitationNeeded(Refused):
    """The relay asks for an invitation code, and this one is missing, wrong or used up."""

    code = "invitation_needed"
    default = "This relay asks for an invitation. Paste the invitation link, or ask whoever runs the relay for one."


class RateLimited(Refused):
    """More commands than the limit allows."""

    code = "rate_limited"
    status = 429
    default = "Too much at once. Wait a little."


class NotAMember(Refused):
    """The person is not in that group."""

    code = "not_a_member"
    default = "You are not in this group. Join it first."


class UnknownGroup(Refused):
    """There is no such group, or none that this person may see."""

    code = "unknown_group"
    status = 404
    default = "There is no such group here, or none that you may see. Look at your groups again."


class UnknownUser(Refused):
    """There is no such person."""

    code = "unknown_user"
    status = 404
    default = "There is no such person here. Look at the members again."


class NotAllowed(Refused):
    """The person's role does not allow it, or nobody may do it to this group."""

    code = "not_allowed"
    default = "You may not do that here. Ask an owner or admin."


class NonceReused(Refused):
    """The author's nonce was used before for something else."""

    code = "nonce_reused"
    status = 409
    default = "This nonce was already used for another message. Make a new one."


class UnknownTarget(Refused):
    """A reply to an entry that is not there."""

    code = "unknown_target"
    status = 404
    default = "The message that this one answers does not exist. Send it without that."


class StorageUnavailable(Refused):
    """The relay's disk is full or fails; nothing was stored."""

    code = "storage_unavailable"
    status = 503
    default = (
        "The relay cannot store anything right now (disk full or failing). Keep what you have and try again later."
    )


class TooManyConnections(Refused):
    """Too many links from one address, or in all."""

    code = "too_many_connections"
    status = 503
    default = "Too many connections from this address. Close some and try again."


class ForeignOrigin(Refused):
    """A web page tried to reach the relay through somebody's browser, or the Host header is not the relay's."""

    code = "foreign_origin"
    default = "Requests from web pages are not accepted here. Use a client, or a script that sends no Origin."


class ShuttingDown(Refused):
    """The relay is going down."""

    code = "shutting_down"
    status = 503
    default = "The relay is shutting down. Wait a little and connect again."


# -- not on the wire ---------------------------------------------------------------------------------------------------


class SealError(MessengerError):
    """A sealed record does not open: wrong key, altered, or moved from its place."""


class LinkLost(MessengerError):
    """The wire broke; the link tries again."""


class StartupError(MessengerError):
    """This machine or its settings must be mended before the program can run. The text says how."""


class ConfigError(StartupError):
    """A setting has a value that cannot be used."""


class KeyUnavailable(StartupError):
    """No key slot opens; the text says which were tried, and what to do."""


class DatabaseTooNew(StartupError):
    """The database was written by a later version of this program."""


def wire_errors() -> dict[str, type[WireError]]:
    """Every error that may be answered, by its code."""
    found: dict[str, type[WireError]] = {}
    waiting: list[type[WireError]] = [WireError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if "code" in vars(kind):
            found[kind.code] = kind
    return dict(sorted(found.items()))
