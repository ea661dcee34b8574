# SPDX-License-Identifier: Apache-2.0
"""Loads profiles: each is a data file for one kind of ISO 7816-4 card (see profiles/README.md).

Loading is strict: an error names the file and the field that is missing, unknown or out of range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from kiosk.card import atr as answer_to_reset
from kiosk.card import fields as read
from kiosk.card import tlv
from kiosk.card.fields import FieldTable
from kiosk.errors import CardMalformed, SettingsError
from kiosk.values import PasscodeRules

_DIGITS = b"0123456789"
SHORTEST_SERIAL, LONGEST_SERIAL = 4, 32  # bytes with the prefix; the limits of the contract
_LONGEST_ANSWER = 256
_MASTER_FILE = b"\x3f\x00"
_DEEPEST = 8
_SHIPPED = Path(__file__).with_name("profiles")


class Encoding(StrEnum):
    """The ways to encode a passcode's digits as bytes."""

    ASCII = "ascii"  # one byte for each digit
    BCD = "bcd"  # two digits in a byte; F fills an unused last half
    PIN_BLOCK = "pin block"  # ISO 9564-1 format 2: 2 and the length, then BCD, eight bytes in all


class Reset(StrEnum):
    """The forms of RESET RETRY COUNTER (ISO 7816-4, 11.6.10), each named after its data."""

    KEY_AND_NEW = "key and new passcode"  # P1 = 00
    KEY = "key"  # P1 = 01; a second command sets the new passcode
    NEW = "new passcode"  # P1 = 02, after VERIFY of the unblocking key
    NOTHING = "nothing"  # P1 = 03, after VERIFY of the key; then as with P1 = 01

    @property
    def p1(self) -> int:
        """The parameter byte P1."""
        return tuple(Reset).index(self)

    @property
    def has_key(self) -> bool:
        """Whether the command itself has the unblocking key."""
        return self in {Reset.KEY_AND_NEW, Reset.KEY}

    @property
    def has_new(self) -> bool:
        """Whether the command itself has the new passcode."""
        return self in {Reset.KEY_AND_NEW, Reset.NEW}


@dataclass(frozen=True, slots=True)
class Recognition:
    """The ways to recognise such a card: a masked answer to reset, an application, or both."""

    application: bytes
    atr: bytes
    mask: bytes

    def knows(self, atr: bytes) -> bool:
        """Return whether the answer to reset alone shows that this is such a card."""
        return bool(self.atr) and answer_to_reset.fits(atr, self.atr, self.mask)


@dataclass(frozen=True, slots=True)
class Serial:
    """The place of the serial number, which tells one card from another.

    It is in a file (`file` is its path) or in a data object (GET DATA). Inside it, `tags` are
    opened one in another, the first of each; then `length` bytes are taken from `offset` (0: all
    the rest). `prefix` is put before them.
    """

    file: tuple[bytes, ...]
    data_object: int | None
    tags: tuple[int, ...]
    offset: int
    length: int
    prefix: bytes


@dataclass(frozen=True, slots=True)
class Passcode:
    """The passcode's reference, its encoding, and the rules for a new passcode."""

    reference: int
    encoding: Encoding
    padded_to: int
    padding: int
    shortest_in_use: int
    longest_in_use: int
    rules: PasscodeRules
    ask_by_verify: bool


@dataclass(frozen=True, slots=True)
class Unblocking:
    """The way to unblock the card; `reference` is 0 if no command names the key by itself.

    Keys have `shortest_key` to `longest_key` bytes and are filled up to `padded_to` with `padding`.
    """

    reset: Reset
    reference: int
    shortest_key: int
    longest_key: int
    padded_to: int
    padding: int
    renewable: bool


@dataclass(frozen=True, slots=True)
class CardProfile:
    """One kind of ISO 7816-4 card."""

    name: str
    recognition: Recognition
    serial: Serial
    passcode: Passcode
    unblocking: Unblocking


@cache
def shipped() -> tuple[CardProfile, ...]:
    """Return the profiles of this package, in the order of their file names."""
    return load_all(_SHIPPED)


def load_all(folder: Path) -> tuple[CardProfile, ...]:
    """Return all profiles in `folder`; raises SettingsError for the first that is wrong.

    Two profiles that recognise the same cards are an error too.
    """
    seen: dict[Recognition, str] = {}
    profiles = []
    for path in sorted(folder.glob("*.toml")):
        profile = load(path)
        other = seen.setdefault(profile.recognition, path.name)
        if other != path.name:
            raise SettingsError(f"{path.name}: recognition", f"is the same as in {other}")
        profiles.append(profile)
    return tuple(profiles)


def load(path: Path) -> CardProfile:
    """Return one profile; raises SettingsError with the file and the field."""
    return parse(read.document(path), path.name)


def parse(document: Mapping[str, Any], source: str) -> CardProfile:
    """Return the profile in a parsed document; errors name `source` as its place."""
    whole = FieldTable(document, source)
    passcode = _passcode(whole.table("passcode"))
    profile = CardProfile(
        whole.text("name"),
        _recognition(whole.table("recognition")),
        _serial(whole.table("serial")),
        passcode,
        _unblocking(whole.table("unblocking"), passcode),
    )
    whole.end()
    return profile


