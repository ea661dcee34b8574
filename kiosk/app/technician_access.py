# SPDX-License-Identifier: Apache-2.0
"""Who looks after the kiosk: let in to look at it by a code, of which only a hash is here."""

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
    """Lets in who knows the code; waits double with each failure. May be called from any thread.

    Eight digits at a try an hour outlast the kiosk. Pulling its plug gives three tries a start:
    half of all codes in some twenty years. `diagnose` looks at the kiosk's parts.
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
        """None where that is the code, else the seconds until the next one is looked at."""
        with self._lock:
            early = self._closed_until - self._now()
            if early > 0:
                return math.ceil(early)
            # Counted before it is looked at: nobody gets a try for nothing by stopping us.
            self._failures += 1
            wait = _wait_seconds(self._failures)
            self._closed_until = self._now() + wait
            if not _is_code(self._hash, code):
                _log.warning("the technician's code was wrong, for the %d. time", self._failures)
                return wait
            self._failures, self._closed_until = 0, self._now()
            _log.info("the technician was let in")
            return None

    def look(self) -> tuple[Diagnosis, ...]:
        """How every part is; where the checks themselves fail, that is what is told."""
        try:
            return self._diagnose()
        except Exception as error:  # noqa: BLE001 - the screen must go on, whatever it was
            _log.error("the checks failed: %s", type(error).__name__)
            return (surroundings.checks_failed(error),)


def make_hash(code: str) -> str:
    """What the settings keep of a code."""
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
