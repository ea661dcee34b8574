# SPDX-License-Identifier: Apache-2.0
"""A device that enrols as a kiosk, and the mistakes that it can make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import col, select

from kiosk.central.fleet import enrolling
from kiosk.central.tables import AuditEntry, Organisation
from kiosk.contract.enrolment import (
    ASSERTION_TYPE,
    GRANT_TYPE,
    EnrolmentResponse,
    Nonce,
    SyncKey,
    possession,
    sync_possession,
)
from tests.central.world import CENTRAL, Service, b64
from tests.contract.document import assert_conforms
from tests.patience import PATIENCE


def allow(service: Service, name: str = "ward 7", organisation: str = "Trust A") -> str:
    """Return an enrolment token of the RA's."""
    with service.services.database.transaction() as database:
        known = select(Organisation).where(Organisation.name == organisation)
        trust = database.exec(known).first() or Organisation(name=organisation)
        database.add(trust)
        database.flush()
        until = service.services.clock() + enrolling.TOKEN_LIFE
        return enrolling.make_token(database, trust, name, until)


def audited(service: Service) -> list[tuple[str, Any]]:
    """Return the kinds of the audit's entries, with the reason of each refusal."""
    with service.services.database.reading() as database:
        entries = database.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    return [(entry.kind, entry.details.get("reason")) for entry in entries]


@dataclass
class Device:
    """A device and its two keys; `key` is the screen's."""

    service: Service
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    sync_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    enrolled: EnrolmentResponse | None = None

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def sync(self) -> SyncKey:
        public = self.sync_key.public_key().public_bytes_raw()
        return SyncKey(public_key=public, signature=self.sync_key.sign(sync_possession(public)))

    def nonce(self) -> Nonce:
        answer = requests.get(f"{self.service.url}/v1/nonce", timeout=PATIENCE)
        assert_conforms(answer)
        return Nonce.model_validate_json(answer.text)

    def ask_to_enrol(
        self, allowed: str, central: str = CENTRAL, nonce: bytes | None = None, **changes: Any
    ) -> requests.Response:
        nonce = self.nonce().nonce if nonce is None else nonce
        keys = self.public_key, self.sync.public_key
        signature = self.key.sign(possession(central, allowed, *keys, nonce))
        body = {
            "token": allowed,
            "public_key": b64(self.public_key),
            "sync": self.sync.model_dump(mode="json"),
            "nonce": b64(nonce),
            "signature": b64(signature),
        }
        return self._post("enrolments", json=body | changes)

    def enrol(self, token: str | None = None) -> EnrolmentResponse:
        answer = self.ask_to_enrol(token or allow(self.service))
        assert answer.status_code == 200, answer.text
        self.enrolled = EnrolmentResponse.model_validate_json(answer.text)
        return self.enrolled

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of an assertion; a change to None leaves one out."""
        assert self.enrolled is not None
        nonce = self.nonce()
        issued = round(nonce.now.timestamp())
        right = {
            "iss": str(self.enrolled.kiosk),
            "sub": str(self.enrolled.kiosk),
            "aud": CENTRAL,
            "jti": str(uuid4()),
            "nonce": b64(nonce.nonce),
            "iat": issued,
            "exp": issued + nonce.valid_seconds,
        }
        return {name: value for name, value in (right | changes).items() if value is not None}

    def assertion(
        self, key: Any = None, algorithm: str = "EdDSA", typ: str = ASSERTION_TYPE, **changes: Any
    ) -> str:
        headers = {"typ": typ}
        return jwt.encode(self.claims(**changes), key or self.key, algorithm, headers)

    def ask_token(self, assertion: str | None = None) -> requests.Response:
        form = {"grant_type": GRANT_TYPE, "assertion": assertion or self.assertion()}
        return self._post("token", data=form)

    def access(self) -> str:
        answer = self.ask_token()
        assert answer.status_code == 200, answer.text
        access: str = answer.json()["access_token"]
        return access

    def report(self, access: str) -> requests.Response:
        """Send a request that needs a token; which one does not matter."""
        return self._post("reports", json=_REPORT, headers={"Authorization": f"Bearer {access}"})

    def _post(self, path: str, **content: Any) -> requests.Response:
        answer = requests.post(f"{self.service.url}/v1/{path}", timeout=PATIENCE, **content)
        assert_conforms(answer)
        return answer


_REPORT = {
    "items": [
        {
            "id": str(uuid4()),
            "recorded_at": "2025-01-01T03:00:00Z",
            "fact": {"kind": "visit end", "session": str(uuid4()), "facts": 0},
        }
    ]
}
