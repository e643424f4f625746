"""The schema for other people's programs: complete, consistent in itself, and agreeing with the codec about every frame."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import wire_errors
from common.protocol.__main__ import main
from common.protocol.codec import problem_of
from common.protocol.messages import ANSWERS, COMMANDS, EVENTS, Answer, Command, Problem
from common.protocol.schema import message_schema, openapi
from common.protocol.session import diagram
from tests.common.protocol.words import frame, right, tag_of, wrong

SCHEMA: dict[str, Any] = json.loads(frame(message_schema()))
_KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
_SAYS_NOTHING = {"title", "description", "default"}


def faults(value: Any, schema: dict[str, Any], place: str = "$") -> Iterator[str]:
    """What *value* breaks in *schema*, as JSON Schema 2020-12 has it; knows the keywords that our schemas use and no others."""
    for keyword, wanted in schema.items():
        match keyword:
            case "$ref":
                yield from faults(value, SCHEMA["$defs"][wanted.removeprefix("#/$defs/")], place)
            case "anyOf":
                if all(list(faults(value, option, place)) for option in wanted):
                    yield f"{place} fits none of its kinds"
            case "type":
                if not isinstance(value, _KINDS[wanted]) or (
                    wanted in ("integer", "number") and isinstance(value, bool)
                ):
                    yield f"{place} is not of type {wanted}"
            case "enum":
                if value not in wanted:
                    yield f"{place} is none of {wanted}"
            case "required":
                yield from (f"{place} lacks {name}" for name in wanted if isinstance(value, dict) and name not in value)
            case "properties":
                for name in wanted.keys() & (value if isinstance(value, dict) else {}):
                    yield from faults(value[name], wanted[name], f"{place}.{name}")
            case "additionalProperties":
                for name in value if isinstance(value, dict) else ():
                    yield from faults(value[name], wanted, f"{place}.{name}")
            case "items" if wanted is False:
                if isinstance(value, list) and len(value) > len(schema["prefixItems"]):
                    yield f"{place} has items that have no place"
            case "items":
                for number, item in enumerate(value if isinstance(value, list) else ()):
                    yield from faults(item, wanted, f"{place}[{number}]")
            case "minLength" | "minItems" | "minProperties":
                if isinstance(value, str | list | dict) and len(value) < wanted:
                    yield f"{place} is too short"
            case "maxLength" | "maxItems" | "maxProperties":
                if isinstance(value, str | list | dict) and len(value) > wanted:
                    yield f"{place} is too long"
            case "prefixItems":
                if isinstance(value, list):
                    for number, (item, kind) in enumerate(zip(value, wanted, strict=False)):
                        yield from faults(item, kind, f"{place}[{number}]")
            case "minimum":
                if isinstance(value, int | float) and value < wanted:
                    yield f"{place} is too small"
            case "maximum":
                if isinstance(value, int | float) and value > wanted:
                    yield f"{place} is too large"
            case "pattern":
                if isinstance(value, str) and not re.search(wanted, value):
                    yield f"{place} does not match {wanted}"
            case _:
                assert keyword in _SAYS_NOTHING, f"the schema has a keyword that this test does not know: {keyword}"


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


# -- the schema of the messages ----------------------------------------------------------------------------------------


def test_every_word_is_in_the_schema():
    assert list(SCHEMA["commands"]) == list(SCHEMA["answers"]) == list(COMMANDS)
    assert list(SCHEMA["events"]) == list(EVENTS)
    assert set(SCHEMA["codes"]) >= {code for code, kind in wire_errors().items() if kind.__module__ == "common.errors"}
    assert set(ANSWERS) == set(COMMANDS.values())


def test_every_reference_leads_somewhere():
    assert {name.removeprefix("#/$defs/") for name in references(SCHEMA)} <= SCHEMA["$defs"].keys()


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=tag_of)
@settings(max_examples=30)
@given(data=st.data())
def test_what_the_codec_takes_the_schema_takes(kind: type[Command], data: st.DataObject):
    assert not list(faults(data.draw(right(kind)), SCHEMA["commands"][tag_of(kind)]))


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS.values() if tag_of(kind) != "hello"], ids=tag_of)
@settings(max_examples=30)
@given(data=st.data())
def test_what_the_codec_refuses_the_schema_refuses(kind: type[Command], data: st.DataObject):
    # Not hello: JSON Schema as msgspec writes it says nothing of the keys of cursors.
    name, fields = data.draw(wrong(kind))
    assert any(f"$.{name}" in fault for fault in faults(fields, SCHEMA["commands"][tag_of(kind)]))


@given(st.sampled_from(sorted(COMMANDS)).flatmap(lambda tag: st.tuples(st.just(tag), right(ANSWERS[COMMANDS[tag]]))))
def test_every_answer_fits_the_schema(answered: tuple[str, dict[str, Any]]):
    tag, fields = answered
    answer = msgspec.convert(fields, ANSWERS[COMMANDS[tag]], str_keys=True)
    assert isinstance(answer, Answer)
    assert not list(faults(json.loads(msgspec.json.encode(answer)), SCHEMA["answers"][tag]))


@given(st.sampled_from(sorted(EVENTS)).flatmap(lambda tag: st.tuples(st.just(tag), right(EVENTS[tag]))))
def test_every_event_fits_the_schema(told: tuple[str, dict[str, Any]]):
    tag, fields = told
    event = msgspec.convert(fields, EVENTS[tag], str_keys=True)
    assert not list(faults(json.loads(msgspec.json.encode(event)), SCHEMA["events"][tag]))


@given(right(Problem))
def test_every_problem_fits_the_schema(fields: dict[str, Any]):
    assert not list(faults(fields, SCHEMA["error"]))
    for kind in wire_errors().values():
        assert not list(faults(json.loads(msgspec.json.encode(problem_of(kind()))), SCHEMA["error"]))


# -- the command -------------------------------------------------------------------------------------------------------


def printed(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> bytes:
    """What the command writes where the console speaks another encoding than UTF-8."""
    console = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", console)
    assert main(arguments) == 0
    written = console.buffer
    assert isinstance(written, io.BytesIO)
    return written.getvalue()


def test_the_command_prints_the_schema_as_json(monkeypatch: pytest.MonkeyPatch):
    assert json.loads(printed(monkeypatch)) == SCHEMA


def test_the_command_prints_the_diagram(monkeypatch: pytest.MonkeyPatch):
    assert printed(monkeypatch, "--session").decode() == diagram()


# -- the description of the plain door ---------------------------------------------------------------------------------


OTHERS = {"/api/relay", "/api/me/data", "/health"}


def test_every_command_but_hello_has_a_path():
    described = openapi("1.2.3")
    assert described["info"]["version"] == "1.2.3"
    assert set(described["paths"]) == {f"/api/{tag}" for tag in COMMANDS if tag != "hello"} | OTHERS


def test_every_path_says_whether_it_needs_a_token():
    paths = openapi("1.2.3")["paths"]
    open_to_all = {
        path for path, operations in paths.items() for operation in operations.values() if "security" not in operation
    }
    assert open_to_all == {"/api/register", "/api/login", "/api/relay", "/health"}


def test_the_description_is_json_and_every_reference_leads_somewhere():
    described = json.loads(frame(openapi("1.2.3")))
    schemas = described["components"]["schemas"]
    assert {name.removeprefix("#/components/schemas/") for name in references(described)} <= schemas.keys()
    assert {"RelayCard", "Health", "Problem"} <= schemas.keys()


def test_every_status_that_an_error_has_is_described():
    (operation,) = openapi("1.2.3")["paths"]["/api/post"].values()
    assert {int(status) for status in operation["responses"]} >= {200} | {
        kind.status for kind in wire_errors().values()
    }
