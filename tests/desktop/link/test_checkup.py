"""Why relays are not found, in words."""

from __future__ import annotations

from common.discovery.adapters import LocalAddress
from common.discovery.record import Announcement
from common.ids import RelayId
from common.protocol.messages import RelayCard
from desktop.link.address import Address
from desktop.link.checkup import Ears, check, hearing, judged, network
from desktop.link.probe import Answered, NobodyThere, ProbeFailed

OFFICE = RelayId("A" * 52)
OTHER = RelayId("B" * 52)
HEARD = {OFFICE: Announcement("Office", OFFICE, 5000, "open", addresses=("192.168.1.20",))}


def answered(relay_id: RelayId) -> Answered:
    card = RelayCard(relay_id, "Office", "1", "pymessenger.v1", 0, "open")
    return Answered(relay_id, Address("192.168.1.20", 5000), card)


async def test_without_a_network_that_is_all_there_is_to_say():
    assert [finding.good async for finding in check(read_addresses=lambda: ())] == [False]


def test_the_own_addresses_are_named():
    finding = network([LocalAddress("eth0", "192.168.1.5", 24)])
    assert finding.good
    assert "192.168.1.5 (eth0)" in finding.text


def test_silence_names_what_to_try_next():
    (finding,) = hearing(Ears({}, {}))
    assert not finding.good
    assert finding.command == "python -m relay doctor"


def test_trouble_of_multicast_is_said_as_it_is():
    assert hearing(Ears({}, HEARD, "Multicast is blocked."))[0].text == "Multicast is blocked."


def test_relays_that_only_answer_when_asked_are_no_alarm_where_the_reason_is_known():
    assert [finding.good for finding in hearing(Ears({}, HEARD))] == [False]
    assert [finding.good for finding in hearing(Ears({}, HEARD, "Multicast is blocked."))] == [False, True]


def test_a_relay_that_is_heard_needs_no_remark():
    assert hearing(Ears(HEARD, HEARD)) == []


class TestOneRelay:
    def test_it_answers_at_one_of_its_addresses(self):
        finding = judged("Office", OFFICE, 5000, [ProbeFailed("no"), answered(OFFICE)])
        assert (finding.good, finding.text) == (True, "“Office” answers at 192.168.1.20:5000.")

    def test_another_identity_answers(self):
        finding = judged("Office", OFFICE, 5000, [answered(OTHER)])
        assert not finding.good
        assert "another relay answers" in finding.text

    def test_its_port_is_closed(self):
        finding = judged("Office", OFFICE, 5000, [NobodyThere("no"), NobodyThere("no")])
        assert not finding.good
        assert "nothing listens on its port 5000" in finding.text

    def test_a_firewall_holds_it_back(self):
        finding = judged("Office", OFFICE, 5000, [NobodyThere("no"), ProbeFailed("no")])
        assert (finding.good, finding.command) == (False, "sudo ufw allow 5000")
