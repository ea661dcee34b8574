# SPDX-License-Identifier: Apache-2.0
"""The ways in which users operate the screen, combined so that each pair of choices occurs.

A way is the language, the settings and the hand. The pilot chooses the settings in the menus of the
start screen before the journey, as a user would.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from enum import StrEnum
from itertools import combinations, product
from typing import TYPE_CHECKING

from kiosk.demo.journey import Choose, Journey, Press, See
from kiosk.flow.preferences import OWN_NAMES, Language, TextSize
from kiosk.flow.view import Intent

if TYPE_CHECKING:
    from kiosk.demo.finger import Finger
    from kiosk.demo.keyhand import KeyHand
    from kiosk.ui.app import KioskApp

_SIZES = {TextSize.LARGER: "Larger text", TextSize.LARGEST: "Largest text"}


class Hand(StrEnum):
    """The input: touch, or only the keys of a keyboard, or only the digits of a keypad."""

    TOUCH = "touch"
    KEYBOARD = "keyboard"
    KEYPAD = "keypad"


@dataclass(frozen=True)
class Way:
    """The language, the settings and the input of a user."""

    language: Language = Language.ENGLISH
    text_size: TextSize = TextSize.NORMAL
    high_contrast: bool = False
    low_reach: bool = False
    by: Hand = Hand.TOUCH

    def __str__(self) -> str:
        said = [self.language.value, f"{self.text_size.value} %"]
        said += ["high contrast"] * self.high_contrast + ["low reach"] * self.low_reach
        return ", ".join([*said, f"by {self.by}"])

    def choosing(self) -> Journey:
        """Return the steps at the start screen that choose this language and these settings."""
        steps: Journey = [See("Insert your smartcard")]
        if self.language is not Language.ENGLISH:
            steps += [Press(Intent.LANGUAGE), Choose(OWN_NAMES[self.language])]
        settings = [Choose("Within low reach")] * self.low_reach
        settings += [Choose("High contrast")] * self.high_contrast
        settings += [Choose(_SIZES[self.text_size])] if self.text_size in _SIZES else []
        if settings:
            steps += [Press(Intent.ACCESS), *settings, Press("Done")]
        return [*steps, See("Insert your smartcard")]

    def hand(self, app: KioskApp) -> Finger | KeyHand:
        """The hand that does it, on the screen of `app`."""
        from tests.journeys.hands import (  # noqa: PLC0415 - imports Kivy, which is ready by now
            SureFinger,
            SureKeyHand,
        )

        if self.by is Hand.TOUCH:
            return SureFinger(app)
        return SureKeyHand(app, letters=self.by is Hand.KEYBOARD)


def pairs_of(way: Way) -> set[tuple[int, object, int, object]]:
    """Return each pair of choices in `way`, each choice with the number of its field."""
    chosen = list(enumerate(astuple(way)))
    return {(*one, *other) for one, other in combinations(chosen, 2)}


def pairwise() -> list[Way]:
    """Return few ways that combine each pair of choices; the first one has the default settings."""
    every = [Way(*each) for each in product(Language, TextSize, (False, True), (False, True), Hand)]
    missing = set().union(*map(pairs_of, every))
    found: list[Way] = []
    while missing:
        best = Way() if not found else max(every, key=lambda way: len(pairs_of(way) & missing))
        missing -= pairs_of(best)
        found.append(best)
    return found
