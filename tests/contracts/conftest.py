"""A stage for each storage that there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.storages import OPENERS, Stage


@pytest.fixture(params=sorted(OPENERS))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(OPENERS[request.param], tmp_path)
    await stage.open()
    await stage.meet()
    yield stage
    await stage.storage.close()
