"""What plain HTTP reads and answers: a body in time, words of the wire as JSON, and every error in one form."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from common.errors import BadRequest, FrameTooLarge, NotSignedIn, WireError
from common.protocol.codec import encode, problem_of
from relay import VERSION

_JSON: Final = "application/json"
BODY_S: Final = 20.0
"""A body that takes longer to arrive is not waited for."""
_PLAIN: Final = frozenset({"", "identity"})
SERVER: Final = f"Py_messenger/{VERSION}"


async def body_of(request: web.Request, most: int | None = None) -> bytes:
    """The body, whole; *most*: bytes that it may have, where that is less than for everybody.

    Raises:
        FrameTooLarge, BadRequest: it is too large, is packed, or does not arrive.
    """
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in _PLAIN:
        raise BadRequest("Send the body as it is, without a Content-Encoding.")
    if most is not None and request.content_length is not None and request.content_length > most:
        raise FrameTooLarge
    try:
        async with asyncio.timeout(BODY_S):
            return await (request.read() if most is None else _short_body(request, most))
    except web.HTTPRequestEntityTooLarge as error:
        raise FrameTooLarge from error
    except (TimeoutError, web.RequestPayloadError) as error:
        raise BadRequest("The body did not arrive in time, or not whole.") from error


async def _short_body(request: web.Request, most: int) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > most:
            raise FrameTooLarge
    return bytes(body)


def json_reply(body: bytes, status: int = 200) -> web.Response:
    """*body*, which is JSON."""
    return web.Response(body=body, status=status, content_type=_JSON, headers={"Server": SERVER})


def problem_reply(error: WireError) -> web.Response:
    """*error* with its status, and what helps a program to go on."""
    response = json_reply(encode(problem_of(error)), status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
