"""The first screen: the relays of this network, appearing and disappearing live, and other ways to one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from common.ids import RelayId
from desktop.events.relays import FoundRelay, Trust
from desktop.intents import Intents
from desktop.locale import _
from desktop.view import kit, theme
from desktop.view.flow import Flow
from desktop.view.look import Look
from desktop.view.relay_card import RelayCard
from desktop.view.scrolled import Scrolled

_WIDTH = 680
_FIXED_FROM = 480
"""In a window that is as high as this (logical pixels) the foot stays at the bottom while the list scrolls."""


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
        self._on_address, self._on_invitation = on_address, on_invitation
        px = look.px
        column = kit.frame(self, look)
        column.place(relx=0.5, rely=0, anchor="n", relheight=1.0)
        self._column = column
        self.bind("<Configure>", lambda event: self._arrange(event.width, event.height))

        head = kit.frame(column, look)
        head.pack(fill="x", pady=(px(28), 0))
        kit.icon_button(head, look, "gear", on_settings, _("Settings")).pack(side="right", anchor="n")
        kit.paragraph(head, look, _("Relays on this network"), "head").pack(side="left", fill="x", expand=True)
        self._subtitle = kit.paragraph(column, look, "", "second", look.palette.text2)
        self._subtitle.pack(fill="x", pady=(px(4), px(12)))
        self._progress = ttk.Progressbar(column, style="Window.Horizontal.TProgressbar", mode="indeterminate")
        self._progress.pack(fill="x", pady=(0, px(14)))
        self._progress.start(30)

        # First, as Tab goes through them in the order in which they were made.
        self._scrolled = Scrolled(column, look)
        inside = self._scrolled.inside
        self._list = kit.frame(inside, look)
        self._list.pack(fill="x")
        self._empty = self._nothing(self._list)
        self._feet = (self._foot(column), self._foot(inside))
        self._feet[0].pack(side="bottom", fill="x", pady=(px(10), px(24)))
        self._scrolled.pack(fill="both", expand=True)
        self._scrolled.listen(inside)
        self.show_relays((), "", "")

    def show_relays(self, relays: Sequence[FoundRelay], trouble: str, hosting: str, sought: str = "") -> None:
        """Replace the list; cards of relays that did not change stay as they are. *sought*: the only address that is tried."""
        main = next(
            (relay.relay_id for relay in relays if relay.trust is not Trust.IMPOSTOR and not relay.is_silent), None
        )
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
        for foot in self._feet:
            foot.show("" if sought and not self._cards else trouble, self._look.safe.line(hosting, 700))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _press(self, relay: FoundRelay) -> None:
        if relay.trust is Trust.IMPOSTOR:
            self._intents.explain_impostor(relay)
        else:
            self._intents.choose_relay(relay)

    def _foot(self, parent: tk.Misc) -> Foot:
        return Foot(parent, self._look, self._intents, self._on_address, self._on_invitation)

    def _arrange(self, width: int, height: int) -> None:
        """In a low window the foot comes after the list instead of taking its room."""
        look = self._look
        self._column.place_configure(width=min(look.tx(_WIDTH), width - look.px(48)))
        fixed, after = self._feet
        is_low = height < look.tx(_FIXED_FROM)
        if is_low == bool(after.winfo_manager()):
            return
        if is_low:
            fixed.pack_forget()
            after.pack(fill="x", pady=(look.px(10), look.px(24)))
        else:
            after.pack_forget()
            fixed.pack(side="bottom", fill="x", pady=(look.px(10), look.px(24)), before=self._scrolled)

    def _nothing(self, parent: tk.Misc) -> tk.Frame:
        look, px = self._look, self._look.px
        empty = kit.frame(parent, look)
        kit.label(empty, look, image=look.icon("wifi", 44, look.palette.text3, 1.5)).pack(pady=(px(44), px(10)))
        self._empty_title = kit.paragraph(empty, look, "", "title")
        self._empty_title.configure(justify="center", anchor="center")
        self._empty_title.pack(fill="x")
        self._empty_hint = kit.paragraph(empty, look, "", "second", look.palette.text2)
        self._empty_hint.configure(justify="center", anchor="center")
        self._empty_hint.pack(fill="x", padx=px(60), pady=(px(4), 0))
        self._again = kit.button(empty, look, _("Try again"), self._intents.seek_again, "Primary", icon="retry")
        return empty

    def _say_what_is_sought(self, sought: str, trouble: str) -> None:
        """Anybody on this network, or only the relay at the address that the settings name."""
        if sought:
            address = self._look.safe.line(sought)
            subtitle = _("SERVER_HOST names the relay at {address}, so no others are looked for.").format(
                address=address
            )
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


class Foot(tk.Frame):
    """What is said below the list, and the other ways to a relay."""

    def __init__(
        self, parent: tk.Misc, look: Look, intents: Intents, on_address: kit.Command, on_invitation: kit.Command
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        px = look.px
        self._trouble = kit.paragraph(self, look, "", "small", look.palette.warn_text)
        self._hosting = kit.paragraph(self, look, "", "small", look.palette.text2)
        self._question = Flow(self, look, gap=4)
        self._question.pack(fill="x")
        self._question.put(
            kit.label(self._question, look, _("Nothing here that you expect?"), "small", look.palette.text2)
        )
        ways: tuple[tuple[str, kit.Command], ...] = (
            (_("Check the connection"), intents.check_connection),
            (_("Ask every address"), intents.sweep),
        )
        for label, command in ways:
            self._question.put(kit.button(self._question, look, label, command, "Link"))
        kit.separator(self, look).pack(fill="x", pady=(px(10), px(14)))
        buttons = Flow(self, look, gap=8)
        buttons.pack(fill="x")
        for label, command, icon in (
            (_("Start a relay on this computer"), intents.start_relay, "server"),
            (_("Enter an address…"), on_address, ""),
            (_("Paste an invitation"), on_invitation, ""),
        ):
            buttons.put(kit.button(buttons, look, label, command, icon=icon))

    def show(self, trouble: str, hosting: str) -> None:
        """What keeps relays from being found, and how the own one is."""
        for place, text in ((self._trouble, trouble), (self._hosting, hosting)):
            place.configure(text=text)
            if text:
                place.pack(fill="x", pady=(0, self._look.px(8)), before=self._question)
            else:
                place.pack_forget()
