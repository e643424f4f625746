from __future__ import annotations

import hashlib
import os
import socket
import ssl
import tempfile
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest
from cryptography import x509

from common.crypto import certificate
from common.crypto.certificate import Identity, new_identity, server_context
from common.crypto.identity import pin_of, relay_id_of
from common.crypto.tls import client_context
from common.ids import Millis

NOW = Millis(1_700_000_000_000)


@pytest.fixture(scope="module")
def identity() -> Identity:
    return new_identity(NOW, "Склад")


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str | None, bytes | None]:
    """TLS version and certificate as the client sees them, over a real pair of sockets; the server then says hello."""
    near, far = socket.socketpair()

    def serve():
        with closing(far):
            try:
                with server.wrap_socket(far, server_side=True) as served:
                    served.sendall(b"hello")
            except OSError:
                return  # the client says why

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        near.settimeout(10)
        with closing(near), client.wrap_socket(near) as link:
            seen = link.version(), link.getpeercert(binary_form=True)
            assert link.recv(5) == b"hello"
            return seen
    finally:
        thread.join(10)


def test_the_client_sees_the_certificate_that_the_relay_id_names(identity):
    version, seen = shake_hands(server_context(identity), client_context())
    assert version == "TLSv1.3"
    assert seen is not None
    assert relay_id_of(seen) == identity.relay_id
    assert hashlib.sha256(seen).digest() == pin_of(identity.relay_id)


def test_another_relay_shows_another_id(identity):
    _, seen = shake_hands(server_context(new_identity(NOW, "Склад")), client_context())
    assert seen is not None
    assert relay_id_of(seen) != identity.relay_id


def test_the_relay_refuses_a_client_that_speaks_no_tls_1_3(identity):
    old = client_context()
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(server_context(identity), old)


def test_the_client_refuses_a_relay_that_speaks_no_tls_1_3(identity):
    old = server_context(identity)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(old, client_context())


@pytest.mark.parametrize("in_memory", [True, False], ids=["file in memory", "temporary file"])
def test_the_private_key_never_stands_in_clear_in_a_file(identity, in_memory, monkeypatch, tmp_path):
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    handed_over: list[tuple[bytes, int]] = []
    as_file = certificate._as_file

    @contextmanager
    def watched(content: bytes):
        with as_file(content) as path:
            handed_over.append((path.read_bytes(), path.stat().st_mode))
            yield path

    monkeypatch.setattr(certificate, "_as_file", watched)
    shake_hands(server_context(identity), client_context())
    [(content, mode)] = handed_over
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
    assert b"BEGIN PRIVATE KEY" not in content
    assert in_memory or mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == []


def test_the_certificate_is_valid_for_twenty_years_and_for_slow_clocks(identity):
    parsed = x509.load_pem_x509_certificate(identity.certificate_pem)
    made = datetime.fromtimestamp(NOW / 1000, UTC)
    assert (made - parsed.not_valid_before_utc).days == 1
    assert parsed.not_valid_after_utc.year == made.year + 20
    assert parsed.public_key().curve.name == "secp256r1"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name, label",
    [("Склад", "Склад"), (" ", "Py_messenger"), ("ы" * 100, "ы" * 32), ("a" + "ы" * 100, "a" + "ы" * 31)],
    ids=["short", "empty", "long", "cut inside a letter"],
)
def test_any_relay_name_makes_a_certificate(name, label):
    parsed = x509.load_pem_x509_certificate(new_identity(NOW, name).certificate_pem)
    assert parsed.subject.rfc4514_string() == f"CN={label}"


def test_the_private_key_does_not_show_in_a_repr(identity):
    assert repr(identity) == f"Identity({identity.relay_id})"


def test_the_pin_for_curl_is_the_hash_of_the_public_key(identity):
    assert identity.public_key_pin.startswith("sha256//")
    assert len(identity.public_key_pin) == len("sha256//") + 44
    assert identity.public_key_pin != new_identity(NOW, "Склад").public_key_pin
