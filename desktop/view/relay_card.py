"""One relay of the list: its name, where it is, how many are there, who may come, and whether its identity is the known one."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from common.ids import Millis, RelayId
from desktop import locale
from desktop.events.relays import FoundRelay, Trust
from desktop.locale import _, n_
from desktop.view import kit
from desktop.view.fonts import fit
from desktop.view.look import Look

ID_SHOWN = 16


def short_id(relay_id: RelayId, shown: int = ID_SHOWN) -> str:
    """The first characters of a relay id in groups of four, as people compare them."""
    part = relay_id[:shown]
    return "-".join(part[at : at + 4] for at in range(0, len(part), 4))


def avatar_colour(relay_id: RelayId) -> int:
    """The same colour for the same identity: another one under a known name looks different."""
    return sum(relay_id.encode())


class RelayCard(ttk.Frame):
    """A card with one main button; Return presses it."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        relay: FoundRelay,
        primary: bool,
        on_press: Callable[[FoundRelay], object],
        on_forget: Callable[[FoundRelay], object],
    ) -> None:
        super().__init__(parent, style="Window.Card.TFrame", padding=(look.px(14), look.px(12)))
        self._look = look
        px, palette = look.px, look.palette
        name = look.safe.name(relay.name)
        picture = kit.avatar(self, look, name, _card_colour(relay), 44, square=True, surface="card")
        picture.pack(side="left", padx=(0, px(14)))
        impostor = relay.trust is Trust.IMPOSTOR
        label = _("Details") if impostor else _("Open") if relay.is_silent else _("Join")
        kind: kit.ButtonKind = "Primary" if primary and not impostor else "Plain"
        self.button = kit.button(self, look, label, lambda: on_press(relay), kind, surface="card")
        self.button.pack(side="right", padx=(px(8), 0))
        if relay.trust is Trust.KNOWN:
            forget = kit.icon_button(
                self, look, "trash", lambda: on_forget(relay), _("Forget this relay"), surface="card", size=17
            )
            forget.pack(side="right")
        words = kit.frame(self, look, "card")
        words.pack(side="left", fill="x", expand=True)
        first = kit.frame(words, look, "card")
        first.pack(anchor="w", fill="x")
        online = n_("{n} online", "{n} online", relay.online).format(n=relay.online)
        if relay.is_silent:
            online = _("does not answer")
        taken = look.fonts.width("small", online) + px(24)
        title = kit.label(first, look, "", "bold", surface="card")
        title.pack(side="left")
        kit.label(
            first, look, image=look.paint.disc(px(8), palette.text3 if relay.is_silent else palette.ok), surface="card"
        ).pack(side="left", padx=(px(10), px(5)))
        kit.label(first, look, online, "small", palette.text2, "card").pack(side="left")
        # Shown until the width is known; from then on as much of it as there is room for.
        title.configure(text=fit(look.fonts, "bold", name, look.tx(120)))
        words.bind(
            "<Configure>",
            lambda event: title.configure(text=fit(look.fonts, "bold", name, max(1, event.width - taken))),
        )
        kit.paragraph(words, look, _where(relay), "small", palette.text2, "card").pack(fill="x", pady=(px(1), px(2)))
        self._trust(words, relay)

    def _trust(self, words: tk.Misc, relay: FoundRelay) -> None:
        look, palette = self._look, self._look.palette
        if relay.trust is Trust.KNOWN:
            icon, colour, text = "lock", palette.ok_text, _known_since(relay)
        elif relay.trust is Trust.NEW:
            icon, colour, text = "key", palette.text2, f"{_('New')} · {short_id(relay.relay_id)}"
        else:
            icon, colour = "warning", palette.warn_text
            text = _impostor(relay)
        line = kit.frame(words, look, "card")
        line.pack(anchor="w", fill="x")
        kit.label(line, look, image=look.icon(icon, 14, colour, 2.2), surface="card").pack(
            side="left", padx=(0, look.px(5))
        )
        kit.paragraph(line, look, text, "small", colour, "card").pack(side="left", fill="x", expand=True)


def _card_colour(relay: FoundRelay) -> int:
    """An impostor never has the colour of the relay that it imitates."""
    colour = avatar_colour(relay.relay_id)
    known = relay.conflicts_with
    return colour + 3 if known is not None and (avatar_colour(known) - colour) % 8 == 0 else colour


def _impostor(relay: FoundRelay) -> str:
    if relay.only_address:
        return _("A relay that you know had this address. Not that relay.")
    return _("Same name, different identity. Not the relay you know.")


def _where(relay: FoundRelay) -> str:
    host = f"[{relay.host}]" if ":" in relay.host else relay.host
    if relay.is_silent:
        return " · ".join(
            filter(None, (f"{host}:{relay.port}" if host else "", _("what you read there opens all the same")))
        )
    policy = {
        "open": _("open to everybody"),
        "invite": _("invitation needed"),
        "closed": _("takes no new people"),
    }[relay.registration]
    return f"{host}:{relay.port} · {policy}"


def _known_since(relay: FoundRelay) -> str:
    if relay.known_since is None:
        return _("Known")
    today = locale.local_day(Millis(int(time.time() * 1000)))
    return _("Known since {date}").format(date=locale.date_name(locale.local_day(relay.known_since), today))
