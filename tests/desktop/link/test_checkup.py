"""Why relays are not found or not reached, in words."""

from __future__ import annotations

import errno
import sys

import pytest

from common.discovery.adapters import LocalAddress
from common.discovery.mdns.sockets import reason_in_words
from common.discovery.record import Announcement
from common.ids import Millis, RelayId
from common.protocol.messages import RelayCard
from desktop import locale
from desktop.events.relays import Leg
from desktop.link import obstacles
from desktop.link.address import Address
from desktop.link.archive import KnownRelay
from desktop.link.checkup import verdicts
from desktop.link.checkup.check import check
from desktop.link.checkup.listening import Ears
from desktop.link.probe import Answered, NobodyThere, NoComputer, NoSuchName, ProbeFailed, Unanswered

OFFICE = RelayId("A" * 52)
OTHER = RelayId("B" * 52)
AT = Address("192.168.1.20", 5000)
SAID = Announcement("Office", OFFICE, 5000, "open", addresses=(AT.host,))
KNOWN = KnownRelay(OFFICE, "Office", (str(AT),), Millis(0))
HEARD = {OFFICE: SAID}
OWN = (LocalAddress("eth0", "192.168.1.5", 24),)
ELSEWHERE = (LocalAddress("eth0", "10.0.0.5", 24),)


def answered(relay_id: RelayId, at: Address = AT) -> Answered:
    card = RelayCard(relay_id, "Office", "1", "pymessenger.v1", 0, "open")
    return Answered(relay_id, at, card)


async def test_without_a_network_that_is_all_there_is_to_say():
    assert [(finding.good, finding.leg) async for finding in check(read_addresses=lambda: ())] == [(False, Leg.NETWORK)]


def test_the_own_addresses_are_named():
    finding = verdicts.network(OWN)
    assert finding.good
    assert "192.168.1.5 (eth0)" in finding.text


class TestTheEars:
    def test_silence_names_what_to_try_next(self):
        (finding,) = verdicts.of_ears(Ears(), [], OWN, has_verdict=False)
        assert (finding.leg, finding.command) == (Leg.SILENCE, "python -m relay doctor")

    def test_silence_needs_no_word_where_a_known_relay_has_one(self):
        assert verdicts.of_ears(Ears(), [], OWN, has_verdict=True) == []

    def test_silence_around_an_address_that_the_computer_gave_itself_is_the_networks(self):
        (finding,) = verdicts.of_ears(Ears(), [], [LocalAddress("eth0", "169.254.7.7", 16)], has_verdict=False)
        assert finding.leg is Leg.NETWORK

    def test_trouble_of_multicast_is_said_alone(self):
        ears = Ears(by_broadcast=HEARD, trouble="Multicast is blocked.")
        (finding,) = verdicts.of_ears(ears, [answered(OFFICE)], OWN, has_verdict=True)
        assert (finding.text, finding.leg) == ("Multicast is blocked.", Leg.MULTICAST)

    def test_a_neighbour_that_answers_and_is_not_heard_by_multicast_is_an_alarm(self):
        (finding,) = verdicts.of_ears(Ears(by_broadcast=HEARD), [answered(OFFICE)], OWN, has_verdict=True)
        assert finding.leg is Leg.MULTICAST

    @pytest.mark.parametrize("host", ["127.0.0.1", "192.168.1.5"])
    def test_a_relay_on_this_computer_says_nothing_of_multicast(self, host: str):
        here = answered(OFFICE, Address(host, 5000))
        assert verdicts.of_ears(Ears(by_broadcast=HEARD), [here], OWN, has_verdict=True) == []

    def test_nor_does_one_behind_a_router(self):
        assert verdicts.of_ears(Ears(by_broadcast=HEARD), [answered(OFFICE)], ELSEWHERE, has_verdict=True) == []

    def test_what_is_heard_by_both_ways_is_no_alarm(self):
        assert verdicts.of_ears(Ears(HEARD, HEARD), [answered(OFFICE)], OWN, has_verdict=True) == []

    def test_an_address_that_only_the_answer_came_from_is_known_as_that(self):
        answer = Announcement("Office", OFFICE, 5000, "open", addresses=(AT.host, "10.9.9.9"), came_from=AT.host)
        assert Ears(by_broadcast={OFFICE: answer}).every[OFFICE].came_from == AT.host
        assert Ears(HEARD, {OFFICE: answer}).every[OFFICE].came_from == ""


