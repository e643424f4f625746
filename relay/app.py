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
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from aiohttp import web
from msgspec import Struct

from common.crypto.certificate import server_context
from common.crypto.identity import Invitation
from common.discovery.adapters import announced_addresses, local_addresses, told_addresses
from common.discovery.record import Announcement
from common.ids import Millis, RelayId
from common.protocol import limits
from relay.api import Api, guard
from relay.beacon import Beacon
from relay.config import Config
from relay.control.server import Control
from relay.control.words import AnyOrder, Outcome
from relay.doorkeeper import Doorkeeper
from relay.entrance import Entrance
from relay.fanout import Fanout
from relay.files.blobs import FOLDER, Blobs
from relay.files.uploads import FileLimits, Uploads
from relay.gateway import Gateway
from relay.handing_over import HandingOver, turning_away
from relay.handlers.audit import note
from relay.handlers.muting import lift_expired
from relay.handlers.parts import Parts, SignedIn, Throttles
from relay.handlers.passwords import Passwords
from relay.health.troubles import Trouble
from relay.health.watch import Watch
from relay.hooks import Hooks
from relay.journal import CommittedEntry, Journal
from relay.lifting import Lifting
from relay.listening import open_sockets
from relay.metrics import Metrics, Snapshot
from relay.moving.arriving import Arrival
from relay.moving.handover import Handover
from relay.moving.marks import moved_to_serve
from relay.moving.sending import forget_copy
from relay.opening import open_store
from relay.operating.auditing import note_settings
from relay.operating.backups import forget_broken_off
from relay.operating.operator import Operator
from relay.operating.purging import Purger
from relay.operating.renewal import Renewal
from relay.operating.rules import obey, obey_client
from relay.operating.schedule import BackupSchedule
from relay.own_data import OwnData
from relay.personal_limits import PersonalLimits, defaults
from relay.places import FILES, Places
from relay.roster import Group, Roster
from relay.search.search import Search
from relay.search.snapshot import SnapshotFile
from relay.storage import in_place
from relay.storage.migrate import Told
from relay.storage.store import Store
from relay.storage.tables import Tables
from relay.tally import Tally
from relay.throttle import Buckets, Guesses, Tokens
from relay.transfers import Transfers

_log = logging.getLogger(__name__)

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
TOKENS_BURST_S: Final = 10
"""Seconds of that rate that an address may show in tokens which are not known yet: all links of one may come back at once."""
TYPING_PER_S: Final = 2 / limits.TYPING_S
TYPING_BURST: Final = 3
"""Of one person in one group; what is said beyond would tell nobody anything new."""
MAPPED_FROM_BYTES: Final = 128 * 1024
_M_MMAP_THRESHOLD: Final = -3
END_S: Final = 1.0
REDIRECT_S: Final = 600.0
"""For so long a relay that has moved says where to, and then ends."""


@dataclass(frozen=True, slots=True)
class RunningRelay:
    """A relay that listens. *addresses*: those to tell people, best first; *recovery_code*: at the first start;
    *owner_code*: while nobody has used it; *is_code_confirmed*: somebody has typed a recovery code back."""

    config: Config
    relay_id: RelayId
    port: int
    addresses: tuple[str, ...]
    key_protection: str
    public_key_pin: str
    recovery_code: str | None = field(repr=False)
    owner_code: str | None = field(repr=False)
    is_code_confirmed: bool
    invitation_code: str | None = field(repr=False)
    """The standing code, where the policy asks for one."""
    parts: Parts = field(repr=False)
    gateway: Gateway = field(repr=False)
    watch: Watch = field(repr=False)
    beacon: Beacon | None = field(repr=False)

    @property
    def invitation(self) -> str:
        """The link that leads here, with the pin and, where one is needed, the code."""
        return Invitation(_best(self.addresses), self.port, self.relay_id, self.invitation_code).link


