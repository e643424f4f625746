"""What was heard and tried, judged: which leg fails, in one sentence, and what mends it. Pure."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from common.discovery.adapters import LocalAddress, subnets
from common.discovery.record import Announcement, distance
from common.ids import RelayId
from desktop.events.relays import Finding, Leg
from desktop.link.address import Address
from desktop.link.archive import KnownRelay
from desktop.link.checkup.listening import Ears
from desktop.link.obstacles import in_words
from desktop.link.probe import Answered, NobodyThere, NoComputer, NoSuchName, ProbeFailed, Unanswered
from desktop.locale import _

Tried = tuple[Address, Answered | ProbeFailed]
"""An address, and what it gave."""

_FAR: Final = frozenset({1, 2})
"""As `distance` counts: in another network, by IPv4 or IPv6."""


def network(own: Sequence[LocalAddress]) -> Finding:
    """Whether this computer is on a network at all."""
    if not own:
        return Finding(False, _("This computer is on no local network. Connect it by cable or Wi-Fi."), leg=Leg.NETWORK)
    return Finding(
        True, _("This computer is on the network: {addresses}.").format(addresses=_shown(own)), leg=Leg.NETWORK
    )


def of_ears(
    ears: Ears, tried: Iterable[Answered | ProbeFailed], own: Sequence[LocalAddress], *, has_verdict: bool
) -> list[Finding]:
    """What it means that so much was heard. *has_verdict*: there is something to say of a relay, heard or not."""
    if ears.trouble:
        return [Finding(False, in_words(ears.trouble), leg=Leg.MULTICAST)]
    neighbours = {
        outcome.relay_id
        for outcome in tried
        if isinstance(outcome, Answered) and _is_near(outcome.address, own) and not _is_here(outcome.address, own)
    }
    if neighbours and not neighbours & ears.by_multicast.keys():
        return [
            Finding(
                False,
                _(
                    "Relays are there, but their announcements do not arrive: multicast is held back on the way. Allow it in the "
                    "router or access point (UDP port 5353); until then relays are found by asking, or by their address."
                ),
                leg=Leg.MULTICAST,
            )
        ]
    if has_verdict:
        return []
    given = [address for address in own if address.is_ipv4]
    if given and all(address.is_link_local for address in given):
        return [
            Finding(
                False,
                _(
                    "This computer got no address from the network ({addresses}), and no relay was heard. Plug the cable in anew, or "
                    "choose the Wi-Fi again."
                ).format(addresses=_shown(given)),
                leg=Leg.NETWORK,
            )
        ]
    return [
        Finding(
            False,
            _(
                "No relay was heard on this network. Is one running, and in the same network? Guest networks and some "
                "routers keep computers apart: then enter the relay's address. On the relay's computer this looks closer:"
            ),
            "python -m relay doctor",
            Leg.SILENCE,
        )
    ]


def own_answer(outcomes: Iterable[Tried], relay_id: RelayId) -> Answered | None:
    """The first answer of that very relay."""
    answers = (outcome for _at, outcome in outcomes if isinstance(outcome, Answered))
    return next((answered for answered in answers if answered.relay_id == relay_id), None)


def answers(name: str, answered: Answered) -> Finding:
    """It is there."""
    return Finding(True, _("“{name}” answers at {address}.").format(name=name, address=answered.address), leg=Leg.RELAY)


def of_heard(said: Announcement, outcomes: Sequence[Tried], own: Sequence[LocalAddress]) -> Finding:
    """Whether a relay that is heard can be reached, and is the one that it says."""
    if (answered := own_answer(outcomes, said.relay_id)) is not None:
        return answers(said.name, answered)
    if (other := _other(outcomes)) is not None:
        return Finding(
            False,
            _(
                "“{name}” announces itself, but another relay, “{other}”, answers at {address}. Ask whoever runs it before you sign "
                "in there."
            ).format(name=said.name, other=other.card.name, address=other.address),
            leg=Leg.IDENTITY,
        )
    named = [(place, outcome) for place, outcome in outcomes if place.host != said.came_from]
    if named and not any(_is_near(place, own) for place, _outcome in named):
        return Finding(
            False,
            _(
                "“{name}” can be reached only at {addresses}, and this computer is in another network, at {own}. On the relay's computer "
                "leave SERVER_HOST empty, or name the adapter of this network in RELAY_INTERFACES."
            ).format(name=said.name, addresses=", ".join(place.host for place, _outcome in named), own=_shown(own)),
            leg=Leg.ADAPTER,
        )
    near = [outcome for place, outcome in outcomes if _is_near(place, own)]
    if (strange := _strange(near)) is not None:
        return strange
    if any(isinstance(outcome, NobodyThere) for outcome in near) and not any(
        isinstance(outcome, Unanswered) for outcome in near
    ):
        return Finding(
            False,
            _("“{name}” announces itself, but nothing listens on its port {port}. Start it again.").format(
                name=said.name, port=said.port
            ),
            leg=Leg.PORT,
        )
    return Finding(
        False,
        _(
            "“{name}” is heard, but cannot be reached on port {port}. Most likely the firewall of its computer holds it back; on "
            "Linux this lets it through:"
        ).format(name=said.name, port=said.port),
        _opening(said.port),
        Leg.FIREWALL,
    )


def of_silent(relay: KnownRelay, outcomes: Sequence[Tried], own: Sequence[LocalAddress]) -> Finding:
    """What became of a known relay that is not heard, by what its last addresses give."""
    if (other := _other(outcomes)) is not None:
        return Finding(
            False,
            _(
                "Where “{name}” was, at {address}, another relay answers, “{other}”. Perhaps it was set up anew, perhaps somebody "
                "pretends: ask whoever runs it before you sign in there."
            ).format(name=relay.name, address=other.address, other=other.card.name),
            leg=Leg.IDENTITY,
        )
    # A link-local address says nothing of the network that it was in, so it counts only where there is no other.
    telling = [one for one in outcomes if not _is_link_local(one[0])] or list(outcomes)
    near = [(place, outcome) for place, outcome in telling if _is_near(place, own)]
    is_far = not near and bool(telling)
    tried = near or telling
    closed = [place for place, outcome in tried if isinstance(outcome, NobodyThere)]
    if closed:
        return Finding(
            False,
            _("The computer of “{name}” is there ({host}), but the relay does not run on it. Start it there.").format(
                name=relay.name, host=closed[0].host
            ),
            leg=Leg.GONE,
        )
    if (strange := _strange([outcome for _place, outcome in tried])) is not None:
        return strange
    where = tried[0][0].host if tried else ""
    if is_far:
        return Finding(
            False,
            _(
                "This computer, at {own}, is in another network than “{name}” was, at {host}. Connect it to that one: plug in its cable, "
                "choose its Wi-Fi, or switch a VPN off."
            ).format(own=_shown(own), name=relay.name, host=where),
            leg=Leg.ADAPTER,
        )
    held_back = [place for place, outcome in near if isinstance(outcome, Unanswered)]
    if held_back and sys.platform in {"linux", "darwin"}:  # they say so when no computer has an address
        return Finding(
            False,
            _(
                "Nothing comes back from {host}, where “{name}” was: most likely the firewall of its computer holds port {port} back, or it "
                "was just switched off. On Linux this lets it through:"
            ).format(name=relay.name, host=held_back[0].host, port=held_back[0].port),
            _opening(held_back[0].port),
            Leg.FIREWALL,
        )
    return Finding(
        False,
        _(
            "No computer answers at {host}, where “{name}” was. See that it is switched on and in this network; guest networks keep "
            "computers apart."
        ).format(host=where or "?", name=relay.name),
        leg=Leg.GONE,
    )


def of_server(server: Address, expected: KnownRelay | None, outcome: Answered | ProbeFailed) -> Finding:
    """How it is at the one address that the settings name. *expected*: the relay that was there before."""
    match outcome:
        case Answered() if expected is None or outcome.relay_id == expected.relay_id:
            return answers(outcome.card.name, outcome)
        case Answered():
            assert expected is not None
            return of_silent(expected, [(server, outcome)], ())
        case NobodyThere():
            leg = Leg.PORT
        case NoSuchName():
            leg = Leg.ADDRESS
        case NoComputer():
            leg = Leg.GONE
        case Unanswered():
            leg = Leg.FIREWALL
        case _:
            leg = Leg.ANSWER
    return Finding(False, str(outcome), leg=leg)


def _other(outcomes: Iterable[Tried]) -> Answered | None:
    return next((outcome for _at, outcome in outcomes if isinstance(outcome, Answered)), None)


def _strange(outcomes: Collection[Answered | ProbeFailed]) -> Finding | None:
    """Something answers, and it is no relay, or one that is not understood: it says itself what to do."""
    silent = (NobodyThere, NoComputer, Unanswered, NoSuchName)
    said = [outcome for outcome in outcomes if isinstance(outcome, ProbeFailed) and not isinstance(outcome, silent)]
    return Finding(False, str(said[0]), leg=Leg.ANSWER) if said else None


def _is_near(place: Address, own: Sequence[LocalAddress]) -> bool:
    """Whether *place* is in one of the own networks, or on this computer."""
    try:
        return distance(place.host, subnets(own)) not in _FAR
    except ValueError:  # a typed name
        return True


def _is_link_local(place: Address) -> bool:
    return place.host.lower().startswith("fe80:")


def _is_here(place: Address, own: Sequence[LocalAddress]) -> bool:
    """Whether *place* is this computer itself."""
    host = place.host.partition("%")[0]
    return host in {"127.0.0.1", "::1", "localhost"} or host in {address.ip for address in own}


def _shown(own: Iterable[LocalAddress]) -> str:
    return ", ".join(f"{address.ip} ({address.adapter})" for address in own)


def _opening(port: int) -> str:
    return f"sudo ufw allow {port}"
