"""Files in a real timeline: clicks, keys, progress that moves, and pictures that arrive without moving anything."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from common.protocol.messages import FileInfo
from desktop.events.outbox import PendingUpload
from desktop.events.transfers import PictureKnown
from desktop.model.rows import Row
from desktop.model.transfers import TransferList
from desktop.screen import SignInMode
from desktop.view import actions
from desktop.view.block import Hit
from desktop.view.files import handing_over, kinds
from desktop.view.files.viewer import Viewer
from desktop.view.sheets.ask import AskSheet
from tests.desktop.view.conftest import Stage
from tests.desktop.view.files.some import arrives, carrying, file, photo, tell, transfer
from tests.desktop.view.talk import conversation, found, open_main, said

pytestmark = pytest.mark.window

_moments = count(1000, 10_000)
"""Of clicks, milliseconds: so far apart that no two of them are a double one."""


def timeline(stage: Stage) -> Any:
    return stage.screen.timeline


def hit_of(stage: Stage, key: str, action: str = actions.FILE) -> tuple[int, int, Hit]:
    """A point of the view within the file of that key."""
    view = timeline(stage)
    for _index, drawn in view.visible():
        for hit in drawn.block.hits:
            if (hit.action, hit.value) == (action, key):
                return hit.x + hit.width // 2, view.to_view(drawn) + hit.y + hit.height // 2, hit
    raise AssertionError(f"{key} is not in view")


def click(stage: Stage, key: str, action: str = actions.FILE, button: int = 1) -> None:
    x, y, _hit = hit_of(stage, key, action)
    canvas = timeline(stage).canvas
    at = next(_moments)
    canvas.event_generate(f"<ButtonPress-{button}>", x=x, y=y, time=at)
    canvas.event_generate(f"<ButtonRelease-{button}>", x=x, y=y, time=at + 50)
    stage.pump()


def press(stage: Stage, *keys: str) -> None:
    canvas = timeline(stage).canvas
    canvas.focus_force()
    stage.pump()
    for key in keys:
        canvas.event_generate(f"<{key}>")
        stage.pump()


def places(stage: Stage) -> dict[int, int]:
    """Where each drawn row is in the view."""
    view = timeline(stage)
    return {index: view.to_view(drawn) for index, drawn in view.all_drawn()}


def tops(stage: Stage, key: str) -> list[tuple[float, ...]]:
    """Where the canvas items within that file's place are."""
    view = timeline(stage)
    x, y, hit = hit_of(stage, key)
    left, top = x - hit.width // 2, view.canvas.canvasy(y - hit.height // 2)
    inside = view.canvas.find_enclosed(left - 1, top - 1, left + hit.width + 1, top + hit.height + 1)
    return [tuple(view.canvas.coords(item)) for item in inside]


# -- pictures ----------------------------------------------------------------------------------------------------------


def test_a_picture_is_asked_for_when_it_comes_into_view_and_moves_nothing_when_it_arrives(stage: Stage):
    pictures = [photo(number) for number in (1, 2)]
    rows: list[Row] = [*conversation(30), carrying(31, pictures[0]), *conversation(3), carrying(35, pictures[1])]
    open_main(stage, rows)
    view = timeline(stage)
    view.show(30, 50)
    stage.pump()
    stage.wait(lambda: stage.asked.of("want_picture"))
    assert {call[0] for call in stage.asked.of("want_picture")} <= {one.id for one in pictures}
    assert (pictures[0].id, pictures[0].id, None, 480) in stage.asked.of("want_picture")
    before = places(stage)
    arrives(stage, pictures[0])
    assert places(stage) == before
    name = view.look and stage.window.files.picture(_item(pictures[0]), *_size(stage, pictures[0]), False)
    assert name, "it is there now"
    images = [
        view.canvas.itemcget(item, "image") for item in view.canvas.find_all() if view.canvas.type(item) == "image"
    ]
    assert name in images


def _item(of: FileInfo) -> Any:
    from desktop.view.files.cards import Item

    return Item(of.id, of)


def _size(stage: Stage, of: FileInfo) -> tuple[int, int, int]:
    _x, _y, hit = hit_of(stage, of.id)
    return hit.width, hit.height, timeline(stage).look.px(8)


def test_what_is_out_of_view_is_not_asked_for(stage: Stage):
    far = photo(7)
    open_main(stage, [carrying(1, far), *conversation(60)])
    stage.pump()
    assert not stage.asked.of("want_picture")


