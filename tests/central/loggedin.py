# SPDX-License-Identifier: Apache-2.0
"""A card that can log in, and the steps of a cardholder who logs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import requests

from kiosk.central.keys import trust_store
from kiosk.contract import proof
from kiosk.contract.registration import CardholderProfile, LoginResponse
from tests.central.authority import Authority
from tests.central.world import (
    CENTRAL,
    KioskClient,
    Mailbox,
    PersonalCard,
    PrivateKey,
    Service,
    b64,
    sign,
)

FRESH = ("Zoë Müller", "Rex the dog", "Łódź", "O'Brien")
CHOSEN = ("first-friend", "first-pet", "first-street", "first-teacher")
EMAIL = "nora.nurse@nhs.net"


def trust_authority(service: Service, authority: Authority) -> None:
    """Make the service trust certificates of `authority`."""
    now = service.clock()
    with service.services.database.transaction() as database:
        trust_store.add_issuer(database, authority.der, now, anchor=True)
        trust_store.add_list(database, authority.revocations(), now)


@dataclass
class TrustedCard(PersonalCard):
    """A card with an authority's certificates, whose holder has not registered."""

    authority: Authority = field(default_factory=Authority)
    registered: bool = False
    years: int = 3

    def __post_init__(self) -> None:
        self.certificate = self.authority.sign(self.holder_key, years=self.years)
        self.card_certificate = self.authority.sign(self.card_key, "card", years=self.years)

    def document(self, organisation: str) -> dict[str, Any]:
        document = super().document(organisation)
        document["card"]["authentication_certificate"] = b64(self.certificate)
        document["card"]["card_authentication_certificate"] = b64(self.card_certificate)
        return document if self.registered else {**document, "answers": []}


@dataclass
class Desk:
    """A cardholder at a kiosk, with their card."""

    kiosk: KioskClient
    card: TrustedCard
    session: UUID = field(default_factory=uuid4)
    nonce: bytes = b""

    def open(self, **card: Any) -> requests.Response:
        presented = {
            "family": self.card.family,
            "serial": self.card.serial,
            "passcode_tries": 3,
            "unblocking_tries": None,
            "authentication_certificate": b64(self.card.certificate),
            "card_authentication_certificate": b64(self.card.card_certificate),
            **card,
        }
        return self.kiosk.post("/logins", {"session": str(self.session), "card": presented})

    def signature(self, purpose: proof.ProofPurpose, key: PrivateKey | None = None) -> str:
        digest = proof.digest(
            purpose,
            central=CENTRAL,
            kiosk=self.kiosk.name,
            card=self.card.identity,
            session=self.session,
            nonce=self.nonce,
        )
        return b64(sign(key or self.card.holder_key, digest))

    def prove(self, purpose: proof.ProofPurpose = proof.ProofPurpose.LOG_IN) -> requests.Response:
        return self._post("proof", {"signature": self.signature(purpose)})

    def log_in(self) -> CardholderProfile:
        answer = self.open()
        assert answer.status_code == 200, answer.text
        self.nonce = LoginResponse.model_validate_json(answer.text).nonce
        answer = self.prove()
        assert answer.status_code == 200, answer.text
        return CardholderProfile.model_validate_json(answer.text)

    def send_code(self, email: str = EMAIL, **more: str) -> requests.Response:
        return self._post("code", {"email": email, **more})

    def register(self, **changes: Any) -> requests.Response:
        form = {
            "signature": self.signature(proof.ProofPurpose.REGISTER),
            "card_signature": self.signature(proof.ProofPurpose.PIN_KEY, self.card.card_key),
            "questions": CHOSEN,
            "answers": FRESH,
            **({"code": self.mailbox.code} if "code" not in changes else {}),
            **changes,
        }
        return self._post("registration", form)

    def remove(self) -> requests.Response:
        return self._post("removal", {"signature": self.signature(proof.ProofPurpose.REMOVE)})

    @property
    def mailbox(self) -> Mailbox:
        return self.kiosk.service.mailbox

    def _post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self.kiosk.post(f"/logins/{self.session}/{path}", body)
