# SPDX-License-Identifier: Apache-2.0
"""PIV cards: NIST SP 800-73pt2-5, and the vendor's metadata command if a card has it.

Wire constants are from SP 800-73-5 parts 1 and 2, SP 800-78-5 (algorithms) and, for metadata, from
Yubico's published PIV extensions. Two independent cards refuse a body of the wrong length in
different ways, and both count a try for it. So nothing of a wrong length is ever sent.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kiosk.card import compressed, tlv, tries
from kiosk.card.apdu import SUCCESS, Command, Connection, must, send
from kiosk.card.public_keys import SHA256_INFO, PublicKey
from kiosk.card.selection import select
from kiosk.card.session import Ability, Certificates, UnblockingKey
from kiosk.errors import CardMalformed, CardRefused, CardUnknown, SecretRefused
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, Secret

APPLICATION = bytes.fromhex("A000000308000010000100")
_NAME_PREFIX = APPLICATION[:5]  # every card answers to the registered provider's own part
_SHORT_NAME = APPLICATION[5:9]  # Yubico's cards name only the part after the provider
_CHUID, _CERTIFICATE_9A, _CERTIFICATE_9E = b"\x5f\xc1\x02", b"\x5f\xc1\x05", b"\x5f\xc1\x01"
_PASSCODE, _UNBLOCKING_KEY = 0x80, 0x81
_AUTHENTICATION, _CARD_AUTHENTICATION = 0x9A, 0x9E
_RSA_2048, _P256, _P384 = 0x07, 0x11, 0x14
_SHORTEST = 4  # digits of a passcode in use
_WIDTH = 8  # bytes of a padded passcode, and of an unblocking key
_GUID, _GUID_LENGTH = 0x34, 16
_HASH_DIGITS = 64  # of a serial that is a SHA-256 in hexadecimal
_NOT_THERE = {0x6A82, 0x6A88}
_PLAIN, _GZIP = b"\x00", b"\x01"  # CertInfo, SP 800-73 part 1, table 42


class PivCard:
    """A PIV application that has been selected."""

    kind = "PIV"
    rules = PasscodeRules()
    abilities = frozenset(Ability)

    def __init__(self, connection: Connection) -> None:
        """Select the application; raises CardUnknown if the card has none.

        Some cards accept the selection of any application. A card that does not name the one it
        selected must have a CHUID, which every PIV card has.
        """
        self._connection = connection
        named = select(connection, APPLICATION, name_prefix=_NAME_PREFIX, short_name=_SHORT_NAME)
        if not named and not self._has_chuid():
            raise CardUnknown(connection.atr.hex())

    def identity(self, like: CardIdentity | None = None) -> CardIdentity:
        """Return the GUID of the CHUID, or the hash of certificate 9A if the GUID is all zeros.

        If `like` has a certificate's hash as serial, only the certificate is read.
        """
        by_certificate = like is not None and len(like.serial) == _HASH_DIGITS
        guid = b"" if by_certificate else self._guid()
        if any(guid):
            return CardIdentity(Family.PIV, guid.hex().upper())
        certificate = self._certificate(_CERTIFICATE_9A, "certificate 9A")
        if certificate is None:
            raise CardMalformed("CHUID: no GUID, and there is no certificate 9A")
        return CardIdentity(Family.PIV, hashlib.sha256(certificate).hexdigest().upper())

    def _has_chuid(self) -> bool:
        try:
            return self._object(_CHUID, "CHUID") is not None
        except (CardMalformed, CardRefused):
            return False

    def _guid(self) -> bytes:
        """Return the GUID; empty if the card has no CHUID, or one without a GUID."""
        chuid = self._object(_CHUID, "CHUID") or b""
        guid = dict(tlv.parse(chuid, "CHUID")).get(_GUID, b"")
        if len(guid) not in {0, _GUID_LENGTH}:
            raise CardMalformed("CHUID: GUID is not 16 bytes")
        return guid

    def counters(self) -> Counters:
        """Return the passcode's tries (VERIFY without data) and the key's (metadata, if any)."""
        left = tries.ask(self._connection, _PASSCODE)
        return Counters(left, self._unblocking_tries())

    def certificates(self) -> Certificates:
        """Return certificates 9A and 9E."""
        return Certificates(
            self._certificate(_CERTIFICATE_9A, "certificate 9A"),
            self._certificate(_CERTIFICATE_9E, "certificate 9E"),
        )

    def verify(self, passcode: Secret) -> None:
        """Send VERIFY; a wrong passcode costs a try."""
        data = _padded_passcode(passcode)
        self._spend(tries.PASSCODE, Command("VERIFY", 0x20, 0x00, _PASSCODE, data))

    def change(self, old: Secret, new: Secret) -> None:
        """Send CHANGE REFERENCE DATA for the passcode; a wrong `old` costs a try."""
        data = _padded_passcode(old) + self._new_passcode(new)
        self._spend(tries.PASSCODE, Command("CHANGE PASSCODE", 0x24, 0x00, _PASSCODE, data))

    def unblock(self, key: UnblockingKey, new: Secret) -> None:
        """Send RESET RETRY COUNTER; a wrong unblocking key costs one of the key's tries."""
        if not isinstance(key, Secret):
            raise SecretRefused(tries.UNBLOCKING_KEY)
        data = _whole_key(key) + self._new_passcode(new)
        self._spend(tries.UNBLOCKING_KEY, Command("UNBLOCK", 0x2C, 0x00, _PASSCODE, data))

    def change_key(self, old: Secret, new: Secret) -> None:
        """Send CHANGE REFERENCE DATA for the unblocking key; a wrong `old` costs a try."""
        data = _whole_key(old) + _whole_key(new)
        self._spend(tries.UNBLOCKING_KEY, Command("CHANGE KEY", 0x24, 0x00, _UNBLOCKING_KEY, data))

    def sign_as_card(self, key: PublicKey, digest: bytes) -> bytes:
        """Send GENERAL AUTHENTICATE with key 9E, which needs no passcode."""
        return self._sign(_CARD_AUTHENTICATION, key, digest)

    def sign_as_holder(self, key: PublicKey, digest: bytes) -> bytes:
        """Send GENERAL AUTHENTICATE with key 9A; call after `verify`."""
        return self._sign(_AUTHENTICATION, key, digest)

    # ------------------------------------------------------------ the commands' common parts

    def _object(self, name: bytes, place: str) -> bytes | None:
        command = Command(
            f"GET DATA {place}",
            0xCB,
            0x3F,
            0xFF,
            tlv.encode(0x5C, name),
            expected=256,
            repeatable=True,
        )
        response = send(self._connection, command)
        if response.status in _NOT_THERE:
            return None
        if response.status != SUCCESS:
            raise CardRefused(command.name, response.status)
        return tlv.find(response.data, 0x53, place)

    def _certificate(self, name: bytes, place: str) -> bytes | None:
        content = self._object(name, place)
        if not content:
            return None
        fields = dict(tlv.parse(content, place))
        certificate, info = fields.get(0x70), fields.get(0x71, _PLAIN)
        if not certificate:
            raise CardMalformed(f"{place}: empty")
        if info not in {_PLAIN, _GZIP}:
            raise CardMalformed(f"{place}: compressed in an unknown way")
        return compressed.inflate_gzip(certificate, place) if info == _GZIP else certificate

    def _unblocking_tries(self) -> int | None:
        command = Command("GET METADATA", 0xF7, 0x00, _UNBLOCKING_KEY, expected=256)
        response = send(self._connection, command)
        if response.status != SUCCESS:
            return None  # a vendor's extension: a card without it may refuse in any way
        try:
            counts = dict(tlv.parse(response.data, "metadata")).get(0x06, b"")  # total, remaining
        except CardMalformed:
            return None
        return counts[1] if len(counts) == 2 and counts[1] <= counts[0] else None

    def _new_passcode(self, passcode: Secret) -> bytes:
        return tries.new_passcode(passcode, self.rules).ljust(_WIDTH, b"\xff")

    def _spend(self, which: str, command: Command) -> None:
        tries.spend(self._connection, which, command)

    def _sign(self, slot: int, key: PublicKey, digest: bytes) -> bytes:
        if len(digest) != 32:
            raise ValueError("only SHA-256 digests are signed")
        algorithm, block = _to_sign(key, digest)
        template = tlv.encode(0x7C, tlv.encode(0x82, b"") + tlv.encode(0x81, block))
        command = Command(
            f"SIGN {slot:02X}", 0x87, algorithm, slot, template, expected=256, repeatable=True
        )
        answer = tlv.find(must(self._connection, command), 0x7C, command.name)
        return tlv.find(answer, 0x82, command.name)


def _to_sign(key: PublicKey, digest: bytes) -> tuple[int, bytes]:
    if isinstance(key, rsa.RSAPublicKey):
        info = SHA256_INFO + digest
        return _RSA_2048, b"\x00\x01".ljust(
            key.key_size // 8 - len(info) - 1, b"\xff"
        ) + b"\0" + info
    if isinstance(key.curve, ec.SECP384R1):
        # A digest shorter than the field is used unchanged (FIPS 186-5, 6.4). Padding it on the
        # left keeps the number, and satisfies cards that require 48 bytes.
        return _P384, digest.rjust(48, b"\0")
    return _P256, digest


def _padded_passcode(passcode: Secret) -> bytes:
    return tries.old_passcode(passcode, _SHORTEST, _WIDTH).ljust(_WIDTH, b"\xff")


def _whole_key(key: Secret) -> bytes:
    if len(key) != _WIDTH:
        raise SecretRefused(tries.UNBLOCKING_KEY)
    return key.reveal()