def test_a_picture_is_asked_for_once_and_again_after_it_could_not_be_had(stage: Stage):
    one = photo(1)
    open_main(stage, [carrying(1, one)])
    stage.wait(lambda: stage.asked.of("want_picture"))
    timeline(stage).refresh()
    stage.pump()
    assert len(stage.asked.of("want_picture")) == 1
    stage.window.show_picture(PictureKnown(one.id, 480, None, "away", may_retry=True))
    stage.pump()
    assert len(stage.asked.of("want_picture")) == 1
    stage.window.retry_pictures()
    stage.pump()
    assert len(stage.asked.of("want_picture")) == 2


def test_a_broken_picture_is_a_plain_card_with_the_reason_and_is_downloaded_by_a_click(stage: Stage):
    one = photo(1)
    open_main(stage, [carrying(1, one)])
    stage.wait(lambda: stage.asked.of("want_picture"))
    before = places(stage)
    stage.window.show_picture(PictureKnown(one.id, 480, None, "It is broken."))
    stage.pump()
    view = timeline(stage)
    said_there = [
        view.canvas.itemcget(item, "text") for item in view.canvas.find_all() if view.canvas.type(item) == "text"
    ]
    assert "It is broken." in said_there
    assert places(stage) == before
    click(stage, one.id)
    assert stage.asked.of("download") == [(one,)]
    timeline(stage).refresh()
    stage.pump()
    assert len(stage.asked.of("want_picture")) == 1, "it is not asked for again"


def test_a_picture_of_another_shape_than_was_said_is_not_shown(stage: Stage):
    one, turned = photo(1, 1200, 800), photo(2, 1200, 800)
    open_main(stage, [carrying(1, one), carrying(2, turned)])
    stage.wait(lambda: len(stage.asked.of("want_picture")) == 2)
    arrives(stage, one, shape=(300, 1200))
    assert "another picture" in stage.window.files.picture_problem(one.id)
    arrives(stage, turned, shape=(800, 1200))
    assert not stage.window.files.picture_problem(turned.id), "cameras are held upright"


def test_a_large_picture_waits_for_a_click(stage: Stage):
    one = photo(1, size=kinds.AUTO_BYTES + 1)
    open_main(stage, [carrying(1, one)])
    stage.pump()
    assert not stage.asked.of("want_picture")
    click(stage, one.id)
    stage.wait(lambda: stage.asked.of("want_picture"))


def test_the_picture_of_an_upload_is_the_one_of_the_message_afterwards(stage: Stage):
    upload = PendingUpload("u1", "own.png", 1000, "image/png", 400, 300, Path("/x/own.png"))
    row = replace(carrying(1, own=True), uploads=(upload,))
    open_main(stage, [row])
    stage.wait(lambda: stage.asked.of("want_picture"))
    assert stage.asked.of("want_picture") == [("u1", "", Path("/x/own.png"), 480)]
    sent = FileInfo("5" * 32, "own.png", 1000, "image/png", 400, 300)
    arrives(stage, replace_id(sent, "u1"))
    tell(stage, replace(transfer(sent, "done", kind="upload"), key="u1"))
    stage.window.open_timeline([carrying(1, sent, own=True)], None)
    stage.pump()
    assert len(stage.asked.of("want_picture")) == 1
    assert stage.window.files.picture(_item(sent), *_size(stage, sent), False)


def replace_id(of: FileInfo, ident: str) -> FileInfo:
    return FileInfo(ident, of.name, of.size, of.mime, of.width, of.height)


# -- clicks ------------------------------------------------------------------------------------------------------------


def test_a_click_on_a_card_downloads(stage: Stage):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    click(stage, plan.id)
    click(stage, plan.id, actions.FILE_SIDE)
    assert stage.asked.of("download") == [(plan,), (plan,)]


@pytest.mark.parametrize(
    "state, asked",
    [
        ("waiting", "pause_transfer"),
        ("running", "pause_transfer"),
        ("paused", "resume_transfer"),
        ("failed", "resume_transfer"),
    ],
)
def test_a_click_on_what_is_under_way_stops_it_or_goes_on(stage: Stage, state: str, asked: str):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    moving = transfer(plan, state)
    tell(stage, moving)
    click(stage, plan.id)
    assert stage.asked.of(asked) == [(moving.key,)]
    click(stage, plan.id, actions.FILE_SIDE)
    assert stage.asked.of("cancel_transfer") == [(moving.key,)]


