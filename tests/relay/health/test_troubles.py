"""What is judged from what: facts in, troubles out."""

from __future__ import annotations

import pytest

from common.ids import Millis
from relay.health.troubles import Clock, Measured, of_clock, of_disk

DAY_MS = 24 * 3600 * 1000
WELL = Measured(free=10**12, database=1, wal=0)
NOW = Clock(Millis(1_800_000_000_000), Millis(1_800_000_000_000), Millis(0), Millis(2_400_000_000_000))


@pytest.mark.parametrize(
    "measured, code",
    [
        (Measured(free=400 * 1024**2), "disk_low"),
        (Measured(free=0), "disk_low"),
        (Measured(wal=300 * 1024**2), "wal_large"),
        (Measured(key_problem="is missing"), "key_file"),
    ],
)
def test_each_fact_of_the_disk_is_a_trouble_of_its_own(measured: Measured, code: str):
    assert [trouble.code for trouble in of_disk(measured)] == [code]


@pytest.mark.parametrize("measured", [WELL, Measured(), Measured(backup_free=0)])
def test_what_is_not_known_is_no_trouble(measured: Measured):
    assert list(of_disk(measured)) == []


@pytest.mark.parametrize(
    "changes, codes, words",
    [
        ({}, [], ""),
        ({"newest": NOW.now + 59_000}, [], ""),
        ({"newest": NOW.now + 90_000}, ["clock"], "90 seconds behind"),
        ({"newest": NOW.now + 3 * DAY_MS}, ["clock"], "3 days behind"),
        ({"begins": NOW.now + 1}, ["certificate"], "not valid yet"),
        ({"ends": NOW.now + 30 * DAY_MS}, ["certificate"], "ends soon"),
    ],
)
def test_a_clock_that_went_backwards_and_a_certificate_that_ends_are_told(
    changes: dict[str, Millis], codes: list[str], words: str
):
    fields = {"now": NOW.now, "newest": NOW.newest, "begins": NOW.begins, "ends": NOW.ends} | changes
    found = list(of_clock(Clock(**fields)))
    assert [trouble.code for trouble in found] == codes
    assert all(words in trouble.words for trouble in found)
