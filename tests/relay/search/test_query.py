"""What is typed into the search field, read."""

from __future__ import annotations

from datetime import datetime

import pytest

from common.ids import Millis
from relay.search.query import Query, parse
from relay.search.text import term


def looked_for(text: str) -> list[str]:
    return [each.pattern.pattern for each in parse(text).terms]


def words(*texts: str) -> list[str]:
    return [made.pattern.pattern for text in texts if (made := term(text))]


def unix_ms(year: int, month: int, day: int) -> Millis:
    return Millis(int(datetime(year, month, day).timestamp() * 1000))  # noqa: DTZ001  this machine's time is meant


def test_words_and_phrases():
    assert looked_for('белый "у реки" дом «в саду» “the end”') == words("белый", "у реки", "дом", "в саду", "the end")
    assert looked_for('не закрыто "у реки') == words("не", "закрыто", "у реки")
    assert looked_for("дом дом") == words("дом")


@pytest.mark.parametrize(
    "text", ["from:Anna in:Склад has:file", "От:ANNA в:склад ЕСТЬ:Файл", 'from:"anna" in:"склад" has:files']
)
def test_filters(text: str):
    assert parse(text) == Query((), ("anna",), ("склад",), has_file=True)


@pytest.mark.parametrize(
    "text", ["http://server", "12:30", "from:", "in: склад", "before:завтра", "has:nothing", "after:2026-13-01"]
)
def test_what_is_no_filter_is_looked_for(text: str):
    query = parse(text)
    assert query.terms
    assert query == Query(query.terms)


@pytest.mark.parametrize("day", ["2026-11-24", "24.11.2026"])
def test_days(day: str):
    assert parse(f"after:{day} до:2027") == Query(after=unix_ms(2026, 11, 24), before=unix_ms(2027, 1, 1))
    assert parse(f"after:2026-11 after:{day}").after == unix_ms(2026, 11, 24)
    assert parse(f"before:{day} before:12.2026").before == unix_ms(2026, 11, 24)


@pytest.mark.parametrize("text", ["", " ", "…", '""', "«»"])
def test_nothing(text: str):
    assert parse(text).is_empty
