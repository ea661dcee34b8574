# SPDX-License-Identifier: Apache-2.0
"""PC/SC through pyscard's `scard`: the only file that imports the reader library.

`scard` is used directly and every result code is checked: after a failed call its handles are
garbage, and pyscard's own monitor thread does not survive a restart of pcscd. Every call here may
hang, so it runs only in processes that can be killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from smartcard import scard

from kiosk.errors import CardMute, CardRemoved, ReaderUnavailable
from kiosk.values import ReaderTrouble

PLUG_AND_PLAY = "\\\\?PnP?\\Notification"  # a pseudo reader that reports hot-plug
_VIRTUAL = ("Virtual PCD", "Virtual Smart Card")  # vpcd's and CCID emulation's names
_T0_T1 = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
# SCARD_W_SECURITY_VIOLATION: polkit refused, or pcscd closed the connection with a request unread
# (pcsc-lite's winscard_msg.c, at ECONNRESET); it refuses unknown clients in this way.
_NO_ACCESS = {0x8010006A}
_NO_READER = {0x8010002E, 0x80100009, 0x80100017}
_NO_SERVICE = {
    0x8010001D,  # SCARD_E_NO_SERVICE
    0x8010001E,  # SCARD_E_SERVICE_STOPPED
    0x80100013,  # SCARD_F_COMM_ERROR: the result of a blocked call when pcscd ends
}
_GONE = {
    0x80100016,  # SCARD_E_NOT_TRANSACTED
    0x80100068,  # SCARD_W_RESET_CARD
    0x80100069,  # SCARD_W_REMOVED_CARD
    0x8010000C,  # SCARD_E_NO_SMARTCARD
    0x8010002F,  # SCARD_E_COMM_DATA_LOST
}
_SHARING = 0x8010000B  # SCARD_E_SHARING_VIOLATION: another program holds the card
_HELD_SECONDS = 1.0  # pcscd releases a program's card a little after the program has ended


def _code(result: int) -> int:
    return result & 0xFFFFFFFF


def _trouble(code: int) -> ReaderTrouble:
    if code in _NO_ACCESS:
        return ReaderTrouble.NO_ACCESS
    return ReaderTrouble.NO_READER if code in _NO_READER else ReaderTrouble.NO_SERVICE


def is_simulated(reader: str) -> bool:
    """Return whether a reader of this name is a program and no hardware."""
    return reader.startswith(_VIRTUAL)


def has_card(state: int) -> bool:
    """Return whether a reader in this state holds a card, even a mute or wrongly inserted one."""
    return bool(state & scard.SCARD_STATE_PRESENT)


def event_count(state: int) -> int:
    """Return how often cards came and went, as pcscd counts in the state's upper half."""
    return state >> 16 & 0xFFFF


class PcscContext:
    """A connection to the card service; raises ReaderUnavailable if it is gone."""

    def __init__(self) -> None:
        result, self._handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if result != scard.SCARD_S_SUCCESS:
            raise ReaderUnavailable(_trouble(_code(result)))

    def release(self) -> None:
        """Release the context; the object cannot be used afterwards."""
        scard.SCardReleaseContext(self._handle)

    def readers(self) -> list[str]:
        """Return the names of the readers, real ones first."""
        result, names = scard.SCardListReaders(self._handle, [])
        code = _code(result)
        if code in _NO_READER:
            return []
        if code != scard.SCARD_S_SUCCESS:
            raise ReaderUnavailable(_trouble(code))
        return sorted(names, key=is_simulated)

    def wait(self, known: dict[str, int], milliseconds: int) -> dict[str, int]:
        """Block until a reader's state differs from `known`, or the time is over.

        Return reader name -> state bits. A state of 0 in `known` makes it return at once.
        """
        query = list(known.items())
        result, states = scard.SCardGetStatusChange(self._handle, milliseconds, query)
        code = _code(result)
        if code == 0x8010000A:  # SCARD_E_TIMEOUT
            return known
        if code in _NO_READER:
            return {}
        if code != scard.SCARD_S_SUCCESS:
            raise ReaderUnavailable(_trouble(code))
        return {name: state & ~scard.SCARD_STATE_CHANGED for name, state, _ in states}

    @contextmanager
    def card(self, reader: str) -> Iterator[PcscConnection]:
        """Open the card in `reader`, exclusively and in one transaction; reset it at the end."""
        handle, protocol = self._connect(reader)
        try:
            result = scard.SCardBeginTransaction(handle)
            if result != scard.SCARD_S_SUCCESS:
                raise _failure(_code(result), "begin transaction")
            try:
                yield PcscConnection(handle, protocol)
            finally:
                scard.SCardEndTransaction(handle, scard.SCARD_RESET_CARD)
        finally:
            # The reset drops the verified state, so that no other program inherits it.
            scard.SCardDisconnect(handle, scard.SCARD_RESET_CARD)

    def _connect(self, reader: str) -> tuple[int, int]:
        end = time.monotonic() + _HELD_SECONDS
        while True:
            for mode in (scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_SHARE_SHARED):
                result, handle, protocol = scard.SCardConnect(self._handle, reader, mode, _T0_T1)
                code = _code(result)
                if code == scard.SCARD_S_SUCCESS:
                    return handle, protocol
                if code != _SHARING:
                    raise _failure(code, "connect")
            if time.monotonic() > end:
                raise _failure(_SHARING, "connect")
            time.sleep(0.05)


class PcscConnection:
    """A card inside a PC/SC transaction."""

    def __init__(self, handle: int, protocol: int) -> None:
        self._handle = handle
        self._protocol = protocol
        result, _, _, _, atr = scard.SCardStatus(handle)
        if result != scard.SCARD_S_SUCCESS:
            raise _failure(_code(result), "status")
        self._atr = bytes(atr)

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._atr

    def exchange(self, command: bytes) -> bytes:
        """Send one command and return the answer; raises CardRemoved if its outcome is unknown."""
        if self._protocol == scard.SCARD_PROTOCOL_T0:
            command = without_le(command)
        result, reply = scard.SCardTransmit(self._handle, self._protocol, list(command))
        if result != scard.SCARD_S_SUCCESS:
            raise _failure(_code(result), f"{command[1]:02X}")
        return bytes(each & 0xFF for each in reply)


def without_le(command: bytes) -> bytes:
    """Return a short command in the form of T=0: with data it has no Le.

    The card's answer is then fetched. ISO 7816-3, 12.2.5: a case 4 command is sent as one of case
    3. Some drivers pass a superfluous Le on unchanged.
    """
    data = command[4] if len(command) > 5 else 0
    return command[:-1] if data and len(command) == 5 + data + 1 else command


def _failure(code: int, command: str) -> CardRemoved | CardMute | ReaderUnavailable:
    if code in _NO_SERVICE | _NO_READER | _NO_ACCESS:
        return ReaderUnavailable(_trouble(code))
    if code == _SHARING:
        return ReaderUnavailable(ReaderTrouble.HELD)
    if code in _GONE or command not in {"connect", "begin transaction"}:
        return CardRemoved(command)
    # Any other reason against a connection lies with the card, not with the reader.
    return CardMute(f"{command}: {code:08X}", 0)
