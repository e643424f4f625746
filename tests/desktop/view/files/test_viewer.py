"""Looking at pictures over the whole window."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from common.protocol.messages import FileInfo
from desktop.events.transfers import PictureKnown, Raster
from desktop.model.rows import Row
from desktop.view.files.viewer import EDGE, MOST, Viewer
from desktop.view.sheets.shortcuts import ShortcutsSheet
from tests.desktop.view.conftest import Stage
from tests.desktop.view.files.some import arrives, carrying, file, photo, raster
from tests.desktop.view.talk import conversation, open_main
from tests.desktop.view.test_window import texts

pytestmark = pytest.mark.window

WIDE = photo(1, 3000, 1500)
SMALL = photo(2, 300, 200)
TALL = photo(3, 500, 4000)


def opened(stage: Stage, at: FileInfo = WIDE, *rows: Row) -> Any:
    """The viewer, at a picture of a conversation with three of them."""
    open_main(stage, [*rows, carrying(1, WIDE), *conversation(3), carrying(5, SMALL, file(9), TALL)])
    stage.window.files.view(next(item for item in _pictures(stage) if item.key == at.id))
    stage.pump()
    viewer = stage.window._sheets.find(Viewer)
    assert viewer is not None
    return viewer


def _pictures(stage: Stage) -> Any:
    from desktop.view.files.viewer import pictures_of

    return pictures_of(stage.screen.timeline.rows)


def press(stage: Stage, viewer: Any, *keys: str) -> None:
    viewer.canvas.focus_force()
    stage.pump()
    for key in keys:
        viewer.canvas.event_generate(f"<Key-{key}>" if len(key) == 1 else f"<{key}>")
        stage.pump()


def shown_size(viewer: Any) -> tuple[int, int]:
    photo = viewer._photo
    return (0, 0) if photo is None else (photo.width(), photo.height())


def test_it_asks_for_the_picture_as_large_as_may_be_and_shows_all_of_it(stage: Stage):
    viewer = opened(stage)
    assert (WIDE.id, WIDE.id, None, EDGE) in stage.asked.of("want_picture")
    assert shown_size(viewer) == (0, 0)
    arrives(stage, WIDE, edge=EDGE)
    wide, high = viewer.canvas.winfo_width(), viewer.canvas.winfo_height()
    across, down = shown_size(viewer)
    assert across <= wide
    assert down <= high
    assert across == wide or down == high
    assert abs(across / down - 2) < 0.02


def test_it_says_what_it_shows_and_shortens_that_to_its_room(stage: Stage):
    viewer = opened(stage)
    assert viewer._name["text"] == "photo 1.jpg"
    assert viewer._about["text"] == "1 of 3 · 3000 × 1500 · 98 KB"
    stage.window.root.minsize(1, 1)
    stage.window.root.geometry("500x400")
    stage.wait(lambda: viewer.winfo_width() == 500)
    stage.pump()
    assert viewer._name["text"] == "photo 1.jpg"
    assert viewer._tools.winfo_y() > viewer._name.winfo_y(), "the buttons make way"


def test_a_small_picture_is_not_enlarged_by_itself(stage: Stage):
    viewer = opened(stage, SMALL)
    arrives(stage, SMALL, edge=EDGE)
    assert shown_size(viewer) == (300, 200)


def test_a_picture_for_the_timeline_does_not_get_into_the_viewer(stage: Stage):
    viewer = opened(stage)
    arrives(stage, WIDE, edge=480)
    assert shown_size(viewer) == (0, 0)


def test_arrows_go_through_the_pictures_of_the_conversation(stage: Stage):
    viewer = opened(stage)
    press(stage, viewer, "Left")
    assert viewer.item.key == WIDE.id
    press(stage, viewer, "Right")
    assert viewer.item.key == SMALL.id
    press(stage, viewer, "Next")
    assert viewer.item.key == TALL.id
    press(stage, viewer, "Right", "Prior")
    assert viewer.item.key == SMALL.id
    assert "2 of 3" in viewer._about["text"]
    assert viewer._back.winfo_ismapped()
    assert [call[0] for call in stage.asked.of("want_picture") if call[3] == EDGE] == [
        WIDE.id,
        SMALL.id,
        TALL.id,
        SMALL.id,
    ]


def test_what_arrives_late_is_not_taken_for_the_next_picture(stage: Stage):
    viewer = opened(stage)
    press(stage, viewer, "Right")
    arrives(stage, WIDE, edge=EDGE)
    assert shown_size(viewer) == (0, 0)


def test_keys_zoom_fit_and_show_it_as_it_is(stage: Stage):
    viewer = opened(stage)
    arrives(stage, WIDE, edge=EDGE)
    fitting = viewer.zoom
    press(stage, viewer, "plus")
    assert viewer.zoom > fitting
    press(stage, viewer, "1")
    assert viewer.zoom == 1.0
    assert shown_size(viewer) == (viewer.canvas.winfo_width(), viewer.canvas.winfo_height())
    press(stage, viewer, "0")
    assert viewer.zoom == fitting
    for _turn in range(40):
        press(stage, viewer, "plus")
    assert viewer.zoom == MOST
    for _turn in range(60):
        press(stage, viewer, "minus")
    assert 0 < viewer.zoom <= fitting
    assert min(shown_size(viewer)) >= 1


def test_the_wheel_zooms_at_the_pointer(stage: Stage):
    viewer = opened(stage)
    arrives(stage, WIDE, edge=EDGE)
    press(stage, viewer, "1")

    def under(x: int, y: int) -> tuple[float, float]:
        wide, high = viewer.canvas.winfo_width(), viewer.canvas.winfo_height()
        zoom, (full_wide, full_high) = viewer.zoom, viewer._full
        return (
            viewer._centre[0] * full_wide + (x - wide / 2) / zoom,
            viewer._centre[1] * full_high + (y - high / 2) / zoom,
        )

    before = under(200, 150)
    viewer.canvas.event_generate("<Button-4>", x=200, y=150)
    stage.pump()
    after = under(200, 150)
    assert viewer.zoom > 1
    assert abs(after[0] - before[0]) < 1
    assert abs(after[1] - before[1]) < 1


def test_a_picture_larger_than_the_view_is_moved_and_never_leaves_it(stage: Stage):
    viewer = opened(stage)
    arrives(stage, WIDE, edge=EDGE)
    press(stage, viewer, "1")
    before = viewer._centre
    press(stage, viewer, "Right")
    assert viewer._centre[0] > before[0]
    assert viewer.item.key == WIDE.id, "the arrow moves it instead of going on"
    for _turn in range(100):
        press(stage, viewer, "Right")
    share = viewer.canvas.winfo_width() / 3000
    assert abs(viewer._centre[0] - (1 - share / 2)) < 0.01


def test_dragging_moves_it_too(stage: Stage):
    viewer = opened(stage)
    arrives(stage, WIDE, edge=EDGE)
    press(stage, viewer, "1")
    before = viewer._centre
    viewer.canvas.event_generate("<ButtonPress-1>", x=300, y=200)
    viewer.canvas.event_generate("<B1-Motion>", x=200, y=200)
    stage.pump()
    assert abs((viewer._centre[0] - before[0]) * 3000 - 100) < 1


def test_a_picture_that_came_smaller_than_it_is_still_counts_its_own_pixels(stage: Stage):
    huge = photo(1, 12_000, 6000)
    open_main(stage, [carrying(1, huge)])
    stage.window.files.view(_pictures(stage)[0])
    stage.pump()
    viewer = stage.window._sheets.find(Viewer)
    stage.window.show_picture(PictureKnown(huge.id, EDGE, raster(400, 200, (12_000, 6000))))
    stage.pump()
    assert viewer is not None
    assert "12000 × 6000" in viewer._about["text"]
    press(stage, viewer, "1")
    assert shown_size(viewer) == (viewer.canvas.winfo_width(), viewer.canvas.winfo_height())


def test_what_cannot_be_shown_says_why(stage: Stage):
    viewer = opened(stage)
    stage.window.show_picture(PictureKnown(WIDE.id, EDGE, None, "It is broken."))
    stage.pump()
    said = [viewer.canvas.itemcget(item, "text") for item in viewer.canvas.find_withtag("shown")]
    assert said == ["It is broken."]
    press(stage, viewer, "plus", "minus", "0", "1", "Right")
    assert viewer.item.key == SMALL.id


def test_a_picture_that_moves_moves_until_somebody_stops_it(stage: Stage):
    viewer = opened(stage)
    frames = tuple(bytes([shade] * 3) * 8 for shade in (10, 20, 30))
    film = Raster(4, 2, "RGB", frames[0], 4, 2, frames, (20, 20, 20))
    seen: list[int] = []
    viewer._reel._on_frame = lambda frame: seen.append(frame.getpixel((0, 0))[0])
    stage.window.show_picture(PictureKnown(viewer.item.key, EDGE, film))
    stage.wait(lambda: seen[:5] == [10, 20, 30, 10, 20], "round and round")
    press(stage, viewer, "space")
    stood = len(seen)
    assert not viewer._reel._job
    stage.window.set_theme("dark")
    viewer = stage.window._sheets.find(Viewer)
    assert viewer is not None
    assert not viewer._reel._job, "it stands still in the other colours too"
    assert viewer._source.getpixel((0, 0)) == (seen[stood - 1],) * 3, "at the same frame"
    press(stage, viewer, "space")
    assert viewer._reel._job
    press(stage, viewer, "Right")
    assert not viewer._reel._job
    press(stage, viewer, "space")
    assert not viewer._reel.moves


def test_the_keys_of_the_viewer_can_be_read_there(stage: Stage):
    viewer = opened(stage)
    press(stage, viewer, "F1")
    assert isinstance(stage.window._sheets.top, ShortcutsSheet)
    assert "At a picture that fills the window" in texts(stage)
    stage.window._sheets.top.close()
    stage.pump()
    assert stage.window._sheets.top is viewer


def test_escape_closes_it_and_the_conversation_is_back(stage: Stage):
    viewer = opened(stage)
    press(stage, viewer, "Escape")
    assert stage.window._sheets.find(Viewer) is None
    assert stage.screen.timeline.winfo_ismapped()


def test_it_stays_at_its_picture_when_the_theme_changes(stage: Stage):
    viewer = opened(stage)
    arrives(stage, WIDE, edge=EDGE)
    press(stage, viewer, "1")
    stage.window.set_theme("dark")
    stage.pump()
    again: Any = stage.window._sheets.find(Viewer)
    assert again is not viewer
    assert (again.item.key, again.zoom) == (WIDE.id, 1.0)
    assert shown_size(again) != (0, 0)


def test_it_downloads_and_says_how_far_that_is(stage: Stage):
    viewer = opened(stage)
    press(stage, viewer, "d")
    assert stage.asked.of("download") == [(WIDE,)]
    from tests.desktop.view.files.some import tell, transfer

    tell(stage, transfer(WIDE, "running", 50_000))
    assert "49 of 98 KB" in viewer._about["text"]


def test_the_picture_can_be_pasted_elsewhere(stage: Stage, tmp_path: Path):
    if shutil.which("xclip") is None:
        pytest.skip("xclip is missing: apt-get install -y xclip")
    viewer = opened(stage, SMALL)
    noise = os.urandom(300 * 200 * 3)  # so that there is something to hand over in parts
    stage.window.show_picture(PictureKnown(SMALL.id, EDGE, Raster(300, 200, "RGB", noise, 300, 200)))
    stage.pump()
    press(stage, viewer, "Control-c")
    stage.wait(lambda: stage.window._toast._label is not None, "nobody said that it was copied")
    path = tmp_path / "pasted.png"
    with path.open("wb") as file:
        pasting = subprocess.Popen(["xclip", "-selection", "clipboard", "-t", "image/png", "-o"], stdout=file)
    try:
        stage.wait(lambda: pasting.poll() is not None, "nobody gave the picture")
    finally:
        pasting.kill()
        pasting.wait()
    with Image.open(path) as pasted:
        assert pasted.size == (300, 200)
        assert pasted.convert("RGB").tobytes() == noise
