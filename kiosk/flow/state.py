"""Where a person is in a journey, as values: no I/O, no clock, no widgets.

A `State` is what belongs to the kiosk and the visit; its `page` is the step of the journey, and
holds whatever that step still needs. Secrets are opaque handles here: they are passed on, never
looked into but for their length, form and sameness, and no page of the start screen holds one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.flow.events import Refusal, UnlockStep
from kiosk.flow.view import Contact
from kiosk.values import PasscodeRules, ReaderTrouble, Rule, Secret

# ---------------------------------------------------------------- pages


@dataclass(frozen=True, slots=True)
class Waiting:
    """The start screen: no card, nobody."""


@dataclass(frozen=True, slots=True)
class ReadingCard:
    """A card was inserted and tells who it is."""


@dataclass(frozen=True, slots=True)
class CardWorks:
    """The card is not locked: its holder may say that the passcode is forgotten."""


@dataclass(frozen=True, slots=True)
class OpeningUnlock:
    """Central is asked for the questions."""


@dataclass(frozen=True, slots=True)
class AskingQuestion:
    """One of the questions is on the screen.

    `answers` and `lengths` have one place a question; an answer that is None is blank. After a
    refusal `refused` is set, and `wait_seconds` where central wants a pause before the next try.
    """

    questions: tuple[str, ...]
    required: int
    answers: tuple[Secret | None, ...]
    lengths: tuple[int, ...]
    index: int = 0
    shown: bool = False
    refused: bool = False
    wait_seconds: int = 0

    @property
    def length(self) -> int:
        """How much is typed for this question."""
        return self.lengths[self.index]

    @property
    def may_skip(self) -> bool:
        """Whether this question may stay blank, after those before it."""
        blanks = sum(answer is None for answer in self.answers[: self.index])
        return blanks < len(self.questions) - self.required


@dataclass(frozen=True, slots=True)
class CheckingAnswers:
    """Central checks the answers and the card. `asked` is where to go back to.

    `address` is where a code was sent, where one was.
    """

    asked: AskingQuestion
    address: str = ""


@dataclass(frozen=True, slots=True)
class AskingCode:
    """The code that was e-mailed to `address` is typed; `anew`: the one before it is void."""

    asked: AskingQuestion
    address: str
    length: int = 0
    refused: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class ChoosingPasscode:
    """The new passcode is typed for the first time."""

    length: int = 0
    met: frozenset[Rule] = frozenset()
    differed: bool = False


@dataclass(frozen=True, slots=True)
class RepeatingPasscode:
    """The new passcode is typed again."""

    first: Secret
    length: int = 0
    met: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class Unlocking:
    """The grant is fetched and the card does its work: the card stays in."""

    step: UnlockStep = UnlockStep.PERMISSION


@dataclass(frozen=True, slots=True)
class Finished:
    """The card works again; it is to be taken."""


class Trouble(StrEnum):
    """What a help screen explains."""

    CARD_NOT_KNOWN = "card not known"
    CARD_UNREADABLE = "card unreadable"
    CARD_MUTE = "card mute"
    CARD_PULLED = "card pulled"
    CARD_PULLED_AT_WORK = "card pulled at work"
    CARD_SWAPPED = "card swapped"
    CARD_SPENT = "card spent"
    READER = "reader"
    NOT_REGISTERED = "not registered"
    CARD_STOPPED = "card stopped"
    LOCKED_OUT = "locked out"
    WAIT = "wait"
    FROZEN = "frozen"
    MAIL = "mail"
    CENTRAL = "central"
    UNLOCK_FAILED = "unlock failed"


@dataclass(frozen=True, slots=True)
class Helping:
    """Plain help: what happened, what to do now, whom to call."""

    trouble: Trouble
    wait_seconds: int = 0


Page = (
    Waiting
    | ReadingCard
    | CardWorks
    | OpeningUnlock
    | AskingQuestion
    | CheckingAnswers
    | AskingCode
    | ChoosingPasscode
    | RepeatingPasscode
    | Unlocking
    | Finished
    | Helping
)

# ---------------------------------------------------------------- the kiosk and the visit


@dataclass(frozen=True, slots=True)
class Site:
    """What is fixed where this kiosk hangs: whom to call, and how long it waits for people."""

    contacts: tuple[Contact, ...] = ()
    idle_seconds: float = 60.0
    visit_seconds: float = 900.0
    warning_seconds: int = 20
    help_seconds: float = 45.0


@dataclass(frozen=True, slots=True)
class State:
    """All the flow knows.

    `visit` counts the visits, so that a late answer of an earlier one changes nothing. `countdown`
    is the seconds that the warning shows, None when there is none.
    """

    site: Site = field(default_factory=Site)
    page: Page = field(default_factory=Waiting)
    visit: int = 0
    reference: str = ""
    rules: PasscodeRules = field(default_factory=PasscodeRules)
    countdown: int | None = None
    card_present: bool = False
    reader: ReaderTrouble | None = None
    simulated: bool = False
    central_reachable: bool = True


REFUSALS = {
    Refusal.NOT_KNOWN: Trouble.CARD_NOT_KNOWN,
    Refusal.NOT_REGISTERED: Trouble.NOT_REGISTERED,
    Refusal.STOPPED: Trouble.CARD_STOPPED,
    Refusal.LOCKED_OUT: Trouble.LOCKED_OUT,
    Refusal.WAIT: Trouble.WAIT,
    Refusal.FROZEN: Trouble.FROZEN,
    Refusal.MAIL: Trouble.MAIL,
}
