"""Standard output may end before the program does."""

from __future__ import annotations

import os
import sys

import pytest

from relay.cli.saying import say


@pytest.fixture
def closed_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stdout", os.fdopen(writing, "w", buffering=1))


@pytest.mark.usefixtures("closed_pipe")
def test_a_closed_pipe_is_noticed_once_and_ends_nothing(caplog: pytest.LogCaptureFixture):
    for _ in range(3):
        say("Announced\n")
    assert caplog.text.count("Nothing more can be said") == 1
    sys.stdout.close()


def test_where_there_is_no_standard_output_nothing_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdout", None)
    say("Announced\n")
