# SPDX-License-Identifier: Apache-2.0
"""A simulated card in pcscd's virtual reader: vpcd's protocol over TCP.

A message has two big-endian bytes of length, then its content. One byte is for the card's contacts:
0 power off, 1 power on, 2 reset, 4 asks for the answer to reset. Anything longer is a command APDU.
To connect is to insert the card, to disconnect is to remove it (vsmartcard 3.3). pcscd polls every
0.4 s: if a card is swapped faster, pcscd takes it for the same one.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading

from kiosk.simulated.virtual_card import Left, Silent, SimulatedCard

_POWER_OFF, _POWER_ON, _RESET, _ASK_ATR = 0, 1, 2, 4
_log = logging.getLogger(__name__)


class VirtualReaderCard:
    """A card that can be put into vpcd's slot on `port` and taken out again."""

    def __init__(self, card: SimulatedCard, port: int, host: str = "127.0.0.1") -> None:
        self.card = card
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._taken = threading.Event()
        self.is_noticed = threading.Event()
        """Set once a command has arrived since the card was put in."""

    def insert(self) -> None:
        """Put the card in; raises OSError if no vpcd listens."""
        self._taken.clear()
        self.is_noticed.clear()
        self._socket = self._connect()
        self._thread = threading.Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Pull the card out at once."""
        self._taken.set()
        if self._socket is not None:
            _hang_up(self._socket)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._socket = self._thread = None

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=5)
        connection.settimeout(None)
        # Without these two a round trip takes 44 ms instead of 0.1 (measured).
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _serve(self, connection: socket.socket) -> None:
        while True:
            try:
                self._converse(connection)
            except Left as left:
                _hang_up(connection)
                if left.other is None or self._taken.is_set():
                    return
                self.card = left.other
                self._socket = connection = self._connect()
                if self._taken.is_set():  # `remove` ran in the meantime and missed this socket
                    _hang_up(connection)
            except (OSError, EOFError):
                _log.debug("card left the virtual reader")
                return

    def _converse(self, connection: socket.socket) -> None:
        while True:
            try:
                reply = self._react(_receive(connection))
            except Silent:
                continue  # pcscd sends nothing more before it has its answer
            if reply == b"":
                # vpcd's driver hangs on an empty message, but passes a closed connection on as an
                # empty reply. The card connects again at once, so pcscd does not see it leave.
                raise Left(self.card)
            if reply is not None:
                connection.sendall(len(reply).to_bytes(2, "big") + reply)

    def _react(self, message: bytes) -> bytes | None:
        if len(message) != 1:
            self.is_noticed.set()
            return self.card.exchange(message)
        if message[0] == _ASK_ATR:
            return self.card.atr
        if message[0] in {_POWER_OFF, _POWER_ON, _RESET}:
            self.card.reset()
        return None


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


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
