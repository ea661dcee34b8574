# SPDX-License-Identifier: Apache-2.0
"""Nonces that carry their time and a MAC, so that central recognises its own without storing them.

Every central process on the same master key recognises them.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from nacl.utils import random as random_bytes

from kiosk.central.service.assembly import Services
from kiosk.contract.enrolment import Nonce

LIFE = timedelta(minutes=2)
SKEW = timedelta(minutes=1)
"""The most by which the clocks of two central processes may differ."""

_KEY = (b"nonces", b"", 32)
_RANDOM, _TIME = 16, 8


def issue(services: Services) -> Nonce:
    """Return a fresh nonce, with the time in it in whole seconds."""
    now = services.clock().replace(microsecond=0)
    body = random_bytes(_RANDOM) + round(now.timestamp()).to_bytes(_TIME, "big")
    seconds = round(LIFE.total_seconds())
    return Nonce(nonce=body + _mac(services, body), now=now, valid_seconds=seconds)


def issued_at(services: Services, nonce: bytes) -> datetime | None:
    """Return when this nonce was issued; None if it is not ours or too old."""
    body, mac = nonce[: _RANDOM + _TIME], nonce[_RANDOM + _TIME :]
    if not hmac.compare_digest(mac, _mac(services, body)):
        return None
    issued = datetime.fromtimestamp(int.from_bytes(body[_RANDOM:], "big"), UTC)
    return issued if issued - SKEW <= services.clock() < issued + LIFE else None


def _mac(services: Services, body: bytes) -> bytes:
    return hmac.digest(services.master.derive(*_KEY), body, "sha256")
