"""Who may say what next: the table, whole."""

from __future__ import annotations

import itertools
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import UnexpectedMessage
from common.protocol.messages import COMMANDS, AnyCommand, Command, Hello, ListGroups, Login, Logout, Register
from common.protocol.session import TRANSITIONS, Session, State, diagram
from tests.common.protocol.words import fields_of, right, tag_of

ON_A_LINK = set(COMMANDS.values()) - {Register, Login}
ALLOWED: dict[State, set[type[Command]]] = {
    State.AWAITING_HELLO: {Hello, Logout},
    State.ESTABLISHED: ON_A_LINK - {Hello},
    State.ENDED: set(),
}
LIST_GROUPS, HELLO, LOGOUT = ListGroups(id=1), Hello(id=2, client="test"), Logout(id=3)


def session_in(state: State) -> Session:
    session = Session()
    ways: dict[State, list[Command]] = {
        State.AWAITING_HELLO: [],
        State.ESTABLISHED: [HELLO],
        State.ENDED: [HELLO, LOGOUT],
    }
    for command in ways[state]:
        session.receive(command)
    assert session.state is state
    return session


def test_every_command_is_in_the_union_under_its_own_name():
    assert list(COMMANDS.values()) == list(get_args(AnyCommand))
    assert len(COMMANDS) == len({tag_of(kind) for kind in Command.__subclasses__()}) == len(Command.__subclasses__())


def test_every_command_but_those_of_the_plain_door_has_its_place():
    assert {kind for _, kind in TRANSITIONS} == ON_A_LINK


@pytest.mark.parametrize(
    "state, kind",
    list(itertools.product(State, COMMANDS.values())),
    ids=lambda value: getattr(value, "__name__", str(value)),
)
@settings(max_examples=3)
@given(data=st.data())
def test_a_command_moves_the_link_on_or_is_refused_and_changes_nothing(
    state: State, kind: type[Command], data: st.DataObject
):
    session = session_in(state)
    command = msgspec.convert(data.draw(right(kind)), kind, str_keys=True)
    if kind in ALLOWED[state]:
        session.receive(command)
        assert session.state is TRANSITIONS[state, kind]
    else:
        with pytest.raises(UnexpectedMessage) as refused:
            session.receive(command)
        assert refused.value.re == command.id
        assert session.state is state


def test_a_link_begins_with_hello_may_say_much_and_ends_with_logout():
    session = Session()
    seen = [session.state]
    for command in (HELLO, LIST_GROUPS, LIST_GROUPS, LOGOUT):
        session.receive(command)
        seen.append(session.state)
    assert seen == [State.AWAITING_HELLO, *[State.ESTABLISHED] * 3, State.ENDED]


def test_a_refused_command_may_be_followed_by_the_right_one():
    session = Session()
    with pytest.raises(UnexpectedMessage):
        session.receive(LIST_GROUPS)
    session.receive(HELLO)
    assert session.state is State.ESTABLISHED


@given(
    st.lists(
        st.sampled_from(sorted(COMMANDS.values(), key=tag_of)).flatmap(
            lambda kind: right(kind).map(lambda fields: msgspec.convert(fields, kind, str_keys=True))
        )
    )
)
def test_nothing_but_hello_establishes_a_link_whatever_is_said(commands: list[Command]):
    session = Session()
    for position, command in enumerate(commands):
        try:
            session.receive(command)
        except UnexpectedMessage:
            continue
        if session.state is State.ESTABLISHED:
            assert [type(said) for said in commands[: position + 1]].count(Hello) >= 1
        assert Logout not in map(type, commands[:position])


def test_the_diagram_has_a_line_for_each_row_of_the_table():
    drawn = [line.replace("─", " ").replace("▶", " ").split() for line in diagram().splitlines()]
    assert drawn == [
        ["(opened)", "AWAITING_HELLO"],
        *([before.name, tag_of(kind), after.name] for (before, kind), after in TRANSITIONS.items()),
    ]


def test_every_command_on_a_link_has_an_id_for_its_answer():
    assert all("id" in fields_of(kind) for kind in COMMANDS.values())
