"""What is said of the system's notifications: a sentence, and what to do."""

from __future__ import annotations

from typing import get_args

import pytest

from desktop.model.notify_advice import advise
from desktop.notifications import ServiceSeen, TestShown, Trouble


@pytest.mark.parametrize("system", ["linux", "win32", "darwin", "freebsd14"])
@pytest.mark.parametrize("trouble", [one for one in get_args(Trouble) if one])
def test_every_trouble_has_a_sentence_and_something_to_do(system, trouble):
    said = advise(system, ServiceSeen("", trouble), None)
    assert (said.is_good, said.state.endswith("."), bool(said.advice)) == (False, True, True)
    # A test that came to nothing does not hide why.
    assert advise(system, ServiceSeen("", trouble), TestShown(False)) == said


@pytest.mark.parametrize(
    "system, trouble, words",
    [
        ("linux", "missing", "dunst"),
        ("linux", "silenced", "switch it off"),
        ("win32", "not_allowed", "Settings, System, Notifications"),
        ("darwin", "not_allowed", "System Settings, Notifications"),
        ("darwin", "not_bundled", "python.org"),
        ("win32", "missing", "bell"),
    ],
)
def test_it_names_the_place_where_it_is_mended(system, trouble, words):
    assert words in advise(system, ServiceSeen("", trouble), None).advice


@pytest.mark.parametrize("system, words", [("linux", "do not disturb"), ("win32", "Focus"), ("darwin", "banners")])
def test_after_a_test_it_says_where_to_look_when_nothing_was_seen(system, words):
    said = advise(system, ServiceSeen("Some service"), TestShown(True))
    assert said.is_good
    assert words in said.advice


def test_while_nothing_is_known_it_looks_and_when_all_is_well_it_says_so():
    assert advise("linux", None, None).advice == ""
    assert advise("linux", ServiceSeen("Plasma"), None).is_good
    assert not advise("linux", ServiceSeen("Plasma"), TestShown(False)).is_good
