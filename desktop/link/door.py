"""The plain HTTPS door: what is asked before there is a link (register, login), and the last word after it (logout)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import aiohttp

from common.errors import LinkLost
from common.protocol.codec import UnreadableFrame, decode_answer, encode
from common.protocol.limits import FRAME_BYTES
from common.protocol.messages import ANSWERS, Answer, Command, Problem
from desktop.link.address import Address
from desktop.link.denied import Denied
from desktop.link.pinning import PinnedSession, WrongIdentity
from desktop.locale import _

A = TypeVar("A", bound=Answer)


async def ask_any(
    session: PinnedSession, addresses: Sequence[Address], command: Command, kind: type[A], token: str = ""
) -> tuple[A, Address]:
    """The answer to *command* and where it came from: the first of *addresses* that answers counts.

    Raises:
        Denied: the relay said no.
        WrongIdentity: only other identities answer.
        LinkLost: nobody answers.
    """
    lost: LinkLost = LinkLost(_("No address of this relay is known."))
    for address in addresses:
        try:
            return await ask(session, address, command, kind, token), address
        except LinkLost as error:
            lost = lost if isinstance(lost, WrongIdentity) else error
    raise lost


async def ask(session: PinnedSession, address: Address, command: Command, kind: type[A], token: str = "") -> A:
    """The answer to *command* at one address.

    Raises:
        Denied: the relay said no.
        WrongIdentity: another identity answers there.
        LinkLost: nobody answers, or what answers is not a relay.
    """
    tag = str(command.__struct_config__.tag)
    assert ANSWERS[type(command)] is kind
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        async with session.http.post(
            session.url(address, f"/api/{tag}"),
            data=encode(command),
            headers=headers,
            ssl=session.context,
            allow_redirects=False,
        ) as response:
            body = bytearray()
            async for part in response.content.iter_chunked(FRAME_BYTES):
                body += part
                if len(body) > FRAME_BYTES:
                    raise _not_a_relay(address)
        answer = decode_answer(kind, bytes(body))
    except aiohttp.ServerFingerprintMismatch as error:
        raise session.wrong_identity(address, error) from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise LinkLost(_("Nobody answers at {address}.").format(address=address)) from error
    except UnreadableFrame as error:
        raise _not_a_relay(address) from error
    if isinstance(answer, Problem):
        raise Denied.of(answer)
    assert isinstance(answer, kind)
    return answer


def _not_a_relay(address: Address) -> LinkLost:
    return LinkLost(_("What answers at {address} is not a relay.").format(address=address))
