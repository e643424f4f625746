"""A relay in a thread of this process, whose clock the test sets, and which deletes what has had its time when it is told to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from common.ids import Millis
from relay.app import RunningRelay, running
from relay.operating.purging import Purger
from tests.desktop.link.clients import unix_ms
from tests.people import quiet_config

T = TypeVar("T")

DAY_MS = 24 * 60 * 60 * 1000
WITHIN_S = 20.0


class TimedRelay:
    """Started by `start`, ended by `stop`, as often as wanted, on the same data and port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0
        self._passed = 0
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def passes(self, days: float) -> None:
        """So much time goes by."""
        self._passed += int(days * DAY_MS)

    def now(self) -> Millis:
        return Millis(unix_ms() + self._passed)

    def start(self) -> TimedRelay:
        """Run it; returns when it is ready."""
        ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(ready),), daemon=True)
        self._thread.start()
        assert ready.wait(WITHIN_S), "the relay did not start"
        return self

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        async with running(quiet_config(self._folder, port=self._port), now=self.now) as relay:
            self._relay, self._port = relay, relay.port
            ready.set()
            await self._ending.wait()

    def stop(self) -> None:
        """End it."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join(WITHIN_S)
            self._thread = None

    def does(self, work: Callable[[RunningRelay], Coroutine[Any, Any, T]]) -> T:
        """What *work* returns, done in the relay's loop."""
        return asyncio.run_coroutine_threadsafe(work(self._relay), self._loop).result(WITHIN_S)

    def purges(self) -> None:
        """Delete what has had its time, as it does by itself now and then."""
        self.does(lambda relay: Purger(relay.parts).look())


@contextmanager
def timed_relay_in(folder: Path) -> Iterator[TimedRelay]:
    """One that runs as long as the block."""
    relay = TimedRelay(folder)
    try:
        yield relay.start()
    finally:
        relay.stop()
