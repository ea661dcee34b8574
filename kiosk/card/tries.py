# SPDX-License-Identifier: Apache-2.0
"""Sends commands that cost tries, and reads the counters in the answers (ISO 7816-4, 63 CX)."""

from __future__ import annotations

from kiosk.card.apdu import SUCCESS, Command, Connection, send
from kiosk.errors import CardRefused, SecretRefused, WrongSecret
from kiosk.values import PasscodeRules, Secret

PASSCODE, UNBLOCKING_KEY = "passcode", "unblocking key"
_BLOCKED = 0x6983
_WRONG = 0x6300  # ISO 7816-4: no further information


def spend(connection: Connection, which: str, command: Command) -> None:
    """Send a command that may cost a try of `which`; raises WrongSecret if the card counted one."""
    judge(which, command, send(connection, command).status)


def judge(which: str, command: Command, status: int) -> None:
    """Raise the error that `status` means after a command that may cost a try, if any."""
    if status == SUCCESS:
        return
    left = _left(status)
    if left is None and status != _WRONG:
        raise CardRefused(command.name, status)
    raise WrongSecret(which, left, status)


def ask(connection: Connection, reference: int) -> int | None:
    """Return the tries left, by VERIFY without data; None if the card hides them after a verify."""
    command = Command("VERIFY (ask)", 0x20, 0x00, reference)
    status = send(connection, command).status
    left = _left(status)
    if left is None and status not in {SUCCESS, _WRONG}:
        raise CardRefused(command.name, status)
    return left


def new_passcode(passcode: Secret, rules: PasscodeRules) -> bytes:
    """Return the digits of a new passcode; raises SecretRefused if it breaks the rules.

    The kiosk enforces the rule, because some cards accept a short new passcode.
    """
    if not rules.accepts(passcode):
        raise SecretRefused("new passcode")
    return passcode.reveal()


def old_passcode(passcode: Secret, shortest: int, longest: int) -> bytes:
    """Return the digits of a passcode in use; raises SecretRefused if they do not fit the card."""
    digits = passcode.reveal()
    if not shortest <= len(digits) <= longest or not all(48 <= digit <= 57 for digit in digits):
        raise SecretRefused(PASSCODE)
    return digits


def _left(status: int) -> int | None:
    if status == _BLOCKED:
        return 0
    # ISO 7816-4 has 63 CX; some PIV cards answer 63 0X, as OpenSC found out.
    counted = status >> 4 in {0x63C, 0x630} and status != _WRONG
    return status & 0xF if counted else None
