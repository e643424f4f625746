"""The border holds: whatever bytes arrive, they become words or an error with a documented code, and the others are not harmed."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import (
    BadRequest,
    FrameTooLarge,
    MalformedFrame,
    RateLimited,
    UnknownCommand,
    WireError,
    wire_errors,
)
from common.ids import MAX_INTEGER
from common.protocol import limits
from common.protocol.codec import (
    UnreadableFrame,
    decode_answer,
    decode_command,
    decode_commands,
    decode_events,
    encode,
    frame_of,
    problem_of,
)
from common.protocol.messages import (
    ANSWERS,
    COMMANDS,
    EVENTS,
    Answer,
    Bye,
    Command,
    Event,
    GroupGone,
    Groups,
    Hello,
    ListGroups,
    Logout,
    Post,
    Problem,
    Register,
    Sent,
)
from tests.common.protocol.words import broken, fields_of, frame, json_values, plain, right, tag_of, wrong

ANY_COMMAND = st.sampled_from(sorted(COMMANDS.values(), key=tag_of))
A_POST: dict[str, Any] = {
    "type": "post",
    "id": 7,
    "group": 1,
    "nonce": "0123456789abcdef" * 2,
    "body": "Чайник вскипел",
}


def as_json(value: object) -> bytes:
    """In ASCII, where json escapes even halves of surrogate pairs."""
    return json.dumps(value).encode()


def assert_answerable(read: list[Command | WireError]) -> None:
    """All that is not a command is an error that can be sent, and that a client can read."""
    for word in read:
        if isinstance(word, Command):
            assert type(word) in COMMANDS.values()
            continue
        assert word.code in wire_errors()
        assert word.message
        assert word.re is None or 0 <= word.re <= MAX_INTEGER
        (heard,) = decode_events(encode(problem_of(word)), {})
        assert heard == problem_of(word)


def one(data: bytes) -> Command | WireError:
    (word,) = decode_commands(data)
    return word


def refused(data: bytes) -> WireError:
    word = one(data)
    assert isinstance(word, WireError)
    return word


# -- whatever arrives --------------------------------------------------------------------------------------------------


@given(st.binary() | json_values().map(as_json))
def test_whatever_bytes_arrive_they_can_be_answered(data: bytes):
    assert_answerable(decode_commands(data))


@given(ANY_COMMAND.flatmap(right).map(frame).flatmap(broken))
def test_a_frame_that_was_damaged_on_its_way_can_be_answered(data: bytes):
    assert_answerable(decode_commands(data))


@given(st.lists(ANY_COMMAND.flatmap(right) | json_values(), min_size=2, max_size=8))
def test_an_array_of_anything_gives_one_result_for_each_part(parts: list[Any]):
    data = json.dumps(parts).encode()
    read = decode_commands(data)
    assert_answerable(read)
    whole = [word for word in read if type(word) is not MalformedFrame]
    assert len(read) == len(parts) or (not whole and len(read) == 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"post",
        b'"post"',
        b"5",
        b"null",
        b"true",
        b"{",
        b"[",
        b'{"type":"logout"',
        b'{"type":"logout"}{"type":"logout"}',
        b'{"type":"logout"},',
        b"{'type':'logout'}",
        b'{"type":"logout","id":NaN}',
        b'{"type":"logout","id":01}',
        b'\xef\xbb\xbf{"type":"logout"}',
        '{"type":"logout"}'.encode("utf-16"),
        b'{"type":"post","id":7,"body":"\\ud800 alone"}',
        b'{"type":"post","id":7,"body":"a raw \x01 control character"}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
        b'{"type":"logout","deep":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
        b"\x00" * 100,
    ],
)
def test_what_is_no_json_object_is_malformed(data: bytes):
    assert type(refused(data)) is MalformedFrame


@pytest.mark.parametrize("data", [b'{"type":"post","id":7,"body":"\xff"}', b'{"type":"post\xff","id":7}'])
def test_a_field_that_is_not_utf_8_is_refused_by_the_commands_id(data: bytes):
    error = refused(data)
    assert (type(error), error.re) == (BadRequest, 7)


def test_an_empty_array_says_nothing():
    assert decode_commands(b" [ ] ") == []


# -- commands ----------------------------------------------------------------------------------------------------------


@given(ANY_COMMAND.flatmap(right))
def test_a_valid_command_is_read_as_it_was_written(fields: dict[str, Any]):
    word = one(frame(fields))
    assert isinstance(word, COMMANDS[fields["type"]])
    assert fields.items() <= plain(word).items()
    assert one(encode(word)) == word


@given(st.lists(ANY_COMMAND.flatmap(right), max_size=8))
def test_a_frame_of_several_commands_keeps_their_order(several: list[dict[str, Any]]):
    words = [one(frame(fields)) for fields in several]
    assert decode_commands(frame_of(encode(word) for word in words if isinstance(word, Command))) == words


@given(ANY_COMMAND.flatmap(wrong))
def test_a_wrong_field_is_refused_and_named(spoiled: tuple[str, dict[str, Any]]):
    name, fields = spoiled
    error = refused(frame(fields))
    assert type(error) is BadRequest
    assert f"$.{name}" in error.message
    assert error.re == (None if name == "id" else fields.get("id"))


@pytest.mark.parametrize(
    "kind, missing",
    [(kind, name) for kind in COMMANDS.values() for name, field in fields_of(kind).items() if field.required],
)
@settings(max_examples=20)
@given(data=st.data())
def test_a_missing_field_is_refused_and_named(kind: type[Command], missing: str, data: st.DataObject):
    fields = data.draw(right(kind)) | {"id": 9}
    del fields[missing]
    error = refused(frame(fields))
    assert (type(error), error.re) == (BadRequest, 9)
    assert f"`{missing}`" in error.message


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=tag_of)
@settings(max_examples=20)
@given(data=st.data())
def test_unknown_fields_are_ignored(kind: type[Command], data: st.DataObject):
    fields = data.draw(right(kind))
    tomorrow = {"since_version_2": {"deep": [1, {"er": None}]}, "re": "x"}
    assert one(frame(tomorrow | fields)) == one(frame(fields))


def test_the_name_of_a_command_may_stand_anywhere_in_it():
    backwards = dict(reversed(A_POST.items()))
    assert one(frame(backwards)) == one(frame(A_POST)) == msgspec.convert(A_POST, Post)


@pytest.mark.parametrize("name", ["frobnicate", "", "POST", "post ", "ok", "entry", "x" * 10_000, "команда"])
def test_an_unknown_command_is_refused_by_its_id(name: str):
    error = refused(frame({"type": name, "id": 5, "group": "whatever"}))
    assert (type(error), error.re) == (UnknownCommand, 5)


@pytest.mark.parametrize("nameless", [{}, {"type": None}, {"type": 5}, {"type": ["post"]}, {"type": {"post": 1}}])
def test_a_command_without_a_name_is_refused_by_its_id(nameless: dict[str, Any]):
    error = refused(frame({"id": 5} | nameless))
    assert (type(error), error.re) == (BadRequest, 5)


@pytest.mark.parametrize("number", [-1, MAX_INTEGER + 1, 10**30, 10**400, 1.5, "7", None, True, [7]])
@pytest.mark.parametrize("name", ["post", "frobnicate"])
def test_an_id_that_cannot_be_one_is_not_repeated(name: str, number: object):
    error = refused(frame(A_POST | {"type": name, "id": number}))
    assert error.re is None
    assert_answerable([error])


@pytest.mark.parametrize(
    "nonce", ["", "f" * 31, "f" * 33, "F" * 32, "g" * 32, "f" * 32 + "\n", " " + "f" * 31, "٣" * 32]
)
def test_a_nonce_is_32_lower_case_hex_digits_and_nothing_else(nonce: str):
    assert type(refused(frame(A_POST | {"nonce": nonce}))) is BadRequest


def test_one_bad_command_leaves_the_others_and_is_answered_by_its_own_id():
    read = decode_commands(
        frame(
            {"type": "logout", "id": 1},
            {"type": "frobnicate", "id": 2},
            {"type": "post", "id": 3, "group": "склад"},
            A_POST | {"id": 4},
            "post",
            [{"type": "logout", "id": 5}],
            {"id": 6},
            {"type": "list_groups", "id": 7},
        )
    )
    assert [(type(word), word.id if isinstance(word, Command) else word.re) for word in read] == [
        (Logout, 1),
        (UnknownCommand, 2),
        (BadRequest, 3),
        (Post, 4),
        (MalformedFrame, None),
        (BadRequest, None),
        (BadRequest, 6),
        (ListGroups, 7),
    ]


# -- sizes -------------------------------------------------------------------------------------------------------------


def test_a_frame_may_be_as_large_as_the_limit_and_not_a_byte_larger():
    at_limit = frame(A_POST).ljust(limits.FRAME_BYTES)
    assert isinstance(one(at_limit), Post)
    assert type(refused(at_limit + b" ")) is FrameTooLarge


@pytest.mark.parametrize("last", [{"type": "logout"}, {"type": "frobnicate"}])
def test_a_frame_holds_so_many_commands_and_not_one_more(last: dict[str, str]):
    at_limit = [{"type": "logout", "id": number} for number in range(limits.COMMANDS_PER_FRAME - 1)] + [last]
    assert len(decode_commands(frame(*at_limit))) == limits.COMMANDS_PER_FRAME
    assert type(refused(frame({"type": "logout"}, *at_limit))) is FrameTooLarge


def test_a_text_of_the_longest_allowed_length_fits_into_a_frame():
    for character in ("a", "я", "😀", "\x01"):
        body = character * limits.TEXT_CHARACTERS
        assert one(encode(Post(id=1, group=1, nonce="f" * 32, body=body))) == one(
            frame(A_POST | {"id": 1, "nonce": "f" * 32, "body": body})
        )


def test_a_hello_with_the_most_cursors_fits_into_a_frame():
    cursors = dict.fromkeys(range(1, limits.CURSORS_MAX + 1), 1_000_000_000)
    assert isinstance(one(encode(Hello(client="x", cursors=cursors))), Hello)


# -- the plain door ----------------------------------------------------------------------------------------------------


@given(ANY_COMMAND.flatmap(right), st.booleans())
def test_a_request_body_is_the_same_object_without_need_of_a_name(fields: dict[str, Any], is_named: bool):
    kind = COMMANDS[fields["type"]]
    body = frame({name: value for name, value in fields.items() if is_named or name != "type"})
    assert decode_command(kind, body) == one(frame(fields))


@given(ANY_COMMAND, st.binary() | json_values().map(as_json))
def test_whatever_body_arrives_it_is_read_or_refused(kind: type[Command], body: bytes):
    try:
        read: Command | WireError = decode_command(kind, body)
    except WireError as error:
        read = error
    assert_answerable([read])
    assert type(read) in (kind, MalformedFrame, BadRequest)


def test_no_body_is_an_empty_object():
    assert decode_command(ListGroups, b"") == ListGroups()


def test_the_address_says_which_command_it_is_not_the_body():
    assert decode_command(Logout, frame({"type": "post", "id": 3})) == Logout(id=3)


@pytest.mark.parametrize(
    "body, error",
    [
        (b"[]", MalformedFrame),
        (b"nothing", MalformedFrame),
        (b"\xff", MalformedFrame),
        (b'{"username":"\xff","password":"12345678"}', BadRequest),
        (b'{"username":5,"password":"12345678"}', BadRequest),
        (b"{}", BadRequest),
        (b" " * (limits.FRAME_BYTES + 1), FrameTooLarge),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: bytes, error: type[WireError]):
    with pytest.raises(error):
        decode_command(Register, body)


# -- what the relay says -----------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(EVENTS.values(), key=tag_of)).flatmap(right))
def test_an_event_is_read_as_it_was_written(fields: dict[str, Any]):
    (event,) = decode_events(frame(fields), {})
    assert isinstance(event, EVENTS[fields["type"]])
    assert plain(msgspec.convert(fields, type(event), str_keys=True)) == plain(event)
    assert decode_events(encode(event), {}) == [event]


@given(
    st.sampled_from(sorted(set(ANSWERS.values()), key=lambda kind: kind.__name__)).flatmap(
        lambda kind: right(kind).map(lambda fields: (kind, fields))
    )
)
def test_an_answer_is_read_as_what_was_asked(asked: tuple[type[Answer], dict[str, Any]]):
    kind, fields = asked
    (answer,) = decode_events(frame(fields | {"re": 12}), {11: Groups, 12: kind})
    assert type(answer) is kind
    assert decode_events(encode(answer), {12: kind}) == [answer]
    assert decode_answer(kind, encode(answer)) == answer


def test_unknown_events_and_answers_nobody_waits_for_are_left_out():
    heard = decode_events(
        frame(
            {"type": "poll", "id": "a name", "re": "another", "entry": [1]},
            {"type": "ok", "re": 5, "groups": []},
            {"type": "ok", "re": 6},
            {"type": "ok"},
            {"re": 5},
            {"type": "group_gone", "group": 3, "why": "since version 2"},
        ),
        {5: Groups},
    )
    assert heard == [Groups(re=5, groups=[]), GroupGone(group=3)]  # type: ignore[arg-type]


def test_an_answer_without_a_number_answers_nothing():
    assert decode_events(b'{"type":"ok"}', {0: Answer}) == []


def test_a_problem_is_heard_whoever_waits_for_it():
    problems = [problem_of(RateLimited(re=3, retry_after=0.5)), problem_of(MalformedFrame())]
    assert decode_events(frame_of(map(encode, problems)), {}) == problems
    assert problems[0] == Problem(code="rate_limited", message=RateLimited.default, re=3, retry_after=0.5)
    assert b'"re"' not in encode(problems[1])


@given(st.binary() | json_values().map(as_json))
def test_whatever_the_relay_says_is_heard_or_unreadable(data: bytes):
    with contextlib.suppress(UnreadableFrame):
        assert all(isinstance(word, Event | Answer | Problem) for word in decode_events(data, {0: Sent}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"5",
        b"[5]",
        b'{"type":5}',
        b'{"type":"group_gone"}',
        b'{"type":"ok","re":1,"seq":"first","at":0}',
        b'{"type":"error","code":5,"message":"x"}',
        b'{"type":"group_gone","group":1,"deep":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
        b'{"type":"entry","group":1,"seq":1,"kind":"message","sender":1,"at":0,"body":"\xff"}',
    ],
)
def test_a_known_word_of_the_wrong_shape_is_unreadable(data: bytes):
    with pytest.raises(UnreadableFrame):
        decode_events(data, {1: Sent})


def test_one_word_and_an_array_of_one_are_the_same():
    bye = Bye(retry_after=1.5)
    assert decode_events(encode(bye), {}) == decode_events(frame_of([encode(bye)]), {}) == [bye]
    assert decode_events(b" \n[ " + encode(bye) + b" ]", {}) == [bye]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"type":"ok"}', b'{"type":"error"}', b'{"type":1}'])
def test_an_http_answer_that_is_not_from_a_relay_is_unreadable(body: bytes):
    with pytest.raises(UnreadableFrame):
        decode_answer(Sent, body)


def test_an_http_answer_may_be_a_problem():
    problem = problem_of(RateLimited(retry_after=2.0))
    assert decode_answer(Sent, encode(problem)) == problem
