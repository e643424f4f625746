"""The benchmark of files measures what it says, with smaller ones."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bench import files


def test_files_are_measured_beside_the_machine_and_nothing_stays_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    up, down, *_, fair, memory = files.measure(8 * 1024 * 1024)
    assert up.unit == down.unit == "MB/s"
    assert up.goal == down.goal == 110
    assert up.limit is not None
    assert 0 < fair.value <= 1
    assert memory.unit == "MiB"
    assert list(tmp_path.iterdir()) == []
    assert "a bare server takes" in capsys.readouterr().err
