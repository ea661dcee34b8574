# SPDX-License-Identifier: Apache-2.0
"""The machine's surroundings: a cable, central at its other end, another host, and a card."""

from __future__ import annotations

import ctypes
import datetime
import ipaddress
import socket
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.demo.service import CentralProcess
from kiosk.simulated.virtual_card import SimulatedCard
from kiosk.simulated.vpcd import VirtualReaderCard
from tests.proofs.appliance.boot import Machine

VPCD_PORT = 0x8C7B  # of Debian's vsmartcard-vpcd
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_DAY = datetime.timedelta(days=1)


class CentralOverTheWire(CentralProcess):
    """`kiosk-central serve` with TLS, at the other end of the cable."""

    def __init__(self, folder: Path, address: str) -> None:
        super().__init__(folder)
        self._address = address
        self.authority = certify(folder, address)

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "KIOSK_CENTRAL_HOST": self._address,
            "KIOSK_CENTRAL_CERTIFICATE": str(self.folder / "certificate.pem"),
            "KIOSK_CENTRAL_KEY": str(self.folder / "certificate.key"),
        }


class Slot(VirtualReaderCard):
    """A slot that inserts a card into a machine's virtual reader, from within its network."""

    def __init__(self, card: SimulatedCard, machine: Machine) -> None:
        super().__init__(card, VPCD_PORT)
        self._machine = machine

    def _connect(self) -> socket.socket:
        pcscd = self._machine.pid("pcscd.service")
        made: list[socket.socket | OSError] = []

        def enter() -> None:
            try:
                _enter(Path(f"/proc/{pcscd}/ns/net"))
                made.append(super(Slot, self)._connect())
            except OSError as error:
                made.append(error)

        # A thread of its own: a thread cannot leave a network namespace that it entered.
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]


def _enter(network: Path) -> None:
    with network.open("rb") as space:
        if ctypes.CDLL(None).setns(space.fileno(), _CLONE_NEWNET) != 0:
            raise OSError("setns")


def certify(folder: Path, address: str) -> bytes:
    """Write an authority's certificate (PEM), and central's certificate and key, to `folder`."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("The trust's authority", None, authority_key, authority_key, None)
    central = _certificate("central", authority, authority_key, key, address)
    (folder / "certificate.pem").write_bytes(central.public_bytes(serialization.Encoding.PEM))
    (folder / "certificate.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return authority.public_bytes(serialization.Encoding.PEM)


def _certificate(
    name: str,
    authority: x509.Certificate | None,
    signing: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    address: str | None,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer = ec_identifier(signing)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # This proof turns clocks; an expired certificate is not its subject.
        .not_valid_before(now - 3650 * _DAY)
        .not_valid_after(now + 3650 * _DAY)
        .add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(signer, critical=False)
    )
    if address is None:
        builder = builder.add_extension(_SIGNS, critical=True)
    else:
        alternative = x509.IPAddress(ipaddress.ip_address(address))
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    return builder.sign(signing, hashes.SHA256())


def ec_identifier(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
