"""The same with dunst, which draws what it is sent: what this client says of the specification is what others understand."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.notifications import NotificationClicked, ServiceSeen, TestShown
from tests.desktop.notify.test_notifier import OFFICE, STORE, Hearing, about, bus, hearing  # noqa: F401 - fixtures
from tests.session_bus import WITHIN_S, SessionBus

pytestmark = pytest.mark.window

_CONFIG = """[global]
width = 300
height = 120
offset = 0x0
origin = top-left
mouse_left_click = do_action
[urgency_normal]
timeout = 0
"""


@pytest.fixture
def dunst(bus: SessionBus, managed_display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: F811
    if shutil.which("dunst") is None:
        pytest.skip("dunst is missing: apt-get install -y --no-install-recommends dunst")
    monkeypatch.setenv("DISPLAY", managed_display)
    (tmp_path / "dunstrc").write_text(_CONFIG)
    command = ["dunst", "-conf", str(tmp_path / "dunstrc")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield
        process.terminate()


def tell(*words: str) -> str:
    """Ask dunst by its own command."""
    done = subprocess.run(
        ["dunstctl", *words], env=dict(os.environ), capture_output=True, text=True, timeout=WITHIN_S, check=True
    )
    return done.stdout.strip()


def found(hearing: Hearing) -> None:  # noqa: F811
    """Wait until it is there."""
    hearing.notifier.look()
    while hearing.next(ServiceSeen) != ServiceSeen("dunst", ""):
        pass


def test_it_shows_one_for_each_conversation_and_takes_them_away(dunst, hearing):  # noqa: F811
    found(hearing)
    for seq in (7, 8):
        hearing.notifier.show(about(STORE, seq, f"to the store {seq}"))
        hearing.notifier.show(about(OFFICE, seq, f"to the office {seq}"))
    hearing.notifier.test(about(None))
    assert hearing.next(TestShown) == TestShown(True)
    assert tell("count", "displayed") == "3"
    hearing.notifier.withdraw(STORE)
    hearing.notifier.stop(WITHIN_S)
    assert tell("count", "displayed") == "0"


def test_its_do_not_disturb_is_noticed(dunst, hearing):  # noqa: F811
    found(hearing)
    tell("set-paused", "true")
    hearing.notifier.look()
    assert hearing.next(ServiceSeen) == ServiceSeen("dunst", "silenced")


def test_a_click_on_it_is_heard(dunst, hearing, managed_display):  # noqa: F811
    found(hearing)
    hearing.notifier.test(about(STORE, 7))
    assert hearing.next(TestShown) == TestShown(True)
    tell("action")
    assert hearing.next(NotificationClicked).seq == 7
    hearing.notifier.withdraw(STORE)
