"""The table of commands is whole, and says who may what."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from common.protocol.messages import COMMANDS, AnyCommand, Command
from common.protocol.schema import WITHOUT_TOKEN
from relay.handlers.rules import ADMIN, MEMBER, NOBODY_IN_PARTICULAR, RULES, SIGNED_IN, Pipelined


def test_every_command_has_its_rule():
    assert set(get_args(AnyCommand)) == set(RULES) == set(COMMANDS.values())


def test_without_a_token_are_exactly_those_that_the_documents_say():
    open_to_all = {kind for kind, rule in RULES.items() if rule.needs is NOBODY_IN_PARTICULAR}
    assert open_to_all == set(WITHOUT_TOKEN)


@pytest.mark.parametrize("kind", [kind for kind in RULES if "group" in kind.__struct_fields__])
def test_what_speaks_of_a_group_needs_membership_but_for_joining(kind: type[Command]):
    assert RULES[kind].needs in ((SIGNED_IN,) if kind.__name__ == "JoinGroup" else (MEMBER, ADMIN))


@pytest.mark.parametrize("kind", RULES)
def test_a_handler_takes_the_command_that_it_stands_beside(kind: type[Command]):
    rule = RULES[kind]
    handle = rule.begin if isinstance(rule, Pipelined) else rule.handle
    annotation = list(inspect.signature(handle).parameters.values())[2].annotation
    assert annotation == kind.__name__
