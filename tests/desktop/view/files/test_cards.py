"""Where the files of a message stand: places that are known before anything of them is."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from desktop.events.outbox import PendingUpload
from desktop.events.transfers import Transfer
from desktop.view import actions
from desktop.view.block import Block, Live, Picture, Rule, Text
from desktop.view.bubble import BubbleLayout
from desktop.view.files import cards
from desktop.view.files.cards import Item, items_of, lay_attached
from tests.desktop.view.files.some import carrying, file, photo, transfer
from tests.desktop.view.letters import plain_look
from tests.desktop.view.test_message_layout import drawn, texts

ROOM = 500


class Known:
    """How it stands with one file, and whether its picture is there."""

    def __init__(self, status: Transfer | None = None, problem: str = "", image: str = "", waits: bool = False) -> None:
        self._status, self._problem, self._image, self._waits = status, problem, image, waits

    def status(self, key: str) -> Transfer | None:
        return self._status

    def picture(self, item: Item, width: int, height: int, radius: int, fills: bool) -> str:
        return self._image

    def picture_problem(self, key: str) -> str:
        return self._problem

    def waits_for_click(self, item: Item) -> bool:
        return self._waits


def attached(*files: object) -> cards.Attached:
    return lay_attached(items_of(carrying(1, *files)), plain_look(), ROOM)  # type: ignore[arg-type]


def lay(row: object, known: Known) -> Block:
    return BubbleLayout(row, plain_look(), 700, False, known).lay_out()  # type: ignore[arg-type]


def test_cards_stand_below_each_other():
    parts = attached(file(1), file(2), file(3)).parts
    assert all(one.y + one.height < other.y for one, other in pairwise(parts))
    assert {part.x for part in parts} == {0}


def test_one_picture_keeps_its_shape_within_bounds():
    (part,) = attached(photo(1, 3000, 1500)).parts
    assert part.width == cards.PICTURE_WIDTH
    assert part.height == cards.PICTURE_WIDTH // 2
    (tall,) = attached(photo(1, 1000, 4000)).parts
    assert tall.height == cards.PICTURE_HEIGHT


def test_a_small_picture_is_not_enlarged_and_can_still_be_hit():
    (part,) = attached(photo(1, 200, 100)).parts
    assert (part.width, part.height) == (200, 100)
    (tiny,) = attached(photo(1, 1, 1)).parts
    assert (tiny.width, tiny.height) == (cards.PICTURE_LEAST, cards.PICTURE_LEAST)
    (thread,) = attached(photo(1, 70_000, 1)).parts
    assert thread.height == cards.PICTURE_LEAST
    assert thread.width <= cards.PICTURE_WIDTH


@pytest.mark.parametrize("count, across", [(2, 2), (3, 3), (4, 2), (5, 3), (9, 3)])
def test_several_pictures_make_a_grid(count: int, across: int):
    parts = attached(*(photo(number) for number in range(count))).parts
    assert len(parts) == count
    assert len({part.x for part in parts}) == across
    assert all(part.width == part.height and part.in_grid for part in parts)
    assert max(part.x + part.width for part in parts) <= cards.GRID_WIDTH


def test_a_grid_ends_and_says_how_many_more_there_are():
    parts = attached(*(photo(number) for number in range(20))).parts
    assert len(parts) == cards.GRID_MOST
    assert [part.more for part in parts][-1] == 12
    assert not any(part.more for part in parts[:-1])


def test_cards_stand_below_the_pictures():
    parts = attached(file(1), photo(2), photo(3), file(4)).parts
    assert [part.is_picture for part in parts] == [True, True, False, False]
    assert parts[2].y > parts[1].y + parts[1].height


def test_nothing_is_wider_than_its_room():
    for files in ([file(1)], [photo(1)], [photo(1), photo(2)], [photo(1), photo(2), photo(3)]):
        small = lay_attached(items_of(carrying(1, *files)), plain_look(), 200)
        assert small.width <= 200


@pytest.mark.parametrize("state", ["waiting", "running", "paused", "failed", "done"])
@pytest.mark.parametrize("of", [file(1), photo(1)], ids=["card", "picture"])
def test_the_place_is_the_same_in_every_state(of: object, state: str):
    row = carrying(1, of)  # type: ignore[arg-type]
    status = transfer(of, state, 4_000, problem="no room " * 30)  # type: ignore[arg-type]
    plain = lay(row, Known())
    for known in (Known(status), Known(problem="broken " * 40), Known(image="photo"), Known(status, waits=True)):
        block = lay(row, known)
        assert block.height == plain.height
        assert block.hits == plain.hits
        bottom, right = block.height, 700
        assert all(mark.y < bottom and mark.x < right for mark in drawn(block) if not isinstance(mark, Live))


def test_a_card_says_how_far_it_is_in_words_and_by_a_bar():
    of = file(1, size=80_000_000)
    block = lay(carrying(1, of), Known(transfer(of, "running", 20_000_000, rate=34e6, left_s=2.0)))
    assert any(text.startswith("19 of 76 MB · 32 MB/s") for text in texts(block))
    ground, bar = (mark for mark in drawn(block) if isinstance(mark, Rule))
    assert bar.width == round(ground.width / 4)


def test_a_failed_one_says_why_and_a_broken_picture_too():
    of = file(1)
    assert "No room." in texts(lay(carrying(1, of), Known(transfer(of, "failed", problem="No room."))))
    assert {"photo 1.jpg", "Broken."} <= set(texts(lay(carrying(1, photo(1)), Known(problem="Broken."))))
    shown = texts(lay(carrying(1, file(1, "x.png", mime="image/png")), Known(problem="Broken.")))
    assert "8.0 MB · Broken." in shown


def test_a_large_picture_waits_for_a_click_and_says_so():
    assert any(
        "click to show" in text for text in texts(lay(carrying(1, photo(1, size=90_000_000)), Known(waits=True)))
    )


def test_a_picture_that_is_there_is_drawn_in_its_place():
    block = lay(carrying(1, photo(1)), Known(image="photo-7"))
    (hit,) = (hit for hit in block.hits if hit.action == actions.FILE)
    (shown,) = (mark for mark in drawn(block) if isinstance(mark, Picture) and (mark.x, mark.y) == (hit.x, hit.y))
    assert shown.ask() == "photo-7"


def test_a_name_that_pretends_is_shown_as_it_is_and_shortened_in_its_middle():
    tricky = file(1, "photo\u202egpj.exe" + "\n\x07")
    assert "photogpj.exe" in texts(lay(carrying(1, tricky), Known()))
    long = file(1, "a" * 200 + ".tar.gz")
    (name,) = (text for text in texts(lay(carrying(1, long), Known())) if text.endswith(".gz"))
    assert "…" in name


def test_an_upload_that_nothing_was_said_of_yet_waits():
    upload = PendingUpload("u1", "plan.pdf", 1000, "", 0, 0, Path("/x"))
    row = replace(carrying(1, own=True), uploads=(upload,))
    block = lay(row, Known())
    assert "Waiting · 1.0 KB" in texts(block)
    assert [hit.value for hit in block.hits if hit.action == actions.FILE] == ["u1"]


def test_words_of_a_card_end_before_its_button():
    of = file(1, size=80_000_000)
    block = lay(carrying(1, of), Known(transfer(of, "failed", problem="very long " * 30)))
    side = next(hit for hit in block.hits if hit.action == actions.FILE_SIDE)
    said = next(mark for mark in drawn(block) if isinstance(mark, Text) and mark.text.startswith("very"))
    assert said.x + 8 * len(said.text) <= side.x
