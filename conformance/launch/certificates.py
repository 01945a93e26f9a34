"""Makes a certificate authority with one server and one client, for QEMU's tls-creds-x509.

They are the same in every run, so that a script that shows a defect can hold them: the keys are
made of fixed bytes, and keep no secret. QEMU's sanity check requires an authority that may sign,
and an end entity that is none, whose key usage allows signing and whose purpose is that of the
endpoint.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Mapping
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_SINCE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_UNTIL = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


def certificates(password: bytes = b"") -> Mapping[str, bytes]:
    """Return file names with PEM texts, valid for a hundred years.

    With `password`, the end entities' keys are encrypted, which makes them differ from run to run.
    """
    authority = _key("authority")
    root = _certificate("authority", authority, authority, None)
    files = {"ca-cert.pem": root}
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    for end, purpose in (
        ("server", ExtendedKeyUsageOID.SERVER_AUTH),
        ("client", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        key = _key(end)
        files[f"{end}-cert.pem"] = _certificate(end, key, authority, purpose)
        files[f"{end}-key.pem"] = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            encryption,
        )
    return files


def _key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def _certificate(
    name: str,
    key: Ed25519PrivateKey,
    signer: Ed25519PrivateKey,
    purpose: x509.ObjectIdentifier | None,
) -> bytes:
    """Return a certificate in PEM: the authority's own without a `purpose`."""
    root = purpose is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("authority"))
        .public_key(key.public_key())
        .serial_number(1 + len(name))
        .not_valid_before(_SINCE)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(_usage(root=root), critical=True)
    )
    if purpose is not None:
        addresses: list[x509.GeneralName] = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    return builder.sign(signer, None).public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"qmp-conformance {common}")])


def _usage(*, root: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not root,
        content_commitment=False,
        key_encipherment=not root,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=root,
        crl_sign=root,
        encipher_only=False,
        decipher_only=False,
    )
