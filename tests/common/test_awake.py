"""A computer that slept is told from one that was only busy, whichever of its clocks stood still meanwhile."""

from __future__ import annotations

import sys
import time

import pytest

from common.awake import CLOCKS, Sleep


@pytest.mark.parametrize(
    "through_sleep, wall, slept",
    [(1, 1, False), (3600, 3600, True), (3600, -90, True), (1, 3600, True), (20, 20, False)],
)
def test_a_clock_that_ran_on_means_that_the_computer_slept(through_sleep: float, wall: float, slept: bool) -> None:
    clocks = [100.0, 100.0]
    sleep = Sleep(30.0, (lambda: clocks[0], lambda: clocks[1]))
    clocks[0] += through_sleep
    clocks[1] += wall
    assert sleep.slept(1.0) is slept
    assert sleep.slept(1.0) is False, "it slept once"


@pytest.mark.skipif(sys.platform != "linux", reason="CLOCK_BOOTTIME is of Linux")
def test_on_linux_the_clock_is_the_one_that_counts_suspension() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= CLOCKS[0]() <= time.clock_gettime(time.CLOCK_BOOTTIME)