@asynccontextmanager
async def running(
    config: Config,
    *,
    now: Callable[[], Millis] | None = None,
    stop: Callable[[], None] | None = None,
    upgrading: Told | None = None,
) -> AsyncIterator[RunningRelay]:
    """A relay for as long as the block runs; it ends within three seconds, with a good-bye to everybody.

    *stop* is called when somebody on this machine orders it to end: then leave the block. *upgrading*: as of `open_store`.

    Raises:
        StartupError: it cannot run; the text says what to do.
    """
    await asyncio.to_thread(in_place.settle, config.data_dir)
    moved = await asyncio.to_thread(moved_to_serve, config.data_dir)
    sockets = await asyncio.to_thread(open_sockets, config.host, config.port, is_asked_for=config.is_port_asked_for)
    async with AsyncExitStack() as stack:
        for listening in sockets:
            stack.callback(listening.close)
        store = await open_store(config, now or _unix_ms, upgrading)
        stack.push_async_callback(store.close)
        await asyncio.to_thread(forget_broken_off, config.data_dir)
        await asyncio.to_thread(forget_copy, config.data_dir)
        port = sockets[0].getsockname()[1]
        handover = Handover(store.relay_id, config.data_dir, store, now or _unix_ms, time.monotonic, moved)
        if moved is not None:
            await store.hold()
        parts = await _parts(
            config,
            store,
            now or _unix_ms,
            partial(_reached_at, config, port),
            lambda order, by: obey_client(operator, order, by),
            handover,
        )
        parts.journal.start()
        stack.push_async_callback(parts.journal.close)
        parts.search.start()
        stack.push_async_callback(parts.search.close)
        stack.callback(parts.fanout.close_all)
        addresses = await asyncio.to_thread(_addresses, config)
        beacon = _beacon(config, store, sockets) if moved is None else None
        doorkeeper = Doorkeeper([config.host, socket.gethostname()])
        _learn_full_name(doorkeeper)
        gateway = Gateway(parts, doorkeeper)
        renewal = Renewal(store, parts.journal)
        operator = Operator(
            parts, store, config, renewal, port=port, stop=stop, since=parts.now(), troubles=lambda: watch.troubles()
        )
        await note_settings(operator)
        schedule = BackupSchedule(operator, config.backup_dir) if config.backup_dir is not None else None
        watch = Watch(
            config, store, parts.search, parts.tally, parts.now, partial(_troubles, beacon, schedule, renewal)
        )
        metrics = Metrics(parts, parts.tally)
        api = Api(parts, doorkeeper, watch, partial(_scraped, metrics, watch, gateway, schedule))
        uploads = _uploads(config, store, parts)
        transfers = Transfers(parts, uploads)
        own_data = OwnData(parts, uploads)
        leaving = HandingOver(handover, store, config.data_dir, doorkeeper, parts.now, config.name, config.kept())
        _when_it_moves(handover, gateway, beacon, stop)
        doors = _Doors(gateway, api, Hooks(parts, doorkeeper), transfers, own_data, uploads, leaving, doorkeeper)
        await stack.enter_async_context(_serving(sockets, store, doors, beacon))
        stack.push_async_callback(renewal.close)
        renewal.start()
        control = Control(config.data_dir, partial(obey, operator))
        stack.push_async_callback(control.close)
        await control.start()
        stack.push_async_callback(watch.close)
        await watch.start()
        if schedule is not None:
            stack.push_async_callback(schedule.close)
            schedule.start()
        lifting = Lifting(partial(lift_expired, parts))
        stack.push_async_callback(lifting.close)
        lifting.start()
        purger = Purger(parts)
        stack.push_async_callback(purger.close)
        purger.start()
        arrival = Arrival(
            config.data_dir, partial(_told_addresses, config, port), parts.now, partial(_note_move, parts)
        )
        stack.push_async_callback(arrival.close)
        await arrival.start()
        invitation_code = await store.read(lambda tables: tables.meta.invitation_code())
        yield RunningRelay(
            config=config,
            relay_id=store.relay_id,
            port=port,
            addresses=addresses,
            key_protection=store.key_protection,
            public_key_pin=store.identity.public_key_pin,
            recovery_code=store.recovery_code,
            owner_code=store.owner_code,
            is_code_confirmed=await store.read(lambda tables: tables.meta.confirmed_slot()) is not None,
            invitation_code=invitation_code if config.registration == "invite" else None,
            parts=parts,
            gateway=gateway,
            watch=watch,
            beacon=beacon,
        )


# -- the parts ---------------------------------------------------------------------------------------------------------


