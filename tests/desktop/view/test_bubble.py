"""What stands around a message's text: quote, marks, files, reactions, formatting."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from common.ids import Millis, Nonce, Seq, UserId
from common.protocol.messages import FileInfo
from desktop import locale
from desktop.model.rows import Bubble, Delivery, Quote, Reaction
from desktop.sizes import count_text, size_text
from desktop.view import actions as clicks
from desktop.view.block import Block, Panel, Rule
from desktop.view.bubble import selected_text
from desktop.view.tokens import LIGHT
from tests.desktop.view.letters import plain_look
from tests.desktop.view.test_message_layout import HELLO, OWN, actions, lay, panel, texts

PLAN = FileInfo("a" * 32, "floor-plan-2026.pdf", 8_400_000)
FULL = Bubble(
    Seq(9), Nonce("1" * 32), UserId(2), "Anna", False, "**Works** here:\n```\nmake -j8\n```\n- one\n- two\n> so", Millis(0),
    True, True, quote=Quote(Seq(3), UserId(4), "Boris", "what about it? " * 20),
    reactions=tuple(Reaction(sign, 3, sign == "🎉") for sign in ("👍", "🎉", "abc") * 5),
    files=(PLAN,), edited=True, pinned=True, forwarded_from="Игорь", via="backup", delivery=Delivery.READ,
)  # fmt: skip


def test_it_says_what_it_answers_and_a_click_leads_there():
    block = lay(replace(HELLO, quote=Quote(Seq(3), UserId(4), "Boris", "what about it?")))
    assert {"Boris", "what about it?"} <= set(texts(block))
    (jump,) = [hit for hit in block.hits if hit.action != clicks.PERSON]
    assert (jump.action, jump.value) == (clicks.JUMP, "3")
    gone = lay(replace(HELLO, quote=Quote(Seq(3), UserId(4), "Boris", "secret", redacted=True)))
    assert "secret" not in texts(gone)


def test_a_quote_shows_words_without_their_signs():
    block = lay(replace(HELLO, quote=Quote(Seq(3), UserId(4), "Boris", "**bold** and `code`")))
    assert "bold and code" in texts(block)


def test_marks_are_said_in_words():
    shown = texts(lay(FULL))
    assert any(text.startswith("edited ") for text in shown)
    assert "Forwarded from Игорь" in shown
    assert "via backup" in shown


def test_of_a_message_taken_back_nothing_is_left():
    block = lay(replace(FULL, redacted=True))
    assert {hit.action for hit in block.hits} == {clicks.PERSON}
    assert "floor-plan-2026.pdf" not in texts(block)
    assert not any(text.startswith("edited") for text in texts(block))


def test_files_have_name_and_size_and_need_no_text():
    with_text, alone = lay(replace(HELLO, files=(PLAN,))), lay(replace(HELLO, body="", files=(PLAN,)))
    assert {"floor-plan-2026.pdf", "8.0 MB"} <= set(texts(alone))
    assert alone.height < with_text.height


def test_sizes_are_said_for_people():
    assert [size_text(size) for size in (0, 999, 1000, 8_400_000, 4 << 30, 5 << 40)] == [
        "0 B",
        "999 B",
        "1.0 KB",
        "8.0 MB",
        "4.0 GB",
        "5120 GB",
    ]
    locale.use("ru")
    try:
        assert size_text(8_400_000) == "8,0 МБ"
        assert count_text(10_000) == "10\N{NO-BREAK SPACE}000", "with a comma it would be ten"
    finally:
        locale.use("en")


def test_reactions_are_clicked_and_the_own_ones_stand_out():
    block = lay(replace(HELLO, reactions=(Reaction("👍", 4, True), Reaction("🎉", 2, False))))
    put = [(hit.action, hit.value) for hit in block.hits if hit.action != clicks.PERSON]
    assert put == [(clicks.REACT, "👍"), (clicks.REACT, "🎉")]
    chips = [mark for mark in block.marks if isinstance(mark, Panel)][1:]
    assert [chip.fill for chip in chips] == [LIGHT.accent, LIGHT.chip]


@pytest.mark.parametrize("width", [320, 700, 2000])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_all_of_it_together_stays_in_the_bubble(width: int, scale: float):
    for row in (FULL, replace(FULL, own=True)):
        block = lay(row, int(width * scale), scale)
        bubble = panel(block)
        for mark in block.marks:
            if isinstance(mark, Panel | Rule):
                assert bubble.x <= mark.x
                assert mark.x + mark.width <= bubble.x + bubble.width
                assert bubble.y <= mark.y
                assert mark.y + mark.height <= bubble.y + bubble.height
        for run in block.runs:
            assert bubble.x < run.x
            assert run.x + len(run.text.rstrip()) * 8 <= bubble.x + bubble.width
            assert block.text[run.start : run.start + len(run.text)] == run.text


def test_deep_items_leave_room_for_their_text():
    body = "- a\n  - b\n    - c " + "word " * 30
    block = lay(replace(HELLO, body=body), 320)
    assert all(run.x > panel(block).x for run in block.runs)
    assert len({run.x for run in block.runs}) >= 3


def seen(block: Block) -> str:
    return "".join(run.text for run in block.runs)


def test_formatting_is_seen_and_its_signs_are_not():
    block = lay(replace(HELLO, body="**Works** and `x`"))
    assert seen(block) == "Works and x"
    assert [run.font for run in block.runs] == ["bold", "body", "code"]


def test_the_whole_message_is_copied_as_it_was_written_a_part_as_it_is_seen():
    row, look = replace(OWN, body="**Works** and `x`"), plain_look()
    assert selected_text(row, look, 0, 1 << 30) == row.body
    assert selected_text(row, look, 0, len("Works and x")) == row.body
    assert selected_text(row, look, 6, 11) == "and x"


def test_a_long_block_of_code_folds():
    row = replace(HELLO, body="```\n" + "x\n" * 200 + "```")
    assert clicks.UNFOLD in actions(lay(row))
    assert clicks.UNFOLD not in actions(lay(row, expanded=True))
