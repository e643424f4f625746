"""Every test here gets a LAN of its own, made of network namespaces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.lan.wires import Lan, lan_of_namespaces


@pytest.fixture
async def lan(network_namespaces: None, tmp_path: Path) -> AsyncIterator[Lan]:
    """An empty LAN."""
    async with lan_of_namespaces(tmp_path) as made:
        yield made
