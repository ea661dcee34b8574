# SPDX-License-Identifier: Apache-2.0
"""The technician's access: a code opens the checks of the kiosk; only its hash is stored here."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from kiosk.doctor import surroundings
from kiosk.flow.diagnosis import Diagnosis
from kiosk.values import Secret

_log = logging.getLogger(__name__)

FREE_TRIES = 3
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 30, 3600


class Technician:
    """Admits a technician by the code; after `FREE_TRIES` failures, each failure doubles the wait.

    Methods may be called from any thread. Eight digits at one try an hour outlast the kiosk.
    Pulling its plug gives three tries a start: half of all codes in some twenty years. `diagnose`
    checks the parts of the kiosk.
    """

    def __init__(
        self,
        code_hash: str,
        diagnose: Callable[[], tuple[Diagnosis, ...]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hash = code_hash.encode()
        self._diagnose = diagnose
        self._now = now
        self._failures = 0
        self._closed_until = now()
        self._lock = threading.Lock()

    def admit(self, code: Secret) -> int | None:
        """Return None if the code is right, else the seconds until the next try."""
        with self._lock:
            early = self._closed_until - self._now()
            if early > 0:
                return math.ceil(early)
            # Count before the check, so that stopping the kiosk gives no free try.
            self._failures += 1
            wait = _wait_seconds(self._failures)
            self._closed_until = self._now() + wait
            if not _is_code(self._hash, code):
                _log.warning("the technician's code was wrong (failures: %d)", self._failures)
                return wait
            self._failures, self._closed_until = 0, self._now()
            _log.info("the technician was admitted")
            return None

    def look(self) -> tuple[Diagnosis, ...]:
        """Return the diagnosis of each part; if the checks themselves fail, one that says so."""
        try:
            return self._diagnose()
        except Exception as error:  # noqa: BLE001 - after any error the screen must go on
            _log.error("the checks failed: %s", type(error).__name__)
            return (surroundings.checks_failed(error),)


def make_hash(code: str) -> str:
    """Return the hash of a code for the settings."""
    return argon2id.str(code.encode()).decode()


def _is_code(code_hash: bytes, code: Secret) -> bool:
    try:
        return bool(argon2id.verify(code_hash, code.reveal()))
    except CryptoError:
        return False


def _wait_seconds(failures: int) -> int:
    if failures < FREE_TRIES:
        return 0
    return min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS << (failures - FREE_TRIES))
