"""How somebody wants a conversation, and whether they tell how far they have read: the same on all their devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.protocol.messages import NotifyLevel
from desktop.events.conversations import ChoicesKnown, GroupChoice, OwnStatus, OwnStatusKnown
from tests.desktop.link.clients import PASSWORD, Client, clients_in
from tests.desktop.link.relays import relay_in
from tests.people import Json, Stage
from tests.scenes.test_edits import group_of
from tests.scenes.test_receipts import another_device


def told_of_group(event: Json) -> bool:
    return bool(event["type"] == "group")


async def test_a_choice_is_told_to_ones_own_devices_alone_and_stays(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    tablet = await another_device(stage, anna)
    assert not (await group_of(anna)).keys() & {"notify", "hidden"}
    await anna.gets({"type": "choose", "group": anna.group, "notify": "mentions", "hidden": True})
    heard = (await tablet.hears(told_of_group))["group"]
    assert (heard["id"], heard["notify"], heard["hidden"], heard["role"]) == (anna.group, "mentions", True, "owner")
    assert [(await group_of(anna))[key] for key in ("notify", "hidden")] == ["mentions", True]
    assert not (await group_of(boris)).keys() & {"notify", "hidden"}
    await anna.says("said after it")
    await boris.hears_message("said after it")
    assert not [event for event in boris.heard if told_of_group(event) and "notify" in event["group"]]


@pytest.mark.parametrize("kind", ["direct", "general"])
async def test_every_kind_of_conversation_can_be_muted_and_is_told_of_as_it_is(stage: Stage, kind: str):
    anna, boris = await stage.enter("anna", "boris")
    group = stage.general
    if kind == "direct":
        group = (await anna.gets({"type": "open_direct", "user": boris.id}))["group"]["id"]
    tablet = await another_device(stage, anna)
    await anna.gets({"type": "choose", "group": group, "notify": "nothing"})
    heard = (await tablet.hears(lambda event: told_of_group(event) and "notify" in event["group"]))["group"]
    assert (heard["kind"], heard["notify"]) == (kind, "nothing")
    assert heard.get("peer") == (boris.id if kind == "direct" else None)


async def test_what_makes_no_choice_is_refused(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    made = await anna.gets({"type": "create_group", "name": "склад"})
    group = made["group"]["id"]
    assert await boris.is_refused({"type": "choose", "group": group, "notify": "all"}) == "not_a_member"
    assert await boris.is_refused({"type": "choose", "group": 4711}) == "unknown_group"
    assert await anna.is_refused({"type": "choose", "group": group, "notify": "some"}) == "bad_request"


async def test_it_goes_with_the_membership(stage: Stage):
    _anna, boris = await stage.enter("anna", "boris", group="склад")
    await boris.gets({"type": "choose", "group": boris.group, "hidden": True})
    await boris.gets({"type": "leave_group", "group": boris.group})
    await boris.gets({"type": "join_group", "group": boris.group})
    assert "hidden" not in await group_of(boris)


async def test_whether_one_tells_how_far_one_has_read_is_told_to_ones_devices(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    tablet = await another_device(stage, anna)
    assert tablet.welcome["receipts"] is True
    await anna.gets({"type": "set_receipts", "on": False})
    assert (await tablet.hears(lambda event: event["type"] == "receipts"))["on"] is False
    assert (await another_device(stage, anna)).welcome["receipts"] is False
    assert not [event for event in boris.heard if event["type"] == "receipts"]


# -- clients -----------------------------------------------------------------------------------------------------------


def comes_too(client: Client, address: str, name: str) -> None:
    """Sign in with an account that is there."""
    client.link.sign_in(client.find(address), name, PASSWORD)
    client.until_connected()
    client.until(lambda: client.complete_up_to)


def wants(client: Client, notify: NotifyLevel, hidden: bool = False) -> None:
    client.link.choose(client.general, GroupChoice(notify, hidden))


def chosen(client: Client) -> GroupChoice:
    return client.choices.get(client.general, GroupChoice())


def status(client: Client) -> OwnStatus:
    return [event.status for event in client.events if isinstance(event, OwnStatusKnown)][-1]


def test_what_is_chosen_on_one_device_reaches_the_other_also_one_that_comes_later(tmp_path: Path):
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        laptop, tablet, phone = enter("laptop"), enter("tablet"), enter("phone")
        laptop.register(relay.address, "anna")
        comes_too(tablet, relay.address, "anna")
        wants(laptop, "mentions")
        tablet.until(lambda: chosen(tablet) == GroupChoice("mentions") or None)
        wants(tablet, "all", hidden=True)
        laptop.until(lambda: chosen(laptop) == GroupChoice("all", True) or None)
        comes_too(phone, relay.address, "anna")
        phone.until(lambda: chosen(phone) == GroupChoice("all", True) or None)
        wants(phone, "all")
        for device in (laptop, tablet):
            device.until(lambda device=device: chosen(device) == GroupChoice() or None)  # type: ignore[misc]


def test_what_was_chosen_without_the_relay_is_said_when_it_is_back_and_not_undone(tmp_path: Path):
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        laptop, tablet = enter("laptop"), enter("tablet")
        laptop.register(relay.address, "anna")
        comes_too(tablet, relay.address, "anna")
        relay.stop()
        laptop.until_not_connected()
        wants(laptop, "nothing")
        laptop.ends()
        relay.start()
        again = enter("laptop")
        again.link.resume()
        tablet.until(lambda: chosen(tablet) == GroupChoice("nothing") or None)
        again.until_connected()
        again.until(lambda: again.complete_up_to)
        assert [event.choices[again.general] for event in again.events if isinstance(event, ChoicesKnown)][-1:] == [
            GroupChoice("nothing")
        ]


def test_receipts_that_were_switched_off_on_one_device_are_off_on_the_other(tmp_path: Path):
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        laptop, tablet = enter("laptop"), enter("tablet")
        laptop.register(relay.address, "anna")
        comes_too(tablet, relay.address, "anna")
        laptop.link.set_status(OwnStatus(receipts=False))
        tablet.until(lambda: not status(tablet).receipts or None)
        tablet.link.set_status(OwnStatus("dnd", receipts=True))
        laptop.until(lambda: status(laptop).receipts or None)
        assert status(laptop).state == "online", "what else one says of oneself is said on each link"


def test_receipts_that_were_switched_without_the_relay_are_said_when_it_is_back(tmp_path: Path):
    with relay_in(tmp_path / "relay") as relay, clients_in(tmp_path) as enter:
        laptop, tablet = enter("laptop"), enter("tablet")
        laptop.register(relay.address, "anna")
        comes_too(tablet, relay.address, "anna")
        relay.stop()
        laptop.until_not_connected()
        laptop.link.set_status(OwnStatus(receipts=False))
        laptop.ends()
        relay.start()
        again = enter("laptop")
        again.link.resume()
        tablet.until(lambda: not status(tablet).receipts or None)
        again.until(lambda: (not status(again).receipts and not status(again).unsaid) or None)
