"""Which addresses are links, what is said of them, and that no file is ever run."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.screen import ChoiceKind
from desktop.view import opening
from desktop.view.links import Kind, address, warnings, without_tail
from desktop.view.markdown import parse, texts_of


@pytest.mark.parametrize(
    "target, kind, host",
    [
        ("https://wiki.lan/a", Kind.WEB, "wiki.lan"),
        ("http://a@evil.lan:80/", Kind.WEB, "evil.lan"),
        ("http://evil.lan\\@good.lan/", Kind.WEB, "evil.lan"),
        ("mailto:anna@x.lan", Kind.MAIL, "x.lan"),
        ("\\\\server\\share\\a", Kind.PLACE, "server"),
        ("file://server/share", Kind.PLACE, "server"),
        ("file:///etc/passwd", Kind.PLACE, ""),
        ("C:\\Windows", Kind.PLACE, ""),
        ("pymessenger://10.0.0.1:5000/A", Kind.INVITATION, ""),
    ],
)
def test_who_opens_it_and_where_it_leads(target: str, kind: Kind, host: str):
    found = address(target)
    assert found is not None
    assert (found.kind, found.host) == (kind, host)


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "http://", "", "ms-x:y", "a\x00b"]
)
def test_everything_else_is_no_link(target: str):
    assert address(target) is None


def doubts(target: str) -> list[str]:
    found = address(target)
    assert found is not None
    return warnings(found)


def test_forged_names_are_told_of():
    assert not doubts("https://wiki.lan/")
    assert any("mixes letters" in said for said in doubts("https://pаypal.com"))  # a Cyrillic а
    assert any("look like Latin" in said for said in doubts("https://аре.com"))
    assert any("xn--" in said for said in doubts("https://xn--80ak6aa92e.com/"))
    assert any("leads to: evil.lan" in said for said in doubts("https://bank.lan@evil.lan/"))
    assert any("server" in said for said in doubts("\\\\server\\share"))


def test_a_doubtful_link_is_not_opened_by_enter():
    for target, kind in (("https://wiki.lan/", ChoiceKind.PRIMARY), ("https://pаypal.com", ChoiceKind.DANGER)):
        found = address(target)
        assert found is not None
        asked = opening.question(found)
        assert target in asked.text
        assert asked.choices[0].kind is kind
        assert asked.choices[-1].key != opening.OPEN


@pytest.mark.parametrize(
    "text",
    [
        "https://bank.lan",
        "bank.lan",
        "bank.lan/login?next=x",
        "www.bank.lan",
        "log in at https://bank.lan/ now",
        "anna@bank.lan",
        "\\\\bank.lan\\share",
        "http://evil.lan@bank.lan/",
    ],
)
def test_a_text_that_names_another_place_is_told_of(text: str):
    target = "https://evil.lan/x"
    found = address(target)
    assert found is not None
    (shown,) = texts_of(parse(f"see [{text}]({target})"), target) if "\\" not in text else (text,)
    asked = opening.question(found, [shown])
    assert "names another place: bank.lan" in asked.text
    assert asked.choices[0].kind is ChoiceKind.DANGER


@pytest.mark.parametrize(
    "text", ["evil.lan", "https://EVIL.lan/y", "www.evil.lan", "docs.evil.lan", "the bank", "3.5", "here: x", "т.е."]
)
def test_a_text_that_names_the_place_or_none_says_nothing(text: str):
    found = address("https://evil.lan/x")
    assert found is not None
    assert opening.question(found, [text]).choices[0].kind is ChoiceKind.PRIMARY


def test_the_text_of_a_link_is_found_with_its_emoji_and_lines():
    document = parse("[a **b**\n😀](https://x.lan) and [c](https://x.lan) and [d](https://y.lan)")
    assert texts_of(document, "https://x.lan") == ["a b😀", "c"]


def test_the_tail_of_a_sentence_is_cut_in_little_time():
    assert without_tail("http://x/(a)).") == "http://x/(a)"
    assert without_tail("http://x/" + ")" * 200_000) == "http://x/"


def test_only_the_folder_is_shown_never_the_file(tmp_path: Path):
    program = tmp_path / "run.sh"
    program.write_text("#!/bin/sh\n")
    assert opening.folder_command(str(program), "linux") == ["xdg-open", str(tmp_path)]
    assert opening.folder_command(str(tmp_path / "gone" / "x"), "linux") == ["xdg-open", str(tmp_path)]
    assert opening.folder_command(str(program), "darwin") == ["open", "-R", str(program)]
    assert (
        opening.folder_command("\\\\srv\\share\\run.exe", "win32") == 'explorer.exe /select,"\\\\srv\\share\\run.exe"'
    )
    assert opening.folder_command("\\\\srv\\my share\\run.sh", "linux") == ["xdg-open", "smb://srv/my%20share/"]
    assert opening.folder_command("\\\\srv\\share", "darwin") == ["open", "smb://srv/share/"]


def test_a_path_cannot_bring_arguments_along():
    assert opening.folder_command('C:\\x" /root,"calc', "win32") is None
    assert opening.folder_command("\\\\srv\\..\\x", "linux") is None
    assert opening.folder_command("C:\\x", "linux") is None
