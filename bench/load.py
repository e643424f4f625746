"""The other end of the wire in a process of its own: many links to one server, which count what arrives as cheaply as can be.

``python -m bench.load`` reads a `Plan` as JSON from standard input, does what it says, and prints a `Result` as JSON. It neither
parses frames nor JSON: what is measured is the server, and a slow client would hide it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import secrets
import ssl
import struct
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, cast

ACK: Final = b'"type":"ok","re":'
ENTRY: Final = b'"type":"entry"'
LINKS_PER_ADDRESS: Final = 100
"""A relay takes only so many from one address, so they come from several of 127.0.0.0/8."""
BODY: Final = "Чайник вскипел, кто будет чай? Осталось ещё печенье."


@dataclass(frozen=True, slots=True)
class Plan:
    """*tokens*: one link each. *core*: where to run, or None. *mode*: "flood" (16 outstanding for each sender), "pace" (*rate*
    messages a second in all), or "idle" (say when all are open, and wait for the end of input)."""

    port: int
    tokens: list[str]
    mode: str
    group: int = 1
    senders: int = 10
    outstanding: int = 16
    rate: float = 500.0
    warm_up_s: float = 1.0
    seconds: float = 5.0
    core: int | None = None


@dataclass(slots=True)
class Result:
    """What was counted between warm-up and end."""

    seconds: float = 0.0
    accepted: int = 0
    delivered: int = 0
    delays_ms: list[float] = field(default_factory=list)
    busy: float = 0.0
    """Part of its time in which this process used its core: near 1, it and not the server was the limit."""


class Link(asyncio.Protocol):
    """One WebSocket. *on_acks* is called with the number of answers that have just arrived."""

    def __init__(self, token: str, on_acks: Callable[[Link, int], None] | None) -> None:
        self.entries = 0
        self.acks = 0
        self.is_open = asyncio.get_running_loop().create_future()
        self._token = token
        self._on_acks = on_acks
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast(asyncio.Transport, transport)
        head = (
            "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n"
        )
        transport.write(head.encode() + frame_of({"type": "hello", "id": 1, "client": "bench"}))

    def data_received(self, data: bytes) -> None:
        if not self.is_open.done():
            if ACK not in data:
                return
            self.is_open.set_result(None)
            data = data.partition(ACK)[2]
        # A mark that is cut in two by the border of two reads is found with the tail of the first.
        border = self._tail + data[: len(ACK) - 1]
        self._tail = data[-(len(ACK) - 1) :]
        self.entries += data.count(ENTRY) + _cut(border, ENTRY, len(border) - len(data[: len(ACK) - 1]))
        if self._on_acks is not None:
            acks = data.count(ACK) + _cut(border, ACK, len(border) - len(data[: len(ACK) - 1]))
            if acks:
                self.acks += acks
                self._on_acks(self, acks)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_open.done():
            self.is_open.set_exception(ConnectionError(f"the server closed the connection: {exc}"))


def _cut(border: bytes, mark: bytes, at: int) -> int:
    """1 when *mark* lies across the place *at* in *border*."""
    found = border.find(mark, max(0, at - len(mark) + 1))
    return 1 if 0 <= found < at else 0


def frame_of(command: dict[str, object]) -> bytes:
    """A masked text frame (with a mask of zeros, which costs nothing)."""
    payload = json.dumps(command, ensure_ascii=False).encode()
    size = len(payload)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    return head + bytes(4) + payload


def _posts(group: int) -> Callable[[int], bytes]:
    """A function that makes so many posts, each in a frame of its own."""
    before, after = (
        part.encode()
        for part in json.dumps(
            {"type": "post", "id": 7, "group": group, "nonce": "%", "body": BODY}, ensure_ascii=False
        ).split("%")
    )
    size = len(before) + 32 + len(after)
    head = struct.pack("!BBH", 0x81, 0xFE, size) + bytes(4) + before
    numbers = itertools.count(secrets.randbits(64) << 48)

    def posts(count: int) -> bytes:
        return b"".join([b"%b%032x%b" % (head, next(numbers), after) for _ in range(count)])

    return posts


async def _connect(plan: Plan, on_acks: Callable[[Link, int], None]) -> list[Link]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    loop = asyncio.get_running_loop()
    links: list[Link] = []
    for number, token in enumerate(plan.tokens):
        handler = on_acks if number < plan.senders else None
        _, link = await loop.create_connection(
            lambda token=token, handler=handler: Link(token, handler),  # type: ignore[misc]
            "127.0.0.1",
            plan.port,
            ssl=context,
            server_hostname="127.0.0.1",
            local_addr=(f"127.0.0.{2 + number // LINKS_PER_ADDRESS}", 0),
        )
        links.append(link)
    await asyncio.gather(*(link.is_open for link in links))
    return links


async def _flood(plan: Plan) -> Result:
    posts = _posts(plan.group)
    running = True

    def on_acks(link: Link, count: int) -> None:
        if running:
            link.transport.write(posts(count))

    links = await _connect(plan, on_acks)
    for link in links[: plan.senders]:
        link.transport.write(posts(plan.outstanding))
    await asyncio.sleep(plan.warm_up_s)
    result = await _counted(plan, links)
    running = False
    return result


async def _pace(plan: Plan) -> Result:
    """Each sender at its own regular times, spread over the period; a late timer sends what is due, so that the rate holds."""
    posts = _posts(plan.group)
    begun_by_link: dict[Link, deque[float]] = {}
    delays_ms: list[float] = []
    clock = time.perf_counter

    def on_acks(link: Link, count: int) -> None:
        now = clock()
        begun = begun_by_link[link]
        delays_ms.extend((now - begun.popleft()) * 1000 for _ in range(count))

    links = await _connect(plan, on_acks)
    senders = links[: plan.senders]
    begun_by_link.update((link, deque()) for link in senders)
    result = asyncio.ensure_future(_counted(plan, links))
    period, due = 1 / plan.rate, clock()
    for link in itertools.cycle(senders):
        if result.done():
            break
        due += period
        if (wait := due - clock()) > 0:
            await asyncio.sleep(wait)
        begun_by_link[link].append(clock())
        link.transport.write(posts(1))
    counted = result.result()
    counted.delays_ms = delays_ms[int(plan.rate * plan.warm_up_s) :]
    return counted


async def _counted(plan: Plan, links: Sequence[Link]) -> Result:
    def sums() -> tuple[int, int, float, float]:
        return (
            sum(link.acks for link in links),
            sum(link.entries for link in links),
            time.perf_counter(),
            time.process_time(),
        )

    before = sums()
    await asyncio.sleep(plan.seconds)
    after = sums()
    acks, entries, seconds, busy = (end - begin for begin, end in zip(before, after, strict=True))
    return Result(seconds, int(acks), int(entries), busy=busy / seconds)


async def _idle(plan: Plan) -> Result:
    links = await _connect(plan, lambda *_: None)
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    return Result(accepted=len(links))


def main() -> int:
    """Do what the plan on standard input says."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    if plan.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {plan.core})
    mode = {"flood": _flood, "pace": _pace, "idle": _idle}[plan.mode](plan)
    try:
        import uvloop
    except ImportError:
        result = asyncio.run(mode)
    else:
        result = uvloop.run(mode)
    print(json.dumps(asdict(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
