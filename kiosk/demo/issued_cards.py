# SPDX-License-Identifier: Apache-2.0
"""The smartcards of the demonstration: cards of any family behind one interface."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from kiosk.card.recognition import inspect
from kiosk.simulated.gids_card import SimulatedGidsCard
from kiosk.simulated.gids_memory import GidsBehaviour
from kiosk.simulated.iso7816_card import SimulatedIso7816Card
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import SimulatedPivCard
from kiosk.values import Family

Chip = SimulatedPivCard | SimulatedGidsCard | SimulatedIso7816Card


@dataclass(frozen=True)
class IssuedCard:
    """A smartcard as its issuer knows it: its family, its content, and its document for central."""

    family: Family
    serial: str
    chip: Chip

    def lock(self) -> None:
        """Use up the tries of the passcode, as three wrong passcodes do."""
        self.chip.memory.passcode_left = 0

    def unlock(self) -> None:
        """Restore the tries of the passcode, as at issue."""
        self.chip.memory.passcode_left = 3

    @property
    def passcode_left(self) -> int:
        """The remaining tries of the passcode."""
        return self.chip.memory.passcode_left

    @property
    def unblocking_key(self) -> bytes:
        """The key that the card carries now."""
        match self.chip:
            case SimulatedPivCard(memory=memory):
                return memory.unblocking_key
            case SimulatedGidsCard(memory=memory):
                return memory.administrator_key
            case SimulatedIso7816Card(memory=memory):
                return memory.key

    @property
    def unblocking_left(self) -> int:
        """The remaining tries of that key; the maximum if the card does not count them."""
        match self.chip:
            case SimulatedPivCard(memory=memory):
                return memory.unblocking_left
            case SimulatedGidsCard(memory=memory):
                left = memory.administrator_left
                return self.unblocking_maximum if left is None else left
            case SimulatedIso7816Card(memory=memory):
                return memory.key_left

    @property
    def unblocking_maximum(self) -> int:
        """The tries of that key when none is used."""
        return 5 if self.family is Family.ISO7816 else 3

    @property
    def _gids_certificate(self) -> bytes:
        """The certificate of the card's container, as the kiosk reads it."""
        found = inspect(_Direct(self.chip)).certificates.authentication
        self.chip.reset()
        return found or b""

    def has_passcode(self, passcode: str) -> bool:
        """Return whether `passcode` is the card's, by its memory and without a try."""
        return self.chip.memory.passcode.rstrip(b"\xff\0") == passcode.encode()

    def document(self) -> dict[str, Any]:
        """Return the description of the card for `kiosk-central seed-demo`."""
        document: dict[str, Any] = {
            "family": self.family,
            "serial": self.serial,
            "unblocking_maximum": self.unblocking_maximum,
        }
        match self.chip:
            case SimulatedPivCard(memory=memory):
                document["authentication_certificate"] = _base64(memory.certificates[0x9A])
                document["card_authentication_certificate"] = _base64(memory.certificates[0x9E])
            case SimulatedGidsCard(memory=memory):
                document["administrator_kind"] = memory.administrator_kind
                document["authentication_certificate"] = _base64(self._gids_certificate)
                return {**document, "unblocking_key": self.unblocking_key.hex()}
        return {**document, "unblocking_key": self.unblocking_key.decode()}


def issue(
    family: Family, holder: str, passcode: str, issuer: SimulatedIssuer | None = None
) -> IssuedCard:
    """Return a personalised, locked card; without an `issuer`, a new authority certifies it."""
    issuer, digits = issuer or SimulatedIssuer.make(), passcode.encode()
    card: IssuedCard
    match family:
        case Family.PIV:
            piv = issuer.issue_piv(holder, passcode=digits)
            card = IssuedCard(family, piv.guid.hex().upper(), SimulatedPivCard(piv))
        case Family.GIDS:
            gids = issuer.issue_gids(holder, passcode=digits)
            serial = gids.files[0xA012].objects[b"\xdf\x20"].hex().upper()
            behaviour = GidsBehaviour(administrator_tries=3, tells_administrator_tries=False)
            card = IssuedCard(family, serial, SimulatedGidsCard(gids, behaviour))
        case Family.ISO7816:
            iso = issuer.issue_isoapplet(passcode=digits)
            # PKCS #15 TokenInfo: 30 .., 02 01 00 (its version), 04 08, then the serial number.
            information = iso.files[b"\x50\x15\x50\x32"].content or b""
            serial = information[7:15].hex().upper()
            card = IssuedCard(family, serial, SimulatedIso7816Card(iso))
    card.lock()
    return card


class _Direct:
    """A connection to a card without a reader."""

    def __init__(self, chip: Chip) -> None:
        self.atr = chip.atr
        self.exchange = chip.exchange


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
