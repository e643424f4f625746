"""How far a transfer is, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from common.ids import GroupId
from desktop import locale
from desktop.events.transfers import Transfer
from desktop.sizes import done_text
from desktop.view.files.progress import left_text, status_text

MB = 1024**2
RUNNING = Transfer("t", "download", GroupId(1), Path("/x/a"), "a", 80 * MB, 12 * MB, "running", "", 34 * MB, 2.0)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    locale.use("en")
    yield
    locale.use("en")


def test_a_running_one_says_how_far_how_fast_and_how_long_yet():
    assert status_text(RUNNING) == "12 of 80 MB · 34 MB/s · 2 s left"


def test_what_is_not_known_is_not_said():
    assert status_text(replace(RUNNING, rate=0.0, left_s=None)) == "12 of 80 MB"


@pytest.mark.parametrize(
    "transfer, words",
    [
        (replace(RUNNING, state="waiting", done=0), "Waiting · 80 MB"),
        (replace(RUNNING, state="waiting"), "Waiting · 12 of 80 MB"),
        (replace(RUNNING, state="paused"), "Paused · 12 of 80 MB"),
        (replace(RUNNING, state="failed", problem="No room."), "No room."),
        (replace(RUNNING, state="failed"), "It failed."),
        (replace(RUNNING, state="done"), "80 MB · on this computer"),
        (replace(RUNNING, state="done", kind="upload"), "80 MB"),
    ],
)
def test_every_state_has_its_words(transfer: Transfer, words: str):
    assert status_text(transfer) == words


def test_the_unit_stands_once_where_it_is_the_same():
    assert done_text(12 * MB, 80 * MB) == "12 of 80 MB"
    assert done_text(900 * 1024, 80 * MB) == "900 KB of 80 MB"
    assert done_text(0, 80 * MB) == "0 B of 80 MB"
    assert done_text(0, 0) == "0 B of 0 B"


def test_time_is_rounded_for_people():
    assert [left_text(seconds) for seconds in (0, 0.2, 59, 61, 600, 3599, 7300)] == [
        "1 s left",
        "1 s left",
        "59 s left",
        "1 min left",
        "10 min left",
        "1 h left",
        "2 h left",
    ]


def test_it_is_said_in_russian_too():
    locale.use("ru")
    assert status_text(RUNNING) == "12 из 80 МБ · 34 МБ/с · ещё 2 с"
