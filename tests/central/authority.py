# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for tests, which can also sign anything wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

START = datetime(2024, 1, 1, tzinfo=UTC)
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Extensions = Sequence[tuple[x509.ExtensionType, bool]]


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """An authority that is a root or is below another one."""

    name: str = "Trust root"
    above: Authority | None = None
    depth: int | None = None
    is_authority: bool = True
    years: int = 10
    key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    issued: int = 100
    extensions: Extensions = ()
    hashed: hashes.SHA224 | hashes.SHA256 | None = None

    @property
    def der(self) -> bytes:
        """Return its own certificate."""
        above = self.above or self
        constraints = x509.BasicConstraints(
            ca=self.is_authority, path_length=self.depth if self.is_authority else None
        )
        return above.sign(
            self.key,
            self.name,
            years=self.years,
            constraints=constraints,
            serial=7,
            extensions=self.extensions,
            hashed=self.hashed,
        )

    def sign(
        self,
        key: PrivateKey,
        holder: str = "Nora Nurse",
        *,
        years: int = 3,
        constraints: x509.BasicConstraints | None = None,
        serial: int | None = None,
        extensions: Extensions = (),
        hashed: hashes.SHA224 | hashes.SHA256 | None = None,
    ) -> bytes:
        """Return a certificate (DER) for `key`, valid from the start of 2024."""
        self.issued += 1
        builder = (
            x509.CertificateBuilder(
                _name(self.name), _name(holder), key.public_key(), serial or self.issued
            )
            .not_valid_before(START)
            .not_valid_after(START + timedelta(days=365 * years))
            .add_extension(
                constraints or x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashed or hashes.SHA256()).public_bytes(Encoding.DER)

    def revocations(
        self,
        *serials: int,
        at: datetime = datetime(2024, 12, 31, tzinfo=UTC),
        days: int = 7,
        key: PrivateKey | None = None,
        extensions: Extensions = (),
        of_entries: Extensions = (),
        hashed: hashes.SHA224 | hashes.SHA256 | None = None,
    ) -> bytes:
        """Return its revocation list (DER), made at `at` and valid for that many days."""
        builder = x509.CertificateRevocationListBuilder(
            _name(self.name), at, at + timedelta(days=days)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder(serial, at)
            for extension, critical in of_entries:
                entry = entry.add_extension(extension, critical)
            builder = builder.add_revoked_certificate(entry.build())
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        signed = builder.sign(key or self.key, hashed or hashes.SHA256())
        return signed.public_bytes(Encoding.DER)
