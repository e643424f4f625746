"""Files through the real window: chosen in the dialog and pasted, sent with words, and there for the other one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from common.protocol.messages import Entry
from tests.desktop.link.clients import Client, clients_in
from tests.desktop.link.relays import relay_in
from tests.window.hands import ACCENT, OWN_BUBBLE, Hands, registers, window
from tests.window.test_the_whole_path import COMPOSER_TOP, TIMELINE_TOP

pytestmark = [
    pytest.mark.window,
    pytest.mark.skipif(shutil.which("xclip") is None, reason="xclip is missing: apt-get install -y xclip"),
]


@contextmanager
def copied(hands: Hands, kind: str, content: bytes) -> Iterator[None]:
    """Another program has copied that."""
    where = ["-display", hands.display, "-selection", "clipboard", "-target"]
    with subprocess.Popen(
        ["xclip", *where, kind, "-quiet", "-in"], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as owner:
        assert owner.stdin is not None
        assert owner.stderr is not None
        owner.stdin.write(content)
        owner.stdin.close()
        try:
            # Before, whoever copied last would be asked: a window of another test, which nobody moves on.
            assert b"Waiting" in owner.stderr.readline()
            hands.until(lambda: (0, 0, 1, 1) if kind in _targets(hands) else None, "what was copied")
            yield
        finally:
            owner.terminate()


def _targets(hands: Hands) -> str:
    """What can be pasted; nothing while nobody answers."""
    command = ["xclip", "-display", hands.display, "-selection", "clipboard", "-target", "TARGETS", "-out"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=2).stdout
    except subprocess.TimeoutExpired:
        return ""


def said(boris: Client, body: str) -> Entry:
    return boris.log[boris.general][boris.until(lambda: boris.seq_of(body))]


@pytest.mark.timeout(120)
def test_anna_sends_a_picture_and_files(hands: Hands, tmp_path: Path, artifacts: Path):
    photo = tmp_path / "крыша.png"
    Image.linear_gradient("L").save(photo)
    (tmp_path / "kettle.txt").write_text("Чайник вскипел")
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        boris = enter("boris")
        boris.register(relay.address, "boris")
        boris.link.open_group(boris.general)
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "xclip").symlink_to(
            str(shutil.which("xclip"))
        )  # and no program with a dialog: that would be another
        there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port), "PATH": str(tmp_path / "bin")}
        with window(tmp_path / "anna", hands.display, **there) as anna:
            registers(hands)
            hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)

            with copied(hands, "image/png", photo.read_bytes()):
                hands.press("ctrl+v")
                hands.type("вид с крыши")
                hands.press("Return")
                (pasted,) = said(boris, "вид с крыши").files
            assert (pasted.mime, pasted.width, pasted.height, pasted.size) == (
                "image/png",
                256,
                256,
                photo.stat().st_size,
            )

            with copied(hands, "text/uri-list", f"{photo.as_uri()}\r\n".encode()):
                hands.press("ctrl+v")
                hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
                hands.look().save(artifacts / "window-attached.png")
            hands.press("ctrl+o")
            hands.find_dialog("Attach files")
            hands.type(str(tmp_path / "kettle.txt"))
            hands.press("Return")
            hands.find_window()
            hands.type("ещё")
            hands.press("Return")
            assert [file.name for file in said(boris, "ещё").files] == ["крыша.png", "kettle.txt"]
            hands.until_colour(OWN_BUBBLE, below=TIMELINE_TOP)
            hands.look().save(artifacts / "window-files-sent.png")
            hands.close()
            assert anna.ends() == ""
