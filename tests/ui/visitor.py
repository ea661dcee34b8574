# SPDX-License-Identifier: Apache-2.0
"""The screen and the flow, with a script in place of reader and central: visits take no time.

The script answers at once, and correctly, all requests of the flow to reader and central. The
screen does the flow's effects on the screen. Touches go through the real window.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow.cardholder_profile import AssignedPosition, Profile, SelfService, Smartcard, Trust
from kiosk.flow.view import View
from kiosk.ui.gallery import Gallery
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, Secret
from tests.flow.asked import asked

QUESTIONS = (
    "What was the name of your first pet?",
    "In which town was your first job?",
    "Who was your hero when you were a child?",
    "In which town did your parents meet?",
)
PROFILE = Profile(
    "Zebedee Quirkworthy",
    (Trust("Quirkworthy Trust", "Nurse"),),
    (Smartcard("QW00112233", in_reader=True),),
    (AssignedPosition("QWR8000", "Quirkworthy role"),),
    date(2027, 1, 1),
    23,
    SelfService.NOT_REGISTERED,
    "zebedee.quirkworthy@nhs.net",
)


class Visitor:
    """A kiosk with its screen; tests call `send` with events."""

    def __init__(self, site: flow.Site | None = None) -> None:
        self.state = flow.State.at(site or flow.Site())
        self.locked = True
        self._secrets: list[Secret] = []
        self._events: list[ev.Event] = []
        self.gallery: Gallery | None = None

    def open(self, size: tuple[int, int] = (800, 480)) -> Gallery:
        """Open a window, and show the start screen on it."""
        self.gallery = Gallery(size, send=self._events.append, on_failure=self._failed)
        self.send(ev.ReaderReady(simulated=True))
        return self.gallery

    def send(self, event: ev.Event) -> None:
        """Handle `event` and all events that follow from it."""
        self._events.append(event)
        self.go_on()

    def go_on(self) -> None:
        """Handle the events of touches."""
        if self.gallery is None:
            raise RuntimeError("not open")
        while self._events:
            self._step(self._events.pop(0))
        self.gallery.frames(1)

    def _step(self, event: ev.Event) -> None:
        before = self.state
        self.state, effects = flow.step(before, event)
        if isinstance(event, ev.Pressed) and event.typed is not None:
            self._secrets.append(event.typed)
        for effect in effects:
            self._do(effect)
        if self.state != before and self.gallery is not None:
            self.gallery.app.show(self._view())

    def _view(self) -> View:
        return flow.render(self.state)

    def _do(self, effect: do.Effect) -> None:
        app = self.gallery.app if self.gallery is not None else None
        if app is None:
            return
        if isinstance(effect, do.Forget | do.ForgetGiven):
            app.forget(None if isinstance(effect, do.Forget) else effect.fields)
            for secret in self._secrets:
                secret.wipe()
            self._secrets.clear()
        elif isinstance(effect, do.ForgetTyped):
            app.forget(effect.fields)
        elif (answer := _ANSWERS.get(type(effect))) is not None:
            self._events += answer(self, self.state.visit)

    def _failed(self) -> None:
        raise AssertionError("the screen failed")


def _read(visitor: Visitor, visit: int) -> list[ev.Event]:
    identity = CardIdentity(Family.PIV, "00" * 16)
    left = 0 if visitor.locked else 3
    return [ev.CardRead(visit, identity, Counters(left), PasscodeRules())]


_Answer = Callable[[Visitor, int], list[ev.Event]]
_OFFERED = asked(*QUESTIONS)

_ANSWERS: dict[type, _Answer] = {
    do.ReadCard: _read,
    do.OpenUnlock: lambda _, visit: [ev.UnlockOpened(visit, _OFFERED, 3)],
    do.GiveAnswers: lambda _, visit: [ev.AnswersAccepted(visit)],
    do.UnlockCard: lambda _, visit: [
        *(ev.UnlockAdvanced(visit, step) for step in ev.UnlockStep),
        ev.CardUnlocked(visit),
    ],
    do.ChangePasscode: lambda _, visit: [ev.PasscodeChanged(visit)],
    do.LogIn: lambda _, visit: [ev.LoggedIn(visit, PROFILE)],
    do.OpenRegistration: lambda _, visit: [
        ev.RegistrationOpened(visit, _OFFERED, mail_domains=("nhs.net", ".nhs.uk"))
    ],
    do.JudgeAnswer: lambda _, visit: [ev.AnswerJudged(visit, None)],
    do.SendRegistrationCode: lambda _, visit: [ev.CodeSent(visit, "z…@nhs.net")],
    do.SendCode: lambda _, visit: [ev.CodeSent(visit, "z…@nhs.net")],
    do.Register: lambda _, visit: [ev.CardRegistered(visit)],
    do.RemoveRegistration: lambda _, visit: [ev.RegistrationRemoved(visit)],
}
