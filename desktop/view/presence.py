"""How somebody's presence looks and is called."""

from __future__ import annotations

from common.protocol.messages import PresenceState
from desktop.locale import _
from desktop.view.tokens import Palette


def colour(palette: Palette, state: PresenceState) -> str:
    """The colour of the dot."""
    colours = {"online": palette.ok, "away": palette.away, "dnd": palette.danger_fill, "offline": palette.badge_muted}
    return colours[state]


def words(state: PresenceState) -> str:
    """What to call it."""
    names = {"online": _("online"), "away": _("away"), "dnd": _("do not disturb"), "offline": _("offline")}
    return names[state]
