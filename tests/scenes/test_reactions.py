"""Emoji at messages: put, taken away, seen by whoever reads later, and nothing that is not one emoji."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from common.ids import Seq
from common.protocol import limits
from relay.handlers.sight import RELATED_MAX
from relay.storage.entries import Draft
from relay.storage.transaction import Transaction
from tests.people import Json, Person, Stage, quiet_config, staged


def reaction(person: Person, target: int, emoji: str = "👍", on: bool = True, nonce: str | None = None) -> Json:
    return {
        "type": "react",
        "group": person.group,
        "nonce": nonce or secrets.token_hex(16),
        "target": target,
        "emoji": emoji,
        "on": on,
    }


async def test_a_reaction_is_heard_and_can_be_taken_away(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("Чайник вскипел")
    put = await boris.gets(reaction(boris, seq))
    heard = await anna.hears(lambda event: event.get("kind") == "reaction")
    assert (heard["seq"], heard["sender"], heard["target"], heard["body"]) == (put["seq"], boris.id, seq, "👍")
    assert "on" not in heard
    await boris.gets(reaction(boris, seq, on=False))
    gone = await anna.hears(lambda event: event.get("kind") == "reaction" and "on" in event)
    assert (gone["target"], gone["body"], gone["on"]) == (seq, "👍", False)


async def test_what_is_so_already_stays_and_gets_the_entry_that_made_it_so(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("one")
    never = await anna.gets(reaction(anna, seq, on=False))
    put = await anna.gets(reaction(anna, seq, "❤️"))
    again = await anna.gets(reaction(anna, seq, "❤"))
    gone = await anna.gets(reaction(anna, seq, "❤️", on=False))
    still_gone = await anna.gets(reaction(anna, seq, "❤️", on=False))
    assert never["seq"] == seq
    assert put["seq"] == again["seq"] == seq + 1
    assert gone["seq"] == still_gone["seq"] == seq + 2
    assert len(await anna.reads()) == seq + 2


async def test_a_reaction_that_was_taken_away_since_is_not_shown_to_who_reads_later(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("one")
    await anna.gets(reaction(anna, seq))
    await anna.says("two")
    await anna.gets(reaction(anna, seq, "🎉"))
    await anna.gets(reaction(anna, seq, on=False))
    whole = await anna.gets({"type": "history", "group": anna.group})
    assert whole["related"] == [], "what stands in the page is not said twice"
    page = (await anna.gets({"type": "history", "group": anna.group, "before": seq + 3}))["entries"]
    assert [entry.get("body") for entry in page[-3:]] == ["one", None, "two"]
    reactions = [
        (entry.get("body"), entry.get("on", True)) for entry in await anna.reads() if entry["kind"] == "reaction"
    ]
    assert reactions == [(None, True), ("🎉", True), ("👍", False)]


async def test_a_repeated_reaction_gets_the_first_answer(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("one")
    nonce = secrets.token_hex(16)
    first = await anna.gets(reaction(anna, seq, nonce=nonce))
    await anna.gets(reaction(anna, seq, on=False))
    again = await anna.gets(reaction(anna, seq, nonce=nonce))
    assert (again["seq"], again["at"]) == (first["seq"], first["at"])
    assert await anna.is_refused(reaction(anna, seq, "🎉", nonce=nonce)) == "nonce_reused"


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇷🇺", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "1️⃣", "☑", "🫨"])
async def test_every_kind_of_emoji_is_one(stage: Stage, emoji: str):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("one")
    await anna.gets(reaction(anna, seq, emoji))


async def test_text_is_no_emoji(stage: Stage):
    (anna,) = await stage.enter("anna", group="склад")
    seq = await anna.says("one")
    texts = [
        "a",
        "1",
        "ok",
        "да",
        "👍👍",
        "👍 ",
        " ",
        "\u200d",
        "\ufe0f",
        "👍\u200d",
        "🇷",
        "\u202e👍",
        "👍\n",
        "﷽",
        "⠀",
        "🏽",
        "💩\u0301",
    ]
    for text in texts:
        assert await anna.is_refused(reaction(anna, seq, text)) == "bad_request", ascii(text)
    assert len(await anna.reads()) == seq


async def test_there_are_only_so_many_of_one_person(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    emoji = [chr(0x1F600 + number) for number in range(limits.REACTIONS_PER_PERSON + 1)]
    for each in emoji[:-1]:
        await anna.gets(reaction(anna, seq, each))
    assert await anna.is_refused(reaction(anna, seq, emoji[-1])) == "not_allowed"
    await boris.gets(reaction(boris, seq, emoji[-1]))
    await anna.gets(reaction(anna, seq, emoji[0], on=False))
    await anna.gets(reaction(anna, seq, emoji[-1]))


async def test_a_reaction_never_counts_as_unread(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    await boris.gets(reaction(boris, seq))
    groups = (await anna.gets({"type": "list_groups"}))["groups"]
    (group,) = (each for each in groups if each["id"] == anna.group)
    assert (group.get("unread", 0), group["last"]["body"]) == (0, "one")


async def test_a_forged_target_is_refused(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    await anna.says("here")
    there = max([await anna.says("of another group", group=stage.general) for _ in range(5)])
    join = 1
    for target in (join, 999, there):
        assert await boris.is_refused(reaction(boris, target)) == "unknown_target"
    seq = await anna.says("another")
    put = await boris.gets(reaction(boris, seq))
    assert await anna.is_refused(reaction(anna, put["seq"])) == "unknown_target"
    clara = await stage.registers("clara")
    await clara.comes()
    clara.group = anna.group
    assert await clara.is_refused(reaction(clara, seq)) == "not_a_member"


# -- very many of them -------------------------------------------------------------------------------------------------


async def many_reactions(stage: Stage, person: Person, targets: list[Seq], count: int) -> None:
    """*count* reactions at each of *targets*, without asking for each; more than one person may put."""
    group, user = person.group, person.id

    def react(transaction: Transaction) -> None:
        for target in map(Seq, targets):
            for number in range(count):
                emoji = chr(0x1F300 + number)
                entry = transaction.append(Draft(group, user, "reaction", emoji, target=target))
                transaction.said.set_reaction(group, target, user, emoji, entry.seq, True)

    await stage.relay.parts.journal.change(react)


async def pages(person: Person, before: int, limit: int = 200) -> list[Json]:
    """The pages of the log before *before*, the newest first."""
    found: list[Json] = []
    while not found or found[-1]["more"]:
        page = await person.gets({"type": "history", "group": person.group, "before": before, "limit": limit})
        before = page["entries"][0]["seq"]
        found.append(page)
    return found


async def test_messages_with_very_many_reactions_come_in_shorter_pages(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seqs = [await anna.says(str(number)) for number in range(5)]
    await many_reactions(stage, boris, seqs, RELATED_MAX * 2 // 5)
    found = await pages(anna, seqs[-1] + 1)
    assert len(found) > 1
    assert all(len(page["related"]) <= RELATED_MAX for page in found)
    shown = [entry["seq"] for page in reversed(found) for entry in page["entries"]]
    assert shown == list(range(1, seqs[-1] + 1))
    related = {entry["seq"] for page in found for entry in page["related"]}
    assert len(related) == RELATED_MAX * 2
    assert min(related) > seqs[-1]


async def test_a_page_with_what_is_said_of_it_fits_into_a_frame(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seqs = [await anna.says("ж" * 16_000) for _ in range(7)]
    await many_reactions(stage, boris, seqs, RELATED_MAX // 7)
    found = await pages(anna, seqs[-1] + 1)
    assert [entry["seq"] for page in reversed(found) for entry in page["entries"]] == list(range(1, seqs[-1] + 1))
    assert all(len(json.dumps(page, ensure_ascii=False).encode()) <= limits.FRAME_BYTES for page in found)
    assert sum(len(page["related"]) for page in found) == RELATED_MAX // 7 * 7


async def test_forward_through_the_log_the_same_is_said_of_each_page(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seqs = [await anna.says(str(number)) for number in range(4)]
    await many_reactions(stage, boris, seqs[:2], RELATED_MAX * 3 // 4)
    page = await anna.gets({"type": "history", "group": anna.group, "after": seqs[0] - 1, "limit": 4})
    assert ([entry["seq"] for entry in page["entries"]], page["more"]) == (seqs[:1], True)
    assert {entry["target"] for entry in page["related"]} == {seqs[0]}
    later = await anna.gets({"type": "history", "group": anna.group, "after": seqs[-1], "limit": 200})
    assert len(later["entries"]) == 200
    assert later["related"] == [], "a page that holds the reactions says nothing twice"


async def test_there_are_only_so_many_of_all(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="склад")
    seq = await anna.says("one")
    await many_reactions(stage, boris, [seq], limits.REACTIONS_PER_MESSAGE)
    assert await anna.is_refused(reaction(anna, seq)) == "not_allowed"
    await boris.gets(reaction(boris, seq, chr(0x1F300), on=False))
    await anna.gets(reaction(anna, seq))


async def test_what_everybody_hears_is_limited_as_messages_are(tmp_path: Path):
    async with staged(quiet_config(tmp_path, rate_limit=1)) as stage:
        (anna,) = await stage.enter("anna", group="склад")
        seq = await anna.says("one")
        emoji = [chr(0x1F600 + number) for number in range(10)]
        answers = [await anna.asks(reaction(anna, seq, each)) for each in emoji]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert {answer["code"] for answer in refused} == {"rate_limited"}
        assert refused[0]["retry_after"] > 0
