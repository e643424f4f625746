"""The table of commands is whole, and says who may what."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from common.protocol.messages import (
    COMMANDS,
    AnyCommand,
    Command,
    CreateToken,
    CreateWebhook,
    DeleteAccount,
    DisableUser,
    ListAccounts,
    ListAudit,
    ListLimits,
    ListSessions,
    ListTokens,
    OfferMove,
    Promote,
    ResetPassword,
    RevokeSessions,
    RevokeToken,
    SetLimit,
    ShowState,
)
from common.protocol.schema import WITHOUT_TOKEN
from relay.handlers.rules import (
    ADMIN,
    HOLDER,
    INVITER,
    KEEPER,
    LEADER,
    MEMBER,
    MEMBER_IF_NAMED,
    NOBODY_IN_PARTICULAR,
    OWNER,
    RULES,
    SIGNED_IN,
    Pipelined,
)

FOR_PEOPLE_ALONE = {
    CreateToken,
    CreateWebhook,
    ListTokens,
    RevokeToken,
    ListAudit,
    ListAccounts,
    DisableUser,
    ResetPassword,
    Promote,
    ListSessions,
    RevokeSessions,
    ListLimits,
    SetLimit,
    DeleteAccount,
    OfferMove,
    ShowState,
}


def test_every_command_has_its_rule():
    assert set(get_args(AnyCommand)) == set(RULES) == set(COMMANDS.values())


def test_without_a_token_are_exactly_those_that_the_documents_say():
    open_to_all = {kind for kind, rule in RULES.items() if rule.needs is NOBODY_IN_PARTICULAR}
    assert open_to_all == set(WITHOUT_TOKEN)


def test_without_a_token_and_no_others_but_tokens_have_no_scope():
    assert {kind for kind, rule in RULES.items() if rule.scope is None} == {*WITHOUT_TOKEN, *FOR_PEOPLE_ALONE}


def test_what_only_reads_is_all_that_a_reading_token_may():
    reading = {kind.__name__ for kind, rule in RULES.items() if rule.scope == "read"}
    asking = {name for name in (kind.__name__ for kind in RULES) if name.startswith("List")}
    assert reading == (
        asking
        - {
            "ListAccounts",
            "ListAudit",
            "ListBans",
            "ListInvites",
            "ListLimits",
            "ListMutes",
            "ListSessions",
            "ListTokens",
            "ListWebhooks",
        }
    ) | {
        "GetRetention",
        "Hello",
        "Logout",
        "History",
        "Search",
    }


@pytest.mark.parametrize("kind", [kind for kind in RULES if "group" in kind.__struct_fields__])
def test_what_speaks_of_a_group_needs_membership_but_for_joining(kind: type[Command]):
    by_name = {
        "JoinGroup": (SIGNED_IN,),
        "CreateInvite": (INVITER,),
        "ListInvites": (INVITER,),
        "MuteMember": (LEADER,),
        "ListMutes": (LEADER,),
        "CountExpired": (KEEPER,),
        "SetRetention": (KEEPER,),
        "SetHold": (HOLDER,),
        "Search": (MEMBER_IF_NAMED,),
    }
    assert RULES[kind].needs in by_name.get(kind.__name__, (MEMBER, ADMIN, OWNER))


@pytest.mark.parametrize("kind", RULES)
def test_a_handler_takes_the_command_that_it_stands_beside(kind: type[Command]):
    rule = RULES[kind]
    handle = rule.begin if isinstance(rule, Pipelined) else rule.handle
    annotation = list(inspect.signature(handle).parameters.values())[2].annotation
    assert annotation == kind.__name__