async def _parts(
    config: Config,
    store: Store,
    now: Callable[[], Millis],
    reached_at: Callable[[], Awaitable[tuple[str, int]]],
    obey: Callable[[AnyOrder, SignedIn], Awaitable[Outcome]],
    handover: Handover,
) -> Parts:
    roster = Roster(store.general)
    await store.read(lambda tables: _fill(roster, tables))
    settings = await store.read(lambda tables: tables.limits.all())
    tally = Tally()
    fanout = Fanout(roster, tally)
    snapshots = SnapshotFile(
        config.data_dir, partial(store.derived_key, "search snapshot"), store.relay_id, store.epoch
    )
    search = Search(store, snapshots)

    def publish(committed: Sequence[CommittedEntry]) -> None:
        fanout.publish(committed)
        search.tell()

    return Parts(
        relay_id=store.relay_id,
        name=config.name,
        registration=config.registration,
        only_admins_invite=config.inviters == "admins",
        store=store,
        journal=Journal(store, publish, tally),
        roster=roster,
        fanout=fanout,
        passwords=Passwords(),
        throttles=_throttles(config.rate_limit),
        limits=PersonalLimits(defaults(config.rate_limit, config.files_per_person), settings),
        tally=tally,
        search=search,
        now=now,
        reached_at=reached_at,
        file_bytes=config.file_max,
        obey=obey,
        kept_otherwise=asyncio.Event(),
        handover=handover,
    )


def _uploads(config: Config, store: Store, parts: Parts) -> Uploads:
    blobs = Blobs(config.data_dir / FOLDER, store.relay_id)
    may = FileLimits(config.file_max, parts.limits, config.files_in_all)
    uploads = Uploads(store, parts.journal, blobs, may)
    store.on_files_gone = uploads.drop
    return uploads


async def _reached_at(config: Config, port: int) -> tuple[str, int]:
    """Where neighbours reach the relay now: its addresses change while it runs."""
    return _best(await asyncio.to_thread(_addresses, config)), port


def _addresses(config: Config) -> tuple[str, ...]:
    every = local_addresses()
    # Where it is announced, or, when RELAY_INTERFACES names nothing that is here, where it answers all the same.
    announced = announced_addresses(every, config.host, config.interfaces) or announced_addresses(every, config.host)
    return tuple(address.ip for address in told_addresses(announced))


def _best(addresses: Sequence[str]) -> str:
    return addresses[0] if addresses else "127.0.0.1"


def _fill(roster: Roster, tables: Tables) -> None:
    roster.set_rule(tables.retention.rule())
    owns = tables.retention.owns()
    for row in tables.groups.all():
        group = Group(row.id, row.kind, row.name, row.topic, row.private, row.last_seq, slow=row.slow)
        group.floor, group.own = row.floor, owns[row.id]
        roster.add_group(group)
    roster.add_memberships(tables.groups.memberships())
    roster.silent |= tables.receipts.silent()
    roster.mutes |= {(row.group, row.user): row.until for row in tables.mutes.all()}


def _throttles(rate: float) -> Throttles:
    clock = time.monotonic
    commands = rate * COMMANDS_PER_POST
    everybody = (rate + commands) * SESSIONS_PER_ADDRESS
    return Throttles(
        posts_by_session=Buckets(rate, rate * BURST_S, clock),
        posts_by_person=Buckets(0, 0, clock),
        posts_by_webhook=Buckets(rate, rate * BURST_S, clock),
        commands_by_session=Buckets(commands, commands * BURST_S, clock),
        commands_by_address=Buckets(everybody, everybody * BURST_S, clock),
        registrations_by_address=Buckets(REGISTRATIONS_PER_S if rate else 0, REGISTRATIONS_BURST, clock),
        typing=Buckets(TYPING_PER_S, TYPING_BURST, clock),
        guesses=Guesses(clock),
        tokens=Tokens(Buckets(rate, rate * TOKENS_BURST_S, clock)),
    )


def _beacon(config: Config, store: Store, sockets: list[socket.socket]) -> Beacon | None:
    if not config.announce:
        return None
    port = sockets[0].getsockname()[1]
    announcement = Announcement(name=config.name, relay_id=store.relay_id, port=port, policy=config.registration)
    return Beacon(announcement, host=config.host, interfaces=config.interfaces)


def _troubles(beacon: Beacon | None, schedule: BackupSchedule | None, renewal: Renewal) -> list[Trouble]:
    """Why the relay may not be found, has no new backup, or cannot end the rotation of its keys."""
    told = [Trouble("announcement", words) for words in beacon.state.troubles] if beacon is not None else []
    if schedule is not None and schedule.problem:
        told.append(Trouble("backup", schedule.problem))
    if renewal.problem:
        told.append(Trouble("rotation", renewal.problem))
    return told


