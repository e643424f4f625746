"""People find what was said, and only what they may read, as it reads now."""

from __future__ import annotations

import secrets
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.ids import GroupId, Millis, UserId
from common.protocol import limits
from common.protocol.messages import FileInfo
from relay.storage.entries import Content, Draft
from tests.people import Json, Person, Stage


async def search(person: Person, query: str, **more: Any) -> Json:
    answer = await person.gets({"type": "search", "query": query, **more})
    assert answer["complete"] is True
    return answer


async def found(person: Person, query: str, **more: Any) -> list[str]:
    """The snippets, newest first."""
    return [hit["snippet"] for hit in (await search(person, query, **more))["hits"]]


async def act(person: Person, kind: str, target: int, **more: Any) -> None:
    await person.gets({"type": kind, "group": person.group, "nonce": secrets.token_hex(16), "target": target, **more})


async def test_words_are_found_by_any_part_of_three_letters_in_both_languages(stage: Stage):
    (anna,) = await stage.enter("anna")
    await anna.says("Чайник вскипел, Ёжик")
    await anna.says("The KETTLE is boiling")
    for query in ("чайник", "ЧАЙ", "айни", "ник ёжик", "ежик вски"):
        assert await found(anna, query) == ["Чайник вскипел, Ёжик"], query
    for query in ("kettle", "ett", "the boil", "TH"):
        assert await found(anna, query) == ["The KETTLE is boiling"], query
    for query in ("чайникк", "чайник kettle", "ik", "ёж кеттл"):
        assert await found(anna, query) == [], query


async def test_a_hit_says_where_it_is_and_what_to_emphasise(stage: Stage):
    (anna,) = await stage.enter("anna")
    seq = await anna.says("Вечером чайник, утром ЧАЙНИК")
    (hit,) = (await search(anna, "чайник"))["hits"]
    entry = (await anna.reads())[-1]
    assert (hit["group"], hit["seq"], hit["at"], hit["sender"]) == (anna.group, seq, entry["at"], anna.id)
    assert [hit["snippet"][start:end] for start, end in hit["marks"]] == ["чайник", "ЧАЙНИК"]


async def test_a_phrase_stands_together(stage: Stage):
    (anna,) = await stage.enter("anna")
    await anna.says("белый дом у реки")
    await anna.says("дом белый, а не синий")
    assert await found(anna, '"белый дом"') == ["белый дом у реки"]
    assert await found(anna, "«белый а не»") == ["дом белый, а не синий"]
    assert len(await found(anna, "белый дом")) == 2


