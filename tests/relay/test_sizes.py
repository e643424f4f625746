"""The command line and the client say how much something is in the same words."""

from __future__ import annotations

import pytest

from desktop.sizes import size_text as in_the_client
from relay.cli.doctor.disk import judge
from relay.cli.progress import Bar
from relay.sizes import size_text


@pytest.mark.parametrize(
    "size", [0, 1, 999, 1000, 1023, 1024, 10_188, 10_189, 1_023_487, 1_023_488, 5 * 1024**2, 10**9, 7 * 1024**3, 10**13]
)
def test_the_relay_says_how_much_something_is_as_the_client_does(size: int):
    assert size_text(size) == in_the_client(size)


def test_the_doctor_counts_room_in_the_units_in_which_its_limit_is_said():
    found = judge(256 * 1024**2, "data")
    assert (found.what, found.state) == ("256 MB are free for the data.", "warning")
    assert "256 MB" in found.remedy


def test_how_far_something_is_stands_in_the_same_units(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("relay.cli.progress._FIRST_S", -1.0)
    with Bar(False) as bar:
        bar(5 * 1024**2, 80 * 1024**2)
    assert "6%  5.0 MB of 80 MB" in capsys.readouterr().err
