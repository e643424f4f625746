"""What is done to the relay is written down, wherever it was done from; its owners read it, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

from relay.control.asking import order
from relay.control.words import AuditList, DisablePerson, Done, ListAudit, Order, PasswordReset, Promote, ResetPassword
from tests.people import Json, Person, Stage

COME_BACK = 1012


async def ordered(stage: Stage, what: Order, expected: type[Any] = Done) -> Any:
    return await asyncio.to_thread(order, stage.relay.config.data_dir, what, expected)


async def owner(stage: Stage, name: str = "anna") -> Person:
    person = await stage.registers(name, code=stage.relay.owner_code)
    await person.comes()
    return person


async def audit(person: Person, **more: Any) -> list[Json]:
    entries: list[Json] = (await person.gets({"type": "list_audit", **more}))["entries"]
    return entries


def lines(entries: list[Json]) -> list[tuple[str, ...]]:
    return [tuple(str(each.get(key, "")) for key in ("act", "via", "by", "whom", "detail")) for each in entries]


async def test_what_the_command_line_did_is_read_by_an_owner_in_the_client(stage: Stage):
    anna = await owner(stage)
    await stage.enter("boris")
    await ordered(stage, ResetPassword("boris"), PasswordReset)
    await ordered(stage, Promote("boris", "admin"))
    await ordered(stage, DisablePerson("boris"))
    assert lines(await audit(anna)) == [
        ("account_disabled", "command_line", "", "boris", ""),
        ("role_changed", "command_line", "", "boris", "admin"),
        ("password_reset", "command_line", "", "boris", ""),
        ("account_made", "", "boris", "boris", ""),
        ("account_made", "", "anna", "anna", "owner_code"),
    ]
    told = await ordered(stage, ListAudit(2), AuditList)
    assert [entry.act for entry in told.entries] == ["account_disabled", "role_changed"]
    assert told.more


async def test_whom_an_owner_takes_out_of_a_group_and_whom_they_invite_is_written_down(stage: Stage):
    anna = await owner(stage)
    boris, clara = await stage.enter("boris", "clara")
    made = await anna.gets({"type": "create_group", "name": "Склад"})
    group = made["group"]["id"]
    for person in (boris, clara):
        await person.gets({"type": "join_group", "group": group})
    await anna.gets({"type": "remove_member", "group": group, "user": boris.id})
    await anna.gets({"type": "ban_member", "group": group, "user": clara.id})
    await anna.gets({"type": "ban_member", "group": group, "user": clara.id})  # again: nothing new
    await anna.gets({"type": "ban_member", "group": group, "user": clara.id, "on": False})
    invited = await anna.gets({"type": "create_invite", "uses": 1})
    number = invited["invite"]["id"]
    await stage.registers("dora", code=invited["code"])
    second = await anna.gets({"type": "create_invite", "group": group})
    await anna.gets({"type": "revoke_invite", "invite": second["invite"]["id"]})
    assert lines(await audit(anna))[:7] == [
        ("invite_revoked", "", "anna", "", f"{second['invite']['id']}, Склад"),
        ("invite_made", "", "anna", "", f"{second['invite']['id']}, Склад"),
        ("account_made", "", "dora", "dora", str(number)),
        ("invite_made", "", "anna", "", str(number)),
        ("ban_lifted", "", "anna", "clara", "Склад"),
        ("member_banned", "", "anna", "clara", "Склад"),
        ("member_removed", "", "anna", "boris", "Склад"),
    ]


async def test_what_people_do_in_their_own_groups_is_theirs_and_is_not_written_down(stage: Stage):
    anna = await owner(stage)
    boris, clara = await stage.enter("boris", "clara", group="their own")
    await boris.gets({"type": "create_invite", "group": boris.group})
    await boris.gets({"type": "remove_member", "group": boris.group, "user": clara.id})
    assert {act for act, *_ in lines(await audit(anna))} == {"account_made"}


async def test_nobody_but_owners_reads_it_and_no_script(stage: Stage):
    anna = await owner(stage)
    (boris,) = await stage.enter("boris")
    assert await boris.is_refused({"type": "list_audit"}) == "not_allowed"
    await ordered(stage, Promote("boris", "admin"))
    assert await boris.is_cut_off() == COME_BACK
    await boris.goes()
    await boris.comes()
    assert await boris.is_refused({"type": "list_audit"}) == "not_allowed"
    token = await anna.gets({"type": "create_token", "name": "script", "scopes": ["manage"]})
    assert (await stage.posts("list_audit", {}, token["secret"]))["code"] == "scope_needed"


async def test_page_by_page_nothing_is_missed(stage: Stage):
    anna = await owner(stage)
    for number in range(5):
        await stage.registers(f"person{number}")
    found: list[Json] = []
    more = True
    while more:
        before = {"before": found[-1]["id"]} if found else {}
        answer = await anna.gets({"type": "list_audit", "limit": 2, **before})
        found += answer["entries"]
        more = answer["more"]
    assert [each["by"] for each in found] == [*(f"person{number}" for number in range(4, -1, -1)), "anna"]
