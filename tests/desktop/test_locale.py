"""Words in the person's language: complete, with the same placeholders, compiled, and well-formed days and times."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from common.ids import Millis
from desktop import locale

ROOT = Path(__file__).parent.parent.parent
PO = locale.FOLDER / "ru" / "LC_MESSAGES" / f"{locale.DOMAIN}.po"
MOSCOW = timezone(timedelta(hours=3))


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    locale.use("en")


def catalogue() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="ru")


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def in_the_sources() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Place and text of everything that is passed to `_`, `mark` or `n_` in the client's sources."""
    for path in sorted((ROOT / "desktop").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            count = {"_": 1, "mark": 1, "n_": 2}.get(name, 0)
            texts = [arg.value for arg in node.args[:count] if isinstance(arg, ast.Constant)]
            if count and len(texts) == count:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", tuple(str(text) for text in texts)


def placeholders(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in Formatter().parse(text) if name is not None}


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Of one that has no translation: an empty one."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


class TestTheRussianCatalogue:
    def test_it_has_everything_that_the_sources_say(self):
        known = {forms(message.id) for message in messages()}
        missing = sorted({f"{place}: {texts[0]!r}" for place, texts in in_the_sources() if texts not in known})
        assert missing == []

    def test_it_has_nothing_else(self):
        said = {texts for _place, texts in in_the_sources()}
        assert [message.id for message in messages() if forms(message.id) not in said] == []

    def test_everything_is_translated_and_nothing_is_doubtful(self):
        poor = [message.id for message in messages() if message.fuzzy or not all(forms(message.string))]
        assert poor == []

    def test_plurals_have_their_three_forms(self):
        assert [message.id for message in messages() if message.pluralizable and len(forms(message.string)) != 3] == []

    def test_placeholders_are_the_same(self):
        wrong = [
            (message.id, form)
            for message in messages()
            for form in forms(message.string)
            if placeholders(form) != placeholders(forms(message.id)[-1])
        ]
        assert wrong == []

    def test_the_compiled_one_is_up_to_date(self):
        compiled = io.BytesIO()
        write_mo(compiled, catalogue())
        assert PO.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run: python -m desktop.locale"


class TestTheLanguageInUse:
    def test_it_can_be_changed_at_any_time(self):
        assert locale.languages() == ("en", "ru")
        assert locale.use("ru") == locale.current() == "ru"
        assert locale._("Today") == "Сегодня"
        assert locale.use("en") == "en"
        assert locale._("Today") == "Today"

    def test_an_unknown_one_is_english(self):
        locale.use("ru")
        assert locale.use("tlh") == "en"
        assert locale._("Today") == "Today"

    def test_each_is_called_by_its_own_name(self):
        assert [locale.language_name(code) for code in locale.languages()] == ["English", "Русский"]

    @pytest.mark.parametrize("lang, expected", [("ru_RU.UTF-8", "ru"), ("en_GB.UTF-8", "en"), ("de_DE.UTF-8", "en")])
    def test_the_systems_one_is_taken_where_it_is_known(self, lang, expected, monkeypatch):
        for name in ("LC_ALL", "LANGUAGE", "LC_MESSAGES"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LANG", lang)
        assert locale.system_language() == expected

    def test_who_is_online_is_not_called_a_member(self):
        locale.use("ru")
        said = locale.n_("Connected · {n} online", "Connected · {n} online", 2).format(n=2)
        assert said == "Соединено · 2 в сети"

    def test_russian_counts_in_three_forms(self):
        locale.use("ru")
        counted = [locale.n_("{n} member", "{n} members", n).format(n=n) for n in (1, 2, 5, 11, 21, 104, 111)]
        assert counted == [
            "1 участник",
            "2 участника",
            "5 участников",
            "11 участников",
            "21 участник",
            "104 участника",
            "111 участников",
        ]


class TestDaysAndTimes:
    TODAY = date(2026, 3, 3)  # a Tuesday
    NOW = Millis(int(datetime(2026, 3, 3, 12, 0, tzinfo=UTC).timestamp() * 1000))

    def at(self, *moment: int) -> Millis:
        return Millis(int(datetime(*moment, tzinfo=UTC).timestamp() * 1000))  # type: ignore[misc, arg-type]

    @pytest.mark.parametrize(
        "day, english, russian",
        [
            (date(2026, 3, 3), "Today", "Сегодня"),
            (date(2026, 3, 2), "Yesterday", "Вчера"),
            (date(2026, 2, 25), "Wednesday", "Среда"),
            (date(2026, 2, 24), "24 February", "24 февраля"),
            (date(2026, 3, 4), "4 March", "4 марта"),
            (date(2024, 11, 3), "3 November 2024", "3 ноября 2024"),
        ],
    )
    def test_a_day_between_messages(self, day, english, russian):
        assert locale.day_name(day, self.TODAY) == english
        locale.use("ru")
        assert locale.day_name(day, self.TODAY) == russian

    @pytest.mark.parametrize(
        "moment, english, russian",
        [
            ((2026, 3, 3, 9, 41), "09:41", "09:41"),
            ((2026, 3, 1, 9, 41), "Sun", "вс"),
            ((2026, 2, 3, 9, 41), "3 Feb", "3 фев"),
            ((2025, 5, 9, 9, 41), "09.05.25", "09.05.25"),
        ],
    )
    def test_a_moment_in_the_list(self, moment, english, russian):
        assert locale.short_moment(self.at(*moment), self.NOW, UTC) == english
        locale.use("ru")
        assert locale.short_moment(self.at(*moment), self.NOW, UTC) == russian

    def test_a_moment_in_a_sentence(self):
        assert locale.moment(self.at(2026, 3, 3, 9, 5), self.NOW, UTC) == "09:05"
        assert locale.moment(self.at(2026, 3, 2, 9, 5), self.NOW, UTC) == "2 March, 09:05"
        locale.use("ru")
        assert locale.moment(self.at(2026, 3, 2, 9, 5), self.NOW, UTC) == "2 марта, 09:05"

    @pytest.mark.parametrize("at, year", [(-(2**53), 1970), (-104_183_382_357, 1970), (2**53, 9999)])
    def test_a_relay_with_a_wild_clock_has_times_all_the_same(self, at, year):
        for zone in (None, MOSCOW, timezone(timedelta(hours=-12))):
            assert locale.local_day(Millis(at), zone).year == year
            assert len(locale.time_of_day(Millis(at), zone)) == 5

    def test_the_day_is_the_readers(self):
        late = self.at(2026, 3, 2, 22, 30)
        assert locale.local_day(late, UTC) == date(2026, 3, 2)
        assert locale.local_day(late, MOSCOW) == date(2026, 3, 3)
        assert locale.time_of_day(late, MOSCOW) == "01:30"
