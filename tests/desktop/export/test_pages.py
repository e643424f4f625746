"""The pages of an export: what was said is there, what is hostile in it is only text."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.ids import GroupId, Seq
from common.protocol.messages import Entry, FileInfo, User
from desktop.export import book
from desktop.export.records import Fetched, Quoted, Reacted, ReadEntry, ReadGap
from desktop.export.style import style
from tests.desktop.export.jobs import ANNA, BORIS, Notes, message, millis, read
from tests.desktop.export.readers import Element, assert_harmless, read_page

ROOT = Path(__file__).parents[3]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    '[bank](https://evil.example/"onmouseover="alert(1))',
    "https://evil.example/<script>alert(1)</script>",
    "https://evil.example/'onclick='alert(1)",
    "`</code><script>alert(1)</script>`",
    "```\n</pre></main></body></html><script>alert(1)</script>\n```",
    "> </blockquote><script>alert(1)</script>",
    "- </p></li><style>*{display:none}</style>",
    "</style><script>alert(1)</script>",
    "<!-- ",
    "]]><![CDATA[",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "file:///etc/passwd \\\\server\\share vbscript:x",
    "\u202egnp.exe \u0000\u0007\u2028 a\u0301\u0301\u0301\u0301\u0301\u0301",
    "<a href='x' style='position:fixed;inset:0'>",
)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "export")


def front(notes: Notes) -> Element:
    return read_page(notes.folder / "index.html")


def bubble(page: Element, seq: int) -> Element:
    (found,) = [one for one in page.all("article") if one.attributes["id"] == f"m{seq}"]
    return found


def test_a_conversation_is_read_as_it_was_said(notes: Notes):
    notes.make(
        [
            ReadEntry(Entry(GroupId(1), Seq(1), "join", BORIS, millis(datetime(2026, 10, 31, 8, 59, tzinfo=UTC)))),
            read(2, "The **kettle** is on"),
            read(3, "Thank you", sender=ANNA, edited=True, quote=Quoted(Seq(2), BORIS, "The **kettle** is on")),
            ReadEntry(message(4, "Sure"), (Reacted("👍", (ANNA, BORIS)),), pinned=True),
        ]
    )
    page = front(notes)
    assert [note.text for note in page.all("p", "note")] == ["Борис joined the group 11:59"]
    kettle = bubble(page, 2)
    assert kettle.one(kind="who").text == "Борис"
    assert kettle.one("b").text == "kettle"
    thanks = bubble(page, 3)
    assert "own" in thanks.classes
    assert thanks.one(kind="q").attributes["href"] == "#m2"
    assert thanks.one(kind="q").text == "БорисThe kettle is on"
    assert "edited" in thanks.one(kind="e").text
    reaction = bubble(page, 4).one(kind="r")
    assert (reaction.text, reaction.attributes["title"]) == ("👍 2", "Anna Petrova, Борис")
    assert [pin.text for pin in page.one("ul", "pins").all("a")] == ["Sure"]
    assert_harmless(page)


def test_times_and_days_are_those_of_the_person(notes: Notes):
    late = datetime(2026, 10, 31, 21, 30, tzinfo=UTC)
    notes.make([read(1, "Evening", minutes=0), ReadEntry(message(2, "Past midnight", at=millis(late)))])
    page = front(notes)
    assert [day.text for day in page.all("p", "day")] == ["31 October 2026", "1 November 2026"]
    assert [month.text for month in page.all("h2", "month")] == ["October 2026", "November 2026"]
    assert bubble(page, 2).one("time").attributes["datetime"] == "2026-11-01T00:30:00+03:00"
    assert "MSK (UTC+03:00)" in page.one("dl").text


def test_what_was_taken_back_is_a_placeholder(notes: Notes):
    file = FileInfo("0" * 32, "plan.pdf", 10)
    notes.make(
        [
            ReadEntry(message(1, redacted=True)),
            ReadEntry(message(2, damaged=True)),
            ReadEntry(message(3, "said and regretted", files=(file,)), (Reacted("👍", (ANNA,)),), pinned=True),
            read(4, "An answer", quote=Quoted(Seq(3), BORIS, "said and regretted")),
            ReadEntry(message(5, "wrong")),
        ],
        outcomes=[Fetched("files/plan.pdf")],
        late=[
            Entry(GroupId(1), Seq(6), "edit", BORIS, message(6).at, body="right", target=Seq(5)),
            Entry(GroupId(1), Seq(7), "redaction", BORIS, message(7).at, target=Seq(3)),
        ],
    )
    page = front(notes)
    assert bubble(page, 1).one(kind="gone").text == "This message was taken back."
    assert bubble(page, 2).one(kind="gone").text == "This message cannot be opened (damaged)."
    assert bubble(page, 3).one(kind="gone").text == "This message was taken back."
    assert bubble(page, 4).one(kind="q").text == "БорисThis message was taken back."
    assert bubble(page, 5).one(kind="t").text == "right"
    whole = b"".join(path.read_bytes() for path in notes.folder.glob("*.[hj]*") if path.suffix != ".part")
    assert b"regretted" not in whole
    assert b"plan.pdf" not in whole
    assert b"wrong" not in whole


def test_how_long_messages_are_kept_is_told_where_it_was_changed(notes: Notes):
    notes.make([ReadEntry(Entry(GroupId(1), Seq(3), "retention", BORIS, message(3).at, body='{"days": 30}'))])
    (note,) = front(notes).all("p", "note")
    assert note.text.startswith("Борис changed how long messages are kept.")
    assert "30 days" in note.text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_text_wherever_it_stands(notes: Notes, text: str):
    file = FileInfo("0" * 32, text, 10)
    image = FileInfo("1" * 32, text + ".png", 10, width=10, height=10)
    notes.name = notes.topic = text
    notes.people = (User(ANNA, "anna", text, "owner"), User(BORIS, "boris", text, "member"))
    notes.make(
        [
            ReadEntry(message(1, text, via=text, forwarded=ANNA, files=(file, image, file)), pinned=True),
            ReadEntry(message(2, "ok"), (Reacted(text, (ANNA,)),), quote=Quoted(Seq(1), BORIS, text)),
            ReadEntry(Entry(GroupId(1), Seq(3), "rename", BORIS, message(3).at, body=text)),
            ReadEntry(Entry(GroupId(1), Seq(4), "topic", BORIS, message(4).at, body=text)),
        ],
        [Fetched("files/a b'\"<.png"), Fetched("files/view.png"), Fetched(problem=text)],
    )
    page = front(notes)
    assert_harmless(page)
    assert len(page.all("article")) == 2
    assert len(page.all("p", "note")) == 2
    assert all("\u202e" not in element.text for element in page.all("body"))


def test_only_addresses_of_the_web_and_of_mail_are_links(notes: Notes):
    said = "[a](https://one.example) mailto:b@two.example file:///etc/passwd [x](javascript:alert(1)) pymessenger://h:1/ABC"
    notes.make([read(1, said)])
    links = bubble(front(notes), 1).all("a")
    assert [link.attributes["href"] for link in links] == ["https://one.example", "mailto:b@two.example"]
    assert all(link.attributes["rel"] == "noopener noreferrer nofollow" for link in links)


def test_formatting_is_that_of_the_window(notes: Notes):
    notes.make([read(1, "*a* _b_ `c<d`\n\n1. one\n2. two\n\n> said\n\n```\nx < y\n  z\n```\n@anna")])
    text = bubble(front(notes), 1).one(kind="t")
    assert [one.text for one in text.all("i")] == ["a", "b"]
    assert text.one("code").text == "c<d"
    assert [one.text for one in text.all(kind="k")] == ["1.", "2."]
    assert text.one("blockquote").text == "said"
    assert text.one("pre").text == "x < y\n  z"
    assert text.one(kind="me").text == "@anna"


def test_an_attached_page_or_program_is_named_and_not_linked(notes: Notes):
    names = ["evil.html", "run.exe", "drawing.svg", "plan.pdf", "photo.JPG", "noend"]
    files = tuple(FileInfo(f"{at:032x}", name, 10) for at, name in enumerate(names))
    notes.make([ReadEntry(message(1, files=files))], [Fetched(f"files/{name}") for name in names])
    row = bubble(front(notes), 1)
    assert [link.attributes["href"] for link in row.all("a")] == ["files/plan.pdf", "files/photo.JPG"]
    assert [image.attributes["src"] for image in row.all("img")] == ["files/photo.JPG"]
    assert "files/evil.html" in row.text


def test_names_of_files_lead_to_these_files(notes: Notes):
    name = "files/50% of #1? café & tea.png"
    notes.make([ReadEntry(message(1, files=(FileInfo("0" * 32, "x.png", 10),)))], [Fetched(name)])
    source = bubble(front(notes), 1).one("img").attributes["src"]
    assert source == "files/50%25%20of%20%231%3F%20caf%C3%A9%20%26%20tea.png"


def test_a_file_that_could_not_be_fetched_is_named_in_its_place_and_in_front(notes: Notes):
    file = FileInfo("0" * 32, "plan.pdf", 2048)
    notes.make([ReadEntry(message(1, files=(file,)))], [Fetched(problem="It is gone.")])
    page = front(notes)
    assert bubble(page, 1).one(kind="lost").text == "It is gone."
    assert [line.text for line in page.one("header").one("ul", "warn").all("li")] == ["plan.pdf – It is gone."]


def test_a_long_conversation_is_several_pages_that_lead_to_each_other(notes: Notes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(book, "PAGE_MESSAGES", 10)
    reads = [read(seq, f"Number {seq}", minutes=seq * 2000) for seq in range(1, 26)]
    reads[24] = read(25, "Last", minutes=50_000, quote=Quoted(Seq(3), BORIS, "Number 3"))
    reads[4] = read(5, "Number 5", minutes=10_000, pinned=True)
    written = notes.make(reads)
    assert (written.messages, written.pages) == (25, 3)
    contents = front(notes)
    assert not contents.all("article")
    months = [(link.text, link.attributes["href"]) for link in contents.one("ul", "months").all("a")]
    assert months == [("November 2026", "page-001.html#2026-11"), ("December 2026", "page-003.html#2026-12")]
    assert contents.one("ul", "pins").one("a").attributes["href"] == "page-001.html#m5"
    names = frozenset(f"page-00{number}.html" for number in (1, 2, 3))
    pages = [read_page(notes.folder / name) for name in sorted(names)]
    assert [len(page.all("article")) for page in pages] == [10, 10, 5]
    assert bubble(pages[2], 25).one(kind="q").attributes["href"] == "page-001.html#m3"
    walks = [[link.attributes["href"] for link in page.all("nav")[0].all("a")] for page in pages]
    assert walks[0] == ["index.html", "page-002.html"]
    assert walks[1] == ["page-001.html", "index.html", "page-003.html"]
    assert walks[2] == ["page-002.html", "index.html"]
    for page in (contents, *pages):
        assert_harmless(page, names)


def test_a_page_of_long_messages_ends_sooner(notes: Notes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(book, "PAGE_CHARACTERS", 50_000)
    written = notes.make([read(seq, "word " * 2000) for seq in range(1, 31)])
    assert written.pages >= 5
    assert all(path.stat().st_size < 100_000 for path in notes.folder.glob("page-*.html"))


def test_what_is_missing_offline_is_said_in_its_place_and_in_front(notes: Notes):
    notes.complete_up_to = millis(datetime(2026, 11, 20, 7, 0, tzinfo=UTC))
    notes.make([read(1, "One"), ReadGap(Seq(2), Seq(400)), read(401, "Later")])
    page = front(notes)
    assert len(page.all("p", "gap")) == 1
    assert "At 1 place messages are missing." in page.one("header").text
    assert "20 November 2026, 10:00 – the relay was not there" in page.one("dl").text


def test_it_is_warned_of_that_the_copy_is_not_sealed(notes: Notes):
    notes.make([read(1, "One")])
    assert "This copy is not sealed: whoever has the files can read them." in front(notes).one("header").text


def test_the_style_fetches_nothing_and_knows_dark_and_paper():
    text = style()
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text
    assert "<" not in text
    assert "http" not in text.replace('a[href^="http"]', "")


def peak_bytes(notes: Notes, count: int) -> int:
    """How much memory the program takes for so many messages."""
    text = "as long as most are: a line of text or so"
    notes.write_down(read(seq, f"Message number {seq}, {text}") for seq in range(1, count + 1))
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop.export", notes.folder], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the unit of the figure is another one")
def test_twenty_thousand_messages_take_the_memory_of_a_page(tmp_path: Path):
    few, many = Notes(tmp_path / "few"), Notes(tmp_path / "many")
    least = peak_bytes(few, 10)
    assert peak_bytes(many, 20_000) - least < 12_000_000
    sizes = [path.stat().st_size for path in many.folder.glob("*.html")]
    assert len(sizes) == 11
    assert max(sizes) < 2_000_000
    assert sum(sizes) > 5_000_000


def test_how_far_it_is_is_said_now_and_then(notes: Notes):
    notes.make([read(seq, "x") for seq in range(1, 1201)])
    assert [said.done for said in notes.said] == [500, 1000]
    assert not any(said.finished for said in notes.said)
