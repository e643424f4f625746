import pytest

from tests.desktop.view import gallery
from tests.desktop.view.test_sizes import HUGE, dress, look_at


@pytest.mark.window
@pytest.mark.parametrize("interface, text, language, size", HUGE)
def test_mine(stage, interface, text, language, size):
    dress(stage, interface, text, language, size)
    gallery.enter(stage)
    found = []
    for name, show in gallery.WITHIN.items():
        if name.startswith("this-relay"):
            gallery.back(stage)
            stage.asked.calls.clear()
            found += look_at(stage, name, show)
    assert found == []
