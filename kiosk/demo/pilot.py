# SPDX-License-Identifier: Apache-2.0
"""The pilot: walks a journey at the screen by touching pixels, and takes pictures.

Import it after the screen was opened, because `finger` imports Kivy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from kiosk.demo import journey as jr
from kiosk.demo.finger import Eye, Finger
from kiosk.demo.keyhand import KeyHand
from kiosk.demo.mailbox import newest_code
from kiosk.demo.premises import Premises
from kiosk.ui.app import KioskApp


class Pilot:
    """Walks journeys; `tell` is called after each step with the seconds that it took.

    Its `hand` touches the screen, or uses only keys (see `keyhand`).
    """

    def __init__(
        self,
        app: KioskApp,
        premises: Premises,
        pictures: Path,
        tell: Callable[[str, float], None],
        hand: Finger | KeyHand | None = None,
    ) -> None:
        self.hand = hand or Finger(app, hold=0.02)
        self._eye = Eye(app, patience=20)
        self._premises = premises
        self._pictures = pictures
        self._tell = tell
        self._taken = 0
        pictures.mkdir(parents=True, exist_ok=True)

    def walk(self, journey: jr.Journey) -> None:
        """Do each step in turn; raises NotOnScreen if the screen differs from the journey."""
        for step in journey:
            begun = time.monotonic()
            description = self._do(step)
            self._tell(description, time.monotonic() - begun)

    def _do(self, step: jr.Step) -> str:
        match step:
            case jr.See(words, name):
                self._eye.wait_for(words)
                if name:
                    self._taken += 1
                    self._eye.photograph(self._pictures / f"{self._taken:02}-{name}.png")
                return f"see “{words}”"
            case jr.Press() | jr.HoldTitle() | jr.Choose() | jr.Flip():
                return self._touch(step)
            case jr.Write() | jr.WriteCode() | jr.Delete():
                return self._type(step)
            case _:
                return self._do_around(step)

    def _touch(self, step: jr.Press | jr.HoldTitle | jr.Choose | jr.Flip) -> str:
        match step:
            case jr.Press(button):
                self.hand.press(button)
                return f"press {button}"
            case jr.HoldTitle():
                self.hand.hold_title()
                return "hold the title bar"
            case jr.Choose(label):
                self.hand.choose(label)
                return f"choose {label}"
            case jr.Flip(switch):
                self.hand.flip(switch)
                return f"flip a switch of the board: {switch.lower()}"

    def _type(self, step: jr.Write | jr.WriteCode | jr.Delete) -> str:
        """Touch keys, and return a description without what is typed."""
        match step:
            case jr.Write(characters):
                self.hand.write(characters)
                return f"touch {len(characters)} keys"
            case jr.WriteCode():
                self.hand.write(newest_code(self._premises.central.mail))
                return "touch the keys of the code in the email"
            case jr.Delete(number):
                self.hand.delete(number)
                return f"delete {number} characters"

    def _do_around(self, step: jr.Step) -> str:
        """Do what happens beside the screen."""
        match step:
            case jr.Wait(seconds):
                time.sleep(seconds)
                return "walk away"
            case jr.CutCentral():
                self._premises.central.stop()
                return "stop the central service"
            case jr.RestoreCentral():
                self._premises.central.start()
                return "start the central service again"
            case _:
                return self._do_with_card(step)

    def _do_with_card(self, step: jr.Step) -> str:
        match step:
            case jr.Insert(card):
                self._premises.insert(card)
                return f"put a smartcard in: {card}"
            case jr.Take():
                self._premises.take()
                return "take the smartcard out"
            case jr.Block():
                self._premises.card.lock()
                return "lock the smartcard with three wrong passcodes"
            case jr.Unblock():
                self._premises.card.unlock()
                return "restore the tries of the smartcard"
            case jr.Renew(family):
                self._premises.another_card(family)
                return f"replace the smartcard with a {family} card"
        raise TypeError(type(step).__name__)
