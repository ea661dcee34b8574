# SPDX-License-Identifier: Apache-2.0
"""ISO 7816-4 cards, driven by their profile; a kiosk can unlock them and change their passcode.

The commands are VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER of ISO 7816-4, 11.6. Nobody
can log in with such a card, because no standard describes its certificate and signature.
"""

from __future__ import annotations

from collections.abc import Callable

from kiosk.card import tlv, tries
from kiosk.card.apdu import SUCCESS, Command, Connection, must, send
from kiosk.card.card_profile import LONGEST_SERIAL, SHORTEST_SERIAL, CardProfile, Encoding, Reset
from kiosk.card.public_keys import PublicKey
from kiosk.card.selection import select
from kiosk.card.session import Ability, CardIncapable, Certificates, UnblockingKey
from kiosk.errors import CardMalformed, CardRefused, SecretRefused
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, Secret

# Status words of ISO 7816-4, 5.6; the first is an SW1.
_COUNTED, _BLOCKED, _NO_DIAGNOSIS = 0x63, 0x6983, 0x6F00
_END_OF_FILE = 0x6282  # the file is shorter than requested: the answer is all of it
_SELECT_BY_PATH = 0x08  # the path starts below the master file


class Iso7816Card:
    """A card of a profile; its application is selected if the profile names one."""

    def __init__(self, connection: Connection, profile: CardProfile) -> None:
        """Select the application; raises CardUnknown if the card has none."""
        self._connection = connection
        self._profile = profile
        name = profile.recognition.application
        if name:
            select(connection, name, name_prefix=name, other_data_allowed=True)

    @classmethod
    def of(cls, profile: CardProfile) -> Callable[[Connection], Iso7816Card]:
        """Return a function that opens cards of this profile."""
        return lambda connection: cls(connection, profile)

    @property
    def kind(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def rules(self) -> PasscodeRules:
        """The profile's rules for new passcodes."""
        return self._profile.passcode.rules

    @property
    def abilities(self) -> frozenset[Ability]:
        """The renewal of the unblocking key, if the profile allows it; nothing else."""
        renewable = self._profile.unblocking.renewable
        return frozenset({Ability.RENEW_KEY} if renewable else ())

    def identity(self, like: CardIdentity | None = None) -> CardIdentity:  # noqa: ARG002
        """Return the serial number, read from the place that the profile names."""
        where = self._profile.serial
        place = f"serial of {self._profile.name}"
        content = self._read_file() if where.file else self._read_object()
        for tag in where.tags:
            content = _first(content, tag, place)
        end = where.offset + where.length if where.length else len(content)
        serial = content[where.offset : end]
        if not serial or len(content) < end:
            raise CardMalformed(f"{place}: shorter than the profile says")
        number = where.prefix + serial
        if not SHORTEST_SERIAL <= len(number) <= LONGEST_SERIAL:
            raise CardMalformed(f"{place}: {len(number)} bytes")
        return CardIdentity(Family.ISO7816, number.hex().upper())

    def counters(self) -> Counters:
        """Return the passcode's tries, if the profile says that VERIFY without data costs none."""
        passcode = self._profile.passcode
        if not passcode.ask_by_verify:
            return Counters(None)
        return Counters(tries.ask(self._connection, passcode.reference))

    def certificates(self) -> Certificates:
        """Return no certificates: there is no standard for them."""
        return Certificates()

    def verify(self, passcode: Secret) -> None:
        """Send VERIFY; a wrong passcode costs a try."""
        data = self._in_use(passcode)
        self._spend(Command("VERIFY", 0x20, 0x00, self._profile.passcode.reference, data))

    def change(self, old: Secret, new: Secret) -> None:
        """Send CHANGE REFERENCE DATA; a wrong `old` costs a try.

        Without padding a card could divide the old and the new passcode in the wrong place. Then
        the old one is verified by itself first.
        """
        data = self._in_use(old) + self._new(new)
        form = self._profile.passcode
        if not form.padded_to and form.encoding is not Encoding.PIN_BLOCK:
            self.verify(old)
        command = Command("CHANGE PASSCODE", 0x24, 0x00, form.reference, data)
        self._spend(command)

    def unblock(self, key: UnblockingKey, new: Secret) -> None:
        """Send RESET RETRY COUNTER in the profile's form; a wrong key costs one of its tries."""
        code, digits = self._key(key), self._new(new)
        form, reference = self._profile.unblocking.reset, self._profile.passcode.reference
        if not form.has_key:
            named = self._profile.unblocking.reference
            self._spend_key(Command("VERIFY KEY", 0x20, 0x00, named, code))
        data = (code if form.has_key else b"") + (digits if form.has_new else b"")
        self._spend_key(Command("UNBLOCK", 0x2C, form.p1, reference, data))
        if form in {Reset.KEY, Reset.NOTHING}:
            # P1 = 01: the new passcode alone; the verified key gives the right to set it.
            self._set(Command("SET PASSCODE", 0x24, 0x01, reference, digits))

    def change_key(self, old: Secret, new: Secret) -> None:
        """Send CHANGE REFERENCE DATA for the key; raises CardIncapable unless it is renewable."""
        if Ability.RENEW_KEY not in self.abilities:
            raise CardIncapable(Ability.RENEW_KEY)
        data = self._key(old) + self._key(new)
        if len(old) != len(new):
            raise SecretRefused(tries.UNBLOCKING_KEY)
        named = self._profile.unblocking.reference
        self._spend_key(Command("CHANGE KEY", 0x24, 0x00, named, data))

    def sign_as_card(self, key: PublicKey, digest: bytes) -> bytes:  # noqa: ARG002
        """Raise CardIncapable."""
        raise CardIncapable(Ability.PROVE)

    def sign_as_holder(self, key: PublicKey, digest: bytes) -> bytes:  # noqa: ARG002
        """Raise CardIncapable."""
        raise CardIncapable(Ability.LOG_IN)

    # ------------------------------------------------------------ secrets in the card's encoding

    def _in_use(self, passcode: Secret) -> bytes:
        form = self._profile.passcode
        digits = tries.old_passcode(passcode, form.shortest_in_use, form.longest_in_use)
        return self._encoded(digits)

    def _new(self, passcode: Secret) -> bytes:
        return self._encoded(tries.new_passcode(passcode, self.rules))

    def _encoded(self, digits: bytes) -> bytes:
        form = self._profile.passcode
        if form.encoding is Encoding.PIN_BLOCK:
            return bytes((0x20 | len(digits),)) + _bcd(digits).ljust(7, b"\xff")
        data = digits if form.encoding is Encoding.ASCII else _bcd(digits)
        return data.ljust(form.padded_to, bytes((form.padding,)))

    def _key(self, key: UnblockingKey) -> bytes:
        form = self._profile.unblocking
        if not isinstance(key, Secret) or not form.shortest_key <= len(key) <= form.longest_key:
            raise SecretRefused(tries.UNBLOCKING_KEY)
        return key.reveal().ljust(form.padded_to, bytes((form.padding,)))

    def _spend(self, command: Command) -> None:
        tries.spend(self._connection, tries.PASSCODE, command)

    def _spend_key(self, command: Command) -> None:
        tries.spend(self._connection, tries.UNBLOCKING_KEY, command)

    def _set(self, command: Command) -> None:
        """Send a command that follows a correct unblocking key.

        A count in this answer is not the key's. So its status word is replaced, or a caller would
        read it as the result of the unblocking.
        """
        status = send(self._connection, command).status
        if status >> 8 == _COUNTED or status == _BLOCKED:
            raise CardRefused(f"{command.name}: {status:04X}", _NO_DIAGNOSIS)
        if status != SUCCESS:
            raise CardRefused(command.name, status)

    # ------------------------------------------------------------ reading

    def _read_file(self) -> bytes:
        path = self._profile.serial.file
        inner = b"".join(path[1:] if path[0] == b"\x3f\x00" else path)
        must(self._connection, Command("SELECT FILE", 0xA4, _SELECT_BY_PATH, 0x0C, inner))
        command = Command("READ BINARY", 0xB0, 0x00, 0x00, expected=256)
        response = send(self._connection, command)
        if response.status not in {SUCCESS, _END_OF_FILE}:
            raise CardRefused(command.name, response.status)
        return response.data

    def _read_object(self) -> bytes:
        name = self._profile.serial.data_object or 0
        command = Command("GET DATA serial", 0xCA, name >> 8, name & 0xFF, expected=256)
        return must(self._connection, command)


def _first(content: bytes, tag: int, place: str) -> bytes:
    """Return the value of the first `tag`; ignore the rest, because files have unused space."""
    for found, value in tlv.parse(content, place):
        if found == tag:
            return value
    raise CardMalformed(f"{place}: no tag {tag:X}")


def _bcd(digits: bytes) -> bytes:
    text = digits.decode("ascii")
    return bytes.fromhex(text + "F" * (len(text) % 2))
