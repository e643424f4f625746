"""The door for webhooks: whoever knows the address posts a text, or JSON with one, and needs no account."""

from __future__ import annotations

import codecs
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Final

import msgspec
from aiohttp import web

from common.errors import BadRequest, EmptyMessage, FrameTooLarge, ShuttingDown
from common.protocol import limits
from common.protocol.codec import encode
from common.protocol.visible import says_something
from relay.doorkeeper import Doorkeeper
from relay.entrance import at_work
from relay.handlers.parts import Parts
from relay.handlers.webhooks import HOOKS, Said, find, say
from relay.replies import body_of, json_reply

SECRET_CHARACTERS: Final = 64
KEY_CHARACTERS: Final = 128
_JSON: Final = "application/json"
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
"""Python knows these as encodings; nobody else does."""


class HookBody(msgspec.Struct):
    """What JSON for a webhook says; other fields are left alone."""

    text: str
    title: str = ""


_DECODE: Final = msgspec.json.Decoder(HookBody).decode


class Hooks:
    """The requests to webhooks of one relay."""

    def __init__(self, parts: Parts, doorkeeper: Doorkeeper) -> None:
        """Nothing is open yet."""
        self._parts = parts
        self._doorkeeper = doorkeeper
        self._closing = False

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [web.post(HOOKS + "{secret}", self._post)]

    def close(self) -> None:
        """Refuse everything from now on."""
        self._closing = True

    async def _post(self, request: web.Request) -> web.Response:
        if self._closing:
            raise ShuttingDown
        address = request.remote or ""
        secret = _secret(request.match_info["secret"])
        with self._doorkeeper.stranger_from(address):
            found = await find(self._parts, secret, address)
        text = _text(request, await body_of(request))  # whoever takes their time with it is in nobody's way
        key = _key(request.headers.get("Idempotency-Key"))
        with self._doorkeeper.stranger_from(address), at_work(request):
            return json_reply(encode(await say(self._parts, Said(secret, text, key), found)))


def _secret(part: str) -> str:
    """The last part of the path, unless it is nothing that could be one."""
    return part if part.isascii() and len(part) <= SECRET_CHARACTERS else ""


def _text(request: web.Request, body: bytes) -> str:
    """What the message is to say: a title first, where there is one."""
    if len(body) > limits.FRAME_BYTES:
        raise FrameTooLarge
    if request.content_type.startswith("multipart/"):  # its parts with their heads would be said as they stand
        raise BadRequest("This is a form. Send the text itself, with curl by -d or --data-binary, or JSON.")
    if request.content_type == _JSON:
        try:
            read = _DECODE(body)
        except (ValueError, RecursionError) as error:
            raise BadRequest('This is no JSON object with a "text" in UTF-8. Send one, or plain text.') from error
        text, title = read.text, read.title
    else:
        text, title = _decoded(body, request.charset or "utf-8"), ""
    title = title or _title(request.headers.get("Title", ""))
    lines = "\n".join(part for part in (title.strip(), text.strip()) if part)
    whole = lines.replace("\r\n", "\n").replace("\r", "\n")
    if not says_something(text):
        raise EmptyMessage("There is no text to be seen in it. Send some.")
    if len(whole) > limits.TEXT_CHARACTERS:
        raise BadRequest(f"This text is too long: a message has at most {limits.TEXT_CHARACTERS} characters.")
    return whole


def _decoded(body: bytes, charset: str) -> str:
    """*body* as text."""
    try:
        codec = codecs.lookup(charset)
        if codec.name in _NO_CHARSETS or not codec._is_text_encoding:
            raise LookupError(charset)
        text = body.decode("utf-8-sig" if codec.name == "utf-8" else codec.name)
        text.encode()  # UTF-7 can carry halves of surrogate pairs
        return text
    except (LookupError, ValueError) as error:
        raise BadRequest(
            f"This is no text in {charset[: limits.NAME_CHARACTERS]!a}. Say which charset it is in the header"
            " Content-Type, as in 'text/plain; charset=utf-8'."
        ) from error


def _title(header: str) -> str:
    """The header `Title`: UTF-8 as it stands, or encoded words (RFC 2047)."""
    try:
        header.encode()
        decoded = str(make_header(decode_header(header))) if header.isascii() else header
        return " ".join(decoded.split())
    except (ValueError, LookupError, HeaderParseError) as error:
        raise BadRequest("The header 'Title' is not UTF-8. Send it so, or as encoded words (RFC 2047).") from error


def _key(header: str | None) -> str | None:
    if header is not None and not (0 < len(header) <= KEY_CHARACTERS and header.isascii()):
        raise BadRequest(f"The header 'Idempotency-Key' has 1 to {KEY_CHARACTERS} ASCII characters.")
    return header