def _recognition(table: FieldTable) -> Recognition:
    application = table.hexadecimal("application", 5, 16, b"")
    atr = table.hexadecimal("atr", 2, 33, b"")
    mask = table.hexadecimal("mask", 2, 33, b"\xff" * len(atr))
    if len(mask) != len(atr):
        raise table.wrong("mask", "must be as long as atr")
    if not application and not atr:
        raise table.wrong("application", "is missing, and so is atr: give one of them, or both")
    if atr and not any(mask):
        raise table.wrong("mask", "must not be all zeros: every card would fit")
    table.end()
    return Recognition(application, atr, mask)


def _serial(table: FieldTable) -> Serial:
    file = tuple(table.hexadecimals("file", 2))
    data_object = table.hexadecimal("data_object", 2, 2, b"")
    if bool(file) == bool(data_object):
        raise table.wrong("file", "or data_object must be there, but not both")
    tags = table.hexadecimals("tags", 1, 3)
    for tag in tags:
        if not _is_tag(tag):
            raise table.wrong("tags", f"must be BER-TLV tags; {tag.hex().upper()} is not one")
    serial = Serial(
        file,
        int.from_bytes(data_object, "big") if data_object else None,
        tuple(int.from_bytes(tag, "big") for tag in tags),
        table.number("offset", 0, 255, 0),
        table.number("length", 0, 64, 0),
        table.hexadecimal("prefix", 1, 16, b""),
    )
    if serial.offset + serial.length > _LONGEST_ANSWER:
        raise table.wrong("length", f"ends after the {_LONGEST_ANSWER} bytes that are read")
    if not len(serial.prefix) + serial.length <= LONGEST_SERIAL:
        raise table.wrong("length", f"makes a serial of more than {LONGEST_SERIAL} bytes")
    if serial.length and len(serial.prefix) + serial.length < SHORTEST_SERIAL:
        raise table.wrong("length", f"makes a serial of less than {SHORTEST_SERIAL} bytes")
    if file == (_MASTER_FILE,) or len(file) > _DEEPEST:
        raise table.wrong("file", f"must be a path of 1 to {_DEEPEST} names below the master file")
    table.end()
    return serial


def _is_tag(tag: bytes) -> bool:
    """Return whether `tag` is a complete BER-TLV tag: with length 0 it must parse as one object."""
    try:
        return len(list(tlv.parse(tag + b"\0", "tag"))) == 1
    except CardMalformed:
        return False


def _passcode(table: FieldTable) -> Passcode:
    encoding = Encoding(table.choice("encoding", [*Encoding]))
    passcode = Passcode(
        table.number("reference", 1, 0x9F),
        encoding,
        table.number("padded_to", 0, 32, 0),
        table.number("padding", 0, 0xFF, 0xFF),
        table.number("shortest_in_use", 1, 16, 4),
        table.number("longest_in_use", 1, 16, 8),
        PasscodeRules(table.number("minimum", 4, 12, 6), table.number("maximum", 4, 12, 8)),
        table.flag("ask_by_verify", default=False),
    )
    if passcode.rules.minimum > passcode.rules.maximum:
        raise table.wrong("minimum", "is more than maximum")
    if passcode.shortest_in_use > passcode.longest_in_use:
        raise table.wrong("shortest_in_use", "is more than longest_in_use")
    if passcode.rules.minimum < passcode.shortest_in_use:
        raise table.wrong("minimum", "is less than shortest_in_use: such a passcode would not work")
    if encoding is Encoding.PIN_BLOCK and passcode.padded_to not in {0, 8}:
        raise table.wrong("padded_to", "must be left out: a pin block has eight bytes")
    if encoding is Encoding.ASCII and passcode.padding in _DIGITS:
        raise table.wrong("padding", "is a digit: it would change the passcode")
    if passcode.rules.maximum > passcode.longest_in_use:
        raise table.wrong("maximum", "is more than longest_in_use: such a passcode would not fit")
    longest = {Encoding.ASCII: passcode.padded_to, Encoding.BCD: 2 * passcode.padded_to}
    if encoding is Encoding.PIN_BLOCK and passcode.longest_in_use > 14:
        raise table.wrong("longest_in_use", "is more than a pin block holds (14)")
    if passcode.padded_to and passcode.longest_in_use > longest.get(encoding, 14):
        raise table.wrong("padded_to", "is less than longest_in_use needs")
    table.end()
    return passcode


def _unblocking(table: FieldTable, passcode: Passcode) -> Unblocking:
    unblocking = Unblocking(
        Reset(table.choice("reset", [*Reset])),
        table.number("reference", 0, 0x9F, 0),
        table.number("shortest_key", 1, 64),
        table.number("longest_key", 1, 64),
        table.number("padded_to", 0, 64, 0),
        table.number("padding", 0, 0xFF, 0xFF),
        table.flag("renewable", default=False),
    )
    if unblocking.padded_to and unblocking.longest_key > unblocking.padded_to:
        raise table.wrong("padded_to", "is less than longest_key needs")
    if unblocking.reference and unblocking.reference == passcode.reference:
        raise table.wrong("reference", "is the passcode's: the key has another")
    if unblocking.shortest_key > unblocking.longest_key:
        raise table.wrong("shortest_key", "is more than longest_key")
    named = unblocking.renewable or not unblocking.reset.has_key
    if named and not unblocking.reference:
        raise table.wrong("reference", "is missing: the key is verified or changed by it")
    table.end()
    return unblocking
