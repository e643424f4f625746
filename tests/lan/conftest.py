"""Every test here gets a LAN of its own, made of network namespaces."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.lan.wires import Lan, lan_of_namespaces


@pytest.fixture
async def lan(network_namespaces: None) -> AsyncIterator[Lan]:
    """An empty LAN."""
    async with lan_of_namespaces() as made:
        yield made