async def _scraped(metrics: Metrics, watch: Watch, gateway: Gateway, schedule: BackupSchedule | None) -> bytes:
    """The metrics as they are at this moment."""
    troubles = await watch.troubles()
    made_at = schedule.made_at if schedule is not None else None
    return metrics.text(Snapshot(await watch.measured(), tuple(troubles), gateway.links, made_at))


def _when_it_moves(
    handover: Handover, gateway: Gateway, beacon: Beacon | None, stop: Callable[[], None] | None
) -> None:
    """What follows from a move: found here no more, then everybody is sent after it, and in the end there is nothing left to do."""
    loop = asyncio.get_running_loop()

    async def left() -> None:
        if beacon is not None:
            await beacon.stop()

    def end() -> None:
        _log.warning("This relay has moved to %s, and ends here.", ", ".join(handover.moved_to) or "another computer")
        if stop is not None:
            stop()

    def gone(to: list[str]) -> None:
        gateway.move_away(to)
        loop.call_later(REDIRECT_S, end)

    handover.on_left, handover.on_gone = left, gone


def _told_addresses(config: Config, port: int) -> list[str]:
    """Where this relay answers, for somebody on another computer: an address of a link says nothing there."""
    return [_at(address, port) for address in _addresses(config) or (_best(()),) if "%" not in address]


async def _note_move(parts: Parts, host: str) -> None:
    await parts.journal.change(lambda transaction: note(transaction, None, "relay_moved", detail=host, own=True))


def _at(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


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


class _Doors(Struct, frozen=True):
    """What answers requests."""

    gateway: Gateway
    api: Api
    hooks: Hooks
    transfers: Transfers
    own_data: OwnData
    uploads: Uploads
    leaving: HandingOver
    doorkeeper: Doorkeeper

    def routes(self) -> list[web.RouteDef]:
        """Files and webhooks come before the commands, whose names may be anything."""
        return [
            web.get("/ws", self.gateway.serve),
            *self.transfers.routes(),
            *self.own_data.routes(),
            *self.hooks.routes(),
            *self.leaving.routes(),
            *self.api.routes(),
        ]

    async def close(self) -> None:
        """Take leave; what has arrived is kept."""
        self.api.close()
        self.hooks.close()
        self.leaving.close()
        self.own_data.close()
        await asyncio.gather(self.gateway.close(), self.uploads.close())


@asynccontextmanager
async def _serving(
    sockets: list[socket.socket], store: Store, doors: _Doors, beacon: Beacon | None
) -> AsyncIterator[None]:
    """Listen with TLS, and say so, for as long as the block runs; then take leave of the network and of every WebSocket at once."""
    places = Places(time.monotonic, _allow_many_files())
    _keep_large_buffers_apart()
    sslproto.SSLProtocol.max_size = TLS_BUFFER_BYTES
    application = web.Application(
        client_max_size=limits.FRAME_BYTES + 1,
        middlewares=[guard(doors.doorkeeper, doors.gateway.tally), turning_away(doors.leaving.handover)],
    )
    application.add_routes(doors.routes())
    runner = web.AppRunner(
        application,
        handle_signals=False,
        shutdown_timeout=END_S,
    )
    await runner.setup()
    assert runner.server is not None
    doors.gateway.start()
    doors.uploads.start()
    doors.leaving.start()
    entrance = Entrance(
        sockets,
        server_context(store.identity),
        runner.server,
        places,
        access_log=None,
        keepalive_timeout=KEEPALIVE_S,
        auto_decompress=False,  # nothing that a stranger has packed is unpacked here
    )
    entrance.start()
    try:
        if beacon is not None:
            await beacon.start()
        yield
    finally:
        await entrance.close()
        await asyncio.gather(doors.close(), *([] if beacon is None else [beacon.stop()]))
        await runner.cleanup()


def _allow_many_files() -> int:
    """How many files may be open. Each connection is one; the usual soft limit of 1024 would be reached by a few hundred people."""
    if sys.platform == "win32":  # there is no such limit there
        return FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    with contextlib.suppress(ValueError, OSError):  # then fewer can connect, which they are told
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft


def _keep_large_buffers_apart() -> None:
    """uvloop reserves 256 KiB for each TLS connection and touches the first page of them. glibc would, after the first such
    buffer was freed, take the next ones out of its heap, where that space is soon shared and paid for: half as much memory again
    for each idle link. A fixed threshold keeps each a mapping of its own."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # another C library, which has no such threshold
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
