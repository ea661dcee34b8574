# SPDX-License-Identifier: Apache-2.0
"""The effects that the flow asks for, in the imperative."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.flow.events import Timer
from kiosk.flow.preferences import Language
from kiosk.questions import SecurityQuestion
from kiosk.values import Secret


@dataclass(frozen=True, slots=True)
class ReadCard:
    """Read the card's identity and counters, without spending a try."""

    visit: int


@dataclass(frozen=True, slots=True)
class OpenUnlock:
    """Ask central for the questions of this visit's card."""

    visit: int
    reference: str
    forgotten: bool


@dataclass(frozen=True, slots=True)
class GiveAnswers:
    """Send the answers, in the order of the questions, with the card's proof; None is a blank.

    `code` is the emailed code, if central asked for one.
    """

    visit: int
    answers: tuple[Secret | None, ...] = field(repr=False)
    code: Secret | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SendCode:
    """Ask central to email another code."""

    visit: int


@dataclass(frozen=True, slots=True)
class UnlockCard:
    """Fetch the grant, unlock the card with it, and set the new passcode."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class ChangePasscode:
    """Change the card's passcode."""

    visit: int
    old: Secret
    new: Secret


@dataclass(frozen=True, slots=True)
class LogIn:
    """Prove the cardholder to central with the card, and fetch their profile."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class OpenRegistration:
    """Prove the cardholder again, and fetch the questions."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class JudgeAnswer:
    """Judge whether an answer is good enough, beside the `others` that were given."""

    visit: int
    question: SecurityQuestion
    answer: Secret
    others: tuple[Secret, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendRegistrationCode:
    """Ask central to email a registration code in `language`; the code before it is void."""

    visit: int
    email: str
    language: Language


@dataclass(frozen=True, slots=True)
class Register:
    """Register the card: the chosen questions by id, their answers in order, and the code."""

    visit: int
    questions: tuple[str, ...]
    answers: tuple[Secret, ...] = field(repr=False)
    code: Secret = field(repr=False)
    former: tuple[Secret | None, ...] = field(default=(), repr=False)
    email: str = field(default="", repr=False)
    language: Language = Language.ENGLISH


@dataclass(frozen=True, slots=True)
class RemoveRegistration:
    """Remove the registration, after the passcode was proved again."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class Forget:
    """Wipe everything of the user: typed text, secrets, and what was read and asked."""


@dataclass(frozen=True, slots=True)
class ForgetTyped:
    """Wipe what was typed into `fields`, and nothing else."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForgetGiven:
    """Wipe what was typed into `fields`, and every secret that was given in this visit."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportOpened:
    """Report to central that the kiosk's case was opened."""


@dataclass(frozen=True, slots=True)
class CheckTechnician:
    """Check the technician's code."""

    visit: int
    code: Secret


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Examine each part of the kiosk."""

    visit: int


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Send `TimeUp(timer)` after `seconds`; a running timer is restarted."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Stop a timer; it sends no `TimeUp`."""

    timer: Timer


Effect = (
    ReadCard
    | OpenUnlock
    | GiveAnswers
    | SendCode
    | UnlockCard
    | ChangePasscode
    | LogIn
    | OpenRegistration
    | JudgeAnswer
    | SendRegistrationCode
    | Register
    | RemoveRegistration
    | Forget
    | ForgetTyped
    | ForgetGiven
    | ReportOpened
    | CheckTechnician
    | Diagnose
    | StartTimer
    | StopTimer
)
