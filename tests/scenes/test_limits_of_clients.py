"""Owners of the relay set from their clients how much one person may: it counts as what the command line sets, and for nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from relay.control.words import LimitsShown, ShowLimits
from tests.people import Json, Person, Stage, quiet_config, staged
from tests.scenes.test_limits import limit, makes, ordered, told


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(quiet_config(tmp_path)) as made:
        yield made


async def owner(stage: Stage) -> Person:
    olga = await stage.registers("olga", code=stage.relay.owner_code)
    await olga.comes()
    return olga


async def limits_of(person: Person, **whom: int) -> dict[str, Json]:
    return {each["name"]: each for each in (await person.gets({"type": "list_limits", **whom}))["limits"]}


async def test_what_an_owner_sets_counts_at_once_and_ends_when_it_is_taken_back(stage: Stage):
    olga = await owner(stage)
    (anna,) = await stage.enter("anna")
    await olga.gets({"type": "set_limit", "limit": "tokens", "value": 1})
    assert (await makes(anna, "tokens"))["type"] == "ok"
    assert told(await makes(anna, "tokens")) == ("limit_reached", "tokens", 1)
    await olga.gets({"type": "set_limit", "limit": "tokens"})
    assert (await makes(anna, "tokens"))["type"] == "ok"


async def test_what_is_set_for_one_counts_for_them_alone(stage: Stage):
    olga = await owner(stage)
    anna, boris = await stage.enter("anna", "boris")
    await olga.gets({"type": "set_limit", "limit": "tokens", "value": 1, "user": anna.id})
    for person in (anna, boris):
        assert (await makes(person, "tokens"))["type"] == "ok"
    assert told(await makes(anna, "tokens")) == ("limit_reached", "tokens", 1)
    assert (await makes(boris, "tokens"))["type"] == "ok"
    await olga.gets({"type": "set_limit", "limit": "tokens", "value": 0, "user": anna.id})
    assert (await makes(anna, "tokens"))["type"] == "ok"


async def test_an_owner_sees_what_counts_for_everybody_and_for_whom_it_is_otherwise(stage: Stage):
    olga = await owner(stage)
    (anna,) = await stage.enter("anna")
    await limit(stage, "groups", 7)
    await olga.gets({"type": "set_limit", "limit": "tokens", "value": 3, "user": anna.id})
    answer = await olga.gets({"type": "list_limits"})
    found = {each["name"]: each for each in answer["limits"]}
    assert found["groups"] == {"name": "groups", "value": 7, "otherwise": 200, "changed": True}
    assert found["tokens"] == {"name": "tokens", "value": 50, "otherwise": 50}
    exceptions = [(each["user"]["id"], each["name"], each["value"]) for each in answer["exceptions"]]
    assert exceptions == [(anna.id, "tokens", 3)]


async def test_an_owner_sees_what_somebody_may_and_has(stage: Stage):
    olga = await owner(stage)
    (anna,) = await stage.enter("anna")
    await makes(anna, "tokens")
    await olga.gets({"type": "set_limit", "limit": "tokens", "value": 3, "user": anna.id})
    found = await limits_of(olga, user=anna.id)
    assert found["tokens"] == {"name": "tokens", "value": 3, "otherwise": 50, "changed": True, "used": 1}
    assert "used" not in found["messages_per_hour"]


async def test_client_and_command_line_see_the_same(stage: Stage):
    olga = await owner(stage)
    await olga.gets({"type": "set_limit", "limit": "groups", "value": 7})
    shown = await ordered(stage, ShowLimits(), LimitsShown)
    assert {each.name: each.value for each in shown.limits} == {
        name: each["value"] for name, each in (await limits_of(olga)).items()
    }


async def test_where_no_files_are_taken_there_is_no_limit_of_them_and_none_is_set(tmp_path: Path):
    async with staged(quiet_config(tmp_path, file_max=0)) as stage:
        olga = await owner(stage)
        assert "files" not in await limits_of(olga)
        assert await olga.is_refused({"type": "set_limit", "limit": "files", "value": 5}) == "bad_request"


@pytest.mark.parametrize("command", [{"type": "list_limits"}, {"type": "set_limit", "limit": "groups", "value": 1}])
async def test_nobody_but_the_relays_owners_may_and_no_script(stage: Stage, command: dict[str, Any]):
    olga = await owner(stage)
    anna, boris = await stage.enter("anna", "boris")
    await olga.gets({"type": "promote", "user": anna.id, "role": "admin"})
    token = await olga.gets({"type": "create_token", "name": "script", "scopes": ["manage"]})
    fields = {name: value for name, value in command.items() if name != "type"}
    assert await boris.is_refused(command) == "not_allowed"
    assert (await anna.posts(command["type"], **fields))["code"] == "not_allowed"
    assert (await stage.posts(command["type"], fields, token["secret"]))["code"] == "scope_needed"
    assert (await limits_of(olga))["groups"]["value"] == 200


@pytest.mark.parametrize("value", [-1, 2**53, "5", 1.5, True])
async def test_what_is_no_limit_is_refused_and_nothing_changes(stage: Stage, value: Any):
    olga = await owner(stage)
    assert await olga.is_refused({"type": "set_limit", "limit": "groups", "value": value}) == "bad_request"
    assert (await limits_of(olga))["groups"]["value"] == 200


async def test_of_nobody_there_is_nothing_to_see_or_set(stage: Stage):
    olga = await owner(stage)
    assert await olga.is_refused({"type": "list_limits", "user": 4711}) == "unknown_user"
    assert await olga.is_refused({"type": "set_limit", "limit": "groups", "value": 1, "user": 4711}) == "unknown_user"


async def test_it_is_written_down_who_changed_whose_limit(stage: Stage):
    olga = await owner(stage)
    (anna,) = await stage.enter("anna")
    await olga.gets({"type": "set_limit", "limit": "groups", "value": 7})
    await olga.gets({"type": "set_limit", "limit": "groups", "value": 0, "user": anna.id})
    entries = (await olga.gets({"type": "list_audit", "limit": 2}))["entries"]
    assert [(each["act"], each.get("by"), each.get("whom", ""), each["detail"]) for each in entries] == [
        ("limits_changed", "olga", "anna", "groups: – → ∞"),
        ("limits_changed", "olga", "", "groups: – → 7"),
    ]
