"""Limits and mutes by the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.people import Stage
from tests.relay.cli.test_orders import relay
from tests.scenes.conftest import stage

__all__ = ["relay", "stage"]


async def rows(relay: Any, *words: str) -> dict[str, str]:
    """The lines of `limits show`, by the limit's name."""
    code, said, complaint = await relay("limits", "show", *words)
    assert code == 0, complaint
    return {line.split()[0]: line for line in said.splitlines() if line}


async def test_limits_are_shown_and_set_for_everybody_and_for_one(stage: Stage, relay: Any):
    await stage.enter("anna")
    code, said, _ = await relay("limits", "set", "files", "50G", "--person", "anna")
    assert (code, said) == (0, "It is set for anna, and counts from now on.\n")
    await relay("limits", "set", "groups", "7")
    shown = await rows(relay)
    assert shown["groups"].split()[-3:] == ["7", "*", "200"]
    assert shown["files"].split()[-2:] == ["20G", "20G"]
    assert shown["anna"].split() == ["anna", "files", "50G"]
    assert (await rows(relay, "--person", "anna"))["files"].split()[-4:] == ["50G", "*", "0", "20G"]
    await relay("limits", "set", "files", "default", "--person", "anna")
    assert "anna" not in await rows(relay)


async def test_no_limit_is_a_word_and_so_is_the_default(stage: Stage, relay: Any):
    await relay("limits", "set", "links", "none")
    assert (await rows(relay))["links"].split()[-3:] == ["none", "*", "50"]
    await relay("limits", "set", "links", "default")
    assert (await rows(relay))["links"].split()[-2:] == ["50", "50"]


async def test_scripts_get_numbers(stage: Stage, relay: Any):
    await relay("limits", "set", "uploads", "3", "--json")
    _, said, _ = await relay("limits", "show", "--json")
    found = {each["name"]: each for each in json.loads(said)["limits"]}
    assert found["uploads"] == {"name": "uploads", "value": 3, "otherwise": 200, "is_set": True, "used": None}


@pytest.mark.parametrize("value", ["0", "-1", "many", "9999999999999999T", ""])
async def test_what_is_no_amount_is_said_to_be_none(stage: Stage, relay: Any, value: str):
    with pytest.raises(SystemExit) as ended:
        await relay("limits", "set", "links", value)
    assert ended.value.code == 2


async def test_nobody_has_no_limits(stage: Stage, relay: Any):
    code, _, complaint = await relay("limits", "show", "--person", "nobody")
    assert (code, "Nobody has that user name" in complaint) == (1, True)


async def test_who_is_muted_from_the_command_line_writes_nothing_until_the_time_is_over_or_it_is_lifted(
    stage: Stage, relay: Any
):
    (boris,) = await stage.enter("boris")
    code, said, _ = await relay("users", "mute", "boris", "--for", "2h")
    assert (code, said) == (0, "boris can write nothing here for 2 hours.\n")
    answer = await boris.asks({"type": "post", "group": stage.general, "nonce": "0" * 32, "body": "text"})
    assert (answer["code"], 7000 < answer["retry_after"] <= 7200) == ("muted", True)
    code, said, _ = await relay("users", "unmute", "boris")
    assert (code, said) == (0, "boris can write again.\n")
    await boris.says("again")
    _, said, _ = await relay("users", "unmute", "boris")
    assert said.startswith("They are not muted")


async def test_a_mute_without_a_time_lasts_and_both_are_written_down(stage: Stage, relay: Any):
    await stage.enter("boris")
    _, said, _ = await relay("users", "mute", "boris")
    assert said == "boris can write nothing here until `users unmute` lifts it.\n"
    await relay("users", "unmute", "boris")
    await relay("users", "mute", "boris", "--for", "90")
    _, said, _ = await relay("audit", "--limit", "3", "--json")
    assert [(each["act"], each["whom"], each.get("detail", "")) for each in json.loads(said)["entries"]] == [
        ("user_muted", "boris", "90"),
        ("user_unmuted", "boris", ""),
        ("user_muted", "boris", ""),
    ]


@pytest.mark.parametrize("time", ["0", "soon", "367d", "-5m"])
async def test_what_is_no_time_mutes_nobody(stage: Stage, relay: Any, time: str):
    with pytest.raises(SystemExit) as ended:
        await relay("users", "mute", "boris", "--for", time)
    assert ended.value.code == 2


async def test_nobody_is_muted_who_is_not_there(stage: Stage, relay: Any):
    code, _, complaint = await relay("users", "mute", "nobody")
    assert (code, "Nobody has that user name" in complaint) == (1, True)
