# SPDX-License-Identifier: Apache-2.0
"""An issued card of each family for the reader's tests, with facts known from its issuing."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives import serialization

from kiosk.card import public_keys
from kiosk.card.session import Ability, CardReport
from kiosk.card.unlock_work import Candidate, UnlockPlan
from kiosk.simulated.gids_card import SimulatedGidsCard
from kiosk.simulated.gids_memory import GidsMemory
from kiosk.simulated.iso7816_card import Iso7816Memory, SimulatedIso7816Card
from kiosk.simulated.issuing import SimulatedIssuer
from kiosk.simulated.piv_card import PivMemory, SimulatedPivCard
from kiosk.simulated.virtual_card import SimulatedCard
from kiosk.values import Family, Secret

NEW, NEXT = b"135790", b"nextnext"
UNBLOCK, CHANGE = 0x2C, 0x24  # the instructions at which a fault is injected

ABILITIES = {
    Family.PIV: frozenset(Ability),
    Family.GIDS: frozenset({Ability.LOG_IN}),
    Family.ISO7816: frozenset[Ability](),
}


@dataclass(frozen=True)
class Issued:
    """An issued card, reduced to the memory that it keeps without power."""

    family: Family
    memory: PivMemory | GidsMemory | Iso7816Memory

    @property
    def card(self) -> SimulatedCard:
        """Return the card, ready to be inserted."""
        match self.memory:
            case PivMemory() as piv:
                return SimulatedPivCard(piv)
            case GidsMemory() as gids:
                return SimulatedGidsCard(gids)
            case Iso7816Memory() as iso:
                return SimulatedIso7816Card(iso)

    @property
    def serial(self) -> str:
        """Return the card's serial number."""
        match self.memory:
            case PivMemory(guid=guid):
                return guid.hex().upper()
            case GidsMemory(files=files):
                return files[0xA012].objects[b"\xdf\x20"].hex().upper()
            case Iso7816Memory(files=stored):
                # 30 18, 02 01 00, 04 08, then the serial number
                return (stored[b"\x50\x15\x50\x32"].content or b"")[7:15].hex().upper()

    @property
    def key(self) -> bytes:
        """Return the card's unblocking key."""
        match self.memory:
            case PivMemory(unblocking_key=key) | Iso7816Memory(key=key):
                return key
            case GidsMemory(administrator_key=key):
                return key

    @property
    def key_tries(self) -> int | None:
        """Return the tries left of that key, or None if they are not counted."""
        match self.memory:
            case PivMemory(unblocking_left=left) | Iso7816Memory(key_left=left):
                return left
            case GidsMemory():
                return None

    def locked(self) -> Issued:
        """Return the same card, locked, with a memory of its own."""
        memory = copy.copy(self.memory)
        memory.passcode_left = 0
        return replace(self, memory=memory)


def issue(issuer: SimulatedIssuer, family: Family) -> Issued:
    """Issue a card of this family."""
    match family:
        case Family.PIV:
            return Issued(family, issuer.issue_piv("A Nurse"))
        case Family.GIDS:
            return Issued(family, issuer.issue_gids("A Nurse"))
        case Family.ISO7816:
            return Issued(family, issuer.issue_isoapplet())


def plan_for(issued: Issued, report: CardReport, **changes: object) -> UnlockPlan:
    """Return an unlock plan that fits this card, with renewal if its family supports it."""
    fields: dict[str, object] = {
        "identity": report.identity,
        "current": Candidate(0, Secret(issued.key)),
        "next": Candidate(1, Secret(NEXT)),
        "first": 0,
        "second_allowed": False,
        "second_needs_tries_left": 2,
        "renew": Ability.RENEW_KEY in report.abilities,
        "passcode": Secret(NEW),
        "proof": b"p" * 32,
        "card_key": _spki(report.certificates.card_authentication),
        "holder_key": _spki(report.certificates.authentication),
        "attestations": {0: b"0" * 32, 1: b"1" * 32},
    }
    return UnlockPlan(**{**fields, **changes})  # type: ignore[arg-type]


def _spki(certificate: bytes | None) -> bytes | None:
    if certificate is None:
        return None
    return public_keys.from_certificate(certificate, "x").public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
