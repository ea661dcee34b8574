# SPDX-License-Identifier: Apache-2.0
"""The profile of a cardholder who is logged in: values to show, nothing secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Trust:
    """An organisation that the cardholder works for, and their role there."""

    name: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Smartcard:
    """One of the cardholder's smartcards."""

    serial: str
    kind: str = ""
    manufacturer: str = ""
    issued: date | None = None
    expires: date | None = None
    modified: date | None = None
    in_reader: bool = False


@dataclass(frozen=True, slots=True)
class AssignedPosition:
    """A position assignment of the cardholder."""

    code: str
    name: str
    source: str = ""
    organisation: str = ""
    start: date | None = None
    end: date | None = None
    modified: date | None = None


class SelfService(StrEnum):
    """Return whether the card in the reader can be unlocked at a kiosk."""

    REGISTERED = "registered"
    NOT_REGISTERED = "not registered"
    LOCKED_OUT = "locked out"
    REMOVED = "removed"  # by the user, in this visit


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile; `days_left` is until the certificate ends, negative after that."""

    name: str
    trusts: tuple[Trust, ...]
    smartcards: tuple[Smartcard, ...]
    positions: tuple[AssignedPosition, ...]
    certificate_expires: date
    days_left: int
    self_service: SelfService
    email: str = ""
    uuid: str = ""
    registered: date | None = None
