# SPDX-License-Identifier: Apache-2.0
"""A simulated GIDS card's side of the administrator key's challenge and response."""

from __future__ import annotations

import secrets

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from kiosk.card import tlv
from kiosk.card.cryptogram import KeyKind
from kiosk.errors import CardMalformed
from kiosk.simulated.chip import BLOCKED, NOT_SATISFIED, OK, tries
from kiosk.simulated.gids_memory import GidsBehaviour, GidsMemory

_INVALID, _NOT_NOW = b"\x69\x84", b"\x69\x85"


class Administrator:
    """One dialogue: a challenge, then its response; any other order starts again."""

    def __init__(self, memory: GidsMemory, behaviour: GidsBehaviour) -> None:
        self.chosen = False
        self.authenticated = False
        self._memory = memory
        self._forms = {0: behaviour.external_form, 16: behaviour.mutual_form}
        self._full = behaviour.administrator_tries
        self._tells = behaviour.tells_administrator_tries
        self._theirs = b""  # the other side's challenge, in the mutual form
        self._ours = b""

    def authenticate(self, data: bytes) -> bytes:
        """Answer GENERAL AUTHENTICATE: 7C { 81 challenge } or 7C { 82 response }."""
        if not self._memory.personalised or not self.chosen:
            return _NOT_NOW
        try:
            fields = dict(tlv.parse(tlv.find(data, 0x7C, "7C"), "7C"))
        except CardMalformed:
            return _INVALID
        if 0x81 in fields:
            return self._challenge(fields[0x81])
        if not fields.get(0x82):
            return _INVALID
        return self._response(fields[0x82])

    def _challenge(self, theirs: bytes) -> bytes:
        self.authenticated = False
        if not self._forms.get(len(theirs)):
            return _INVALID
        self._theirs = theirs
        self._ours = secrets.token_bytes(16 if theirs else self._memory.administrator_kind.block)
        return tlv.encode(0x7C, tlv.encode(0x81, self._ours)) + OK

    def _response(self, response: bytes) -> bytes:
        ours, theirs = self._ours, self._theirs
        self._ours = self._theirs = b""  # a challenge is good for one response
        if not ours:
            return _NOT_NOW
        if self._memory.administrator_left == 0:
            return BLOCKED
        block = self._memory.administrator_kind.block
        expected = len(ours) + len(theirs) + (block if theirs else 0)
        plain = self._crypt(response, decrypt=True) if len(response) == expected else b""
        if not plain.startswith(ours + theirs) or (theirs and plain[-1] != 0x80):
            return self._wrong()
        self.authenticated = True
        if self._memory.administrator_left is not None:
            self._memory.administrator_left = self._full
        if not theirs:
            return OK
        z2 = secrets.token_bytes(block - 1) + b"\x80"
        reply = self._crypt(theirs + ours + z2, decrypt=False)
        return tlv.encode(0x7C, tlv.encode(0x82, reply)) + OK

    def _wrong(self) -> bytes:
        if self._memory.administrator_left is None:
            return NOT_SATISFIED
        self._memory.administrator_left -= 1
        return tries(self._memory.administrator_left) if self._tells else NOT_SATISFIED

    def _crypt(self, data: bytes, *, decrypt: bool) -> bytes:
        kind, key = self._memory.administrator_kind, self._memory.administrator_key
        algorithm = TripleDES(key) if kind is KeyKind.TRIPLE_DES else AES(key)
        cipher = Cipher(algorithm, modes.CBC(bytes(kind.block)))
        context = cipher.decryptor() if decrypt else cipher.encryptor()
        return context.update(data) + context.finalize()
