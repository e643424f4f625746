"""Text is broken into lines without losing a character of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop.view.markdown import Span, found_in
from desktop.view.richtext import Wrapped, wrap
from tests.desktop.view.letters import LETTER, EvenLetters

FONTS = EvenLetters()


def lay(text: str, letters: int = 20, most: int = 100) -> Wrapped:
    return wrap(FONTS, text, letters * LETTER, 19, most)


def lines(wrapped: Wrapped) -> list[str]:
    return ["".join(piece.text for piece in line.pieces) for line in wrapped.lines]


def test_words_go_to_the_next_line_when_they_do_not_fit():
    assert lines(lay("the quick brown fox jumps over", 11)) == ["the quick ", "brown fox ", "jumps over"]


def test_a_blank_at_the_end_of_a_line_needs_no_room():
    wrapped = lay("aaaa bbbb ", 9)
    assert lines(wrapped) == ["aaaa bbbb "]
    assert wrapped.lines[0].ink == 9 * LETTER


def test_a_word_longer_than_a_line_is_broken():
    assert lines(lay("x" * 45, 20)) == ["x" * 20, "x" * 20, "x" * 5]


def test_line_breaks_of_the_author_stay():
    assert lines(lay("a\n\nb")) == ["a", "", "b"]


def test_more_lines_than_wanted_are_left_out():
    wrapped = lay("\n".join("abc"), most=2)
    assert lines(wrapped) == ["a", "b"]
    assert not wrapped.complete
    assert lay("a\nb", most=2).complete


def test_a_link_ends_before_the_sentence_does():
    text = "See (https://wiki.lan/a_(b)), or http://x.lan."
    assert [span.text for span in found_in(text, 0) if span.kind == "link"] == [
        "https://wiki.lan/a_(b)",
        "http://x.lan",
    ]


def test_a_link_of_several_lines_leads_to_the_whole_of_it():
    link = "http://wiki.lan/" + "a" * 40
    pieces = [piece for line in lay(link).lines for piece in line.pieces]
    assert len(pieces) == 3
    assert {piece.target for piece in pieces} == {link}


def test_only_links_of_the_web_and_invitations_are_links():
    assert not [span for span in found_in("javascript:alert(1) data:text/html,x ftp://x", 0) if span.kind == "link"]


def test_emoji_of_several_code_points_are_one():
    found = [span for span in found_in("a 👍🏽 👩‍👩‍👧🇷🇺 ☎ ❤️", 0) if span.kind == "emoji"]
    assert [span.text for span in found] == ["👍🏽", "👩‍👩‍👧", "🇷🇺", "❤️"]
    assert found[0] == Span("emoji", "👍🏽", 2)


@given(st.text(alphabet="ab \n👍🎉é.:/htps", max_size=200), st.integers(min_value=3, max_value=30))
def test_every_character_but_line_breaks_is_in_one_line_at_its_place(text: str, letters: int):
    wrapped = lay(text, letters, 10_000)
    pieces = [piece for line in wrapped.lines for piece in line.pieces]
    assert "".join(piece.text for piece in pieces) == text.replace("\n", "")
    for piece in pieces:
        assert text[piece.start : piece.start + len(piece.text)] == piece.text
    assert all(line.ink <= letters * LETTER for line in wrapped.lines)
