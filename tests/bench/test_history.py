"""The benchmark of history measures what it says, with fewer entries."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bench import history


def test_pages_are_measured_beside_the_bare_rows_and_nothing_stays_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name, value in {"ENTRIES": 1000, "BATCH": 250, "TOLD_EVERY": 500, "PAGES": 20, "WARM_UP": 2}.items():
        monkeypatch.setattr(history, name, value)
    median, slow = history.measure()
    assert "1,000 entries" in median.what
    assert median.unit == slow.unit == "ms"
    assert median.goal == slow.goal == 5.0
    assert median.limit is not None
    assert 0 < median.limit < median.value <= slow.value
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err.count("entries are there") == 2
