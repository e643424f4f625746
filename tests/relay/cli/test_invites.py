"""Invitations by the command line: a link for somebody, who it lets in, and taking it back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.crypto.identity import parse_invitation
from tests.people import Stage
from tests.relay.cli.test_orders import relay
from tests.scenes.conftest import stage

__all__ = ["relay", "stage"]


async def made(relay: Any, *words: str) -> dict[str, Any]:
    code, said, complaint = await relay("invites", "create", "--json", *words)
    assert code == 0, complaint
    found: dict[str, Any] = json.loads(said)
    return found


async def test_a_link_is_made_shown_once_and_lets_so_many_in(stage: Stage, relay: Any):
    await stage.registers("anna", code=stage.relay.owner_code)
    code, said, _ = await relay("invites", "create", "--uses", "1", "--days", "7")
    assert code == 0
    link, invitation = (line.split()[1] for line in said.splitlines()[:2])
    assert parse_invitation(link).relay_id == stage.relay.relay_id
    assert parse_invitation(link).code == invitation
    assert "█" not in said, "a QR code is for terminals"
    _, said, _ = await relay("invites", "list")
    head, row = said.splitlines()
    assert head.split()[:2] == ["number", "of"]
    assert row.split()[1] == "anna"
    assert "the relay" in row
    boris = await stage.registers("boris", code=invitation)
    assert boris.user["role"] == "member"
    answer = await stage.posts("register", {"username": "clara", "password": "a long password", "code": invitation})
    assert answer["code"] == "invitation_needed"
    _, said, _ = await relay("invites", "list")
    assert said == "No invitation lets anybody in.\n"


async def test_one_into_a_group_brings_them_into_it(stage: Stage, relay: Any):
    await stage.registers("anna", code=stage.relay.owner_code)
    (boris,) = await stage.enter("boris", group="Склад")
    invited = await made(relay, "--group", str(boris.group))
    assert invited["invite"]["group"] == boris.group
    clara = await stage.registers("clara", code=invited["code"])
    await clara.comes()
    members = await boris.gets({"type": "list_members", "group": boris.group})
    assert clara.id in {each["user"]["id"] for each in members["members"]}
    _, said, _ = await relay("invites", "list", "--json")
    assert [(each["by"], each["group"]) for each in json.loads(said)["invites"]] == [("anna", "Склад")]
    code, _, complaint = await relay("invites", "create", "--group", str(stage.general))
    assert (code, "Nobody is invited" in complaint) == (1, True)


async def test_anybodys_is_taken_back_and_nobody_comes_in_by_it(stage: Stage, relay: Any):
    await stage.registers("anna", code=stage.relay.owner_code)
    (boris,) = await stage.enter("boris", group="his own")
    invited = await boris.gets({"type": "create_invite", "group": boris.group})
    number = str(invited["invite"]["id"])
    code, said, _ = await relay("invites", "revoke", number)
    assert (code, said) == (0, "It lets nobody in any more.\n")
    answer = await stage.posts("register", {"username": "c", "password": "a long password", "code": invited["code"]})
    assert answer["code"] == "invitation_needed"
    code, _, complaint = await relay("invites", "revoke", number)
    assert (code, "invites list" in complaint) == (1, True)


async def test_before_anybody_owns_the_relay_it_says_what_to_do(stage: Stage, relay: Any):
    await stage.registers("boris")
    code, said, _ = await relay("invites", "create", "--json")
    assert (code, json.loads(said)["code"]) == (1, "not_allowed")
    assert "owner code" in said


async def test_what_was_made_and_taken_back_is_written_down(stage: Stage, relay: Any):
    await stage.registers("anna", code=stage.relay.owner_code)
    number = (await made(relay))["invite"]["id"]
    await relay("invites", "revoke", str(number))
    code, said, _ = await relay("audit", "--limit", "2")
    assert code == 0
    rows = said.splitlines()[1:3]
    assert ["(command line)" in row for row in rows] == [True, True]
    assert ["invite revoked" in rows[0], "invite made" in rows[1]] == [True, True]
    assert "--before" in said
    _, said, _ = await relay("audit", "--json", "--limit", "1")
    (entry,) = json.loads(said)["entries"]
    assert (entry["act"], entry["via"], entry["detail"]) == ("invite_revoked", "command_line", str(number))


@pytest.mark.parametrize(
    "words",
    [
        ("invites",),
        ("invites", "create", "--uses", "0"),
        ("invites", "create", "--uses", "many"),
        ("invites", "create", "--days", "-1"),
        ("invites", "revoke"),
        ("audit", "--limit", "0"),
        ("audit", "--limit", "10001"),
    ],
)
async def test_a_wrong_command_line_is_told_and_does_nothing(stage: Stage, relay: Any, words: tuple[str, ...]):
    with pytest.raises(SystemExit) as ended:
        await relay(*words)
    assert ended.value.code == 2


async def test_in_a_terminal_the_link_is_a_picture_too(
    stage: Stage, relay: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    await stage.registers("anna", code=stage.relay.owner_code)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    _, said, _ = await relay("invites", "create")
    assert {"█", "▀", "▄"} <= set(said)
    _, said, _ = await relay("invites", "create", "--no-qr")
    assert "█" not in said
