"""What is formatting, what is not, and what a hostile message costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.view import markdown
from desktop.view.markdown import Passage, parse


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, span.text) for passage in parse(text).passages for line in passage.lines for span in line]


def passage(text: str) -> Passage:
    (only,) = parse(text).passages
    return only


@pytest.mark.parametrize(
    "text, kind, inside",
    [
        ("**a b**", "bold", "a b"),
        ("*a*", "italic", "a"),
        ("***a***", "bold_italic", "a"),
        ("`a*b*`", "code", "a*b*"),
        ("[a](http://x.lan)", "link", "a"),
        ("@anna", "mention", "@anna"),
    ],
)
def test_what_is_formatting(text: str, kind: str, inside: str):
    assert kinds(f"see {text} now") == [("body", "see "), (kind, inside), ("body", " now")]


@pytest.mark.parametrize(
    "text",
    [
        "2*3*4 = 24",
        "snake_case_name",
        "<b>no</b> &amp; <script>",
        r"C\:no \* escape",
        "# no heading",
        "a | b\n--|--",
        "![no](picture.png)",
        "[a](javascript:alert(1))",
        "* ",
        "+",
        "1.",
        "- a\n-\n- b",
        "**",
        "",
    ],
)
def test_what_is_not_stays_as_it_was_typed(text: str):
    assert parse(text).text == text
    assert not {kind for kind, _text in kinds(text)} & {"bold", "italic", "code", "link"}


def test_a_block_of_code_stays_as_it_is_without_its_fences():
    shown = parse("do:\n```sh\nmake  *all*\n  @x\n```\ndone")
    assert [one.is_code for one in shown.passages] == [False, True, False]
    assert shown.text == "do:\nmake  *all*\n  @x\ndone"


def test_items_have_their_markers_and_depth():
    shown = parse("- a\n  - b\n- c\n\n3. d\n4. e")
    assert [(one.indent, one.marker.text) for one in shown.passages if one.marker] == [
        (1, "•"),
        (2, "•"),
        (1, "•"),
        (1, "3."),
        (1, "4."),
    ]


def test_a_quote_ends_with_its_last_marked_line():
    shown = parse("> asked\n> so\nanswered")
    assert [one.quotes for one in shown.passages] == [1, 0]
    assert shown.text == "> asked\n> so\nanswered"


def test_an_address_is_taken_before_signs_in_it():
    assert kinds("http://x.lan/_a_b *e*") == [("link", "http://x.lan/_a_b"), ("body", " "), ("italic", "e")]


@given(st.text(alphabet="ab *_`>[]()-1.\n~é👍@:/\\h", max_size=120))
def test_every_span_stands_where_it_says(text: str):
    shown = parse(text)
    for one in shown.passages:
        for line in one.lines:
            for span in line:
                assert shown.text[span.start : span.start + len(span.text)] == span.text


HOSTILE = {
    "stars": "*" * 16_384,
    "brackets": "[" * 16_384,
    "quotes": ">" * 16_384,
    "spaced quotes": "> " * 8_192,
    "links begun": "[a](" * 4_096,
    "items": "- a\n" * 4_096,
    "opened, never closed": "**a " * 4_096,
    "code of every length": "".join("`" * number + " " for number in range(1, 180)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_more_signs_than_a_person_types_never_reach_the_parser(text: str, monkeypatch: pytest.MonkeyPatch):
    def never(*_arguments: object) -> object:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(markdown, "_parser", never)
    assert parse(text + "x").text == text + "x"


def test_what_lies_too_deep_is_shown_as_it_is():
    text = "> " * 20 + "deep"
    assert parse(text).text == text


def test_a_link_whose_label_is_an_address_leads_where_it_says_behind_it():
    (span,) = [
        span
        for passage in parse("[https://bank.example](https://evil.example/x)").passages
        for line in passage.lines
        for span in line
    ]
    assert (span.kind, span.text, span.target) == ("link", "https://bank.example", "https://evil.example/x")
