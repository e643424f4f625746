"""Files through the real window: a picture shows itself, a click downloads what another one sent, also past a relay that dies."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.desktop.link.clients import Client, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in
from tests.window.hands import ACCENT, OTHER_BUBBLE, Box, Hands, only, registers, window
from tests.window.test_the_whole_path import COMPOSER_TOP, TIMELINE_TOP

pytestmark = pytest.mark.window

PINK = (0xE0, 0x20, 0xC0)
TOAST = (0x15, 0x18, 0x1D)
BIG = 60 * 1024 * 1024


def card(hands: Hands) -> Box | None:
    """The round sign of a file's card: the only thing in that colour above the composer."""
    box = only(ACCENT, hands.look().crop((300, TIMELINE_TOP, 830, COMPOSER_TOP)), 0).getbbox()
    if box is None or box[2] - box[0] < 30:
        return None
    return box[0] + 300, box[1] + TIMELINE_TOP, box[2] + 300, box[3] + TIMELINE_TOP


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sent(boris: Client, body: str, *paths: Path) -> None:
    nonce = boris.sends(body, *paths)
    boris.until(lambda: boris.entry(nonce))


@pytest.mark.timeout(120)
def test_anna_sees_a_picture_and_downloads_a_file_past_a_relay_that_dies(hands: Hands, tmp_path: Path, artifacts: Path):
    photo, film = tmp_path / "крыша.png", tmp_path / "film.bin"
    Image.new("RGB", (900, 600), PINK).save(photo)
    with film.open("wb") as file:
        file.truncate(BIG)
        file.write(os.urandom(1_000_000))
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        boris = enter("boris")
        boris.register(relay.address, "boris")
        there = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}
        with window(tmp_path / "anna", hands.display, **there) as anna:
            registers(hands)
            hands.until_colour(ACCENT, wide=300, below=COMPOSER_TOP)
            hands.click(hands.until_colour(TOAST, wide=300))  # it would lie over what is to be seen
            sent(boris, "вид с крыши", photo)
            hands.until_colour(OTHER_BUBBLE, below=TIMELINE_TOP)
            shown = hands.until_colour(PINK, wide=200, below=TIMELINE_TOP)
            hands.look().save(artifacts / "window-picture.png")
            hands.click(shown)
            large = hands.until(lambda: wide_pink(hands, 600), "the picture over the whole window")
            assert large[2] - large[0] > shown[2] - shown[0]
            hands.look().save(artifacts / "window-viewer.png")
            hands.press("Escape")
            hands.until(lambda: hands.find(ACCENT, wide=300, below=COMPOSER_TOP), "the conversation again")

            sent(boris, "", film)
            hands.click(hands.until(lambda: card(hands), "the file's card"))
            downloads = Path(os.environ["HOME"]) / "Downloads"
            part = downloads / "film.bin.part"
            hands.until(lambda: has(part, 1_000_000), "the download to begin")
            dies(relay)
            hands.until(lambda: has(downloads / "film.bin", BIG), "the file")
            assert digest(downloads / "film.bin") == digest(film)
            assert not part.exists()
            hands.look().save(artifacts / "window-downloaded.png")
            hands.close()
            assert anna.ends() == ""
        for path in (tmp_path / "anna").rglob("*"):
            assert not path.is_file() or photo.read_bytes()[50:90] not in path.read_bytes()


def wide_pink(hands: Hands, wide: int) -> Box | None:
    return hands.find(PINK, wide=wide)


def has(path: Path, size: int) -> Box | None:
    return (0, 0, 1, 1) if path.exists() and path.stat().st_size >= size else None


def dies(relay: RelayProcess) -> None:
    """And is there again."""
    relay.kill()
    relay.start()
