"""The benchmark of the search measures what it says, with fewer messages."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from bench import search, words


def test_searches_are_measured_beside_bare_rows_and_nothing_stays_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(words, "VOCABULARY", 10_000)
    for name, value in {"MESSAGES": 1_000, "BATCH": 250, "TOLD_EVERY": 500}.items():
        monkeypatch.setattr(search, name, value)
    monkeypatch.setattr(search, "_child", lambda folder: ["-c", CHILD, folder])
    median, slow, letters, start, memory, snapshot, filling = search.measure()
    assert "1,000 messages" in median.what
    assert median.limit is not None
    assert 0 < median.value <= slow.value
    assert slow.goal == letters.goal == 20.0
    assert start.limit is not None
    assert 0 < start.limit < start.value
    assert (memory.goal, memory.unit) == (150.0, "MiB")
    assert snapshot.value > 0.1
    assert filling.value > 0
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err.count("messages are there") == 2


CHILD = """\
import sys
from bench import search, words
words.VOCABULARY, search.MESSAGES, search.QUERIES = 10_000, 1_000, 40
search.main(sys.argv[1])
"""
