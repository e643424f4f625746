"""Whether this is the container of docker-compose.yml, and how the relay is started there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

IMAGE_MARK: Final = Path("/etc/py-messenger-image")
"""Is in the image that the Dockerfile makes. What engines leave behind themselves is not everywhere, and in other containers too."""


def is_in_container() -> bool:
    """Whether this program runs in that image."""
    return IMAGE_MARK.exists()


def how_to_start() -> str:
    """The command by which the relay is started, for a sentence."""
    if is_in_container():
        return "`docker-compose up -d` (with the profile lan: `docker-compose --profile lan up -d relay-lan`), on the container's host"
    return "`python -m relay run`"
