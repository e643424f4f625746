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

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: float | None = None,
        re: int | None = None,
        limit: str | None = None,
        most: int | None = None,
    ) -> None:
        """*message* for people (the class's own when empty); *retry_after* in seconds; *re* the id of the command.

        *limit*: which limit of one person it is about, by its name on the wire, and how much it is (*most*).
        """
        super().__init__(message or self.default)
        self.message = message or self.default
        self.retry_after = retry_after
        self.re = re
        self.limit = limit
        self.most = most


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


class Muted(Refused):
    """The person may write nothing there for a time, or until that is lifted."""

    code = "muted"
    default = "You may not write here for now. Ask an owner or admin; you can read everything."


class SlowMode(Refused):
    """The person said something a moment ago, and the group has a pause between messages."""

    code = "slow_mode"
    status = 429
    default = "This group has a pause between messages. Wait a little and send it again."


class LimitReached(Refused):
    """The person has as much of something as they may on this relay."""

    code = "limit_reached"
    default = "You have as many of these as you may on this relay. Ask whoever runs it, or take one away first."


class LastOwner(Refused):
    """The relay would be left without anybody who owns it."""

    code = "last_owner"
    default = "This is the only owner of the relay. Make somebody else an owner first."


class AccountDeleted(Refused):
    """The other one of a conversation of two has deleted their account."""

    code = "account_deleted"
    status = 410
    default = "This account was deleted, so nobody would read that. Say it to somebody else."


class ScopeNeeded(Refused):
    """An access token without the scope that this needs, or something that no access token may."""

    code = "scope_needed"
    default = "This access token may not do that. Make one with a wider scope, or sign in as a person."


class UnknownWebhook(Refused):
    """There is no webhook at this address."""

    code = "unknown_webhook"
    status = 404
    default = (
        "There is no webhook at this address, or none any more. Ask an owner or admin of the group for another one."
    )


class EmptyMessage(Refused):
    """A message that would show nothing: its text has only blanks and characters without ink, and it carries no file."""

    code = "empty_message"
    status = 400
    default = "There is nothing to be seen in this message. Write something, or add a file."


class NonceReused(Refused):
    """The author's nonce was used before for something else."""

    code = "nonce_reused"
    status = 409
    default = "This nonce was already used for another message. Make a new one."


class UnknownTarget(Refused):
    """What is spoken of is not there, is no message, or was taken back."""

    code = "unknown_target"
    status = 404
    default = "The message that this speaks of is not there any more. Look at the conversation again."


class OnHold(Refused):
    """Everything is to be kept: nobody may delete anything there."""

    code = "on_hold"
    status = 423
    default = "Everything is kept here at present, so nothing can be deleted. Ask whoever runs the relay."


class WouldDelete(Refused):
    """A rule by which more messages would go than the person has agreed to lose."""

    code = "would_delete"
    status = 409
    default = "Messages would be deleted by that. Ask how many, and say that you agree."


class StorageUnavailable(Refused):
    """The relay's disk is full or fails; nothing was stored."""

    code = "storage_unavailable"
    status = 503
    default = (
        "The relay cannot store anything right now (disk full or failing). Keep what you have and try again later."
    )


class UnknownFile(Refused):
    """There is no such file, or none that this person may fetch, name or continue."""

    code = "unknown_file"
    status = 404
    default = "There is no such file here, or none that you may see. Ask its sender; it may have gone with its message."


class FileTooLarge(Refused):
    """A file above the relay's limit, or more bytes than were announced."""

    code = "file_too_large"
    status = 413
    default = "This file is larger than the relay takes. Send a smaller one, or ask whoever runs the relay."


class QuotaExceeded(Refused):
    """This person, or everybody together, would have more in files than the relay keeps."""

    code = "quota_exceeded"
    status = 507
    default = "You have as much in files on this relay as you may. Ask whoever runs it, or delete messages with files."


class NoSpace(Refused):
    """The relay's disk has no room for the file."""

    code = "no_space"
    status = 507
    default = "The relay's disk has no room for this file. Try a smaller one, or ask whoever runs the relay."


class OffsetConflict(Refused):
    """The upload stands elsewhere than the client thinks, or somebody else goes on with it."""

    code = "offset_conflict"
    status = 409
    default = "The upload does not stand at that offset. Ask for it by HEAD, and go on from there."


class ChecksumMismatch(Refused):
    """What arrived is not what the checksum says; it was dropped."""

    code = "checksum_mismatch"
    status = 460
    default = "What arrived has another checksum, and was dropped. Send it again."


class WrongMediaType(Refused):
    """The body of a PATCH that is not said to be part of an upload."""

    code = "wrong_media_type"
    status = 415
    default = "This is no part of an upload. Send it as application/offset+octet-stream."


class UnsupportedUpload(Refused):
    """An upload by another version of tus."""

    code = "unsupported_upload"
    status = 412
    default = "Uploads speak tus 1.0.0 here. Send the header Tus-Resumable with that."


class BadRange(Refused):
    """A range that begins after the end of the file."""

    code = "bad_range"
    status = 416
    default = "The file ends before that range begins. Send another range, or none."


class FileDamaged(Refused):
    """What is stored of the file does not open."""

    code = "file_damaged"
    status = 500
    default = "This file was damaged on the relay's disk. Ask its sender to send it again."


class SearchUnavailable(Refused):
    """This relay cannot search."""

    code = "search_unavailable"
    status = 503
    default = "This relay cannot search. Ask whoever runs it to look at its health."


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


class RelayMoving(Refused):
    """The relay is being handed over to another computer, and stores nothing for a moment."""

    code = "moving"
    status = 503
    default = (
        "This relay is moving to another computer and stores nothing for a moment. Keep what you have and try again."
    )


class RelayMoved(Refused):
    """The relay runs on another computer now."""

    code = "moved"
    status = 421
    default = "This relay has moved to another computer. Look for it on the network; it answers there by the same id."


class WrongTicket(Refused):
    """What should allow a computer to take the relay over does not (or no longer)."""

    code = "wrong_ticket"
    default = "This does not allow to take the relay over: it is wrong, too old, or was used. Ask for another one, as an owner."


class MoveOver(Refused):
    """There is no such move, or none any more: nothing was handed over, and the relay goes on where it is."""

    code = "move_over"
    status = 410
    default = "This move is over: nothing was handed over, and the relay goes on where it was. Try it anew."


class CopyUnderWay(Refused):
    """The computer that the relay moves to is being sent a copy of its database already."""

    code = "copy_under_way"
    status = 409
    default = "A copy of this relay is being made and sent already. Wait until that is done, or ask again in a moment."


# -- not on the wire ---------------------------------------------------------------------------------------------------


class SealError(MessengerError):
    """A sealed record does not open: wrong key, altered, or moved from its place."""


class LinkLost(MessengerError):
    """The wire broke; the link tries again."""


class StartupError(MessengerError):
    """This machine or its settings must be mended before the program can run. The text says how, *code* what it is, for scripts."""

    code: ClassVar[str] = "not_possible"


class ConfigError(StartupError):
    """A setting has a value that cannot be used."""


class KeyUnavailable(StartupError):
    """No key slot opens; the text says which were tried, and what to do."""

    code = "key_unavailable"


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
