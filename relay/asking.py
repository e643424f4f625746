"""Who asks over HTTP for something that takes long: looked at when it begins, and once more when somebody would hear of its end."""

from __future__ import annotations

from aiohttp import web

from common.errors import RateLimited
from common.protocol.messages import Scope
from relay.entrance import caller_in
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.scopes import check_scope


async def caller_for(parts: Parts, request: web.Request, scope: Scope) -> SignedIn:
    """Whose token the request has, within the limits of how often.

    Raises:
        NotSignedIn, RateLimited, TooManyConnections, ScopeNeeded: it may not.
    """
    address, throttles = request.remote or "", parts.throttles
    caller = await caller_in(parts, request)
    wait_s = throttles.commands_by_address.wait_s(address) or throttles.commands_by_session.wait_s(caller.session)
    if wait_s > 0:
        raise RateLimited(retry_after=round(wait_s, 3))
    check_scope(caller, scope)
    return caller


async def still_signed_in(parts: Parts, request: web.Request) -> None:
    """The session may have ended between the first look and being on the list of those that hear of it.

    Raises:
        NotSignedIn: it has.
    """
    await caller_in(parts, request)
