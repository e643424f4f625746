"""The first screen: the relays of this network, appearing and disappearing live, and other ways to one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from common.ids import RelayId
from desktop.events import FoundRelay, Trust
from desktop.intents import Intents
from desktop.locale import _
from desktop.view import kit, theme
from desktop.view.look import Look
from desktop.view.relay_card import RelayCard
from desktop.view.scrolled import Scrolled

_WIDTH = 680


class Chooser(tk.Frame):
    """The list of relays. Sheets (address, invitation, settings) are opened by the window."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        intents: Intents,
        on_address: kit.Command,
        on_invitation: kit.Command,
        on_settings: kit.Command,
        on_forget: Callable[[FoundRelay], object],
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        theme.apply(self, look, "card")
        self._look = look
        self._intents = intents
        self._on_forget = on_forget
        self._cards: dict[RelayId, tuple[FoundRelay, bool, RelayCard]] = {}
        px = look.px
        column = kit.frame(self, look)
        column.place(relx=0.5, rely=0, anchor="n", relheight=1.0)
        self._column = column
        self.bind("<Configure>", lambda event: column.place_configure(width=min(px(_WIDTH), event.width - px(48))))

        head = kit.frame(column, look)
        head.pack(fill="x", pady=(px(28), 0))
        kit.label(head, look, _("Relays on this network"), "head").pack(side="left")
        kit.icon_button(head, look, "gear", on_settings, _("Settings")).pack(side="right")
        self._subtitle = kit.label(column, look, "", "second", look.palette.text2)
        self._subtitle.pack(anchor="w", pady=(px(4), px(12)))
        self._progress = ttk.Progressbar(column, style="Window.Horizontal.TProgressbar", mode="indeterminate")
        self._progress.pack(fill="x", pady=(0, px(14)))
        self._progress.start(30)

        # First, as Tab goes through them in the order in which they were made.
        self._scrolled = Scrolled(column, look)
        self._foot(column, on_address, on_invitation)
        self._scrolled.pack(fill="both", expand=True)
        self._list = self._scrolled.inside
        self._empty = self._nothing(self._list)
        self.show_relays((), "", "")

    def show_relays(self, relays: Sequence[FoundRelay], trouble: str, hosting: str, sought: str = "") -> None:
        """Replace the list; cards of relays that did not change stay as they are. *sought*: the only address that is tried."""
        main = next((relay.relay_id for relay in relays if relay.trust is not Trust.IMPOSTOR), None)
        before = self._cards
        self._cards = {}
        for relay in relays:
            primary = relay.relay_id == main
            old = before.pop(relay.relay_id, None)
            if old is not None and old[:2] == (relay, primary):
                self._cards[relay.relay_id] = old
                continue
            had_focus = old is not None and self.focus_get() is old[2].button
            if old is not None:
                old[2].destroy()
            card = RelayCard(self._list, self._look, relay, primary, self._press, self._on_forget)
            self._scrolled.listen(card)
            self._cards[relay.relay_id] = (relay, primary, card)
            if had_focus:
                card.button.focus_set()
        for _relay, _primary, gone in before.values():
            gone.destroy()
        for _relay, _primary, card in self._cards.values():
            card.pack_forget()
            card.pack(fill="x", pady=(0, self._look.px(10)))
            card.lift()  # for Tab, which goes from the lowest to the highest
        if self._cards:
            self._empty.pack_forget()
        else:
            self._empty.pack(fill="x")
        trouble = self._look.safe.line(trouble, 400)
        self._say_what_is_sought(sought, trouble)
        self._say(self._trouble, "" if sought and not self._cards else trouble)
        self._say(self._hosting, self._look.safe.line(hosting, 400))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _press(self, relay: FoundRelay) -> None:
        if relay.trust is Trust.IMPOSTOR:
            self._intents.explain_impostor(relay)
        else:
            self._intents.choose_relay(relay)

    def _foot(self, column: tk.Misc, on_address: kit.Command, on_invitation: kit.Command) -> None:
        look, px = self._look, self._look.px
        foot = kit.frame(column, look)
        foot.pack(side="bottom", fill="x", pady=(px(10), px(24)))
        self._trouble = kit.paragraph(foot, look, "", "small", look.palette.warn_text)
        self._hosting = kit.paragraph(foot, look, "", "small", look.palette.text2)
        question = kit.frame(foot, look)
        question.pack(fill="x")
        text = _("Nothing here that you expect?")
        kit.label(question, look, text, "small", look.palette.text2).pack(side="left", padx=(0, px(4)))
        for label, command in (
            (_("Check the connection"), self._intents.check_connection),
            (_("Ask every address"), self._intents.sweep),
        ):
            kit.button(question, look, label, command, "Link").pack(side="left")
        kit.separator(foot, look).pack(fill="x", pady=(px(10), px(14)))
        buttons = kit.frame(foot, look)
        buttons.pack(fill="x")
        start = kit.button(buttons, look, _("Start a relay on this computer"), self._intents.start_relay, icon="server")
        start.pack(side="left", fill="x", expand=True, padx=(0, px(8)))
        kit.button(buttons, look, _("Enter an address…"), on_address).pack(side="left", padx=(0, px(8)))
        kit.button(buttons, look, _("Paste an invitation"), on_invitation).pack(side="left")
        self._question = question

    def _nothing(self, parent: tk.Misc) -> tk.Frame:
        look, px = self._look, self._look.px
        empty = kit.frame(parent, look)
        kit.label(empty, look, image=look.icon("wifi", 44, look.palette.text3, 1.5)).pack(pady=(px(44), px(10)))
        self._empty_title = kit.label(empty, look, "", "title")
        self._empty_title.pack()
        self._empty_hint = kit.label(empty, look, "", "second", look.palette.text2, wrap=440)
        self._empty_hint.configure(justify="center")
        self._empty_hint.pack(pady=(px(4), 0))
        self._again = kit.button(empty, look, _("Try again"), self._intents.seek_again, "Primary", icon="retry")
        return empty

    def _say_what_is_sought(self, sought: str, trouble: str) -> None:
        """Anybody on this network, or only the relay at the address that the settings name."""
        if sought:
            subtitle = _("SERVER_HOST names one relay, so no others are looked for.")
            address = self._look.safe.line(sought)
            title = address if trouble else _("Looking for the relay at {address}…").format(address=address)
            hint = trouble
        else:
            subtitle = _("Still looking. New ones appear here by themselves.")
            title = _("No relay found yet")
            hint = _("Start one on this computer, or enter the address of one that runs elsewhere.")
        if sought and trouble:
            self._again.pack(pady=(self._look.px(16), 0))
        else:
            self._again.pack_forget()
        self._subtitle.configure(text=subtitle)
        self._empty_title.configure(text=title)
        self._empty_hint.configure(text=hint)

    def _say(self, place: tk.Label, text: str) -> None:
        place.configure(text=text)
        if text:
            place.pack(fill="x", pady=(0, self._look.px(8)), before=self._question)
        else:
            place.pack_forget()