class TestARelayThatIsHeard:
    def test_it_answers_at_one_of_its_addresses(self):
        finding = verdicts.of_heard(SAID, [(AT, Unanswered("no")), (AT, answered(OFFICE))], OWN)
        assert (finding.good, finding.text) == (True, "“Office” answers at 192.168.1.20:5000.")

    def test_another_identity_answers(self):
        assert verdicts.of_heard(SAID, [(AT, answered(OTHER))], OWN).leg is Leg.IDENTITY

    def test_its_port_is_closed(self):
        assert verdicts.of_heard(SAID, [(AT, NobodyThere("no")), (AT, NoComputer("no"))], OWN).leg is Leg.PORT

    @pytest.mark.parametrize("said", [Unanswered, NoComputer])
    def test_a_firewall_holds_it_back_or_refuses(self, said: type[ProbeFailed]):
        finding = verdicts.of_heard(SAID, [(AT, said("no"))], OWN)
        assert (finding.leg, finding.command) == (Leg.FIREWALL, "sudo ufw allow 5000")

    def test_it_names_only_addresses_of_another_network(self):
        said = Announcement("Office", OFFICE, 5000, "open", addresses=("10.0.0.7", AT.host), came_from="10.0.0.7")
        outcomes = [(Address("10.0.0.7", 5000), NobodyThere("no")), (AT, NoComputer("no"))]
        finding = verdicts.of_heard(said, outcomes, ELSEWHERE)
        assert finding.leg is Leg.ADAPTER
        assert "192.168.1.20" in finding.text
        assert "10.0.0.7" not in finding.text

    def test_what_answers_is_no_relay(self):
        finding = verdicts.of_heard(SAID, [(AT, ProbeFailed("Not a relay."))], OWN)
        assert (finding.leg, finding.text) == (Leg.ANSWER, "Not a relay.")


class TestAKnownRelayThatIsSilent:
    def test_another_identity_has_its_place(self):
        assert verdicts.of_silent(KNOWN, [(AT, answered(OTHER))], OWN).leg is Leg.IDENTITY

    def test_its_computer_is_there_without_it(self):
        finding = verdicts.of_silent(KNOWN, [(AT, NobodyThere("no"))], OWN)
        assert finding.leg is Leg.GONE
        assert "does not run" in finding.text

    def test_its_computer_is_off(self):
        finding = verdicts.of_silent(KNOWN, [(AT, NoComputer("no"))], OWN)
        assert finding.leg is Leg.GONE
        assert "No computer answers at 192.168.1.20" in finding.text

    def test_nothing_comes_back_from_a_computer_that_the_system_finds(self, monkeypatch: pytest.MonkeyPatch):
        for system, leg in (("linux", Leg.FIREWALL), ("win32", Leg.GONE)):
            monkeypatch.setattr(sys, "platform", system)
            assert verdicts.of_silent(KNOWN, [(AT, Unanswered("no"))], OWN).leg is leg

    def test_this_computer_is_in_another_network(self):
        link_local = Address("fe80::1%2", 5000)
        outcomes = [(AT, NoComputer("no")), (link_local, NoComputer("no"))]
        assert verdicts.of_silent(KNOWN, outcomes, ELSEWHERE).leg is Leg.ADAPTER

    def test_one_without_any_address_is_gone_too(self):
        assert verdicts.of_silent(KNOWN, [], OWN).leg is Leg.GONE


@pytest.mark.parametrize(
    "outcome, leg",
    [
        (NobodyThere("no"), Leg.PORT),
        (NoSuchName("no"), Leg.ADDRESS),
        (NoComputer("no"), Leg.GONE),
        (Unanswered("no"), Leg.FIREWALL),
        (ProbeFailed("no"), Leg.ANSWER),
        (answered(OFFICE), Leg.RELAY),
        (answered(OTHER), Leg.IDENTITY),
    ],
)
def test_at_the_server_of_the_settings(outcome: Answered | ProbeFailed, leg: Leg):
    assert verdicts.of_server(AT, KNOWN, outcome).leg is leg


def test_every_obstacle_of_multicast_is_said_in_the_persons_language():
    reasons = [reason_in_words(OSError(code, "")) for code in (errno.EADDRINUSE, errno.ENETUNREACH, errno.EPERM)]
    assert list(obstacles.ALL) == reasons
    locale.use("ru")
    try:
        assert not any(obstacles.in_words(reason) == reason for reason in reasons)
    finally:
        locale.use("en")
