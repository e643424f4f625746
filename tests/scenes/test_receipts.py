"""Who has read how far, who is told of it, and setting the own marker back."""

from __future__ import annotations

from pathlib import Path

from tests.people import Json, Person, Stage, quiet_config, staged
from tests.scenes.test_edits import group_of


async def reads_up_to(person: Person, seq: int) -> None:
    await person.gets({"type": "mark_read", "group": person.group, "seq": seq})


async def readers(person: Person, seq: int) -> list[int]:
    answer = await person.gets({"type": "list_readers", "group": person.group, "seq": seq})
    return [reader["user"] for reader in answer["readers"]]


async def marker(person: Person, of: Person) -> int:
    members = (await person.gets({"type": "list_members", "group": person.group}))["members"]
    return int(next(each for each in members if each["user"]["id"] == of.id).get("read_seq", 0))


def moves(person: Person, of: Person) -> list[int]:
    """The markers of *of* that *person* heard of."""
    return [event["seq"] for event in person.heard if event["type"] == "read" and event["user"] == of.id]


async def told_so_far(person: Person, other: Person) -> None:
    """Wait until *person* has heard all that came before now: a marker of *other*'s comes behind it."""
    seq = await person.says("and now?")
    await reads_up_to(other, seq)
    await person.hears(lambda event: event["type"] == "read" and event["seq"] == seq)


async def another_device(stage: Stage, person: Person) -> Person:
    device = Person(stage, person.name, person.token, person.user)
    device.group = person.group
    stage.people.append(device)
    await device.comes()
    return device


# -- by whom and when --------------------------------------------------------------------------------------------------


async def test_the_author_sees_who_has_read_a_message_and_when(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara", group="склад")
    first, second = await anna.says("one"), await anna.says("two")
    assert await readers(anna, first) == []
    await reads_up_to(clara, first)
    await reads_up_to(boris, second)
    await reads_up_to(clara, second)
    answer = await anna.gets({"type": "list_readers", "group": anna.group, "seq": first})
    assert {reader["user"] for reader in answer["readers"]} == {clara.id, boris.id}
    times = [reader["at"] for reader in answer["readers"]]
    stored = [entry["at"] for entry in await anna.reads()]
    assert stored[first - 1] <= times[0] <= times[1]
    assert set(await readers(anna, second)) == {boris.id, clara.id}


async def test_it_is_nobody_elses_business(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    assert await boris.is_refused({"type": "list_readers", "group": boris.group, "seq": seq}) == "not_allowed"
    for target in (1, 999):
        refused = {"type": "list_readers", "group": anna.group, "seq": target}
        assert await anna.is_refused(refused) == "unknown_target"


async def test_what_was_said_before_somebody_came_they_have_not_read(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    before = await anna.says("before Clara came")
    clara = (await stage.enter("clara"))[0]
    clara.group = anna.group
    await clara.gets({"type": "join_group", "group": anna.group})
    after = await anna.says("after")
    await reads_up_to(clara, after)
    await reads_up_to(boris, after)
    assert await readers(anna, before) == [boris.id]
    assert set(await readers(anna, after)) == {clara.id, boris.id}
    await clara.gets({"type": "leave_group", "group": anna.group})
    assert await readers(anna, after) == [boris.id]
    await clara.gets({"type": "join_group", "group": anna.group})
    last = await anna.says("last")
    await reads_up_to(clara, last)
    assert (await readers(anna, after), await readers(anna, last)) == ([boris.id], [clara.id])


# -- who does not tell -------------------------------------------------------------------------------------------------


async def test_who_does_not_tell_is_not_told_either(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara", group="склад")
    tablet = await another_device(stage, boris)
    await boris.gets({"type": "set_receipts", "on": False})
    seq = await anna.says("one")
    await reads_up_to(boris, seq)
    await tablet.hears(lambda event: event["type"] == "read" and event["user"] == boris.id)
    await reads_up_to(clara, seq)
    await anna.hears(lambda event: event["type"] == "read" and event["user"] == clara.id)
    own = await boris.says("mine")
    await reads_up_to(anna, own)
    await told_so_far(anna, clara)
    assert moves(anna, boris) == []
    assert moves(boris, clara) == moves(boris, anna) == moves(tablet, clara) == []
    assert await readers(anna, seq) == [clara.id]
    assert await readers(boris, own) == []
    assert [await marker(anna, of) for of in (boris, clara)] == [0, seq + 2]
    assert [await marker(boris, of) for of in (anna, clara, boris)] == [0, 0, seq]


async def test_they_can_change_their_mind(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await boris.gets({"type": "set_receipts", "on": False})
    first = await anna.says("one")
    await reads_up_to(boris, first)
    await boris.gets({"type": "set_receipts", "on": True})
    assert (await readers(anna, first), await marker(anna, boris)) == ([], 0), "what they did in silence stays theirs"
    second = await anna.says("two")
    await reads_up_to(boris, second)
    await anna.hears(lambda event: event["type"] == "read" and event["user"] == boris.id)
    assert moves(anna, boris) == [second]
    assert await readers(anna, second) == [boris.id]


async def test_it_is_remembered_over_a_restart(tmp_path: Path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        anna, boris = await stage.enter("anna", "boris", group="склад")
        await boris.gets({"type": "set_receipts", "on": False})
        seq = await anna.says("one")
    async with staged(config) as stage:
        for person in (anna, boris):
            person.stage = stage
            await person.comes()
        await reads_up_to(boris, seq)
        assert (await readers(anna, seq), await marker(anna, boris)) == ([], 0)
        for person in (anna, boris):
            await person.goes()


# -- setting it back ---------------------------------------------------------------------------------------------------


async def test_who_marks_as_unread_tells_their_own_devices_alone(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    tablet = await another_device(stage, boris)
    seqs = [await anna.says(str(number)) for number in range(5)]
    await reads_up_to(boris, seqs[-1])
    await boris.gets({"type": "unread", "group": boris.group, "seq": seqs[2]})
    heard = await tablet.hears(lambda event: event["type"] == "unread")
    assert (heard["group"], heard["seq"]) == (boris.group, seqs[1])
    order = [event["type"] for event in tablet.heard if event["type"] in ("read", "unread")]
    assert order == ["read", "unread"]
    group = await group_of(boris)
    assert (group["read_seq"], group["unread"]) == (seqs[1], 3)
    assert await marker(anna, boris) == seqs[-1]
    assert await readers(anna, seqs[-1]) == [boris.id]
    # Reading on is for the own devices, until it goes beyond what others know.
    await reads_up_to(boris, seqs[3])
    await tablet.hears(lambda event: event["type"] == "read" and event["seq"] == seqs[3])
    await told_so_far(anna, boris)
    assert moves(anna, boris) == [seqs[-1], seqs[-1] + 1]
    assert not [event for event in anna.heard if event["type"] == "unread"]


async def test_unread_never_goes_forward(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seqs = [await anna.says(str(number)) for number in range(3)]
    await reads_up_to(boris, seqs[0])
    before = (await group_of(boris))["read_seq"]
    for seq in (seqs[1], seqs[2], 9999):
        await boris.gets({"type": "unread", "group": boris.group, "seq": seq})
    assert (await group_of(boris))["read_seq"] == before
    await boris.gets({"type": "unread", "group": boris.group, "seq": 1})
    group: Json = await group_of(boris)
    assert (group.get("read_seq", 0), group["unread"]) == (0, 3)
