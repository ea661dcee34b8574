"""What is to be done, in the imperative: all that the flow can ask of the world."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.flow.events import Timer
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

    `code` is the one that was e-mailed, where central asked for it.
    """

    visit: int
    answers: tuple[Secret | None, ...] = field(repr=False)
    code: Secret | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SendCode:
    """Have another code e-mailed."""

    visit: int


@dataclass(frozen=True, slots=True)
class UnlockCard:
    """Get the grant, unlock the card with it, and set the new passcode."""

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
    | Forget
    | ForgetTyped
    | StartTimer
    | StopTimer
)
