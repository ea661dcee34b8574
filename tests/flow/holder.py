# SPDX-License-Identifier: Apache-2.0
"""A visit of a cardholder who knows the passcode: the steps, and what the pages show."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kiosk import flow
from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow import view as vw
from kiosk.flow.cardholder_profile import Profile, SelfService, Smartcard, Trust
from kiosk.flow.text import in_english
from kiosk.flow.view import Intent
from kiosk.values import CardIdentity, Counters, Family, PasscodeRules, Secret
from tests.flow.asked import asked

PROFILE = Profile(
    "Nora Nurse",
    (Trust("Trust A", "Nurse"),),
    (Smartcard("AB12", in_reader=True),),
    (),
    date(2027, 1, 1),
    23,
    SelfService.NOT_REGISTERED,
    "nora@nhs.net",
)
MAIL_DOMAINS = ("nhs.net", ".nhs.uk", ".gov.uk", ".mod.uk")
OFFERED = asked(*(f"Question {n}?" for n in range(8)))


class Visit:
    """A flow with a card that works, and the effects that it asked for."""

    def __init__(self, left: int = 3, *, may_log_in: bool = True) -> None:
        self.state = flow.State()
        self.effects: list[do.Effect] = []
        self.hear(ev.ReaderReady(), ev.CardInserted("AB12-CD34"))
        card = CardIdentity(Family.PIV, "AB" * 16)
        read = ev.CardRead(1, card, Counters(left), PasscodeRules(), may_log_in)
        self.hear(replace(read, visit=self.number))

    def hear(self, *events: ev.Event) -> None:
        for event in events:
            self.state, effects = flow.step(self.state, event)
            self.effects += effects

    def enter(self, field: str, words: str, intent: Intent = Intent.CONTINUE) -> Secret:
        secret = Secret(words.encode())
        met = PasscodeRules().met(words.encode())
        self.hear(ev.Typed(field, len(words), met), ev.Pressed(intent, secret, field))
        return secret

    def asked_for(self, kind: type[do.Effect]) -> list[do.Effect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def number(self) -> int:
        return self.state.visit

    @property
    def page(self) -> pg.Page:
        return self.state.page

    @property
    def view(self) -> vw.View:
        return flow.render(self.state)

    def log_in(self, profile: Profile = PROFILE) -> None:
        self.hear(ev.Chosen(0))
        self.enter("passcode", "246802")
        self.hear(ev.LoggedIn(self.number, profile))

    def open_registration(self, *former: str, mail_domains: tuple[str, ...] = MAIL_DOMAINS) -> None:
        self.log_in()
        self.hear(ev.Pressed(Intent.REGISTER), ev.Pressed(Intent.CONTINUE))
        self.enter("passcode", "246802")
        self.hear(ev.RegistrationOpened(self.number, OFFERED, asked(*former), mail_domains))

    def answer(self, question: int, words: str, flaw: ev.AnswerFault | None = None) -> None:
        assert isinstance(self.page, pg.ChoosingQuestion)
        self.hear(ev.Chosen(question))
        self.enter(f"own-answer-{question + 1}", words)
        self.hear(ev.AnswerJudged(self.number, flaw))

    def to_email(self, mail_domains: tuple[str, ...] = MAIL_DOMAINS) -> None:
        self.open_registration(mail_domains=mail_domains)
        for number in range(4):
            self.answer(number, f"answer {number}")

    def to_code(self) -> None:
        self.to_email()
        self.enter("email", "nora@nhs.net")
        self.hear(ev.CodeSent(self.number, "n…@nhs.net"))


def ready(view: vw.View) -> bool:
    """Return whether Continue or Confirm is enabled."""
    ways = {Intent.CONTINUE, Intent.CONFIRM}
    return any(button.enabled for button in view.frame.buttons if button.intent in ways)


def problem(view: vw.View) -> str:
    """Return the problem that the page shows, in English."""
    assert isinstance(view, vw.EntryPage)
    return in_english(view.problem) if view.problem is not None else ""
