"""Standard output may end before the program does."""

from __future__ import annotations

import os
import sys

import pytest

from relay.cli.saying import say


def test_a_closed_pipe_is_noticed_once_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    reading, writing = os.pipe()
    os.close(reading)
    with monkeypatch.context() as patched, os.fdopen(writing, "w") as pipe:
        patched.setattr(sys, "stdout", pipe)
        for _ in range(3):
            say("Announced\n")
    assert caplog.text.count("Nothing more can be said") == 1


def test_where_there_is_no_standard_output_nothing_is_said(monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", None)
        say("Announced\n")
