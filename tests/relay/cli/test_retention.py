"""How much is kept, and deleting accounts, by the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.operating.purging import Purger
from tests.people import PASSWORD, Person, Stage
from tests.relay.cli.test_orders import relay
from tests.scenes.test_retention import Clock, clock, owner_of, stage

__all__ = ["clock", "relay", "stage"]


async def told_long_ago(clock: Clock, person: Person, count: int) -> None:
    """Messages that are 40 days old by now."""
    for number in range(count):
        await person.says(f"old {number}")
    clock.passes(40)


async def shown(relay: Any, *words: str) -> list[list[str]]:
    code, said, complaint = await relay("retention", "show", *words)
    assert code == 0, complaint
    return [line.split() for line in said.splitlines()[1:]]


async def test_what_is_kept_is_shown_for_the_relay_and_where_it_is_otherwise(stage: Stage, relay: Any):
    (anna,) = await stage.enter("anna", group="tea")
    assert await shown(relay) == [["the", "whole", "relay", "all"]]
    await relay("retention", "set", "--days", "365")
    await relay("retention", "set", "--days", "30", "--entries", "5000", "--group", "TEA")
    rows = await shown(relay)
    assert rows[0] == ["the", "whole", "relay", "365", "days"]
    assert rows[1] == [str(anna.group), "tea", "30", "days", "and", "the", "last", "5,000", "entries"]
    assert await shown(relay, "--group", str(anna.group)) == rows[1:]
    await relay("retention", "set", "--default", "--group", "tea")
    assert len(await shown(relay)) == 1
    _, said, _ = await relay("retention", "show", "--json")
    assert json.loads(said)["relay"] == {"days": 365}


async def test_what_goes_by_a_rule_is_told_before_and_has_to_be_agreed_to(stage: Stage, clock: Clock, relay: Any):
    (anna,) = await stage.enter("anna", group="tea")
    await told_long_ago(clock, anna, 3)
    words = ("retention", "set", "--days", "30", "--group", "tea")
    code, said, asked = await relay(*words, typed="no\n")
    assert (code, "Nothing was changed" in said, "3 messages are deleted" in asked) == (0, True, True)
    code, said, _ = await relay(*words, "--json", typed="no\n")
    assert (code, json.loads(said)["code"]) == (1, "not_confirmed")
    assert len(await anna.reads()) == 4
    code, said, _ = await relay(*words, typed="yes\n")
    assert (code, "3 messages go" in said) == (0, True)
    await Purger(stage.relay.parts).look()
    assert [entry["body"] for entry in await anna.reads() if entry["kind"] == "message"] == []


async def test_a_hold_stops_deletion_and_its_end_tells_what_goes(stage: Stage, clock: Clock, relay: Any):
    olga = await owner_of(stage, "olga")
    (anna,) = await stage.enter("anna", group="tea")
    await told_long_ago(clock, anna, 2)
    assert (await relay("retention", "hold", "--group", "tea"))[0] == 0
    assert (await shown(relay))[1][:4] == [str(anna.group), "tea", "all", "on"]
    assert (await relay("retention", "set", "--days", "30"))[0] == 0
    code, said, asked = await relay("retention", "release", "--group", "tea", typed="no\n")
    assert (code, "Nothing was changed" in said, "2 messages" in asked) == (0, True, True)
    code, said, _ = await relay("retention", "release", "--group", "tea", "--yes", "--json")
    assert (code, json.loads(said)) == (0, {"type": "Expired", "messages": 2})
    audit = (await olga.gets({"type": "list_audit"}))["entries"]
    done = [(each["act"], each["via"], each["detail"]) for each in audit if each["act"] != "account_made"]
    assert done == [
        ("hold_released", "command_line", "tea"),
        ("retention_changed", "command_line", "days=30, entries=∞"),
        ("hold_set", "command_line", "tea"),
    ]


async def test_what_owners_do_with_their_client_is_written_down_too_and_what_others_do_in_their_groups_is_not(
    stage: Stage,
):
    olga = await owner_of(stage, "olga")
    (anna,) = await stage.enter("anna", group="tea")
    await anna.gets({"type": "set_retention", "group": anna.group, "days": 7})
    await olga.gets({"type": "set_hold"})
    await olga.gets({"type": "join_group", "group": anna.group})
    await olga.gets({"type": "set_retention", "group": anna.group, "days": 400})
    audit = (await olga.gets({"type": "list_audit"}))["entries"]
    done = [(each["act"], each["by"], each["detail"]) for each in audit if each["act"] != "account_made"]
    assert done == [("retention_changed", "olga", "tea: days=400, entries=–"), ("hold_set", "olga", "*")]


@pytest.mark.parametrize(
    "words", [(), ("--days", "3", "--all"), ("--default",), ("--all", "--default", "--group", "x")]
)
async def test_what_cannot_be_meant_is_not_done(stage: Stage, relay: Any, words: tuple[str, ...]):
    with pytest.raises(SystemExit) as ended:
        await relay("retention", "set", *words)
    assert ended.value.code == 2


async def test_a_group_that_is_not_there_or_not_the_only_one_is_told(stage: Stage, relay: Any):
    code, said, _ = await relay("retention", "hold", "--group", "nowhere", "--json")
    assert (code, json.loads(said)["code"]) == (1, "unknown_group")
    (anna,) = await stage.enter("anna", group="tea")
    other = (await anna.gets({"type": "create_group", "name": "Tea"}))["group"]["id"]
    code, _, complaint = await relay("retention", "hold", "--group", "tea")
    assert (code, f"{anna.group}, {other}" in complaint) == (1, True)
    assert (await relay("retention", "hold", "--group", str(other)))[0] == 0


async def test_an_account_is_deleted_when_its_name_was_typed_again(stage: Stage, relay: Any):
    olga = await owner_of(stage, "olga")
    anna, boris = await stage.enter("anna", "boris", group="tea")
    await anna.says("the kettle is boiling")
    words = ("users", "delete", "anna", "--messages", "erase")
    code, said, asked = await relay(*words, typed="yes\n")
    assert (code, "Nothing was changed" in said, "Nobody can undo it" in asked) == (0, True, True)
    assert (await stage.posts("login", {"username": "anna", "password": PASSWORD}))["type"] == "ok"
    code, said, _ = await relay(*words, typed="anna\n")
    assert (code, "deleted" in said) == (0, True)
    await anna.is_cut_off()
    await Purger(stage.relay.parts).look()
    assert "the kettle is boiling" not in [entry.get("body") for entry in await boris.reads()]
    _, said, _ = await relay("users", "list")
    assert "anna" not in said
    (record, *_) = (await olga.gets({"type": "list_audit"}))["entries"]
    assert (record["act"], record["whom"], record["detail"]) == ("account_deleted", f"#{anna.id}", "erase")


async def test_scripts_delete_without_a_question_and_free_the_name(stage: Stage, relay: Any):
    await stage.enter("anna")
    code, said, _ = await relay("users", "delete", "anna", "--messages", "anonymous", "--yes", "--json")
    assert (code, json.loads(said)["type"]) == (0, "Done")
    new = {"username": "Anna", "password": PASSWORD}
    assert (await stage.posts("register", new))["code"] == "username_taken"
    assert (await relay("users", "free", "ANNA"))[0] == 0
    assert (await stage.posts("register", new))["type"] == "ok"
    code, said, _ = await relay("users", "free", "anna", "--json")
    assert (code, json.loads(said)["code"]) == (1, "unknown_user")


async def test_neither_the_last_owner_nor_what_is_held_nor_nobody_is_deleted(stage: Stage, relay: Any):
    await owner_of(stage, "olga")
    await stage.enter("anna")
    for name, code in (("olga", "last_owner"), ("nobody", "unknown_user")):
        exit_code, said, _ = await relay("users", "delete", name, "--messages", "erase", "--yes", "--json")
        assert (exit_code, json.loads(said)["code"]) == (1, code)
    await relay("retention", "hold")
    exit_code, said, _ = await relay("users", "delete", "anna", "--messages", "erase", "--yes", "--json")
    assert (exit_code, json.loads(said)["code"]) == (1, "on_hold")
