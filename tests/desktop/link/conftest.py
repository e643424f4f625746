"""A real relay in a process of its own, and clients without a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desktop.link.clients import Enter, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    with clients_in(tmp_path) as entering:
        yield entering
