"""What people let others know of themselves at this moment."""

from __future__ import annotations

from tests.people import Json, Person, Stage


async def told(person: Person, of: Person, state: str, after: int = 0) -> Json:
    return await person.hears(
        lambda event: event["type"] == "presence" and event["user"] == of.id and event["state"] == state, after=after
    )


async def says_how(person: Person, state: str, text: str = "") -> Json:
    return await person.gets({"type": "set_presence", "state": state, "text": text})


async def member(person: Person, of: Person) -> Json:
    members = (await person.gets({"type": "list_members", "group": person.group}))["members"]
    return next(each for each in members if each["user"]["id"] == of.id)


async def test_who_is_away_or_busy_says_so_and_others_hear_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    await says_how(boris, "away")
    await told(anna, boris, "away")
    await says_how(boris, "dnd", "на совещании до трёх")
    heard = await told(anna, boris, "dnd")
    assert heard["text"] == "на совещании до трёх"
    shown = await member(anna, boris)
    assert (shown["presence"], shown["status"]) == ("dnd", "на совещании до трёх")
    mark = len(anna.heard)
    await says_how(boris, "online")
    assert (await told(anna, boris, "online", mark))["text"] == ""


async def test_it_lasts_as_long_as_the_link(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    await says_how(boris, "dnd", "busy")
    await told(anna, boris, "dnd")
    await boris.goes()
    gone = await told(anna, boris, "offline")
    assert gone["text"] == ""
    mark = len(anna.heard)
    await boris.comes()
    assert (await told(anna, boris, "online", mark))["text"] == ""


async def test_of_several_devices_the_busiest_counts_and_the_last_text(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    tablet = Person(stage, "boris", boris.token, boris.user)
    stage.people.append(tablet)
    await tablet.comes()
    await says_how(boris, "away", "first")
    await says_how(tablet, "away", "second")
    await told(anna, boris, "away")
    shown = await member(anna, boris)
    assert (shown["presence"], shown["status"]) == ("away", "second")
    await says_how(boris, "dnd", "third")
    await told(anna, boris, "dnd")
    assert (await member(anna, boris))["status"] == "third"
    await boris.goes()
    await told(anna, boris, "away", len(anna.heard) - 1)
    assert (await member(anna, boris))["status"] == "second"
    await tablet.goes()
    await told(anna, boris, "offline")


async def test_a_device_that_nobody_touches_takes_no_text_away(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    tablet = Person(stage, "boris", boris.token, boris.user)
    stage.people.append(tablet)
    await tablet.comes()
    await says_how(boris, "away", "at lunch")
    await told(anna, boris, "online")
    await says_how(tablet, "away", "")
    await told(anna, boris, "away")
    assert (await member(anna, boris))["status"] == "at lunch"


async def test_a_status_that_cannot_be_seen_is_refused(stage: Stage):
    (anna,) = await stage.enter("anna")
    for text in ("\u202egnidaer", "a\nb", " x", "\u2800"):
        assert await anna.is_refused({"type": "set_presence", "state": "away", "text": text}) == "bad_name"
    assert await anna.is_refused({"type": "set_presence", "state": "offline"}) == "bad_request"
    assert await anna.is_refused({"type": "set_presence", "state": "away", "text": "x" * 101}) == "bad_request"
    assert (await anna.posts("set_presence", state="away"))["code"] == "unexpected_message"


# -- writing -----------------------------------------------------------------------------------------------------------


async def test_the_others_see_that_somebody_is_writing(stage: Stage):
    anna, boris, clara = await stage.enter("anna", "boris", "clara")
    tablet = Person(stage, "boris", boris.token, boris.user)
    stage.people.append(tablet)
    await tablet.comes()
    made = await anna.gets({"type": "create_group", "name": "склад"})
    group = made["group"]["id"]
    await boris.gets({"type": "join_group", "group": group})
    await boris.gets({"type": "typing", "group": group})
    heard = await anna.hears(lambda event: event["type"] == "typing")
    assert (heard["group"], heard["user"]) == (group, boris.id)
    await anna.says("over", group=1)
    for person in (clara, tablet):
        await person.hears_message("over")
        assert not [event for event in person.heard if event["type"] == "typing"]
    assert await clara.is_refused({"type": "typing", "group": group}) == "not_a_member"


async def test_writing_is_not_told_more_often_than_it_can_change(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    for _ in range(50):
        await boris.gets({"type": "typing", "group": 1})
    await boris.says("written")
    await anna.hears_message("written")
    assert 3 <= len([event for event in anna.heard if event["type"] == "typing"]) < 20


async def test_nothing_of_it_is_in_the_log(stage: Stage):
    anna, _boris = await stage.enter("anna", "boris")
    length = len(await anna.reads())
    await anna.gets({"type": "typing", "group": 1})
    await says_how(anna, "away", "for a while")
    assert len(await anna.reads()) == length
