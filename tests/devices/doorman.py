# SPDX-License-Identifier: Apache-2.0
"""A proxy before pcscd's socket that rejects some connections, as pcscd does."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from pathlib import Path


class Doorman:
    """Listens on `place`; closes the next `turns_away` connections with their request unread."""

    def __init__(self, place: Path, service: Path, turns_away: int) -> None:
        self.turned_away = 0
        self._turns_away = turns_away
        self._service = service
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(place))
        self._listening.listen(16)
        threading.Thread(target=self._stand, daemon=True).start()

    def close(self) -> None:
        """Stop accepting connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _stand(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.turned_away < self._turns_away:
                    select.select([client], [], [])
                    client.close()
                    self.turned_away += 1
                else:
                    threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as service:
            service.connect(str(self._service))
            other = {client: service, service: client}
            while True:
                for side in select.select([client, service], [], [])[0]:
                    if not (piece := side.recv(65536)):
                        return
                    other[side].sendall(piece)
