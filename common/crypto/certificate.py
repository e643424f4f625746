"""Makes a relay's certificate, which is its identity, and the TLS that speaks with it. The only importer of `cryptography`."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from common.crypto.identity import relay_id_of
from common.ids import Millis, RelayId

VALID_YEARS: Final = 20
_CLOCKS_MAY_BE_WRONG_BY: Final = timedelta(days=1)
_OPEN_FILES: Final = Path("/proc/self/fd")
_NAME_BYTES: Final = 64  # upper bound of a common name (RFC 5280, appendix A.1), which `cryptography` counts in bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """A relay's certificate and the private key that goes with it. Stored sealed, never in clear."""

    certificate_pem: bytes
    private_key_pem: bytes = field(repr=False)

    def __repr__(self) -> str:
        return f"Identity({self.relay_id})"

    @property
    def relay_id(self) -> RelayId:
        """The id by which clients know and pin this relay."""
        return relay_id_of(self.certificate_der)

    @property
    def certificate_der(self) -> bytes:
        """The certificate as it goes over the wire."""
        return ssl.PEM_cert_to_DER_cert(self.certificate_pem.decode("ascii"))

    @property
    def public_key_pin(self) -> str:
        """``sha256//…`` for ``curl --insecure --pinnedpubkey``, which pins the key and not the certificate."""
        return public_key_pin(self.certificate_der)


def public_key_pin(certificate_der: bytes) -> str:
    """The same of any certificate, as it goes over the wire."""
    public_key = x509.load_der_x509_certificate(certificate_der).public_key()
    der = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")


def validity(certificate_der: bytes) -> tuple[Millis, Millis]:
    """From when to when that certificate says that it is valid."""
    certificate = x509.load_der_x509_certificate(certificate_der)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Millis(int(begins.timestamp() * 1000)), Millis(int(ends.timestamp() * 1000))


def new_identity(now: Millis, relay_name: str) -> Identity:
    """A new P-256 key and its self-signed certificate. *relay_name* is a label in it; it may change later without harm."""
    key = ec.generate_private_key(ec.SECP256R1())
    label = relay_name.encode(errors="ignore")[:_NAME_BYTES].decode(errors="ignore").strip() or "Py_messenger"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label)])
    made = datetime.fromtimestamp(now // 1000, UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made - _CLOCKS_MAY_BE_WRONG_BY)
        .not_valid_after(made + timedelta(days=round(365.25 * VALID_YEARS)))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def server_context(identity: Identity) -> ssl.SSLContext:
    """TLS 1.3 only, with *identity*.

    The `ssl` module takes a certificate from files alone. So that the private key never stands on a disk in clear, the file holds it
    encrypted under a password that lives only in this call; on Linux the file is in memory besides.
    """
    password = secrets.token_bytes(32).hex().encode("ascii")
    key = serialization.load_pem_private_key(identity.private_key_pem, password=None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(password)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with _as_file(identity.certificate_pem + encrypted) as path:
        context.load_cert_chain(path, password=password)
    return context


@contextlib.contextmanager
def _as_file(content: bytes) -> Iterator[Path]:
    """The path of a file with *content* that nobody else may read and that is gone afterwards."""
    if hasattr(os, "memfd_create") and _OPEN_FILES.is_dir():
        descriptor = os.memfd_create("identity")
        with os.fdopen(descriptor, "wb") as memory:
            memory.write(content)
            memory.flush()
            yield _OPEN_FILES / str(descriptor)
        return
    descriptor, name = tempfile.mkstemp(suffix=".pem")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield Path(name)
    finally:
        Path(name).unlink()
