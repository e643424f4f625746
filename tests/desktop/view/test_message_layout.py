"""Each row is laid out within the timeline, with the marks that belong to its state."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from common.ids import Millis, Nonce, Seq, UserId
from common.protocol.messages import FileId, FileInfo
from desktop import locale
from desktop.model.rows import (
    Bubble,
    DayLine,
    Delivery,
    GapLine,
    NewLine,
    Notice,
    NoticeKind,
    Quote,
    Reaction,
    Row,
)
from desktop.view import actions as clicks
from desktop.view import bubble
from desktop.view import message_layout as layout
from desktop.view.block import Block, Live, Mark, Panel, Picture, Text
from desktop.view.notices import notice_text
from tests.desktop.view.letters import plain_look

WIDTH = 700
TODAY = date(2026, 11, 23)
HELLO = Bubble(Seq(1), Nonce("0" * 32), UserId(2), "Anna", False, "Hello", Millis(0), True, True)
OWN = replace(HELLO, own=True, delivery=Delivery.STORED)


def lay(row: Row, width: int = WIDTH, scale: float = 1.0, expanded: bool = False) -> Block:
    return layout.lay_out(row, plain_look(scale), width, TODAY, expanded)


def texts(block: Block) -> list[str]:
    return [mark.text for mark in drawn(block) if isinstance(mark, Text)]


def drawn(block: Block) -> list[Mark]:
    """Every mark, live ones as they look now."""
    return [one for mark in block.marks for one in (mark.marks() if isinstance(mark, Live) else (mark,))]


def panel(block: Block) -> Panel:
    return next(mark for mark in block.marks if isinstance(mark, Panel))


def actions(block: Block) -> list[str]:
    return [hit.action for hit in block.hits]


def test_others_stand_left_with_name_and_avatar_own_ones_right_without():
    other, own = lay(HELLO), lay(OWN)
    assert "Anna" in texts(other)
    assert sum(isinstance(mark, Picture) for mark in other.marks) == 1
    assert "Anna" not in texts(own)
    assert panel(other).x < 100
    assert panel(own).x + panel(own).width == WIDTH - 20


@pytest.mark.parametrize("own", [True, False])
def test_what_is_round_in_a_message_says_what_it_lies_on(own: bool):
    row = replace(
        HELLO,
        own=own,
        body="```\ncode\n```",
        quote=Quote(Seq(1), UserId(3), "Boris", "before"),
        reactions=(Reaction("👍", 2, True), Reaction("🎉", 1, False)),
        files=(FileInfo(FileId("f" * 32), "plan.pdf", 10, "application/pdf"),),
    )
    palette = plain_look(1.0).palette
    bubble_itself, *within = [mark for mark in drawn(lay(row)) if isinstance(mark, Panel)]
    assert bubble_itself.ground == palette.timeline
    fills = {bubble_itself.fill, palette.quote_own if own else palette.quote}
    assert len(within) == 6
    assert {mark.ground for mark in within} == fills


def test_within_a_run_the_name_comes_first_and_the_avatar_last():
    middle = lay(replace(HELLO, first_of_run=False, last_of_run=False))
    assert "Anna" not in texts(middle)
    assert not [mark for mark in middle.marks if isinstance(mark, Picture)]
    assert middle.height < lay(HELLO).height


def test_the_corner_next_to_the_same_author_is_small():
    assert panel(lay(HELLO)).radii == (14, 14, 14, 5)
    assert panel(lay(replace(HELLO, first_of_run=False))).radii == (5, 14, 14, 5)
    assert panel(lay(OWN)).radii == (14, 14, 5, 14)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("width", [320, 700, 2000])
@pytest.mark.parametrize("body", ["ok", "word " * 100, "x" * 3000, "a\nb\nc", "http://wiki.lan/" + "y" * 300])
def test_nothing_sticks_out_of_the_bubble(body: str, width: int, scale: float):
    for row in (replace(HELLO, body=body), replace(OWN, body=body)):
        block = lay(row, int(width * scale), scale)
        bubble = panel(block)
        assert bubble.width <= 560 * scale + 1
        assert bubble.x >= 0
        for run in block.runs:
            assert bubble.x < run.x
            # a blank at the end of a line may reach into the padding
            assert run.x + len(run.text.rstrip()) * 8 <= bubble.x + bubble.width
            assert bubble.y < run.y < run.y + run.height <= bubble.y + bubble.height
        assert block.height >= bubble.y + bubble.height


def test_the_time_stands_beside_the_last_line_when_it_fits():
    short = panel(lay(HELLO))
    full = panel(lay(replace(HELLO, body="x" * 66)))
    assert full.height > short.height + 5


def test_a_failed_message_says_why_and_what_can_be_done():
    failed = lay(replace(OWN, delivery=Delivery.FAILED, problem="The disk of the relay is full."))
    assert any("The disk of the relay is full." in text for text in texts(failed))
    assert actions(failed) == [clicks.DISCARD, clicks.COPY, clicks.EDIT, clicks.RETRY]
    assert failed.height > lay(OWN).height


def test_a_link_is_clicked_where_it_stands():
    block = lay(replace(HELLO, body="See http://wiki.lan/x now"))
    (link,) = [hit for hit in block.hits if hit.action != clicks.PERSON]
    assert (link.action, link.value) == (clicks.LINK, "http://wiki.lan/x")
    assert block.hit(link.x + 3, link.y + 3) == link
    assert block.hit(link.x - 3, link.y + 3) is None


def test_a_very_long_message_is_folded_until_it_is_wanted():
    row = replace(HELLO, body="\n".join(str(number) for number in range(200)))
    folded, whole = lay(row), lay(row, expanded=True)
    assert clicks.UNFOLD in actions(folded)
    assert clicks.UNFOLD not in actions(whole)
    assert len(folded.runs) == bubble.FOLD_LINES
    assert len(whole.runs) == 200
    assert folded.text == whole.text


def test_damaged_and_taken_back_messages_say_so():
    assert any("damaged" in text for text in texts(lay(replace(HELLO, damaged=True, body=""))))
    assert any("taken back" in text for text in texts(lay(replace(HELLO, redacted=True, body=""))))


def test_in_russian_a_message_that_was_taken_back_says_so_too():
    locale.use("ru")
    try:
        assert "Сообщение удалено." in texts(lay(replace(HELLO, redacted=True, body="")))
    finally:
        locale.use("en")


def test_lines_between_messages_are_said_in_words():
    assert texts(lay(DayLine(TODAY))) == ["Today"]
    assert texts(lay(NewLine())) == ["New messages"]
    assert actions(lay(GapLine())) == [clicks.GAP]
    renamed = Notice(Seq(3), NoticeKind.RENAMED, "Anna", "Tea", Millis(0))
    assert texts(lay(renamed)) == ["Anna renamed the group to “Tea”"]


def test_a_hostile_name_is_made_safe():
    block = lay(replace(HELLO, author_name="An\u202ena\n" + "x" * 300))
    name = texts(block)[0]
    assert name.startswith("Anna x")
    assert len(name) <= 64


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind is not NoticeKind.DELETED])
def test_every_notice_has_its_sentence_with_the_names_in_it(kind: NoticeKind):
    for text in ("owner", "admin", "member", ""):
        sentence = notice_text(Notice(Seq(3), kind, "Anna", text, Millis(0), "Boris"), plain_look().safe)
        assert sentence.startswith("Anna ")
        of_others = {"ADDED", "REMOVED", "BANNED", "UNBANNED", "ROLE", "MUTED", "UNMUTED"}
        assert ("Boris" in sentence) == (kind.name in of_others)


@pytest.mark.parametrize("fate", ["erase", "anonymous"])
def test_the_notice_of_a_deleted_account_names_nobody(fate: str):
    sentence = notice_text(Notice(Seq(3), NoticeKind.DELETED, "Anna", fate, Millis(0), ""), plain_look().safe)
    assert sentence.startswith("Somebody deleted their account")
    assert "Anna" not in sentence
