# SPDX-License-Identifier: Apache-2.0
"""The steps of a pilot, one value each: a journey is a list of them and reads like a story."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.view import Intent
from kiosk.values import Family


class DemoCard(StrEnum):
    """The cards that lie beside the demonstration's kiosk."""

    HERS = "hers"
    UNREGISTERED = "unregistered"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Insert:
    """Put a smartcard into the reader."""

    card: DemoCard = DemoCard.HERS


@dataclass(frozen=True)
class Block:
    """Lock the cardholder's card with wrong passcodes, as a ward computer would."""


@dataclass(frozen=True)
class Unblock:
    """Restore the tries of the cardholder's card, with the passcode that it had."""


@dataclass(frozen=True)
class Renew:
    """Replace the cardholder's card with another, locked one of this family, as the RA does."""

    family: Family


@dataclass(frozen=True)
class CutCentral:
    """Stop the central service."""


@dataclass(frozen=True)
class RestoreCentral:
    """Start the central service again."""


@dataclass(frozen=True)
class Take:
    """Take the smartcard out of the reader."""


@dataclass(frozen=True)
class See:
    """Wait until this text is on the screen, and take a picture if there is a `name` for it."""

    words: str
    name: str = ""


@dataclass(frozen=True)
class Press:
    """Touch a button, given by its intent or its label."""

    button: Intent | str


@dataclass(frozen=True)
class HoldTitle:
    """Hold the title bar until the technician's page opens."""


@dataclass(frozen=True)
class Flip:
    """Touch a switch of the simulated board, given by its label."""

    switch: str


@dataclass(frozen=True)
class Choose:
    """Touch a choice of a list, given by its label."""

    label: str


@dataclass(frozen=True)
class Write:
    """Touch one key after the other. The characters are never printed."""

    characters: str

    def __repr__(self) -> str:
        return f"Write({len(self.characters)} keys)"


@dataclass(frozen=True)
class WriteCode:
    """Read the newest email, and touch the keys of the code in it."""


@dataclass(frozen=True)
class Delete:
    """Touch Delete this many times."""

    number: int


@dataclass(frozen=True)
class Wait:
    """Do nothing for `seconds`, like a user who has walked away."""

    seconds: float


Screen = See | Press | HoldTitle | Flip | Choose | Write | WriteCode | Delete | Wait
Step = Screen | Insert | Take | Block | Unblock | Renew | CutCentral | RestoreCentral
Journey = list[Step]


def answer(question: str, given: str, name: str = "") -> Journey:
    """Return the steps: see one question, answer it and go on."""
    return [See(question, name), Write(given), Press(Intent.CONTINUE)]


def new_passcode(digits: str) -> Journey:
    """Return the steps: choose a new passcode and enter it again."""
    return [
        See("Choose a new passcode", "choose-passcode"),
        Write(digits),
        See("At least", "passcode-chosen"),
        Press(Intent.CONTINUE),
        See("Enter your new passcode again", "repeat-passcode"),
        Write(digits),
        Press(Intent.CONTINUE),
    ]
