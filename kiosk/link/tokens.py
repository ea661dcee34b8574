# SPDX-License-Identifier: Apache-2.0
"""The access token that goes with every request: fetched when it is needed, and not before."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.errors import CentralError
from kiosk.link.entrance import Entrance

_MARGIN_SECONDS = 15.0
"""So long before its end a token is no longer used: it has to arrive in time."""


class AccessTokens:
    """The kiosk's tokens, one at a time, for all threads of a process."""

    def __init__(
        self,
        url: str,
        kiosk: UUID,
        central: str,
        key: Ed25519PrivateKey,
        authority: Path | None = None,
    ) -> None:
        self._entrance = Entrance(url, authority)
        self._kiosk, self._central, self._key = kiosk, central, key
        self._lock = threading.Lock()
        self._token: str | None = None
        self._until = 0.0  # by the monotonic clock
        self._failed: tuple[float, CentralError] | None = None
        self._retiring = False

    @property
    def retiring(self) -> bool:
        """Whether central said with the last token that this kiosk is to go."""
        return self._retiring

    def current(self) -> str:
        """A token that is good; raises CentralUnavailable, CentralRefused where there is none."""
        began = time.monotonic()
        with self._lock:
            if self._token is not None and time.monotonic() < self._until:
                return self._token
            if self._failed is not None and self._failed[0] > began:
                # Somebody asked while we waited. A central that does not answer holds up nobody
                # twice.
                raise self._failed[1]
            return self._fetch()

    def refused(self, token: str) -> None:
        """Forget a token that central did not accept, if it is still the one in use."""
        with self._lock:
            if self._token == token:
                self._token = None

    def _fetch(self) -> str:
        self._token = None
        asked = time.monotonic()
        try:
            given = self._entrance.access(self._kiosk, self._central, self._key)
        except CentralError as error:
            self._failed = time.monotonic(), error
            raise
        self._retiring = given.retiring
        self._until = asked + given.expires_in - _MARGIN_SECONDS
        self._token = given.access_token
        return given.access_token