def test_progress_moves_the_bar_and_nothing_else(stage: Stage):
    plan, other = file(1), file(2, "other.pdf")
    open_main(stage, [said(1), carrying(2, plan), carrying(3, other)])
    before, still = places(stage), tops(stage, other.id)
    shapes = []
    for done in (1, 4, 8):
        tell(stage, transfer(plan, "running", done * 1024 * 1024))
        shapes.append(tops(stage, plan.id))
        assert places(stage) == before
    assert shapes[0] != shapes[1] != shapes[2]
    assert tops(stage, other.id) == still


def test_progress_leaves_an_open_menu_open_and_below_it(stage: Stage):
    plan = file(1)
    open_main(stage, [*conversation(5), carrying(6, plan)])
    click(stage, plan.id, button=3)
    view = timeline(stage)
    assert view._menu.is_open
    tell(stage, transfer(plan, "running", 1000))
    assert view._menu.is_open
    items = view.canvas.find_all()
    menu = [items.index(item) for item in view.canvas.find_withtag("menu")]
    drawn = next(drawn for index, drawn in view.all_drawn() if index == 5)
    assert max(items.index(item) for item in drawn.items) < min(menu)


def test_many_changes_leave_no_item_behind(stage: Stage):
    plan = file(1)
    open_main(stage, [carrying(1, plan), said(2)])
    for state in ("waiting", "running", "paused", "failed", "done"):
        tell(stage, transfer(plan, state, 500))
    view = timeline(stage)
    known = {item for _index, drawn in view.all_drawn() for item in drawn.items}
    assert set(view.canvas.find_all()) - known == set()
    view.select_all()
    stage.pump()
    assert view.selected_text()


def test_files_of_one_message_that_change_in_turn_keep_their_own_items(stage: Stage):
    files = [file(1, "one.pdf"), file(2, "two.pdf")]
    open_main(stage, [carrying(1, *files), said(2)])
    view = timeline(stage)
    for state in ("running", "done", "paused", "failed", "waiting"):
        for one in files:
            tell(stage, transfer(one, state, 500))
    changed = [[view.canvas.coords(item) for item in drawn.items] for _index, drawn in view.all_drawn()]
    view.refresh()
    stage.pump()
    assert changed == [[view.canvas.coords(item) for item in drawn.items] for _index, drawn in view.all_drawn()]


def test_all_files_of_a_message_are_downloaded_at_once_but_those_that_are_here(stage: Stage):
    files = [file(number, f"{number}.pdf") for number in (1, 2, 3)]
    open_main(stage, [carrying(1, *files)])
    tell(stage, transfer(files[1], "done"))
    press(stage, "Up", "Menu")
    (choice,) = [choice for choice in timeline(stage)._menu._choices if choice.label == "Download all of them"]
    choice.act()
    assert stage.asked.of("download") == [(files[0],), (files[2],)]
    timeline(stage)._menu.close()
    tell(stage, transfer(files[0], "running"))
    press(stage, "Menu")
    assert "Download all of them" not in [choice.label for choice in timeline(stage)._menu._choices]


