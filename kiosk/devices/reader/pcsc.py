# SPDX-License-Identifier: Apache-2.0
"""PC/SC through pyscard's `scard`: the one file that imports the reader library.

`scard` is used directly and every result code is checked: after a failed call its handles are
garbage, and pyscard's own monitor thread does not survive a restart of pcscd. Everything here may
hang; it runs only in processes that can be killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from smartcard import scard

from kiosk.errors import CardMute, CardRemoved, ReaderUnavailable
from kiosk.values import ReaderTrouble

PLUG_AND_PLAY = "\\\\?PnP?\\Notification"  # a pseudo reader: wakes when readers come and go
_VIRTUAL = ("Virtual PCD", "Virtual Smart Card")  # vpcd's and CCID emulation's names
_T0_T1 = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
# SCARD_W_SECURITY_VIOLATION: polkit said no, or pcscd closed the connection with a request unread
# (pcsc-lite's winscard_msg.c, at ECONNRESET), which is how it turns away whom it does not know.
_NO_ACCESS = {0x8010006A}
_NO_READER = {0x8010002E, 0x80100009, 0x80100017}
_NO_SERVICE = {
    0x8010001D,  # SCARD_E_NO_SERVICE
    0x8010001E,  # SCARD_E_SERVICE_STOPPED
    0x80100013,  # SCARD_F_COMM_ERROR: what a blocked call answers when pcscd goes
}
_GONE = {
    0x80100016,  # SCARD_E_NOT_TRANSACTED
    0x80100068,  # SCARD_W_RESET_CARD
    0x80100069,  # SCARD_W_REMOVED_CARD
    0x8010000C,  # SCARD_E_NO_SMARTCARD
    0x8010002F,  # SCARD_E_COMM_DATA_LOST
}
_SHARING = 0x8010000B  # SCARD_E_SHARING_VIOLATION: somebody else holds the card
_HELD_SECONDS = 1.0  # a program that has just ended is let go of a little later


def _code(result: int) -> int:
    return result & 0xFFFFFFFF


def _trouble(code: int) -> ReaderTrouble:
    if code in _NO_ACCESS:
        return ReaderTrouble.NO_ACCESS
    return ReaderTrouble.NO_READER if code in _NO_READER else ReaderTrouble.NO_SERVICE


def is_simulated(reader: str) -> bool:
    """Whether a reader of this name is a program and no hardware."""
    return reader.startswith(_VIRTUAL)


def has_card(state: int) -> bool:
    """Whether a reader in this state holds a card, be it a mute or wrongly inserted one."""
    return bool(state & scard.SCARD_STATE_PRESENT)


def event_count(state: int) -> int:
    """How many times cards came and went, as pcscd counts in the state's upper half."""
    return state >> 16 & 0xFFFF


class PcscContext:
    """A connection to the card service; raises ReaderUnavailable when it is gone."""

    def __init__(self) -> None:
        result, self._handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if result != scard.SCARD_S_SUCCESS:
            raise ReaderUnavailable(_trouble(_code(result)))

    def release(self) -> None:
        """Give the context back; the object is of no use afterwards."""
        scard.SCardReleaseContext(self._handle)

    def readers(self) -> list[str]:
        """Names of the readers there are, real ones first."""
        result, names = scard.SCardListReaders(self._handle, [])
        code = _code(result)
        if code in _NO_READER:
            return []
        if code != scard.SCARD_S_SUCCESS:
            raise ReaderUnavailable(_trouble(code))
        return sorted(names, key=is_simulated)

    def wait(self, known: dict[str, int], milliseconds: int) -> dict[str, int]:
        """Block until a reader's state differs from `known`, or the time is over.

        Gives reader name -> state bits (0 for a name not seen before asks for it at once).
        """
        asked = list(known.items())
        result, states = scard.SCardGetStatusChange(self._handle, milliseconds, asked)
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
        """The card in `reader`, alone and within one transaction; reset when it is given back."""
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
            # The reset drops the verified state: nobody inherits it.
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
    """A card within a PC/SC transaction."""

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
        """Send one command; raises CardRemoved where its outcome is unknown."""
        if self._protocol == scard.SCARD_PROTOCOL_T0:
            command = without_le(command)
        result, reply = scard.SCardTransmit(self._handle, self._protocol, list(command))
        if result != scard.SCARD_S_SUCCESS:
            raise _failure(_code(result), f"{command[1]:02X}")
        return bytes(each & 0xFF for each in reply)


def without_le(command: bytes) -> bytes:
    """A short command as T=0 sends it: what has data has no Le, and its answer is fetched.

    ISO 7816-3, 12.2.5: a case 4 command goes as one of case 3. Some drivers pass on what is too
    much as it is.
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
    # Whatever else keeps a card from being connected lies with that card, not with the reader.
    return CardMute(f"{command}: {code:08X}", 0)
