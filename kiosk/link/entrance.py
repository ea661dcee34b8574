# SPDX-License-Identifier: Apache-2.0
"""The requests that need no access token: enrolment, and the request for an access token."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.contract import enrolment as ident
from kiosk.contract import messages as msg
from kiosk.link.http import Http


class Entrance:
    """Central, before it has authenticated the kiosk; every method raises the errors of `Http.ask`.

    Times are central's, taken from its nonce: this machine's clock may be years off.
    """

    def __init__(self, url: str, authority: Path | None = None) -> None:
        self._http = Http(url, authority)

    def enrol(
        self, token: str, key: Ed25519PrivateKey, sync: ident.SyncKey
    ) -> ident.EnrolmentResponse:
        """Enrol this device as a kiosk; it may be retried with the same token and keys."""
        central = self._http.ask("GET", "/v1/health", msg.Health).central
        nonce = self._nonce().nonce
        public_key = key.public_key().public_bytes_raw()
        signed = ident.possession(central, token, public_key, sync.public_key, nonce)
        request = ident.EnrolmentRequest(
            token=token, public_key=public_key, sync=sync, nonce=nonce, signature=key.sign(signed)
        )
        return self._http.ask("POST", "/v1/enrolments", ident.EnrolmentResponse, request)

    def access(self, kiosk: UUID, central: str, key: Ed25519PrivateKey) -> ident.AccessToken:
        """Return an access token, for an assertion made for this request."""
        nonce = self._nonce()
        issued = round(nonce.now.timestamp())
        claims = ident.Claims(
            iss=kiosk,
            sub=kiosk,
            aud=central,
            jti=uuid4(),
            nonce=nonce.nonce,
            iat=issued,
            exp=issued + nonce.valid_seconds,
        )
        assertion = jwt.encode(
            claims.model_dump(mode="json"),
            key,
            algorithm=ident.ALGORITHM,
            headers={"typ": ident.ASSERTION_TYPE},
        )
        request = ident.TokenRequest(grant_type=ident.GRANT_TYPE, assertion=assertion)
        return self._http.ask("POST", "/v1/token", ident.AccessToken, request.model_dump())

    def now(self) -> datetime:
        """Return central's time."""
        return self._nonce().now

    def _nonce(self) -> ident.Nonce:
        return self._http.ask("GET", "/v1/nonce", ident.Nonce)
