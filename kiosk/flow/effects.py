# SPDX-License-Identifier: Apache-2.0
"""What is to be done, in the imperative: all that the flow can ask of the world."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.flow.events import Timer
from kiosk.flow.preferences import Language
from kiosk.values import Secret


@dataclass(frozen=True, slots=True)
class ReadCard:
    """Find out which card this is and how many tries it has left, without spending one."""

    visit: int


@dataclass(frozen=True, slots=True)
class OpenUnlock:
    """Ask central for the questions of the card that was read in this visit."""

    visit: int
    reference: str
    forgotten: bool


@dataclass(frozen=True, slots=True)
class GiveAnswers:
    """Send the answers, in the order of the questions, with the card's proof; None is a blank.

    `code` is the one that was emailed, where central asked for it.
    """

    visit: int
    answers: tuple[Secret | None, ...] = field(repr=False)
    code: Secret | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SendCode:
    """Have another code emailed."""

    visit: int


@dataclass(frozen=True, slots=True)
class UnlockCard:
    """Get the grant, unlock the card with it, and set the new passcode."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class ChangePasscode:
    """Have the card change its passcode."""

    visit: int
    old: Secret
    new: Secret


@dataclass(frozen=True, slots=True)
class LogIn:
    """Have the card prove its holder to central, and fetch her profile."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class OpenRegistration:
    """Have the card prove its holder anew, and fetch the questions."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class JudgeAnswer:
    """See whether an answer is good enough, beside the others that were given."""

    visit: int
    question: str
    answer: Secret
    others: tuple[Secret, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendRegistrationCode:
    """Have a registration code emailed, in this language; the one before is void."""

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
    """End the registration, with the passcode proved anew."""

    visit: int
    passcode: Secret


@dataclass(frozen=True, slots=True)
class Forget:
    """Wipe everything of the person: typed text, secrets, what was read, what was asked."""


@dataclass(frozen=True, slots=True)
class ForgetTyped:
    """Wipe what was typed into these fields, and only that."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForgetGiven:
    """Wipe what was typed into these fields, and every secret that was given in this visit.

    Nothing that goes on needs one of them.
    """

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportOpened:
    """Note for central that the kiosk's case was opened."""


@dataclass(frozen=True, slots=True)
class CheckTechnician:
    """See whether this is the technician's code."""

    visit: int
    code: Secret


@dataclass(frozen=True, slots=True)
class Diagnose:
    """Have the kiosk look at each of its parts."""

    visit: int


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Send `TimeUp(timer)` after `seconds`, instead of whenever that timer was due before."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Do not send `TimeUp(timer)`."""

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
