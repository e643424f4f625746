"""What a section of the settings may know and do."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from common.protocol.messages import User
from desktop.autostart.seen import AutostartSeen
from desktop.events.conversations import OwnStatus
from desktop.intents import Intents
from desktop.screen import NotifierSight, Place, Question
from desktop.settings import SettingsFile
from desktop.view.look import Look
from desktop.view.secret_shown import Shown


class Desk(Struct, frozen=True):
    """*user*, *place*: who is signed in, and where; None while nobody is. *acts*: what the window does itself, by name."""

    look: Look
    settings: SettingsFile
    intents: Intents
    user: User | None
    place: Place | None
    status: OwnStatus
    notifier: NotifierSight
    starts: AutostartSeen | None
    set_theme: Callable[[str], None]
    set_language: Callable[[str], None]
    set_zoom: Callable[[int], None]
    set_text: Callable[[int], None]
    sign_out: Callable[[], None]
    download_data: Callable[[], None]
    delete_account: Callable[[], None]
    ask: Callable[[Question, Callable[[str], None]], None]
    made: Shown | None
    """An access token that was made since the settings were opened."""
