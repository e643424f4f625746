"""Passwords are tried a few at once; whoever runs the relay does not stand in the line of all others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from common.errors import RateLimited
from relay.handlers import passwords
from relay.handlers.passwords import AT_ONCE, LEADING_AT_ONCE, WAITING_MAX, Line, Passwords


class Gate:
    """Stands in for the work of a second, so that a test says when it is over."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.at_work = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, stored: str | None, password: str) -> bool:
        with self._lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        if password != "quick":
            assert self.opened.wait(10)
        with self._lock:
            self.at_work -= 1
        return True


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()
    monkeypatch.setattr(passwords, "verify_password", made)
    yield made
    made.opened.set()


async def in_line(tried: Passwords, line: Line, count: int) -> list[asyncio.Task[bool]]:
    tasks = [asyncio.create_task(tried.is_right(None, "slow", line)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.parametrize("line", ["signing_in", "registering", "leading"])
async def test_a_line_has_an_end_and_says_when_to_come_back(gate: Gate, line: Line):
    tried = Passwords()
    waiting = await in_line(tried, line, WAITING_MAX[line])
    with pytest.raises(RateLimited) as refused:
        await tried.is_right(None, "quick", line)
    assert refused.value.retry_after
    gate.opened.set()
    assert all(await asyncio.gather(*waiting))
    assert gate.most <= (LEADING_AT_ONCE if line == "leading" else AT_ONCE)


async def test_no_crowd_keeps_who_leads_from_signing_in(gate: Gate):
    tried = Passwords()
    waiting = await in_line(tried, "signing_in", WAITING_MAX["signing_in"])
    waiting += await in_line(tried, "registering", WAITING_MAX["registering"])
    assert await asyncio.wait_for(tried.is_right(None, "quick", "leading"), 10)
    assert not any(task.done() for task in waiting)
    gate.opened.set()
    await asyncio.gather(*waiting)


async def test_a_crowd_of_new_accounts_leaves_room_in_the_line_for_who_has_one(gate: Gate):
    tried = Passwords()
    waiting = await in_line(tried, "registering", WAITING_MAX["registering"])
    with pytest.raises(RateLimited):
        await tried.is_right(None, "quick", "registering")
    waiting += await in_line(tried, "signing_in", 1)
    gate.opened.set()
    await asyncio.gather(*waiting)
