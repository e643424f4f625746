"""The JSON Lines: complete, documented, and cut off by nothing unnoticed."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from common.ids import GroupId, Seq
from common.protocol.messages import Entry, FileInfo
from desktop.export.__main__ import schema
from desktop.export.records import (
    Conversation,
    End,
    ExportedEntry,
    ExportedGap,
    Fetched,
    Line,
    Quoted,
    Reacted,
    ReadEntry,
    ReadGap,
)
from tests.desktop.export.jobs import ANNA, BORIS, Notes, message, read

DOCS = Path(__file__).parents[3] / "docs" / "export.md"


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "export", html=False)


def test_every_entry_is_there_as_it_stood(notes: Notes):
    photo = FileInfo("0" * 32, "photo.png", 10, "image/png", 4, 3)
    notes.make(
        [
            ReadEntry(Entry(GroupId(1), Seq(1), "join", BORIS, message(1).at, user=ANNA)),
            ReadEntry(
                message(2, "Hello <b>\u202e", edited=True, files=(photo, photo), mentions=(ANNA,)),
                (Reacted("👍", (ANNA,)),),
                pinned=True,
            ),
            ReadEntry(Entry(GroupId(1), Seq(3), "edit", BORIS, message(3).at, body="Hello <b>\u202e", target=Seq(2))),
            ReadGap(Seq(4), Seq(9)),
            read(10, "Later", sender=ANNA),
        ],
        [Fetched("files/photo.png"), Fetched(problem="gone")],
    )
    head, join, hello, edit, gap, later, end = notes.lines()
    assert (head["type"], head["format"], head["name"], head["exported_by"]) == ("conversation", 1, "Tea", 1)
    assert head["exported"] == "2026-11-27T12:30:00.000+03:00"
    assert (join["kind"], join["user"]) == ("join", 1)
    assert hello["body"] == "Hello <b>\u202e"
    assert hello["reactions"] == [{"emoji": "👍", "users": [1]}]
    assert [file.get("path", file.get("problem")) for file in hello["files"]] == ["files/photo.png", "gone"]  # type: ignore[attr-defined]
    assert (edit["kind"], edit["target"]) == ("edit", 2)
    assert gap == {"type": "gap", "first": 4, "last": 9}
    assert later["time"] == "2026-10-31T12:10:00.000+03:00"
    assert end == {"type": "end", "entries": 4, "messages": 2, "files": 2, "files_missing": 1}


def test_a_text_that_was_superseded_or_taken_back_meanwhile_is_not_there(notes: Notes):
    old = Entry(GroupId(1), Seq(2), "edit", BORIS, message(2).at, body="second", target=Seq(1))
    gone = Entry(GroupId(1), Seq(4), "edit", BORIS, message(4).at, body="also gone", target=Seq(3))
    notes.make(
        [read(1, "second", edited=True), ReadEntry(old), read(3, "also gone", edited=True), ReadEntry(gone)],
        late=[
            Entry(GroupId(1), Seq(5), "edit", BORIS, message(5).at, body="third", target=Seq(1)),
            Entry(GroupId(1), Seq(6), "redaction", BORIS, message(6).at, target=Seq(3)),
        ],
    )
    _head, first, edit, third, fourth, _end = notes.lines()
    assert (first["body"], "body" in edit) == ("third", False)
    assert third["redacted"] is True
    assert "body" not in third
    assert "body" not in fourth


def test_what_went_with_an_account_meanwhile_is_not_there(notes: Notes):
    quote = Quoted(Seq(1), BORIS, "Hi", False)
    notes.make(
        [read(1, "Hi", sender=BORIS), ReadEntry(message(2, "Hello", sender=ANNA), quote=quote)],
        late=[Entry(GroupId(1), Seq(3), "deleted", BORIS, message(3).at, body="erase")],
    )
    _head, first, second, _end = notes.lines()
    assert (first["redacted"], "body" in first) == (True, False)
    assert (second["body"], "Hi" in str(second)) == ("Hello", False)


def test_every_line_reads_strictly_as_what_is_documented(notes: Notes):
    file = FileInfo("0" * 32, "photo.png", 10)
    notes.make([ReadEntry(message(1, "Hi", files=(file,))), ReadGap(Seq(2), Seq(3))], [Fetched("files/photo.png")])
    kinds = [type(msgspec.json.decode(msgspec.json.encode(line), type=Line)) for line in notes.lines()]
    assert kinds == [Conversation, ExportedEntry, ExportedGap, End]


def test_the_schema_holds_exactly_what_is_written(notes: Notes):
    reaction = Reacted("👍", (ANNA,))
    file = FileInfo("0" * 32, "photo.png", 10)
    notes.make(
        [ReadEntry(message(1, "Hi", files=(file,), edited=True, target=Seq(1)), (reaction,), True)],
        [Fetched("files/p.png")],
    )
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    by_tag = {
        one["properties"]["type"]["enum"][0]: one for one in definitions.values() if "type" in one.get("properties", {})
    }
    assert set(by_tag) == {"conversation", "entry", "gap", "end"}
    for line in notes.lines():
        shape = by_tag[str(line["type"])]
        assert set(line) <= set(shape["properties"])
        assert set(shape["required"]) <= set(line)


def test_the_documentation_has_every_field():
    text = DOCS.read_text("utf-8")
    for kind in (Conversation, ExportedEntry, ExportedGap, End):
        fields = [field.encode_name for field in msgspec.structs.fields(kind)]
        missing = [name for name in fields if f"`{name}`" not in text]
        assert not missing, f"docs/export.md says nothing of {missing} of {kind.__name__}"


def test_the_example_in_the_documentation_is_a_real_one():
    block = DOCS.read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    kinds = [type(msgspec.json.decode(line, type=Line)) for line in block.splitlines()]
    assert kinds[0] is Conversation
    assert kinds[-1] is End
    assert all(json.loads(line) for line in block.splitlines())
