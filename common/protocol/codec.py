"""Words <-> frames: the border of the protocol.

Strict about types and sizes, deaf to unknown fields. Whatever arrives, decoding ends in words or in a `WireError` that says what was
wrong and, where it can be known, to which command it is the answer; one bad command in an array does not take the others with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from common.errors import BadRequest, FrameTooLarge, MalformedFrame, MessengerError, UnknownCommand, WireError
from common.protocol import limits
from common.protocol.messages import COMMANDS, EVENTS, Answer, AnyCommand, Command, Event, Problem

_ENCODER: Final = msgspec.json.Encoder()
_COMMANDS: Final = msgspec.json.Decoder(AnyCommand | list[AnyCommand])
_RAWS: Final = msgspec.json.Decoder(msgspec.Raw | list[msgspec.Raw])
_PROBLEM: Final = msgspec.json.Decoder(Problem)

# What msgspec raises for bytes that are not the JSON asked for: UnicodeDecodeError is a ValueError, as is DecodeError.
_UNREADABLE: Final = (ValueError, RecursionError)


class _Head(msgspec.Struct):
    """As much of any object as is needed to say which word it is."""

    type: str = ""
    id: int | None = None
    re: int | None = None


_HEAD: Final = msgspec.json.Decoder(_Head)


class UnreadableFrame(MessengerError):
    """The relay sent something that this client cannot read."""


def encode(word: msgspec.Struct) -> bytes:
    """One word as a JSON object."""
    return _ENCODER.encode(word)


def frame_of(encoded: Iterable[bytes]) -> bytes:
    """Several encoded words as one frame, a JSON array in the same order."""
    return b"[" + b",".join(encoded) + b"]"


def decode_commands(frame: bytes) -> list[Command | WireError]:
    """The commands of a frame in their order; in place of one that cannot be read, the error to answer."""
    if len(frame) > limits.FRAME_BYTES:
        return [FrameTooLarge()]
    try:
        decoded = _COMMANDS.decode(frame)
    except _UNREADABLE:
        return _commands_one_by_one(frame)
    if not isinstance(decoded, list):
        return [decoded]
    if len(decoded) > limits.COMMANDS_PER_FRAME:
        return [_too_many()]
    return list(decoded)


def decode_command(kind: type[Command], body: bytes) -> Command:
    """The body of `POST /api/<command>`: the same object, where ``type`` and ``id`` may be missing.

    Raises:
        WireError: `MalformedFrame`, `BadRequest` or `FrameTooLarge`.
    """
    if len(body) > limits.FRAME_BYTES:
        raise FrameTooLarge
    try:
        fields = msgspec.json.decode(body or b"{}", type=dict[str, msgspec.Raw])
    except _UNREADABLE as error:
        raise MalformedFrame from error
    fields["type"] = msgspec.Raw(_ENCODER.encode(kind.__struct_config__.tag))
    try:
        return msgspec.json.decode(_ENCODER.encode(fields), type=kind)
    except _UNREADABLE as error:
        raise BadRequest(_in_words(error)) from error


def decode_events(frame: bytes, answer_kinds: Mapping[int, type[Answer]]) -> list[Event | Answer | Problem]:
    """What the relay said, in order; *answer_kinds*: the kind of answer that each open command id waits for.

    Unknown events and answers to unknown ids are left out: a newer relay may say more than this client knows.

    Raises:
        UnreadableFrame: it is not JSON, or a known word has the wrong shape.
    """
    try:
        decoded = _RAWS.decode(frame)
        raws = decoded if isinstance(decoded, list) else [decoded]
        return [word for raw in raws if (word := _word(raw, answer_kinds)) is not None]
    except _UNREADABLE as error:
        raise UnreadableFrame(_in_words(error)) from error


def decode_answer(kind: type[Answer], body: bytes) -> Answer | Problem:
    """The answer of the plain HTTP door.

    Raises:
        UnreadableFrame: it is neither *kind* nor a `Problem`.
    """
    try:
        if _HEAD.decode(body).type == "error":
            return _PROBLEM.decode(body)
        return msgspec.json.decode(body, type=kind)
    except _UNREADABLE as error:
        raise UnreadableFrame(_in_words(error)) from error


def problem_of(error: WireError) -> Problem:
    """An error in its form on the wire."""
    return Problem(code=error.code, message=error.message, re=error.re, retry_after=error.retry_after)


def _commands_one_by_one(frame: bytes) -> list[Command | WireError]:
    try:
        decoded = _RAWS.decode(frame)
    except _UNREADABLE:
        return [MalformedFrame()]
    raws = decoded if isinstance(decoded, list) else [decoded]
    if len(raws) > limits.COMMANDS_PER_FRAME:
        return [_too_many()]
    return [_command(raw) for raw in raws]


def _command(raw: msgspec.Raw) -> Command | WireError:
    try:
        decoded = _COMMANDS.decode(raw)
        return BadRequest("A command is an object, not an array.") if isinstance(decoded, list) else decoded
    except _UNREADABLE as error:
        return _why_not(raw, error)


def _why_not(raw: msgspec.Raw, error: Exception) -> WireError:
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except _UNREADABLE:
        return MalformedFrame()
    re = _number(fields.get("id"))
    kind = _text(fields.get("type"))
    if kind is None:
        return BadRequest("A command needs its name in the field 'type'.", re=re)
    if kind not in COMMANDS:
        return UnknownCommand(re=re)
    return BadRequest(_in_words(error), re=re)


def _number(raw: msgspec.Raw | None) -> int | None:
    try:
        return None if raw is None else msgspec.json.decode(raw, type=int)
    except _UNREADABLE:
        return None


def _text(raw: msgspec.Raw | None) -> str | None:
    try:
        return None if raw is None else msgspec.json.decode(raw, type=str)
    except _UNREADABLE:
        return None


def _word(raw: msgspec.Raw, answer_kinds: Mapping[int, type[Answer]]) -> Event | Answer | Problem | None:
    head = _HEAD.decode(raw)
    if head.type == "ok":
        kind = answer_kinds.get(-1 if head.re is None else head.re)
        return None if kind is None else msgspec.json.decode(raw, type=kind)
    if head.type == "error":
        return _PROBLEM.decode(raw)
    event = EVENTS.get(head.type)
    return None if event is None else msgspec.json.decode(raw, type=event)


def _too_many() -> WireError:
    return FrameTooLarge(f"At most {limits.COMMANDS_PER_FRAME} commands fit into one frame.")


def _in_words(error: Exception) -> str:
    """msgspec's sentence names the field; a broken encoding has none worth showing."""
    return str(error) if isinstance(error, msgspec.ValidationError) else "The text is not valid UTF-8 or JSON."
