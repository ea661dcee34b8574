# SPDX-License-Identifier: Apache-2.0
"""Fetches the access token for requests, when one is needed and not before."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.errors import CentralError
from kiosk.link.entrance import Entrance

_MARGIN_SECONDS = 15.0
"""A token is not used in its last seconds, because it must reach central in time."""


class AccessTokens:
    """The kiosk's tokens, one at a time, shared by all threads of a process."""

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
        """Whether central said with the last token that this kiosk must go out of service."""
        return self._retiring

    def current(self) -> str:
        """Return a valid token; raises CentralUnavailable or CentralRefused if there is none."""
        began = time.monotonic()
        with self._lock:
            if self._token is not None and time.monotonic() < self._until:
                return self._token
            if self._failed is not None and self._failed[0] > began:
                # Another thread failed while we waited. Raise its error, so that no thread waits
                # twice for a central that does not answer.
                raise self._failed[1]
            return self._fetch()

    def refused(self, token: str) -> None:
        """Forget a token that central did not accept, if it is still the one in use."""
        with self._lock:
            if self._token == token:
                self._token = None

    def _fetch(self) -> str:
        self._token = None
        requested_at = time.monotonic()
        try:
            answer = self._entrance.access(self._kiosk, self._central, self._key)
        except CentralError as error:
            self._failed = time.monotonic(), error
            raise
        self._retiring = answer.retiring
        self._until = requested_at + answer.expires_in - _MARGIN_SECONDS
        self._token = answer.access_token
        return answer.access_token
