"""Words <-> frames: the border of the protocol.

Strict about types and sizes, deaf to unknown fields. Whatever arrives, decoding ends in words or in a `WireError` that says what was
wrong and, where it can be known, to which command it is the answer; one bad command in an array does not take the others with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec

from common.errors import BadRequest, FrameTooLarge, MalformedFrame, MessengerError, UnknownCommand, WireError
from common.protocol import limits
from common.protocol.messages import COMMANDS, EVENTS, Answer, AnyCommand, Command, CommandId, Entry, Event, Problem

T = TypeVar("T")

_ENCODER: Final = msgspec.json.Encoder()
_ENTRY_EVENT_HEAD: Final = b'{"type":"entry",'
_COMMANDS: Final = msgspec.json.Decoder(AnyCommand | list[AnyCommand])
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ID: Final = msgspec.json.Decoder(CommandId)
_TAG: Final = msgspec.json.Decoder(str)
_PROBLEM: Final = msgspec.json.Decoder(Problem)

_OPENS_ARRAY: Final = re.compile(rb"[ \t\r\n]*\[")

# What msgspec raises for bytes that are not the JSON asked for: UnicodeDecodeError is a ValueError, as is DecodeError.
_UNREADABLE: Final = (ValueError, RecursionError)


class _Head(msgspec.Struct):
    """As much of any object as is needed to say which word it is; what else a word of tomorrow holds is its own business."""

    type: str = ""


class _Reply(msgspec.Struct):
    """As much of an answer as is needed to say which command it answers."""

    re: int = -1


_HEAD: Final = msgspec.json.Decoder(_Head)
_REPLY: Final = msgspec.json.Decoder(_Reply)


class UnreadableFrame(MessengerError):
    """The relay sent something that this client cannot read."""


def encode(word: msgspec.Struct) -> bytes:
    """One word as a JSON object."""
    return _ENCODER.encode(word)


def encode_entry(entry: Entry) -> bytes:
    """The event `EntryAdded` for *entry*, without making one: it has the fields of the entry after its tag."""
    return _ENTRY_EVENT_HEAD + _ENCODER.encode(entry)[1:]


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
        fields = _FIELDS.decode(body or b"{}")
    except _UNREADABLE as error:
        raise MalformedFrame("The body of this request is not a JSON object in UTF-8. Send one.") from error
    fields["type"] = msgspec.Raw(_ENCODER.encode(kind.__struct_config__.tag))
    try:
        return msgspec.json.decode(_ENCODER.encode(fields), type=kind)
    except _UNREADABLE as error:
        raise BadRequest(_in_words(error)) from error


def decode_events(frame: bytes, answer_kinds: Mapping[int, type[Answer]]) -> list[Event | Answer | Problem]:
    """What the relay said, in order; *answer_kinds*: the kind of answer that each open command id waits for.

    Unknown events and answers to unknown ids are left out: a newer relay may say more than this client knows. A `Problem` is never
    left out: one without ``re`` is for the client's log.

    Raises:
        UnreadableFrame: it is not JSON, or a known word has the wrong shape.
    """
    try:
        return [word for raw in _elements(frame) if (word := _word(raw, answer_kinds)) is not None]
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


def problem_of(error: WireError, re: int | None = None) -> Problem:
    """An error in its form on the wire. *re*: the id of the command, where *error* does not know it."""
    return Problem(
        code=error.code,
        message=error.message,
        re=error.re if re is None else re,
        retry_after=error.retry_after,
        limit=error.limit,
        most=error.most,
    )


def _commands_one_by_one(frame: bytes) -> list[Command | WireError]:
    try:
        raws = _elements(frame)
    except _UNREADABLE:
        return [MalformedFrame()]
    if len(raws) > limits.COMMANDS_PER_FRAME:
        return [_too_many()]
    return [_command(raw) for raw in raws]


def _elements(frame: bytes) -> list[msgspec.Raw]:
    """The parts of an array, or the frame itself, which may still be anything."""
    return _ELEMENTS.decode(frame) if _OPENS_ARRAY.match(frame) else [msgspec.Raw(frame)]


def _command(raw: msgspec.Raw) -> Command | WireError:
    try:
        decoded = _COMMANDS.decode(raw)
        return BadRequest("A command is an object, not an array.") if isinstance(decoded, list) else decoded
    except _UNREADABLE as error:
        return _why_not(raw, error)


def _why_not(raw: msgspec.Raw, error: Exception) -> WireError:
    try:
        fields = _FIELDS.decode(raw)
    except _UNREADABLE:
        return MalformedFrame()
    number = _read(_ID, fields.get("id"))
    kind = _read(_TAG, fields.get("type"))
    if kind is None:
        return BadRequest("A command needs its name in the field 'type'.", re=number)
    if kind not in COMMANDS:
        return UnknownCommand(re=number)
    return BadRequest(_in_words(error), re=number)


def _read(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw | None) -> T | None:
    try:
        return None if raw is None else decoder.decode(raw)
    except _UNREADABLE:
        return None


def _word(raw: msgspec.Raw, answer_kinds: Mapping[int, type[Answer]]) -> Event | Answer | Problem | None:
    head = _HEAD.decode(raw)
    if head.type == "ok":
        kind = answer_kinds.get(_REPLY.decode(raw).re)
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
