"""What every test stands on: a home of its own, no settings of this machine, no logged error that passes unseen."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.managed import managed_screen
from tests.screens import virtual_screen

settings.register_profile(
    "messenger", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("messenger")

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET, unshare(2)


def pytest_configure() -> None:
    """Leave the machine's network before the first test, so that nothing of theirs is ever sent into it.

    Each process that shares the work has a network of its own: the relays of one are not found, nor asked, by the tests of another.
    Without root it stays as it is: then every part under test is told to keep to the loopback, as it is here.
    """
    if why_no_namespaces():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK) == 0:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays for the whole run: no collection need look through it after each test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Collect garbage between tests and in this thread alone, as the client does: other threads may not touch what Tk leaves."""
    gc.disable()
    result = yield
    gc.collect(2 if "display" in getattr(item, "fixturenames", ()) else 1)
    return result


WINDOW_TOOLS = "apt-get install -y xvfb python3-tk"
NAMESPACE_TOOLS = "apt-get install -y iproute2"


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty home and no setting of this machine, so that a test sees only what it sets itself."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("APPDATA", str(home / "config"))
    monkeypatch.setenv("LOCALAPPDATA", str(home / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    # Nothing is shown to whoever works at this machine.
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    # No keyring of this machine is asked or written.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for name in list(os.environ):
        if name.startswith(("SERVER_", "RELAY_", "DESKTOP_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_logged_error(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test during which something was logged at ERROR or above, but for those marked allows_errors."""
    yield
    if request.node.get_closest_marker("allows_errors"):
        return
    records = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    errors = [f"{record.name}: {record.getMessage()}" for record in records if record.levelno >= logging.ERROR]
    if errors:
        pytest.fail("logged at ERROR: " + "; ".join(errors), pytrace=False)


def why_no_window() -> str:
    """Why windows cannot be tested here; an empty string where they can."""
    if importlib.util.find_spec("_tkinter") is None:
        return f"{sys.executable} has no tkinter: {WINDOW_TOOLS}"
    if shutil.which("Xvfb") is None:
        return f"Xvfb is missing: {WINDOW_TOOLS}"
    return ""


@pytest.fixture(scope="session")
def _screen() -> Iterator[str]:
    """A virtual screen of 1280x900 for the whole run."""
    if reason := why_no_window():
        pytest.skip(reason)
    with virtual_screen() as name:
        yield name


@pytest.fixture
def display(_screen: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a virtual screen, also set as DISPLAY; the test is skipped where windows cannot be tested."""
    monkeypatch.setenv("DISPLAY", _screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return _screen


@pytest.fixture(scope="session")
def managed_display() -> Iterator[str]:
    """The name of a virtual screen that has a window manager."""
    with managed_screen() as name:
        yield name


def why_no_namespaces() -> str:
    """Why network namespaces cannot be made here; an empty string where they can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces need Linux"
    if os.geteuid() != 0:
        return "network namespaces need root"
    ip = shutil.which("ip", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if ip is None:
        return f"ip is missing: {NAMESPACE_TOOLS}"
    # The privilege itself, which root in a container may lack.
    tried = subprocess.run(
        ["unshare", "--net", "--mount", ip, "link", "set", "lo", "up"], capture_output=True, check=False
    )
    return "" if tried.returncode == 0 else f"no network namespace: {tried.stderr.decode(errors='replace').strip()}"


@pytest.fixture(scope="session")
def network_namespaces() -> None:
    """Skip the test where network namespaces cannot be made."""
    if reason := why_no_namespaces():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """A folder, kept after the run and ignored by git, for screenshots and the like."""
    folder = Path(__file__).parent.parent / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder
