from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.crypto.identity import (
    BadInvitation,
    BadRelayId,
    Invitation,
    parse_invitation,
    parse_relay_id,
    pin_of,
    relay_id_of,
    short_relay_id,
    show_relay_id,
)
from common.errors import MessengerError

RELAY = relay_id_of(b"a certificate")
SHOWN = show_relay_id(RELAY)


@given(certificate=st.binary(max_size=500))
def test_the_pin_is_the_hash_of_the_certificate(certificate):
    assert pin_of(relay_id_of(certificate)) == hashlib.sha256(certificate).digest()


@given(certificate=st.binary(max_size=500))
def test_an_id_as_it_is_shown_is_read_as_the_same_id(certificate):
    relay_id = relay_id_of(certificate)
    assert len(relay_id) == 52
    assert parse_relay_id(show_relay_id(relay_id)) == parse_relay_id(relay_id) == relay_id


def test_an_id_is_shown_in_groups_of_four():
    assert [len(group) for group in SHOWN.split("-")] == [4] * 13
    assert short_relay_id(RELAY) == SHOWN[:19]


TYPED = {
    "lower case": SHOWN.lower(),
    "spaces": SHOWN.replace("-", " "),
    "line breaks": f"  {SHOWN[:30]}\r\n{SHOWN[30:]}\n",
    "long dashes": SHOWN.replace("-", "\u2013"),
    "digits for letters": SHOWN.replace("O", "0").replace("I", "1").replace("B", "8"),
}


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED)
def test_an_id_is_read_however_it_was_typed(text):
    assert parse_relay_id(text) == RELAY


WRONG_IDS = {
    "nothing": ("", "missing"),
    "too short": (SHOWN[:-1], "has 51"),
    "too long": (SHOWN + "A", "has 53"),
    "strange character": (SHOWN[:-1] + "9", "“9” cannot"),
    "russian letter": ("А" + SHOWN[1:], "“А” cannot"),
    "impossible end": (RELAY[:-1] + "B", "cannot end in “B”"),
}


@pytest.mark.parametrize("text, reason", WRONG_IDS.values(), ids=WRONG_IDS)
def test_a_wrong_id_is_refused_with_the_reason(text, reason):
    with pytest.raises(BadRelayId, match=reason):
        parse_relay_id(text)


def test_no_two_texts_without_grouping_are_the_same_id():
    # 52 letters hold 260 bits and a hash has 256: of the last letter one bit counts.
    accepted = []
    for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567":
        try:
            accepted.append(parse_relay_id(RELAY[:-1] + last))
        except BadRelayId:
            continue
    assert sorted({relay_id[-1] for relay_id in accepted}) == ["A", "Q"]
    assert len({pin_of(relay_id) for relay_id in accepted}) == 2


INVITATIONS = {
    "IPv4": (Invitation("192.168.1.20", 5000, RELAY), f"pymessenger://192.168.1.20:5000/{SHOWN}"),
    "IPv6": (Invitation("fd00::1", 65535, RELAY), f"pymessenger://[fd00::1]:65535/{SHOWN}"),
    "name": (Invitation("store-1.local", 1, RELAY, "K7Q2"), f"pymessenger://store-1.local:1/{SHOWN}?code=K7Q2"),
    "code": (Invitation("a", 5000, RELAY, "a b&c=д+#?/"), None),
}


@pytest.mark.parametrize("invitation, link", INVITATIONS.values(), ids=INVITATIONS)
def test_an_invitation_is_read_from_its_link(invitation, link):
    assert link is None or invitation.link == link
    assert parse_invitation(invitation.link) == invitation


@given(code=st.text(min_size=1, max_size=64).filter(str.isprintable), port=st.integers(1, 65535))
def test_any_code_and_port_survive_the_link(code, port):
    invitation = Invitation("relay.example", port, RELAY, code)
    assert parse_invitation(invitation.link) == invitation


PASTED = {
    "spaces around": f"  pymessenger://10.0.0.1:5000/{SHOWN}\n",
    "angle brackets": f"<pymessenger://10.0.0.1:5000/{SHOWN}>",
    "capital scheme": f"PyMessenger://10.0.0.1:5000/{SHOWN}",
    "id in one piece": f"pymessenger://10.0.0.1:5000/{RELAY.lower()}",
    "slash at the end": f"pymessenger://10.0.0.1:5000/{SHOWN}/",
    "later parameters": f"pymessenger://10.0.0.1:5000/{SHOWN}?name=x&new=1",
}


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_a_link_is_read_however_it_was_pasted(text):
    assert parse_invitation(text) == Invitation("10.0.0.1", 5000, RELAY)


WRONG_LINKS = {
    "nothing": ("", "does not begin"),
    "another scheme": (f"https://10.0.0.1:5000/{SHOWN}", "does not begin"),
    "no port": (f"pymessenger://10.0.0.1/{SHOWN}", "address and a port"),
    "port zero": (f"pymessenger://10.0.0.1:0/{SHOWN}", "port 0"),
    "port too high": (f"pymessenger://10.0.0.1:65536/{SHOWN}", "port 65536"),
    "port in other digits": (f"pymessenger://10.0.0.1:٥٠٠٠/{SHOWN}", "address and a port"),
    "no host": (f"pymessenger://:5000/{SHOWN}", "neither a name"),
    "IPv4 too long": (f"pymessenger://10.0.0.1.2:5000/{SHOWN}", "neither a name"),
    "IPv4 out of range": (f"pymessenger://10.0.0.256:5000/{SHOWN}", "neither a name"),
    "bare IPv6": (f"pymessenger://fd00::1:5000/{SHOWN}", "address and a port"),
    "broken IPv6": (f"pymessenger://[fd00::1::2]:5000/{SHOWN}", "neither a name|not complete"),
    "open bracket": (f"pymessenger://[fd00::1:5000/{SHOWN}", "not complete"),
    "IPv6 with adapter": (f"pymessenger://[fe80::1%25eth0]:5000/{SHOWN}", "one computer only|not complete"),
    "name in Cyrillic": (f"pymessenger://склад:5000/{SHOWN}", "neither a name"),
    "name with a hyphen first": (f"pymessenger://-a:5000/{SHOWN}", "neither a name"),
    "user": (f"pymessenger://anna@10.0.0.1:5000/{SHOWN}", "do not belong"),
    "fragment": (f"pymessenger://10.0.0.1:5000/{SHOWN}#x", "do not belong"),
    "no id": ("pymessenger://10.0.0.1:5000/", "relay id is missing"),
    "id cut": (f"pymessenger://10.0.0.1:5000/{SHOWN[:-5]}", "Copy it whole"),
    "line break inside": (f"pymessenger://10.0.0.1:5000/{SHOWN[:30]}\n{SHOWN[30:]}", "line break"),
    "empty code": (f"pymessenger://10.0.0.1:5000/{SHOWN}?code=", "code"),
    "two codes": (f"pymessenger://10.0.0.1:5000/{SHOWN}?code=a&code=b", "code"),
    "endless code": (f"pymessenger://10.0.0.1:5000/{SHOWN}?code={'a' * 65}", "code"),
    "code with a line break": (f"pymessenger://10.0.0.1:5000/{SHOWN}?code=a%0Ab", "code"),
}


@pytest.mark.parametrize("text, reason", WRONG_LINKS.values(), ids=WRONG_LINKS)
def test_a_wrong_link_is_refused_with_the_reason(text, reason):
    with pytest.raises(BadInvitation, match=reason):
        parse_invitation(text)


@given(text=st.text(max_size=100) | st.text(max_size=100).map(lambda rest: f"pymessenger://{rest}"))
def test_whatever_is_pasted_there_is_an_invitation_or_its_one_error(text):
    try:
        parse_invitation(text)
    except BadInvitation as error:
        assert isinstance(error, MessengerError)  # noqa: PT017  what counts is that nothing else is raised


def test_the_code_does_not_show_in_a_repr():
    assert "K7Q2" not in repr(Invitation("a", 1, RELAY, "K7Q2"))