def test_what_has_come_is_opened(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    opened: list[Path] = []
    monkeypatch.setattr(handing_over, "open_file", opened.append)
    monkeypatch.setattr(handing_over, "show_in_folder", lambda path: opened.append(path.parent))
    plan = file(1)
    (tmp_path / plan.name).write_text("x")
    open_main(stage, [carrying(1, plan)])
    tell(stage, transfer(plan, "done", path=tmp_path / plan.name))
    click(stage, plan.id)
    click(stage, plan.id, actions.FILE_SIDE)
    assert opened == [tmp_path / plan.name, tmp_path]


@pytest.mark.parametrize("name", ["setup.exe", "run.sh", "plain"])
def test_what_may_run_is_asked_about_first(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    opened: list[Path] = []
    monkeypatch.setattr(handing_over, "open_file", opened.append)
    program = file(1, name)
    path = tmp_path / name
    path.write_text("x")
    if name == "plain":
        path.chmod(0o755)
    open_main(stage, [carrying(1, program)])
    tell(stage, transfer(program, "done", path=path))
    click(stage, program.id)
    assert not opened
    sheet = stage.window._sheets.find(AskSheet)
    assert sheet is not None
    sheet.event_generate("<Escape>")
    sheet.close()
    stage.pump()
    assert not opened


def test_what_is_no_longer_there_can_be_fetched_again(stage: Stage, tmp_path: Path):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    gone = transfer(plan, "done", path=tmp_path / "gone.pdf")
    tell(stage, gone)
    click(stage, plan.id)
    assert stage.asked.of("cancel_transfer") == [(gone.key,)]
    stage.window.show_transfers({plan.id: None})
    click(stage, plan.id)
    assert stage.asked.of("download") == [(plan,)]


def test_save_as_asks_where_to(stage: Stage):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    asked: list[str] = []

    def answers(name: str, on_chosen: Any) -> None:
        asked.append(name)
        on_chosen(Path("/x/chosen.pdf"))

    stage.window.files.ask_path = answers
    press(stage, "Up", "s")
    assert asked == ["plan.pdf"]
    assert stage.asked.of("save_file") == [(plan, Path("/x/chosen.pdf"))]
    stage.window.files.ask_path = lambda _name, _on_chosen: None
    press(stage, "s")
    assert len(stage.asked.of("save_file")) == 1


# -- keys --------------------------------------------------------------------------------------------------------------


def test_return_does_what_a_click_does_with_the_file_that_is_meant(stage: Stage):
    files = [file(number, f"{number}.pdf") for number in (1, 2, 3)]
    open_main(stage, [said(1), carrying(2, *files)])
    press(stage, "Up", "Return")
    press(stage, "Right", "Right", "Return")
    press(stage, "Left", "Left", "Return")
    assert stage.asked.of("download") == [(files[0],), (files[1],), (files[2],)]


def test_the_file_that_is_meant_has_a_line_around_it(stage: Stage):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    press(stage, "Up")
    assert len(timeline(stage).canvas.find_withtag("mark")) == 1
    press(stage, "Right")
    assert len(timeline(stage).canvas.find_withtag("mark")) == 2
    press(stage, "Escape")
    assert not timeline(stage).canvas.find_withtag("mark")


def test_keys_download_pause_and_give_up(stage: Stage):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    press(stage, "Up", "d")
    assert stage.asked.of("download") == [(plan,)]
    moving = transfer(plan, "running")
    tell(stage, moving)
    press(stage, "space", "x")
    assert stage.asked.of("pause_transfer") == [(moving.key,)]
    assert stage.asked.of("cancel_transfer") == [(moving.key,)]
    press(stage, "d")
    assert len(stage.asked.of("download")) == 1


def test_the_menu_by_key_has_what_can_be_done_with_the_file(stage: Stage):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    press(stage, "Up", "Menu")
    view = timeline(stage)
    labels = [choice.label for choice in view._menu._choices]
    assert labels[:2] == ["Download", "Save as…"]
    assert "Reply" in labels
    press(stage, "Return")
    assert stage.asked.of("download") == [(plan,)]


@pytest.mark.parametrize(
    "state, labels",
    [
        ("running", ["Pause", "Save as…", "Cancel"]),
        ("paused", ["Go on", "Save as…", "Cancel"]),
        ("failed", ["Try again", "Save as…", "Cancel"]),
        ("done", ["Open", "Show in its folder", "Save as…"]),
    ],
)
def test_the_menu_of_a_file_follows_its_state(stage: Stage, state: str, labels: list[str]):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    tell(stage, transfer(plan, state))
    click(stage, plan.id, button=3)
    assert [choice.label for choice in timeline(stage)._menu._choices][: len(labels)] == labels


def test_a_picture_that_may_move_is_said_to_stand_still_here(stage: Stage):
    film = structs.replace(photo(1), mime="image/gif")
    open_main(stage, [carrying(1, film, photo(2))])
    arrives(stage, film)
    arrives(stage, photo(2))
    stage.pump()
    canvas = timeline(stage).canvas
    said = [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]
    assert said.count("GIF") == 1


def test_a_click_on_a_picture_looks_at_it(stage: Stage):
    one = photo(1)
    open_main(stage, [carrying(1, one)])
    click(stage, one.id)
    viewer = stage.window._sheets.find(Viewer)
    assert viewer is not None
    assert viewer.item.key == one.id


def test_signing_in_again_in_the_same_window_begins_afresh(stage: Stage):
    plan = file(1)
    for _turn in range(2):
        open_main(stage, [carrying(1, plan), carrying(2, photo(2))])
        stage.window.show_transfer_list(TransferList((transfer(plan, "running"),), 1, 0, 0, 0.5))
        tell(stage, transfer(plan, "running"))
        stage.window.show_chooser()
        stage.pump()
        stage.window.show_sign_in(found(), SignInMode.SIGN_IN)
        stage.pump()
        assert stage.window.files.status(plan.id) is None
        assert stage.window.files.transfers == TransferList()


def test_another_relay_knows_nothing_of_it(stage: Stage):
    plan = file(1)
    open_main(stage, [carrying(1, plan)])
    tell(stage, transfer(plan, "running"))
    stage.window.show_chooser()
    open_main(stage, [carrying(1, plan)])
    click(stage, plan.id)
    assert stage.asked.of("download") == [(plan,)]
