# SPDX-License-Identifier: Apache-2.0
"""GIDS cards: Microsoft's Generic Identity Device Specification 2.0, as real cards implement it.

Wire facts are from that specification, and from OpenSC `card-gids.c` and vletoux/GidsApplet where
those found it wrong. Passcodes are sent without padding. The unblocking key is an administrator key
that answers a challenge; it may be kept elsewhere (see `session.Authority`). Signatures are RSA
2048 only, as in every implementation that we know.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.card import cryptogram, gids_files, tlv, tries
from kiosk.card.apdu import Command, Connection, must, send
from kiosk.card.public_keys import SHA256_INFO, PublicKey
from kiosk.card.selection import select
from kiosk.card.session import (
    Ability,
    Authority,
    CardIncapable,
    Certificates,
    UnblockingKey,
)
from kiosk.errors import CardMalformed, CardRefused, WrongSecret
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, Secret

APPLICATION = bytes.fromhex("A00000039742544659")
_PASSCODE = 0x80
_ADMINISTRATOR_KEY = bytes.fromhex("830180")  # key reference 80, in a control reference template
_CARDID_LENGTH = 16
_SHORTEST, _LONGEST = 4, 16  # of a passcode in use
_PIN_STATUS = b"\x7f\x71"
_TRIES_LEFT = (0x97, 0x9F17)  # the second on cards of the first specification
_NOT_AUTHENTICATED = 0x6982
_RSA_2048_PKCS1 = 0x57  # mechanism 07, with the card's own PKCS #1 v1.5 padding


class GidsCard:
    """A GIDS application that has been selected."""

    kind = "GIDS"
    rules = PasscodeRules()
    abilities = frozenset({Ability.LOG_IN})

    def __init__(self, connection: Connection) -> None:
        """Select the application; raises CardUnknown if the card has none."""
        self._connection = connection
        select(connection, APPLICATION, name_prefix=APPLICATION)
        self._files: gids_files.MasterFile | None = None

    def identity(self, like: CardIdentity | None = None) -> CardIdentity:  # noqa: ARG002
        """Return the 16 bytes of the file `cardid`, which only the administrator can write."""
        content = self._file("", "cardid")
        if content is None:
            raise CardMalformed("cardid: missing")
        if len(content) != _CARDID_LENGTH or not any(content):
            raise CardMalformed("cardid: not 16 bytes with something in them")
        return CardIdentity(Family.GIDS, content.hex().upper())

    def counters(self) -> Counters:
        """Return the passcode's tries, from its status object.

        The card does not report the administrator key's tries.
        """
        try:
            content = gids_files.read(self._connection, 0x3FFF, _PIN_STATUS, "passcode status")
        except CardRefused:
            content = None
        if content is None:
            return Counters(self._tries_by_verify())
        fields = dict(tlv.parse(content, "passcode status"))
        counts = [fields[tag] for tag in _TRIES_LEFT if tag in fields]
        if not counts or len(counts[0]) != 1:
            raise CardMalformed("passcode status: no counter of one byte")
        return Counters(counts[0][0])

    def _tries_by_verify(self) -> int | None:
        """Return the tries by VERIFY without data, for cards without the object (as GidsApplet)."""
        try:
            return tries.ask(self._connection, _PASSCODE)
        except CardRefused:
            return None

    def certificates(self) -> Certificates:
        """Return the certificate of the container for login, if there is one."""
        container = self._container()
        if container is None:
            return Certificates()
        content = self._file("mscp", container.certificate_file)
        if not content:
            return Certificates()
        return Certificates(gids_files.certificate(content, container.certificate_file))

    def verify(self, passcode: Secret) -> None:
        """Send VERIFY; a wrong passcode costs a try."""
        digits = tries.old_passcode(passcode, _SHORTEST, _LONGEST)
        self._spend(Command("VERIFY", 0x20, 0x00, _PASSCODE, digits))

    def change(self, old: Secret, new: Secret) -> None:
        """Send VERIFY, then CHANGE REFERENCE DATA; a wrong `old` costs a try.

        The command has the old and the new passcode without a separator, and the card divides them
        by the length of its current passcode. An old passcode that is a digit short could make the
        card take another new one than was meant. So the old one is verified by itself first.
        """
        digits = tries.new_passcode(new, self.rules)
        self.verify(old)
        self._spend(Command("CHANGE PASSCODE", 0x24, 0x00, _PASSCODE, old.reveal() + digits))

    def unblock(self, key: UnblockingKey, new: Secret) -> None:
        """Answer the card's challenge, then send RESET RETRY COUNTER with the new passcode alone.

        A wrong response raises WrongSecret without a counter: GIDS reports none for this key.
        """
        digits = tries.new_passcode(new, self.rules)
        self._authenticate(cryptogram.AdministratorKey(key) if isinstance(key, Secret) else key)
        must(self._connection, Command("UNBLOCK", 0x2C, 0x02, _PASSCODE, digits))

    def change_key(self, old: Secret, new: Secret) -> None:  # noqa: ARG002
        """Raise CardIncapable: administrator keys are not rotated and never reach the kiosk."""
        raise CardIncapable(Ability.RENEW_KEY)

    def sign_as_card(self, key: PublicKey, digest: bytes) -> bytes:  # noqa: ARG002
        """Raise CardIncapable: GIDS has no key that signs without a passcode."""
        raise CardIncapable(Ability.PROVE)

    def sign_as_holder(self, key: PublicKey, digest: bytes) -> bytes:
        """Choose the container's key (MSE SET) and sign (COMPUTE DIGITAL SIGNATURE).

        Call it after `verify`.
        """
        if not isinstance(key, rsa.RSAPublicKey):
            raise CardIncapable(Ability.LOG_IN)
        container = self._container()
        if container is None:
            raise CardIncapable(Ability.LOG_IN)
        chosen = tlv.encode(0x80, bytes((_RSA_2048_PKCS1,)))
        chosen += tlv.encode(0x84, bytes((container.key_reference,)))
        must(self._connection, Command("CHOOSE KEY", 0x22, 0x41, 0xB6, chosen))
        data = SHA256_INFO + digest
        return must(self._connection, Command("SIGN", 0x2A, 0x9E, 0x9A, data, expected=256))

    # ------------------------------------------------------------ the administrator key

    def _authenticate(self, authority: Authority) -> None:
        opening = authority.opening()
        if len(opening) not in {0, cryptogram.CHALLENGE}:
            raise CardMalformed(f"opening challenge: {len(opening)} bytes")
        choose = Command("CHOOSE ADMINISTRATOR KEY", 0x22, 0xC1, 0xA4, _ADMINISTRATOR_KEY)
        must(self._connection, choose)
        challenge = self._general_authenticate("CHALLENGE", 0x81, opening)
        if opening and len(challenge) != cryptogram.CHALLENGE:
            raise CardMalformed(f"challenge: {len(challenge)} bytes")
        reply = self._general_authenticate("RESPONSE", 0x82, authority.answer(challenge))
        authority.check(reply)

    def _general_authenticate(self, name: str, tag: int, value: bytes) -> bytes:
        """Send one half of the dialogue and return the card's value under `tag`, or nothing."""
        template = tlv.encode(0x7C, tlv.encode(tag, value))
        command = Command(name, 0x87, 0x00, 0x00, template, expected=256)
        response = send(self._connection, command)
        if tag == 0x82 and response.status == _NOT_AUTHENTICATED:
            raise WrongSecret(tries.UNBLOCKING_KEY, None, response.status)
        tries.judge(tries.UNBLOCKING_KEY, command, response.status)
        if not response.data and tag == 0x82:
            return b""  # in the external form the last answer is a status word alone
        return tlv.find(tlv.find(response.data, 0x7C, name), tag, name)

    # ------------------------------------------------------------ files and containers

    def _file(self, directory: str, name: str) -> bytes | None:
        if self._files is None:
            self._files = gids_files.MasterFile.read(self._connection)
        place = self._files.place(directory, name)
        if place is None:
            return None
        return gids_files.read(self._connection, *place, name)

    def _container(self) -> gids_files.Container | None:
        content = self._file("mscp", "cmapfile")
        return gids_files.login_container(content) if content else None

    def _spend(self, command: Command) -> None:
        tries.spend(self._connection, tries.PASSCODE, command)
