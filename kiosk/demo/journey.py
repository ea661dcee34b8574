# SPDX-License-Identifier: Apache-2.0
"""What a pilot can do, one value a step: a journey is a list of these and reads like a story."""

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
    """Have wrong passcodes lock her card, as a ward computer would."""


@dataclass(frozen=True)
class Unblock:
    """Have her card as it was before it was locked, with the passcode it had."""


@dataclass(frozen=True)
class Renew:
    """Have the RA give her another card, of this family, in place of hers; it is locked."""

    family: Family


@dataclass(frozen=True)
class CutCentral:
    """End the central service."""


@dataclass(frozen=True)
class RestoreCentral:
    """Start the central service again."""


@dataclass(frozen=True)
class Take:
    """Take the smartcard out of the reader."""


@dataclass(frozen=True)
class See:
    """Wait until this text is on the screen, and take a picture under `name` where there is one."""

    words: str
    name: str = ""


@dataclass(frozen=True)
class Press:
    """Touch a button: by what it means, or by its label."""

    button: Intent | str


@dataclass(frozen=True)
class HoldTitle:
    """Stay on the title of the page until it is taken for a technician's finger."""


@dataclass(frozen=True)
class Flip:
    """Touch a switch of the simulated board, by what it says that it does."""

    switch: str


@dataclass(frozen=True)
class Choose:
    """Touch an entry of a list, by its label."""

    label: str


@dataclass(frozen=True)
class Write:
    """Touch key after key. What is written is never printed."""

    characters: str

    def __repr__(self) -> str:
        return f"Write({len(self.characters)} keys)"


@dataclass(frozen=True)
class WriteCode:
    """Read the newest e-mail, and touch the keys of the code in it."""


@dataclass(frozen=True)
class Delete:
    """Touch Delete this many times."""

    number: int


@dataclass(frozen=True)
class Wait:
    """Do nothing for a while, as somebody who has walked away."""

    seconds: float


Screen = See | Press | HoldTitle | Flip | Choose | Write | WriteCode | Delete | Wait
Step = Screen | Insert | Take | Block | Unblock | Renew | CutCentral | RestoreCentral
Journey = list[Step]


def answer(question: str, given: str, name: str = "") -> Journey:
    """See one question, answer it and go on."""
    return [See(question, name), Write(given), Press(Intent.CONTINUE)]


def new_passcode(digits: str) -> Journey:
    """Choose a new passcode and enter it again."""
    return [
        See("Choose a new passcode", "choose-passcode"),
        Write(digits),
        See("At least", "passcode-chosen"),
        Press(Intent.CONTINUE),
        See("Enter your new passcode again", "repeat-passcode"),
        Write(digits),
        Press(Intent.CONTINUE),
    ]
