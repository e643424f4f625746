"""A stage: a real relay in this process, with real TLS and a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.people import Stage, quiet_config, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(quiet_config(tmp_path)) as made:
        yield made
