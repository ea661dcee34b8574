# SPDX-License-Identifier: Apache-2.0
"""A thousand journeys one after another, by touches: they cost no memory and leave nothing.

There are no waits: reader and central are a script that answers at once (see `tests.ui.visitor`),
so that only screen and flow are measured. It is a process of its own, because Kivy has one window:
`python -m tests.proofs.thousand FOLDER NUMBER` prints the holdings at every hundredth journey and
then the figures, and leaves the log in the folder.
"""

from __future__ import annotations

import itertools
import logging
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.preferences import OWN_NAMES, Language
from kiosk.flow.view import Intent
from tests.heartbeat import beat
from tests.proofs.holdings import Holdings, begin, measure, not_flat, resident
from tests.ui.visitor import PROFILE, QUESTIONS, Visitor

GIVEN = ("rex", "york", "marie", "leeds", "471108", "135790", "918273", "half an ans", "answer a")
"""The texts that users type."""

_WARM = 0.2  # the first part of them fills caches
_SAMPLES = 10
_ENOUGH = 100  # journeys; fewer say nothing about the holdings
_ANSWERS, _CHOSEN, _PRESENT, _CODE = GIVEN[:4], *GIVEN[4:7]


class Person:
    """A user in a hurry, who touches the middle of each control."""

    def __init__(self, visitor: Visitor) -> None:
        from kiosk.demo.finger import Finger  # noqa: PLC0415 - the window is open

        self._visitor = visitor
        if visitor.gallery is None:
            raise RuntimeError("not open")
        self._stage = visitor.gallery.app.stage
        self._frames = visitor.gallery.frames
        self._finger = Finger(visitor.gallery.app, hold=0)
        self.touches = 0

    def press(self, intent: Intent) -> None:
        self._go_on(lambda: self._finger.press(intent))

    def choose(self, label: str) -> None:
        self._go_on(lambda: self._finger.choose(label))

    def write(self, words: str) -> None:
        self._go_on(lambda: self._finger.write(words))
        self.touches += len(words) - 1

    def give(self, words: str, intent: Intent = Intent.CONTINUE) -> None:
        self.write(words)
        self.press(intent)

    def holdings(self) -> Holdings:
        """Return what this process holds after a garbage collection."""
        self._frames(1)
        gallery = self._visitor.gallery
        return measure(len(gallery.app._typed._buffers) if gallery else 0)

    def _go_on(self, touch: Callable[[], None]) -> None:
        self._stage._pressed_at = float("-inf")
        self._frames(2)
        touch()
        self.touches += 1
        self._visitor.go_on()


def unlock(person: Person, visitor: Visitor) -> None:
    for answer in _ANSWERS:
        person.give(answer)
    person.give(_CHOSEN)
    person.give(_CHOSEN)
    assert isinstance(visitor.state.page, pg.Finished)


def change(person: Person, visitor: Visitor) -> None:
    person.choose("Change my passcode")
    for digits in (_PRESENT, _CHOSEN, _CHOSEN):
        person.give(digits)
    assert isinstance(visitor.state.page, pg.Finished)


def register(person: Person, visitor: Visitor) -> None:
    person.choose("My smartcard and registration")
    person.give(_PRESENT)
    person.press(Intent.REGISTER)
    person.press(Intent.CONTINUE)
    person.give(_PRESENT)
    for place in range(4):
        person.choose(QUESTIONS[place])
        person.give(f"answer {'abcd'[place]}")
    person.press(Intent.CONTINUE)
    person.give(_CODE, Intent.CONFIRM)
    assert isinstance(visitor.state.page, pg.Registered)


def look(person: Person, visitor: Visitor) -> None:
    person.choose("My smartcard and registration")
    person.give(_PRESENT)
    assert isinstance(visitor.state.page, pg.ShowingProfile)


def give_up(person: Person, visitor: Visitor) -> None:
    person.choose("I've forgotten my passcode")
    person.write("half an ans")
    person.press(Intent.CLOSE)


# With a locked card or a working one; of ten who come, four are locked out, and one registers.
_KINDS: list[tuple[Callable[[Person, Visitor], None], bool]] = [
    (unlock, True), (change, False), (look, False), (unlock, True), (give_up, False),
    (unlock, True), (register, False), (change, False), (unlock, True), (look, False),
]  # fmt: skip


def walk(number: int) -> str:
    """Walk that many journeys; assert that no more is held at their end; return the figures."""
    rng = random.Random(5)
    visitor = Visitor()
    visitor.open()
    person = Person(visitor)
    begin()
    begun, kinds = time.monotonic(), set()
    samples: list[Holdings] = []
    warm, every = int(number * _WARM), max(number // _SAMPLES, 1)
    for place, (journey, locked) in zip(range(number), itertools.cycle(_KINDS), strict=False):
        beat(f"journey {place}")
        kinds.add(journey)
        if place >= warm and place % every == 0:
            samples.append(person.holdings())
            print(f"at {place}: {samples[-1]}; resident {resident()} KiB", flush=True)
        if place % 3 == 0:
            person.press(Intent.LANGUAGE)
            person.choose(OWN_NAMES[rng.choice(list(Language))])
        visitor.locked = locked
        visitor.send(ev.CardInserted("K7Q4-20MX"))
        journey(person, visitor)
        visitor.send(ev.CardTaken())
        _nothing_is_left(visitor)
    samples.append(person.holdings())
    if number >= _ENOUGH:
        assert (grown := not_flat(samples, number - warm)) == [], grown
    return (
        f"{number} journeys of {len(kinds)} kinds, {person.touches} touches in "
        f"{time.monotonic() - begun:.0f} s, 0 exceptions, held at first {samples[0]}, "
        f"at last {samples[-1]} (resident {resident() // 1024} MiB)"
    )


def _nothing_is_left(visitor: Visitor) -> None:
    if visitor.gallery is None:
        raise RuntimeError("not open")
    assert isinstance(visitor.state.page, pg.Waiting)
    assert not visitor.state.changed
    app = visitor.gallery.app
    assert not app._typed._buffers
    shown = " ".join(str(getattr(one, "text", "")) for one in app.stage.walk())
    assert PROFILE.name not in shown


if __name__ == "__main__":
    logging.basicConfig(level=5, filename=Path(sys.argv[1]) / "thousand.log")
    print(walk(int(sys.argv[2])))
