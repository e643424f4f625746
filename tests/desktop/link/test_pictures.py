"""Pictures to look at, over a real relay: decoded from memory, never on the disk; hostile ones, and a relay that goes away."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from common.errors import LinkLost
from common.ids import GroupId
from common.protocol.messages import FileInfo
from desktop.events import LinkEvent
from desktop.events.transfers import PictureKnown, TransferChanged
from desktop.link import pictures as module
from desktop.link.pictures import Pictures
from tests.desktop.link.clients import Client, Enter, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in
from tests.desktop.link.test_thumbnails import bomb


def picture(size: tuple[int, int] = (1000, 500), kind: str = "PNG", mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, "teal").save(written, kind)
    return written.getvalue()


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    with relay_in(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture(scope="module")
def hostile(relay: RelayProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Somebody who gets one bad picture after the other."""
    with clients_in(tmp_path_factory.mktemp("hostile")) as enter:
        client = enter("mallory")
        client.register(relay.address, "mallory")
        yield client


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    with clients_in(tmp_path) as enter:
        yield enter


def sent(client: Client, folder: Path, name: str, content: bytes, mime: str = "image/png") -> FileInfo:
    """*content* is with the relay."""
    path = folder / name
    path.write_bytes(content)
    client.link.send_file(name, GroupId(1), path, mime)

    def done() -> FileInfo | None:
        told = [event.transfer for event in client.events if isinstance(event, TransferChanged)]
        return next(
            (FileInfo(one.file, one.name, one.size) for one in told if (one.key, one.state) == (name, "done")), None
        )

    return client.until(done)


def seen(client: Client, file: FileInfo, edge: int = 480) -> PictureKnown:
    since = len(client.events)
    client.link.fetch_picture(file.id, file.id, None, edge)
    return client.until_told(PictureKnown, since)


def test_a_picture_is_decoded_and_leaves_nothing_on_the_disk(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna1")
    boris.register(relay.address, "boris1")
    content = picture()
    (tmp_path / "teal.png").write_bytes(content)
    nonce = anna.sends("look", tmp_path / "teal.png")
    (file,) = boris.until(lambda: boris.entry(nonce)).files
    assert (file.width, file.height) == (1000, 500)
    before = {path for path in boris.home.rglob("*") if path.is_file()}
    told = seen(boris, file)
    assert told.raster is not None
    assert (told.raster.width, told.raster.height, told.raster.mode) == (480, 240, "RGB")
    assert (told.raster.full_width, told.raster.full_height) == (1000, 500)
    assert told.raster.pixels[:3] == bytes((0, 128, 128))
    after = {path for path in boris.home.rglob("*") if path.is_file()}
    assert after == before
    for path in after:
        assert content[8:40] not in path.read_bytes(), f"{path} has the picture in clear"


def test_the_same_picture_comes_from_memory_even_without_the_relay(enter: Enter, tmp_path: Path):
    with relay_in(tmp_path / "relay") as relay:
        anna = enter("anna")
        anna.register(relay.address, "anna")
        file = sent(anna, tmp_path, "teal.png", picture())
        first = seen(anna, file)
        relay.kill()
        anna.until_not_connected()
        assert seen(anna, file) == first
        other = seen(anna, file, edge=960)
        assert other.raster is None
        assert other.may_retry
        assert other.problem
        relay.start()
        anna.link.network_changed()
        anna.until_connected()
        assert seen(anna, file, edge=960).raster is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture at all",
        picture()[:300],
        picture(kind="TIFF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        bomb(50_000, 50_000),
        bomb(2**31 - 1, 2**31 - 1),
    ],
    ids=["empty", "text", "cut", "tiff", "postscript", "svg", "bomb", "larger bomb"],
)
def test_what_is_no_good_picture_is_told_as_such(hostile: Client, tmp_path: Path, content: bytes):
    told = seen(hostile, sent(hostile, tmp_path, f"bad-{len(hostile.events)}.png", content))
    assert told.raster is None
    assert told.problem
    assert not told.may_retry


def test_a_file_that_is_not_there_says_so(relay: RelayProcess, enter: Enter):
    anna = enter("anna")
    anna.register(relay.address, "anna3")
    told = seen(anna, FileInfo("ab" * 16, "x.png", 10))
    assert told.raster is None
    assert "no longer there" in told.problem


def test_one_of_this_computer_is_shown_before_it_is_sent(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna4")
    path = tmp_path / "own.png"
    path.write_bytes(picture(mode="RGBA"))
    anna.link.fetch_picture("upload", "", path, 100)
    told = anna.until_told(PictureKnown)
    assert told.raster is not None
    assert (told.key, told.raster.width, told.raster.mode) == ("upload", 100, "RGBA")
    since = len(anna.events)
    anna.link.fetch_picture("missing", "", tmp_path / "missing.png", 100)
    assert anna.until_told(PictureKnown, since).problem


# -- what is done first, and how much is kept --------------------------------------------------------------------------


class Slow:
    """A relay that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = asyncio.Event()

    async def read(self, file: str, _most: int) -> bytes:
        self.asked.append(file)
        await self.go.wait()
        if file == "away":
            raise LinkLost("away")
        return picture((10, 10))


class Heard:
    """What was told, to be waited for."""

    def __init__(self) -> None:
        self.told: list[LinkEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: LinkEvent) -> None:
        self.told.append(event)
        self._changed.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self._changed.clear()
                await self._changed.wait()


async def test_what_was_asked_for_last_is_done_first_and_what_is_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "AT_ONCE", 1)
    monkeypatch.setattr(module, "WAITING_MAX", 3)
    heard, slow = Heard(), Slow()
    pictures = Pictures(slow, heard)  # type: ignore[arg-type]
    for name in ("first", "dropped", "b", "c", "d", "b", "d"):
        pictures.fetch_picture(name, name, None, 10)
    assert heard.told == [PictureKnown("dropped", 10, None, may_retry=True)]
    slow.go.set()
    await heard.until(5)
    assert slow.asked == ["first", "d", "b", "c"]
    await pictures.close()


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "KEPT_BYTES", 1000)
    heard, slow = Heard(), Slow()
    slow.go.set()
    pictures = Pictures(slow, heard)  # type: ignore[arg-type]
    for number in range(5):
        pictures.fetch_picture(f"p{number}", f"p{number}", None, 8)  # 192 bytes each
        await heard.until(number + 1)
    assert pictures._kept_bytes <= 1000
    pictures.fetch_picture("p4", "p4", None, 8)
    await heard.until(6)
    assert slow.asked.count("p4") == 1
    pictures.fetch_picture("large", "large", None, 10)  # 300 bytes, more than a quarter
    await heard.until(7)
    assert ("large", 10) not in pictures._kept
    await pictures.close()


async def test_closing_ends_what_is_under_way():
    slow = Slow()
    pictures = Pictures(slow, lambda _event: None)  # type: ignore[arg-type]
    for number in range(5):
        pictures.fetch_picture(f"p{number}", f"p{number}", None, 8)
    await asyncio.sleep(0)
    await pictures.close()
    assert slow.asked == ["p0", "p1"]
