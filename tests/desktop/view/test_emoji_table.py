"""Every emoji is found by what people call it, in both languages, and known as one emoji in text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from desktop import locale
from desktop.view import emoji, emoji_table


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    locale.use("en")
    yield
    locale.use("en")


def signs(text: str) -> list[str]:
    return [one.sign for one in emoji_table.table().found(text)]


@pytest.mark.parametrize(
    "word, sign",
    [
        ("thumb", "👍"),
        ("палец", "👍"),
        ("спасибо", "🙏"),
        ("HEART", "❤️"),
        ("елка", "🎄"),
        ("Ёлка", "🎄"),
        ("россия", "🇷🇺"),
    ],
)
def test_it_is_found_by_a_word_of_either_language(word: str, sign: str):
    assert sign in signs(word)


def test_part_of_a_word_is_enough_and_every_word_counts():
    assert "🎉" in signs("part pop")
    assert "🎉" not in signs("part xyz")
    assert "👍" not in signs("humb")


def test_what_is_called_so_comes_before_what_is_like_it():
    locale.use("en")
    assert signs("fire")[0] == "🔥"
    locale.use("ru")
    assert signs("огонь")[0] == "🔥"


def test_names_are_in_the_language_of_the_window():
    fire = emoji_table.table().named("🔥")
    assert fire is not None
    assert fire.name == "fire"
    locale.use("ru")
    fire = emoji_table.table().named("🔥")
    assert fire is not None
    assert fire.name == "огонь"


def test_every_category_has_a_name_a_sign_and_emoji():
    table = emoji_table.table()
    for category, sign, name in emoji_table.categories():
        assert len(table.of(category)) > 50
        assert emoji.EMOJI.fullmatch(sign)
        assert name


def test_each_is_one_emoji_in_text():
    for one in emoji_table.table().emoji:
        found = emoji.EMOJI.match(f"{one.sign}!")
        assert found is not None, one
        assert found.group() == one.sign
        assert not emoji.is_text(found.group()), one


def test_numbers_and_plain_signs_are_no_emoji():
    for text in ("12 #3 *", "©", "™ ®", "→ ↔", "ℹ"):
        assert not emoji.EMOJI.search(text), text


def test_what_the_font_does_not_have_is_not_offered_and_never_drawn_as_nothing():
    if emoji.colour_font() is None:
        pytest.skip("no colour font here")
    assert emoji.is_drawable("🔥")
    assert not emoji.is_drawable("\U000fff00")
    assert emoji.draw("\U000fff00", 20).getbbox() is not None
