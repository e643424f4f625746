"""Another identity under a known name or address: why it is blocked, and the ways out of it, none of them one click away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from common.crypto.identity import show_relay_id
from common.ids import RelayId
from desktop.controller.doors import LinkDoor
from desktop.events.relays import FoundRelay, Trust
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question, Screen

_UNDERSTOOD: Final = "understood"
_FORGET: Final = "forget"
_GO_ON: Final = "go on"
_CANCEL: Final = "cancel"


class Strangers:
    """Explains a blocked relay, and asks before anything is given up for it."""

    def __init__(self, screen: Screen, link: LinkDoor, go_to: Callable[[FoundRelay, str], None]) -> None:
        """*go_to* is called with a relay, and the code for it, once the person has said that it is another one than they know."""
        self._screen = screen
        self._link = link
        self._go_to = go_to
        self._then_look_at: dict[RelayId, str] = {}
        """What is given up for whom: the known relay, and where the other one answers."""

    def explain(self, relay: FoundRelay) -> None:
        """Say why *relay* is blocked, and what can be done about it."""
        if relay.only_address:
            self._explain_address(relay)
        else:
            self._explain_name(relay)

    def vouch(self, relay: FoundRelay, code: str) -> None:
        """An invitation names exactly the identity of *relay*: ask whether to go on, and keep the relay that is known."""
        text = _(
            "The invitation names exactly the relay that answers, but “{name}” at {host} shows the name or the address of "
            "another one that you know. Go on if you trust whoever gave you the invitation. The relay that you know stays in "
            "your list, with what you read there."
        ).format(name=relay.name, host=relay.host)
        lines = [text, *_identities(relay)]
        choices = (Choice(_GO_ON, _("Go on as somebody new")), Choice(_CANCEL, _("Cancel"), ChoiceKind.PRIMARY))
        new = replace(relay, trust=Trust.NEW, conflicts_with=None, only_address=False)
        self._ask(
            _("Another relay than the one that you know"), lines, choices, {_GO_ON: lambda: self._go_to(new, code)}
        )

    def given_up(self, known: RelayId) -> None:
        """What was asked for about the *known* relay is done: the other one is looked at with new eyes."""
        address = self._then_look_at.pop(known, "")
        if address:
            self._link.try_address(address)

    # -- the same name -------------------------------------------------------------------------------------------------

    def _explain_name(self, relay: FoundRelay) -> None:
        lines = [
            _(
                "“{name}” at {host} shows the name or the address of a relay that you know, but it is another one. Somebody may "
                "be trying to read along, or the relay was set up anew without its backup."
            ).format(name=relay.name, host=relay.host),
            *_identities(relay),
            _(
                "Ask whoever runs the relay. If it really was set up anew, ask for an invitation: it names the new identity, and "
                "what you read at the old one stays. Or forget the old one; then this one is new to you."
            ),
        ]
        choices = (
            Choice(_FORGET, _("Forget the relay that you know…")),
            Choice(_UNDERSTOOD, _("I understand"), ChoiceKind.PRIMARY),
        )
        self._ask(
            _("This is not the relay that you know"), lines, choices, {_FORGET: lambda: self._ask_to_forget(relay)}
        )

    def _ask_to_forget(self, relay: FoundRelay) -> None:
        known = relay.conflicts_with
        assert known is not None, "an impostor shows the name or the address of somebody"
        lines = [
            _(
                "Its identity, your sign-in and the messages of it that are kept on this computer are dropped; messages that were "
                "not sent yet are lost. There is no way back."
            ),
            _("To be forgotten: {relay_id}").format(relay_id=_in_lines(known)),
            _("Then new to you: {relay_id}").format(relay_id=_in_lines(relay.relay_id)),
        ]
        choices = (Choice(_FORGET, _("Forget it"), ChoiceKind.DANGER), Choice(_CANCEL, _("Cancel")))

        def forget() -> None:
            self._then_look_at[known] = _address(relay)
            self._link.forget_relay(known)

        self._ask(_("Forget the relay that you know?"), lines, choices, {_FORGET: forget})

    # -- only an address that it had -----------------------------------------------------------------------------------

    def _explain_address(self, relay: FoundRelay) -> None:
        lines = [
            _(
                "“{name}” answers at {host}, where a relay that you know was before. Addresses are given to other machines now and "
                "then, so it may be an honest one. But it is not the one that you know: do not go there to reach that one."
            ).format(name=relay.name, host=relay.host),
            *_identities(relay),
            _("If you do want to go to this one, ask whoever runs it whether that is its identity."),
        ]
        choices = (
            Choice(_GO_ON, _("It is another relay…")),
            Choice(_UNDERSTOOD, _("I understand"), ChoiceKind.PRIMARY),
        )
        self._ask(_("Not the relay that was here before"), lines, choices, {_GO_ON: lambda: self._ask_to_part(relay)})

    def _ask_to_part(self, relay: FoundRelay) -> None:
        known = relay.conflicts_with
        assert known is not None, "an impostor shows the name or the address of somebody"
        lines = [
            _(
                "You would be new there, and it would get the password that you choose for it. The relay that you know stays in "
                "your list, but is not looked for at this address any more."
            ),
            _("Its identity: {relay_id}").format(relay_id=_in_lines(relay.relay_id)),
        ]
        choices = (Choice(_GO_ON, _("Go on as somebody new")), Choice(_CANCEL, _("Cancel"), ChoiceKind.PRIMARY))

        def part() -> None:
            self._then_look_at[known] = _address(relay)
            self._link.forget_addresses(known, relay.addresses)

        self._ask(_("Is it another relay?"), lines, choices, {_GO_ON: part})

    def _ask(
        self, title: str, lines: list[str], choices: tuple[Choice, ...], does: dict[str, Callable[[], None]]
    ) -> None:
        self._screen.ask(Question(title, "\n\n".join(lines), choices), lambda key: does[key]() if key in does else None)


def _identities(relay: FoundRelay) -> list[str]:
    lines = [_("Its identity: {relay_id}").format(relay_id=_in_lines(relay.relay_id))]
    if relay.conflicts_with is not None:
        lines.append(_("The one that you know: {relay_id}").format(relay_id=_in_lines(relay.conflicts_with)))
    return lines


def _address(relay: FoundRelay) -> str:
    return f"[{relay.host}]:{relay.port}" if ":" in relay.host else f"{relay.host}:{relay.port}"


def _in_lines(relay_id: RelayId) -> str:
    """Its groups of four in two lines of their own, so that none is torn apart and two ids can be compared."""
    groups = show_relay_id(relay_id).split("-")
    return "\n" + "-".join(groups[:7]) + "-\n" + "-".join(groups[7:])
