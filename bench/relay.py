"""A whole relay over TLS, on one core, with its clients on another one; and what a bare server reaches on the same machine."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench.figures import Figure, quantile
from bench.load import Plan, Result
from common.crypto.certificate import new_identity
from common.ids import Millis, UserId
from relay.config import Config
from relay.handlers.accounts import new_token, token_hash
from relay.opening import open_store
from relay.storage.transaction import Transaction

ROOT: Final = Path(__file__).parent.parent
ONLINE: Final = 100
SENDERS: Final = 10
OUTSTANDING: Final = 16
IDLE_LINKS: Final = 1000
GOAL_ACCEPTED: Final = 10_000
GOAL_DELIVERED: Final = 1_000_000
GOAL_P99_MS: Final = 10
GOAL_IDLE_KIB: Final = 48
RATE: Final = 500


def measure(seconds: float = 6.0) -> list[Figure]:
    """Accepted messages and deliveries a second, acknowledgements at 500 a second, memory of an idle link."""
    server_core, load_core = _cores()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        tokens = asyncio.run(_prepare(folder))
        flood = Plan(0, tokens, "flood", senders=SENDERS, outstanding=OUTSTANDING, seconds=seconds, core=load_core)
        with _bare(folder, server_core) as port:
            limit = _load(_at(flood, port))
        with _relay(folder, server_core) as (port, process):
            idle_kib = _idle_kib(port, process.pid, tokens, load_core)
        with _relay(folder, server_core) as (port, process):
            pace = Plan(port, tokens, "pace", senders=SENDERS, rate=RATE, seconds=seconds, core=load_core)
            paced = _load(pace)
            before = _cpu_s(process.pid)
            begun = time.perf_counter()
            flooded = _load(_at(flood, port))
            busy = (_cpu_s(process.pid) - before) / (time.perf_counter() - begun)
    sys.stderr.write(
        f"  clients busy {flooded.busy:.0%} of their core (bare server: {limit.busy:.0%}), relay {busy:.0%} of its own, start-up included\n"
    )
    return [
        Figure(
            f"relay: accepted durable messages, {ONLINE} online, {SENDERS} sending, {OUTSTANDING} outstanding each",
            flooded.accepted / flooded.seconds,
            "/s",
            goal=GOAL_ACCEPTED,
            limit=limit.accepted / limit.seconds,
        ),
        Figure(
            "relay: deliveries, the same run",
            flooded.delivered / flooded.seconds,
            "/s",
            goal=GOAL_DELIVERED,
            limit=limit.delivered / limit.seconds,
        ),
        Figure(f"relay: acknowledged at {RATE} messages/s, p50", quantile(paced.delays_ms, 0.50), "ms", better="less"),
        Figure(
            f"relay: acknowledged at {RATE} messages/s, p99",
            quantile(paced.delays_ms, 0.99),
            "ms",
            goal=GOAL_P99_MS,
            better="less",
        ),
        Figure("relay: memory of an idle connection", idle_kib, "KiB", goal=GOAL_IDLE_KIB, better="less"),
    ]


def _cores() -> tuple[int | None, int | None]:
    """One core for the server and another for its clients, where the system lets a program choose."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


def _at(plan: Plan, port: int) -> Plan:
    return Plan(**{**asdict(plan), "port": port})


async def _prepare(folder: Path) -> list[str]:
    """A data folder with a hundred accounts, which a relay would take ten seconds of Argon2 to register; their tokens."""
    store = await open_store(_config(folder), _now)
    tokens = [new_token() for _ in range(ONLINE)]

    def add(transaction: Transaction) -> None:
        for number, token in enumerate(tokens):
            user: UserId = transaction.people.add(f"user{number}", f"User {number}", "", "member", _now()).id
            transaction.groups.add_member(store.general, user, "member", _now())
            transaction.sessions.add(user, token_hash(token), "bench", _now())

    try:
        await store.write(add)
    finally:
        await store.close()
    (folder / "bare.pem").write_bytes(_pem())
    return tokens


def _pem() -> bytes:
    identity = new_identity(_now(), "bare")
    return identity.certificate_pem + identity.private_key_pem


def _config(folder: Path) -> Config:
    return Config(data_dir=folder / "data", key_file=folder / "relay.key", name="bench")


def _now() -> Millis:
    return Millis(time.time_ns() // 1_000_000)


# -- processes ---------------------------------------------------------------------------------------------------------


@contextmanager
def _relay(folder: Path, core: int | None) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    command = [
        sys.executable,
        "-m",
        "relay",
        "run",
        "--json",
        "--stop-with-parent",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    command += ["--announce", "no", "--rate-limit", "0", "--log-level", "warning"]
    command += ["--data-dir", str(folder / "data"), "--key-file", str(folder / "relay.key")]
    with _child(command) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        if core is not None:
            for task in Path(f"/proc/{process.pid}/task").iterdir():  # its threads too, which were started before
                os.sched_setaffinity(int(task.name), {core})
        yield port, process


@contextmanager
def _bare(folder: Path, core: int | None) -> Iterator[int]:
    with _child([sys.executable, "-m", "bench.bare", str(folder / "bare.pem"), str(core or 0)]) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def _child(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with its input."""
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _load(plan: Plan) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        input=json.dumps(asdict(plan)) + "\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Result(**json.loads(done.stdout.splitlines()[-1]))


# -- memory ------------------------------------------------------------------------------------------------------------


def _idle_kib(port: int, pid: int, tokens: list[str], core: int | None) -> float:
    """Resident memory that each of a thousand idle links adds, once a hundred have warmed the relay up."""
    plan = Plan(port, tokens, "idle", core=core)
    with _idle_links(plan):
        few = _resident_kib(pid)
        many_tokens = [tokens[number % len(tokens)] for number in range(IDLE_LINKS)]
        with _idle_links(Plan(port, many_tokens, "idle", core=core)):
            return (_resident_kib(pid) - few) / IDLE_LINKS


@contextmanager
def _idle_links(plan: Plan) -> Iterator[None]:
    with _child([sys.executable, "-m", "bench.load"]) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asdict(plan)) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "open":
            raise RuntimeError("the idle links could not be opened")
        yield


def _resident_kib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