async def test_only_groups_that_one_is_in_now_are_looked_through(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    made = await anna.gets({"type": "create_group", "name": "Склад", "private": True})
    anna.group = made["group"]["id"]
    await anna.says("тайный чайник")
    assert await found(boris, "чайник") == []
    assert await boris.is_refused({"type": "search", "query": "чайник", "group": anna.group}) == "unknown_group"
    await anna.gets({"type": "add_member", "group": anna.group, "user": boris.id})
    assert await found(boris, "чайник") == ["тайный чайник"]
    await anna.gets({"type": "remove_member", "group": anna.group, "user": boris.id})
    assert await found(boris, "чайник") == []
    assert await found(anna, "чайник") == ["тайный чайник"]


async def test_direct_conversations_are_found_by_the_two_only(stage: Stage):
    anna, boris, vera = await stage.enter("anna", "boris", "vera")
    opened = await anna.gets({"type": "open_direct", "user": boris.id})
    await anna.says("между нами чайник", group=opened["group"]["id"])
    assert await found(anna, "чайник in:boris") == ["между нами чайник"]
    assert await found(boris, "чайник в:@Anna") == ["между нами чайник"]
    assert await found(boris, "чайник in:vera") == []
    assert await found(vera, "чайник") == []


async def test_an_edit_replaces_and_a_redaction_removes(stage: Stage):
    anna, boris = await stage.enter("anna", "boris")
    seq = await anna.says("чайник")
    assert await found(boris, "чайник") == ["чайник"]
    await act(anna, "edit", seq, body="самовар")
    assert await found(boris, "чайник") == []
    (hit,) = (await search(boris, "самовар"))["hits"]
    assert hit["seq"] == seq
    await act(anna, "redact", seq)
    assert await found(boris, "самовар") == []
    assert await found(boris, "чайник") == []


async def test_filters_narrow_it_down(stage: Stage):
    anna, boris = await stage.enter("anna", "boris", group="Новый склад")
    await anna.says("чайник анны")
    await boris.says("чайник бориса")
    await boris.says("чайник для всех", group=stage.general)
    assert await found(anna, "чайник from:boris") == ["чайник для всех", "чайник бориса"]
    assert await found(anna, "от:ANNA чайник") == ["чайник анны"]
    assert await found(anna, "чайник in:склад") == ["чайник бориса", "чайник анны"]
    assert await found(anna, 'in:"новый склад" from:boris') == ["чайник бориса"]
    assert await found(anna, "чайник", group=stage.general) == ["чайник для всех"]
    assert await found(anna, "чайник in:нигде") == []
    assert await found(anna, "чайник from:никто") == []


async def test_days_narrow_it_down(stage: Stage):
    (anna,) = await stage.enter("anna")
    general, day = GroupId(stage.general), 86_400_000
    for number in range(3):
        draft = Draft(
            general, UserId(anna.id), "message", f"чайник {number}", at=Millis(1_767_268_800_000 + number * day)
        )
        await stage.relay.parts.journal.append(draft)  # at noon of the first three days of 2026
    assert await found(anna, "чайник after:2026-01-02") == ["чайник 2", "чайник 1"]
    assert await found(anna, "чайник before:2.01.2026") == ["чайник 0"]
    assert await found(anna, "чайник после:2026-01-02 до:2026-01-03") == ["чайник 1"]
    assert await found(anna, "after:2026-01 before:2027") == ["чайник 2", "чайник 1", "чайник 0"]


async def test_the_name_of_a_file_is_found(stage: Stage):
    (anna,) = await stage.enter("anna")
    picture = FileInfo("0" * 32, "Отчёт_за_год.pdf", 10)
    general, sender = GroupId(stage.general), UserId(anna.id)
    await anna.says("отчет без файла")
    await stage.relay.parts.journal.append(Draft(general, sender, "message", "вот он", more=Content(files=(picture,))))
    (hit,) = (await search(anna, "отчет has:file"))["hits"]
    assert (hit["snippet"], hit["files"][0]["name"]) == ("вот он", "Отчёт_за_год.pdf")
    assert await found(anna, "pdf") == ["вот он"]
    assert await found(anna, "есть:файл") == ["вот он"]


async def test_pages_follow_each_other_without_gap_or_repeat(stage: Stage):
    (anna,) = await stage.enter("anna")
    answers = [anna.begins(post(anna, f"чайник {number}")) for number in range(150)]
    said = [(await answer)["seq"] for answer in answers]
    read: list[int] = []
    page: Json = {"more": True, "hits": []}
    while page["more"]:
        before = {"before": page["hits"][-1]["at"]} if page["hits"] else {}
        page = await search(anna, "чайник", limit=7, **before)
        assert page["hits"]
        read += [hit["seq"] for hit in page["hits"]]
    assert read == sorted(said, reverse=True)


def post(person: Person, body: str) -> Json:
    return {"type": "post", "group": person.group, "nonce": secrets.token_hex(16), "body": body}


async def test_what_is_no_search_finds_nothing(stage: Stage):
    (anna,) = await stage.enter("anna")
    await anna.says("чайник - и всё.")
    for query in (" ", "...", "-", '""', '"', "«»", "—"):
        assert await found(anna, query) == [], query


def odd_queries(count: int) -> list[str]:
    """What a person could type, and what means something to the index underneath."""
    words = st.sampled_from(
        ['"', "*", "NEAR(", "AND", "OR", "NOT", "^", "text:", "{a b}", ":", "from:", "in:", "\0", "\ue000"]
    )
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    dates = st.sampled_from(["before:9999-12-31", "до:0001", "after:31.12.9999", "after:0"])
    made: list[str] = []

    @settings(max_examples=count, suppress_health_check=list(HealthCheck))
    @given(st.lists(words | text | dates, min_size=1).map(" ".join))
    def make(query: str) -> None:
        made.append(query[: limits.QUERY_CHARACTERS] or " ")

    make()
    return made


async def test_nothing_that_is_typed_breaks_it(stage: Stage):
    (anna,) = await stage.enter("anna")
    await anna.says("чайник NEAR(кот пёс) AND OR NOT * ^ : + - {a b} C++ № 5 👍🏽 a_b\\c")
    for query in odd_queries(300):
        answer = await anna.asks({"type": "search", "query": query})
        assert answer["type"] == "ok", query
    for query in ("c++", "№ 5", "👍", "a_b\\c", "near(кот", '+ - "{a b}"', "* ^"):
        assert len(await found(anna, query)) == 1, query
