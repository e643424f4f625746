"""Somebody who sits at a virtual screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.window.hands import Hands


@pytest.fixture
def hands(display: str, artifacts: Path) -> Hands:
    for program, package in (("xdotool", "xdotool"), ("setxkbmap", "x11-xkb-utils")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt-get install -y {package}")
    return Hands(display, artifacts)
