# SPDX-License-Identifier: Apache-2.0
"""Commands that a card counts, and the counters as cards tell them (ISO 7816-4, 63 CX)."""

from __future__ import annotations

from kiosk.card.apdu import SUCCESS, Command, Connection, send
from kiosk.errors import CardRefused, SecretRefused, WrongSecret
from kiosk.values import PasscodeRules, Secret

PASSCODE, UNBLOCKING_KEY = "passcode", "unblocking key"
_BLOCKED = 0x6983
_WRONG = 0x6300  # ISO 7816-4: no further information


def spend(connection: Connection, which: str, command: Command) -> None:
    """Send a command that may cost a try of `which`; raises WrongSecret where the card counted."""
    judge(which, command, send(connection, command).status)


def judge(which: str, command: Command, status: int) -> None:
    """Say what `status` means after a command that may cost a try."""
    if status == SUCCESS:
        return
    left = _left(status)
    if left is None and status != _WRONG:
        raise CardRefused(command.name, status)
    raise WrongSecret(which, left, status)


def ask(connection: Connection, reference: int) -> int | None:
    """The tries left, by VERIFY without data; None where the card hides them (verified already)."""
    command = Command("VERIFY (ask)", 0x20, 0x00, reference)
    status = send(connection, command).status
    left = _left(status)
    if left is None and status not in {SUCCESS, _WRONG}:
        raise CardRefused(command.name, status)
    return left


def new_passcode(passcode: Secret, rules: PasscodeRules) -> bytes:
    """The digits of a new passcode; raises SecretRefused where it breaks the rules.

    One card refuses a short new passcode, another takes it: the rule is kept here.
    """
    if not rules.accepts(passcode):
        raise SecretRefused("new passcode")
    return passcode.reveal()


def old_passcode(passcode: Secret, shortest: int, longest: int) -> bytes:
    """The digits of a passcode that is in use: it only has to fit the card."""
    digits = passcode.reveal()
    if not shortest <= len(digits) <= longest or not all(48 <= digit <= 57 for digit in digits):
        raise SecretRefused(PASSCODE)
    return digits


def _left(status: int) -> int | None:
    if status == _BLOCKED:
        return 0
    # 63 CX, as ISO 7816-4 has it; some PIV cards say 63 0X (as OpenSC found out).
    counted = status >> 4 in {0x63C, 0x630} and status != _WRONG
    return status & 0xF if counted else None
