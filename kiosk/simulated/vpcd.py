"""A simulated card in pcscd's virtual reader: vpcd's protocol over TCP.

Two big-endian bytes of length, then the message. A message of one byte is for the card's contacts:
0 power off, 1 power on, 2 reset, 4 asks for the answer to reset; anything longer is a command APDU.
Connecting is inserting, disconnecting is removing (vsmartcard 3.3).
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading

from kiosk.simulated.card import SimulatedCard

_POWER_OFF, _POWER_ON, _RESET, _ASK_ATR = 0, 1, 2, 4
_log = logging.getLogger(__name__)


class VirtualReaderCard:
    """A card that can be put into vpcd's slot on `port` and taken out again."""

    def __init__(self, card: SimulatedCard, port: int, host: str = "127.0.0.1") -> None:
        self.card = card
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def insert(self) -> None:
        """Put the card in; raises OSError where no vpcd listens."""
        connection = socket.create_connection(self._address, timeout=5)
        connection.settimeout(None)
        # Without these two a round trip takes 44 ms instead of 0.1 (measured).
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Pull the card out, at once."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._socket = self._thread = None

    def _serve(self, connection: socket.socket) -> None:
        try:
            while True:
                reply = self._react(_receive(connection))
                if reply is not None:
                    connection.sendall(len(reply).to_bytes(2, "big") + reply)
        except (OSError, EOFError):
            _log.debug("card left the virtual reader")

    def _react(self, message: bytes) -> bytes | None:
        if len(message) != 1:
            return self.card.exchange(message)
        if message[0] == _ASK_ATR:
            return self.card.atr
        if message[0] in {_POWER_OFF, _POWER_ON, _RESET}:
            self.card.reset()
        return None


def _receive(connection: socket.socket) -> bytes:
    return _exactly(connection, int.from_bytes(_exactly(connection, 2), "big"))


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        piece = connection.recv(count - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
