"""Pictures have soft edges, the right size and the right letters."""

from __future__ import annotations

import pytest
from PIL import Image

from desktop.view import emoji, icons
from desktop.view.initials import initials
from desktop.view.paint import draw_avatar, draw_corner, draw_disc, draw_icon, draw_panel, draw_raised_panel


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def strongest(image: Image.Image) -> float:
    """The greatest opacity in it."""
    return max(image.getchannel("A").tobytes())


def test_a_disc_is_full_in_the_middle_empty_in_the_corner_and_soft_between():
    image = draw_disc(20, "#FF0000")
    assert pixel(image, 10, 10) == (255, 0, 0, 255)
    assert pixel(image, 0, 0)[3] == 0
    assert any(0 < pixel(image, x, 2)[3] < 255 for x in range(20))


def test_four_corners_make_a_disc():
    disc = draw_disc(20, "#00FF00")
    for which, place in enumerate(((0, 0), (10, 0), (10, 10), (0, 10))):
        part = disc.crop((*place, place[0] + 10, place[1] + 10))
        ours, whole = draw_corner(which, 10, "#00FF00").getchannel("A"), part.getchannel("A")
        assert max(abs(a - b) for a, b in zip(ours.tobytes(), whole.tobytes(), strict=True)) <= 2


def test_what_is_drawn_on_a_ground_looks_as_if_laid_on_it_and_lets_nothing_through():
    clear, on_blue = draw_corner(1, 10, "#00FF00"), draw_corner(1, 10, "#00FF00", "#0000FF")
    laid = Image.new("RGBA", clear.size, "#0000FF")
    laid.alpha_composite(clear)
    assert on_blue.mode == "RGB"
    assert on_blue.tobytes() == laid.convert("RGB").tobytes()


def test_a_panel_has_its_border_and_its_ground():
    image = draw_panel(30, 20, 6, "#FFFFFF", "#0000FF", 1, "#FF0000")
    assert pixel(image, 0, 0)[:3] == (255, 0, 0)
    assert pixel(image, 15, 0)[:3] == (0, 0, 255)
    assert pixel(image, 15, 10)[:3] == (255, 255, 255)


def test_a_shadow_fades_outwards():
    image = draw_raised_panel(60, 40, 8, "#FFFFFF", "#CCCCCC", 6, 0.3)
    assert image.size == (60 + 24, 40 + 24)
    below = [pixel(image, 42, y)[3] for y in range(53, 64)]
    assert below == sorted(below, reverse=True)
    assert below[0] > below[-1]


@pytest.mark.parametrize(
    "name, letters",
    [("Anna Petrova", "AP"), ("anna", "A"), ("Игорь Сидоров-Ким", "ИС"), ("", "?"), ("!!!", "?"), ("ß", "SS")],
)
def test_initials(name: str, letters: str):
    assert initials(name) == letters


def test_avatars_of_people_are_round_and_of_groups_square():
    assert pixel(draw_avatar(40, "AP", 0, square=False), 3, 3)[3] == 0
    assert pixel(draw_avatar(40, "AP", 0, square=True), 20, 1)[3] == 255
    assert pixel(draw_avatar(40, "AP", 0, square=True), 5, 5)[3] == 255


@pytest.mark.parametrize("name", sorted(icons.ICONS))
def test_every_icon_can_be_drawn_and_stays_within_its_square(name: str):
    image = draw_icon(name, 24, "#123456")
    alpha = image.getchannel("A")
    assert strongest(image) > 200
    assert alpha.getbbox() is not None


@pytest.mark.skipif(emoji.colour_font() is None, reason="no colour font here")
@pytest.mark.parametrize("sequence", ["🎉", "👍🏽", "👩‍👩‍👧", "🇷🇺"])
def test_an_emoji_is_one_coloured_picture(sequence: str):
    image = emoji.draw(sequence, 34)
    assert image.size == (34, 34)
    assert strongest(image) > 200
