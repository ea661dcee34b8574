# SPDX-License-Identifier: Apache-2.0
"""Personalises simulated cards, as an RA's card printer does with real ones."""

from __future__ import annotations

import datetime
import secrets
import zlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from kiosk.card import tlv
from kiosk.card.cryptogram import KeyKind
from kiosk.simulated.files import StoredFile, new_files
from kiosk.simulated.gids_memory import DataFile, GidsMemory
from kiosk.simulated.iso7816_card import Iso7816Memory
from kiosk.simulated.piv_card import PivMemory, PrivateKey

_DER = serialization.Encoding.DER
_YEAR = datetime.timedelta(days=365)
_LONG_AGO = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class SimulatedIssuer:
    """A certificate authority for simulated cards; its certificate says that it is simulated."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls) -> SimulatedIssuer:
        """Return a new authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Simulated smartcard issuer")
        certificate = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def der(self) -> bytes:
        """The authority's own certificate."""
        return self.certificate.public_bytes(_DER)

    def revocations(self) -> bytes:
        """Return its empty revocation list (DER), valid for a year."""
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder(
            self.certificate.subject, _LONG_AGO, now + _YEAR
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(_DER)

    def certify(self, holder: str, key: PrivateKey) -> bytes:
        """Return a DER certificate for a card's key."""
        builder = _builder(_name(holder), self.certificate.subject, key.public_key())
        certificate = builder.add_extension(
            x509.BasicConstraints(ca=False, path_length=None), critical=True
        ).sign(self.key, hashes.SHA256())
        return certificate.public_bytes(encoding=_DER)

    def issue_piv(
        self,
        holder: str,
        *,
        passcode: bytes = b"246802",
        unblocking_key: bytes | None = None,
        algorithm: str = "P-256",
    ) -> PivMemory:
        """Return a personalised PIV card's memory; by default the unblocking key is random."""
        keys: dict[int, PrivateKey] = {slot: new_key(algorithm) for slot in (0x9A, 0x9E)}
        return PivMemory(
            guid=secrets.token_bytes(16),
            passcode=passcode.ljust(8, b"\xff"),
            unblocking_key=unblocking_key or secrets.token_hex(4).encode(),
            keys=keys,
            certificates={slot: self.certify(holder, key) for slot, key in keys.items()},
        )

    def issue_gids(
        self,
        holder: str,
        *,
        passcode: bytes = b"246802",
        administrator_key: bytes | None = None,
        kind: KeyKind = KeyKind.TRIPLE_DES,
        container: bool = True,
    ) -> GidsMemory:
        """Return a personalised GIDS card's memory, with or without a container for login."""
        memory = GidsMemory(
            passcode=passcode,
            administrator_key=administrator_key or secrets.token_bytes(24),
            administrator_kind=kind,
            files={
                0xA000: DataFile(0x30, 0x00),
                0xA010: DataFile(0x30, 0x00),
                0xA011: DataFile(0x30, 0xFF),
                0xA012: DataFile(0x20, 0x00),
            },
            personalised=True,
        )
        files = {**_GIDS_FILES, ("", "cardid"): (0xA012, 0xDF20, secrets.token_bytes(16))}
        if container:
            key = rsa.generate_private_key(65537, 2048)
            memory.keys[0x81] = key
            certificate = self.certify(holder, key)
            packed = b"\1\0" + len(certificate).to_bytes(2, "little") + zlib.compress(certificate)
            files["mscp", "cmapfile"] = (0xA010, 0xDF23, _container_map())
            files["mscp", "kxc00"] = (0xA010, 0xDF24, packed)
        for file, name, content in files.values():
            if name:
                memory.files[file].objects[name.to_bytes(2, "big")] = content
        memory.files[0xA000].objects[b"\xdf\x1f"] = b"\1" + b"".join(
            directory.encode().ljust(9, b"\0")
            + file_name.encode().ljust(11, b"\0")
            + name.to_bytes(4, "little")
            + file.to_bytes(4, "little")
            for (directory, file_name), (file, name, _) in files.items()
        )
        return memory

    @staticmethod
    def issue_isoapplet(
        *, passcode: bytes = b"246802", unblocking_key: bytes | None = None
    ) -> Iso7816Memory:
        """Return a personalised IsoApplet's memory, with the part of PKCS #15 around its serial."""
        memory = Iso7816Memory(
            passcode=passcode.ljust(16, b"\0"),
            key=unblocking_key or secrets.token_hex(8).encode(),
            files=new_files(),
        )
        directory = tlv.encode(0x6F, bytes.fromhex("82013883025015"))
        serial = tlv.encode(0x02, b"\0") + tlv.encode(0x04, secrets.token_bytes(8))
        information = tlv.encode(0x30, serial + tlv.encode(0x80, b"IsoApplet"))
        file = bytes.fromhex("82010183025032") + tlv.encode(0x80, b"\0\x40")
        memory.files[b"\x50\x15"] = StoredFile(directory, None)
        memory.files[b"\x50\x15\x50\x32"] = StoredFile(
            tlv.encode(0x6F, file), information.ljust(64, b"\0")
        )
        return memory


# As gids-tool writes them: (directory, file) -> file identifier, data object, content.
_GIDS_FILES: dict[tuple[str, str], tuple[int, int, bytes]] = {
    ("mscp", ""): (0xA000, 0, b""),
    ("", "cardid"): (0xA012, 0xDF20, b""),
    ("", "cardapps"): (0xA010, 0xDF21, b"mscp\0\0\0\0"),
    ("", "cardcf"): (0xA010, 0xDF22, bytes(6)),
    ("mscp", "cmapfile"): (0xA010, 0xDF23, b""),
}


def _container_map() -> bytes:
    """Return a map of one container, valid and the default, with an exchange key of 2048 bits."""
    name = "Simulated log in".encode("utf-16-le").ljust(80, b"\0")
    return name + bytes((3, 0)) + (0).to_bytes(2, "little") + (2048).to_bytes(2, "little")


def new_key(algorithm: str) -> PrivateKey:
    """Return a new private key: "P-256", "P-384" or "RSA-2048"."""
    if algorithm == "RSA-2048":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}[algorithm])


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + 2 * _YEAR)
    )
