"""Builds the relay's parts in their order and takes them down again. The only place that knows all of them."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import socket
import sys
import threading
import time
from asyncio import sslproto
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from common.crypto.certificate import server_context
from common.crypto.identity import Invitation
from common.discovery.adapters import announced_addresses, local_addresses
from common.discovery.record import Announcement
from common.ids import Millis, RelayId
from common.protocol import limits
from relay.api import Api, guard
from relay.beacon import Beacon
from relay.config import Config
from relay.doorkeeper import Doorkeeper
from relay.fanout import Fanout
from relay.gateway import Gateway
from relay.handlers.parts import Parts, Throttles
from relay.handlers.passwords import Passwords
from relay.journal import Journal
from relay.listening import BACKLOG, open_sockets
from relay.opening import open_store
from relay.roster import Group, Roster
from relay.storage.store import Store
from relay.storage.tables import Tables
from relay.throttle import Buckets, Guesses

_log = logging.getLogger(__name__)

HANDSHAKE_S: Final = 10.0
KEEPALIVE_S: Final = 30.0
"""A plain HTTP connection that asks nothing for so long is closed."""
TLS_BUFFER_BYTES: Final = 16 * 1024
"""asyncio keeps a read buffer of this size for each TLS connection; its own 256 KiB would be most of what an idle link costs."""
BURST_S: Final = 5
"""Seconds of its rate that a session may use at once."""
COMMANDS_PER_POST: Final = 5
"""Commands other than messages are allowed that many times as often."""
SESSIONS_PER_ADDRESS: Final = 10
REGISTRATIONS_PER_S: Final = 0.5
REGISTRATIONS_BURST: Final = 50
MAPPED_FROM_BYTES: Final = 128 * 1024
_M_MMAP_THRESHOLD: Final = -3
OPEN_FILES: Final = limits.LINKS_IN_ALL + 1000
END_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class RunningRelay:
    """A relay that listens. *addresses*: where neighbours reach it, best first; *recovery_code* and *owner_code*: at the first start."""

    config: Config
    relay_id: RelayId
    port: int
    addresses: tuple[str, ...]
    key_protection: str
    public_key_pin: str
    recovery_code: str | None = field(repr=False)
    owner_code: str | None = field(repr=False)
    invitation_code: str | None = field(repr=False)
    """The standing code, where the policy asks for one."""
    parts: Parts = field(repr=False)
    gateway: Gateway = field(repr=False)
    beacon: Beacon | None = field(repr=False)

    @property
    def invitation(self) -> str:
        """The link that leads here, with the pin and, where one is needed, the code."""
        host = self.addresses[0] if self.addresses else "127.0.0.1"
        return Invitation(host, self.port, self.relay_id, self.invitation_code).link


@asynccontextmanager
async def running(config: Config, *, now: Callable[[], Millis] | None = None) -> AsyncIterator[RunningRelay]:
    """A relay for as long as the block runs; it ends within three seconds, with a good-bye to everybody.

    Raises:
        StartupError: it cannot run; the text says what to do.
    """
    sockets = await asyncio.to_thread(open_sockets, config.host, config.port, is_asked_for=config.is_port_asked_for)
    async with AsyncExitStack() as stack:
        for listening in sockets:
            stack.callback(listening.close)
        store = await open_store(config, now or _unix_ms)
        stack.push_async_callback(store.close)
        parts = await _parts(config, store, now or _unix_ms)
        parts.journal.start()
        stack.push_async_callback(parts.journal.close)
        stack.callback(parts.fanout.close_all)
        every = await asyncio.to_thread(local_addresses)
        reachable = announced_addresses(every, config.host, config.interfaces)
        beacon = _beacon(config, store, sockets)
        doorkeeper = Doorkeeper([config.host, socket.gethostname()])
        _learn_full_name(doorkeeper)
        gateway = Gateway(parts, doorkeeper)
        api = Api(parts, doorkeeper, lambda: beacon.state.troubles if beacon else ())
        await stack.enter_async_context(_serving(sockets, store, gateway, api, doorkeeper, beacon))
        invitation_code = await store.read(lambda tables: tables.meta.invitation_code())
        yield RunningRelay(
            config=config,
            relay_id=store.relay_id,
            port=sockets[0].getsockname()[1],
            addresses=tuple(address.ip for address in reachable),
            key_protection=store.key_protection,
            public_key_pin=store.identity.public_key_pin,
            recovery_code=store.first_start.recovery_code if store.first_start else None,
            owner_code=store.first_start.owner_code if store.first_start else None,
            invitation_code=invitation_code if config.registration == "invite" else None,
            parts=parts,
            gateway=gateway,
            beacon=beacon,
        )


# -- the parts ---------------------------------------------------------------------------------------------------------


async def _parts(config: Config, store: Store, now: Callable[[], Millis]) -> Parts:
    roster = Roster(store.general)
    await store.read(lambda tables: _fill(roster, tables))
    fanout = Fanout(roster)
    return Parts(
        relay_id=store.relay_id,
        name=config.name,
        registration=config.registration,
        store=store,
        journal=Journal(store, fanout.publish),
        roster=roster,
        fanout=fanout,
        passwords=Passwords(),
        throttles=_throttles(config.rate_limit),
        now=now,
    )


def _fill(roster: Roster, tables: Tables) -> None:
    for row in tables.groups.all():
        roster.add_group(Group(row.id, row.kind, row.name, row.topic, row.private, row.last_seq))
    roster.add_memberships(tables.groups.memberships())


def _throttles(rate: float) -> Throttles:
    clock = time.monotonic
    commands = rate * COMMANDS_PER_POST
    everybody = (rate + commands) * SESSIONS_PER_ADDRESS
    return Throttles(
        posts_by_session=Buckets(rate, rate * BURST_S, clock),
        commands_by_session=Buckets(commands, commands * BURST_S, clock),
        commands_by_address=Buckets(everybody, everybody * BURST_S, clock),
        registrations_by_address=Buckets(REGISTRATIONS_PER_S if rate else 0, REGISTRATIONS_BURST, clock),
        guesses=Guesses(clock),
    )


def _beacon(config: Config, store: Store, sockets: list[socket.socket]) -> Beacon | None:
    if not config.announce:
        return None
    port = sockets[0].getsockname()[1]
    announcement = Announcement(name=config.name, relay_id=store.relay_id, port=port, policy=config.registration)
    return Beacon(announcement, host=config.host, interfaces=config.interfaces)


def _learn_full_name(doorkeeper: Doorkeeper) -> None:
    """Tell *doorkeeper* this machine's full name once it is known: where no name server answers, that takes many seconds, which
    neither the start nor the end of the relay waits for."""
    loop = asyncio.get_running_loop()

    def ask() -> None:
        name = socket.getfqdn()
        with contextlib.suppress(RuntimeError):  # the relay has ended meanwhile
            loop.call_soon_threadsafe(doorkeeper.know, name)

    threading.Thread(target=ask, name="full name", daemon=True).start()


def _unix_ms() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


# -- the doors ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _serving(
    sockets: list[socket.socket],
    store: Store,
    gateway: Gateway,
    api: Api,
    doorkeeper: Doorkeeper,
    beacon: Beacon | None,
) -> AsyncIterator[None]:
    """Listen with TLS, and say so, for as long as the block runs; then take leave of the network and of every WebSocket at once."""
    _allow_many_files()
    _keep_large_buffers_apart()
    sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES
    application = web.Application(client_max_size=limits.FRAME_BYTES + 1, middlewares=[guard(doorkeeper)])
    application.add_routes([web.get("/ws", gateway.serve), *api.routes()])
    runner = web.AppRunner(
        application, access_log=None, handle_signals=False, keepalive_timeout=KEEPALIVE_S, shutdown_timeout=END_S
    )
    await runner.setup()
    assert runner.server is not None
    gateway.start()
    loop, context = asyncio.get_running_loop(), server_context(store.identity)
    servers = [
        await loop.create_server(
            runner.server,
            sock=listening,
            ssl=context,
            backlog=BACKLOG,
            ssl_handshake_timeout=HANDSHAKE_S,
            ssl_shutdown_timeout=limits.CLOSE_S,
        )
        for listening in sockets
    ]
    try:
        if beacon is not None:
            await beacon.start()
        yield
    finally:
        for server in servers:
            server.close()
        api.close()
        await asyncio.gather(gateway.close(), *([] if beacon is None else [beacon.stop()]))
        await runner.cleanup()


def _allow_many_files() -> None:
    """Each connection is an open file; the usual soft limit of 1024 would be reached by a few hundred people."""
    if sys.platform == "win32":  # there is no such limit there
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # then fewer can connect, which they are told
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _keep_large_buffers_apart() -> None:
    """uvloop reserves 256 KiB for each TLS connection and touches the first page of them. glibc would, after the first such
    buffer was freed, take the next ones out of its heap, where that space is soon shared and paid for: half as much memory again
    for each idle link. A fixed threshold keeps each a mapping of its own."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library, which has no such threshold
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
