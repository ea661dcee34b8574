# SPDX-License-Identifier: Apache-2.0
"""Nonces with a time in them, told from foreign ones by a MAC: nothing is kept of them.

So whichever of several central processes gets one back knows it.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from nacl.utils import random as random_bytes

from kiosk.central.service.assembly import Services
from kiosk.contract.enrolment import Nonce

LIFE = timedelta(minutes=2)
SKEW = timedelta(minutes=1)
"""By how much the clocks of two central processes may differ."""

_KEY = (b"nonces", b"", 32)
_RANDOM, _TIME = 16, 8


def issue(services: Services) -> Nonce:
    """A fresh one, and the time that is in it: whole seconds."""
    now = services.clock().replace(microsecond=0)
    told = random_bytes(_RANDOM) + round(now.timestamp()).to_bytes(_TIME, "big")
    seconds = round(LIFE.total_seconds())
    return Nonce(nonce=told + _mac(services, told), now=now, valid_seconds=seconds)


def given_at(services: Services, nonce: bytes) -> datetime | None:
    """When this nonce was given; None where it is not ours, or too old."""
    told, mac = nonce[: _RANDOM + _TIME], nonce[_RANDOM + _TIME :]
    if not hmac.compare_digest(mac, _mac(services, told)):
        return None
    given = datetime.fromtimestamp(int.from_bytes(told[_RANDOM:], "big"), UTC)
    return given if given - SKEW <= services.clock() < given + LIFE else None


def _mac(services: Services, told: bytes) -> bytes:
    return hmac.digest(services.master.derive(*_KEY), told, "sha256")
