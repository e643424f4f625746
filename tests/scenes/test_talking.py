"""What people do with each other."""

from __future__ import annotations

import secrets

from tests.people import Stage, quiet_config, staged


async def test_what_one_says_the_other_hears(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("Чайник вскипел")
    heard = await boris.hears_message("Чайник вскипел")
    assert (heard["seq"], heard["sender"], heard["group"]) == (seq, anna.id, anna.group)


async def test_who_was_away_reads_what_was_said(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await boris.goes()
    await anna.says("Чайник вскипел")
    await boris.comes()
    assert [entry.get("body") for entry in await boris.reads()][-1] == "Чайник вскипел"


async def test_who_comes_back_gets_what_was_missed_once_and_before_what_is_new(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seen = await anna.says("one")
    await boris.hears_message("one")
    await boris.goes()
    boris.heard.clear()
    for body in ("two", "three"):
        await anna.says(body)
    await boris.comes(boris.welcome["epoch"], {boris.group: seen})
    await anna.says("four")
    await boris.hears_message("four")
    assert [entry["body"] for entry in boris.entries()] == ["two", "three", "four"]


async def test_cursors_of_another_epoch_are_not_believed(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    await boris.goes()
    boris.heard.clear()
    await anna.says("one")
    welcome = await boris.comes("another epoch", {boris.group: 1})
    await anna.says("two")
    await boris.hears_message("two")
    assert welcome["epoch"] == anna.welcome["epoch"]
    assert [entry["body"] for entry in boris.entries()] == ["two"]


async def test_who_missed_too_much_is_told_how_far_each_log_has_come(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await boris.goes()
    boris.heard.clear()
    answers = [
        anna.begins({"type": "post", "group": anna.group, "nonce": secrets.token_hex(16), "body": str(number)})
        for number in range(1100)
    ]
    last = max([(await answer)["seq"] for answer in answers])
    await boris.comes(boris.welcome["epoch"], {boris.group: 2})
    behind = await boris.hears(lambda event: event["type"] == "behind")
    assert behind["groups"] == {str(boris.group): last}
    assert boris.entries() == []
    assert [entry["seq"] for entry in await boris.reads()] == list(range(1, last + 1))


async def test_a_repeated_nonce_gets_the_first_answer_and_is_heard_once(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    nonce = secrets.token_hex(16)
    first = await anna.gets({"type": "post", "group": 1, "nonce": nonce, "body": "once"})
    again = await anna.gets({"type": "post", "group": 1, "nonce": nonce, "body": "once"})
    await anna.says("after")
    await boris.hears_message("after")
    assert (again["seq"], again["at"]) == (first["seq"], first["at"])
    assert [entry["body"] for entry in boris.entries() if "body" in entry] == ["once", "after"]
    assert await anna.is_refused({"type": "post", "group": 1, "nonce": nonce, "body": "other"}) == "nonce_reused"


async def test_posts_that_are_sent_together_get_their_places_in_that_order(stage: Stage):
    (anna,) = await stage.enter("anna")
    answers = [
        anna.begins({"type": "post", "group": 1, "nonce": secrets.token_hex(16), "body": str(number)})
        for number in range(300)
    ]
    seqs = [(await answer)["seq"] for answer in answers]
    assert seqs == list(range(seqs[0], seqs[0] + 300))


async def test_a_history_asked_for_right_after_a_post_shows_it(stage: Stage):
    (anna,) = await stage.enter("anna")
    post = anna.begins({"type": "post", "group": 1, "nonce": secrets.token_hex(16), "body": "first"})
    page = anna.begins({"type": "history", "group": 1})
    assert (await page)["entries"][-1]["seq"] == (await post)["seq"]


async def test_history_is_paged_in_both_directions(stage: Stage):
    (anna,) = await stage.enter("anna")
    for number in range(2, 12):
        assert await anna.says(str(number)) == number
    newest = await anna.gets({"type": "history", "group": 1, "limit": 4})
    assert ([e["seq"] for e in newest["entries"]], newest["more"]) == ([8, 9, 10, 11], True)
    older = await anna.gets({"type": "history", "group": 1, "limit": 7, "before": 8})
    assert ([e["seq"] for e in older["entries"]], older["more"]) == ([1, 2, 3, 4, 5, 6, 7], False)
    later = await anna.gets({"type": "history", "group": 1, "limit": 2, "after": 5})
    assert ([e["seq"] for e in later["entries"]], later["more"]) == ([6, 7], True)
    end = await anna.gets({"type": "history", "group": 1, "after": 11})
    assert (end["entries"], end["more"]) == ([], False)
    assert await anna.is_refused({"type": "history", "group": 1, "after": 1, "before": 3}) == "bad_request"


async def test_a_page_of_long_messages_fits_into_a_frame(stage: Stage):
    (anna,) = await stage.enter("anna")
    for _ in range(20):
        await anna.says("ж" * 16_384)
    page = await anna.gets({"type": "history", "group": 1, "limit": 200})
    assert page["more"]
    assert 1 < len(page["entries"]) < 20
    assert page["entries"][-1]["seq"] == 21
    assert len(await anna.reads()) == 21


async def test_a_read_marker_only_grows_and_the_others_hear_of_it(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    for number in range(5):
        await anna.says(str(number))
    before = await boris.gets({"type": "list_groups"})
    assert next(g["unread"] for g in before["groups"] if g["id"] == boris.group) == 5
    await boris.gets({"type": "mark_read", "group": boris.group, "seq": 5})
    await boris.gets({"type": "mark_read", "group": boris.group, "seq": 3})
    read = await anna.hears(lambda event: event["type"] == "read" and event["user"] == boris.id)
    assert (read["group"], read["seq"]) == (boris.group, 5)
    after = await boris.gets({"type": "list_groups"})
    group = next(g for g in after["groups"] if g["id"] == boris.group)
    assert (group["read_seq"], group["unread"], group["last"]["body"]) == (5, 2, "4")


async def test_presence_is_told_and_a_short_absence_is_none(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    await anna.hears(lambda event: event["type"] == "presence" and event["user"] == boris.id)
    members = await anna.gets({"type": "list_members", "group": 1})
    assert {m["user"]["username"]: m["presence"] for m in members["members"]} == {"anna": "online", "boris": "online"}
    mark = len(anna.heard)
    await boris.goes()
    gone = await anna.hears(lambda event: event["type"] == "presence", after=mark)
    assert (gone["user"], gone["state"]) == (boris.id, "offline")


async def test_a_reply_must_answer_something(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    seq = await anna.says("question")
    post = {"type": "post", "group": 1, "body": "answer"}
    await boris.gets({**post, "nonce": secrets.token_hex(16), "reply_to": seq})
    heard = await anna.hears_message("answer")
    assert heard["target"] == seq
    refused = {**post, "nonce": secrets.token_hex(16), "reply_to": 10_000}
    assert await boris.is_refused(refused) == "unknown_target"


async def test_a_message_posted_by_plain_http_is_heard_on_links(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    answer = await anna.posts("post", group=1, nonce=secrets.token_hex(16), body="from a script")
    heard = await boris.hears_message("from a script")
    assert heard["seq"] == answer["seq"]


async def test_everything_is_there_after_a_restart(tmp_path):
    config = quiet_config(tmp_path)
    async with staged(config) as stage:
        anna, _boris = await stage.enter("anna", "boris", group="склад")
        await anna.says("Чайник вскипел")
        epoch, group, token, relay_id = anna.welcome["epoch"], anna.group, anna.token, stage.relay.relay_id
    async with staged(config) as stage:
        anna.stage = stage
        welcome = await anna.comes()
        assert (welcome["epoch"], stage.relay.relay_id, anna.token) == (epoch, relay_id, token)
        assert [g["name"] for g in welcome["groups"]] == ["General", "склад"]
        assert (await anna.reads(group))[-1]["body"] == "Чайник вскипел"
        await anna.goes()


async def test_coming_back_in_the_middle_of_a_stream_leaves_no_gap_and_nothing_twice(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    epoch = boris.welcome["epoch"]
    last = 0
    for _ in range(10):
        boris.heard.clear()
        posts = [
            anna.begins({"type": "post", "group": 1, "nonce": secrets.token_hex(16), "body": "x"}) for _ in range(60)
        ]
        await posts[5]
        await boris.goes()
        await boris.comes(epoch, {1: last})
        newest = max([(await post)["seq"] for post in posts])
        await boris.hears(lambda event: event.get("seq") == newest)  # noqa: B023  awaited within the round
        seqs = [entry["seq"] for entry in boris.entries()]
        assert seqs[-(newest - last) :] == list(range(last + 1, newest + 1))
        last = newest
