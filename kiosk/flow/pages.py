# SPDX-License-Identifier: Apache-2.0
"""The pages of the journeys as values: each holds what its step still needs, and nothing more.

Secrets are opaque handles here: they are passed on, never looked into but for their length, form
and sameness, and no page of the start screen holds one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.cardholder_profile import Profile, Trust
from kiosk.flow.diagnosis import Diagnosis
from kiosk.flow.events import Flaw, UnlockStep
from kiosk.values import Rule, Secret


@dataclass(frozen=True, slots=True)
class Waiting:
    """The start screen: no card, nobody."""


@dataclass(frozen=True, slots=True)
class ReadingCard:
    """A card was inserted and tells who it is."""


@dataclass(frozen=True, slots=True)
class CardWorks:
    """The card is not locked: its holder chooses what to do."""


@dataclass(frozen=True, slots=True)
class OpeningUnlock:
    """Central is asked for the questions. `forgotten`: for a card that is not locked."""

    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class AskingQuestion:
    """One of the questions is on the screen.

    `answers` and `lengths` have one place a question; an answer that is None is blank. After a
    refusal `refused` is set, and `wait_seconds` where central wants a pause before the next try.
    `offline`: central is not there, and this kiosk judges the answers. `forgotten`: the card is not
    locked, and its holder may have meant something else.
    """

    questions: tuple[str, ...]
    required: int
    answers: tuple[Secret | None, ...]
    lengths: tuple[int, ...]
    index: int = 0
    shown: bool = False
    refused: bool = False
    wait_seconds: int = 0
    offline: bool = False
    forgotten: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the answers' buffers."""
        return tuple(f"answer-{number}" for number in range(1, len(self.questions) + 1))

    @property
    def field(self) -> str:
        """The name of this answer's buffer."""
        return self.fields[self.index]

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

    `address` is where a code was sent, where one was. `another`: no more than a new code was asked
    for. `spent`: no more are sent.
    """

    asked: AskingQuestion
    address: str = ""
    another: bool = False
    spent: bool = False


@dataclass(frozen=True, slots=True)
class AskingCode:
    """The code that was e-mailed to `address` is typed; `anew`: the one before it is void.

    `spent`: no more are sent, and the newest is the one to type.
    """

    asked: AskingQuestion
    address: str
    length: int = 0
    refused: bool = False
    anew: bool = False
    spent: bool = False


@dataclass(frozen=True, slots=True)
class ChoosingPasscode:
    """The new passcode is typed for the first time.

    `old` is the present one where it is to be changed, None where the card is to be unlocked.
    """

    old: Secret | None = None
    length: int = 0
    met: frozenset[Rule] = frozenset()
    differed: bool = False
    same_as_old: bool = False


@dataclass(frozen=True, slots=True)
class RepeatingPasscode:
    """The new passcode is typed again."""

    first: Secret
    old: Secret | None = None
    length: int = 0
    met: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class Unlocking:
    """The grant is fetched and the card does its work: the card stays in."""

    step: UnlockStep = UnlockStep.PERMISSION


@dataclass(frozen=True, slots=True)
class Finished:
    """The card works, with its new passcode; it is to be taken. `changed`: it was not locked."""

    changed: bool = False


# ---------------------------------------------------------------- with a passcode that is known


class Why(StrEnum):
    """What a passcode is asked for."""

    LOG_IN = "log in"
    CHANGE = "change"
    REGISTER = "register"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class EnteringPasscode:
    """The passcode that the card has is typed. `left`: tries, where they are few or one was wrong.

    `profile` and `trust` are those of the person who is logged in, from REGISTER on.
    """

    why: Why
    length: int = 0
    left: int | None = None
    refused: bool = False
    profile: Profile | None = None
    trust: Trust | None = None


@dataclass(frozen=True, slots=True)
class CheckingPasscode:
    """The card verifies the passcode, and central what the card signs. `asked` is where it was."""

    asked: EnteringPasscode


@dataclass(frozen=True, slots=True)
class NowLocked:
    """The passcode was wrong once too often: the card has locked itself."""


@dataclass(frozen=True, slots=True)
class ChangingPasscode:
    """The card changes its passcode: it stays in."""


# ---------------------------------------------------------------- logged in


@dataclass(frozen=True, slots=True)
class ChoosingTrust:
    """Several organisations know the cardholder; she says for which she is here."""

    profile: Profile
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class ShowingProfile:
    """The cardholder looks at what is known of her."""

    profile: Profile
    trust: Trust


# ---------------------------------------------------------------- registering


@dataclass(frozen=True, slots=True)
class Draft:
    """What was given so far, and by whom.

    `offered` is all that may be chosen from, as (id, text). `former` are the answers to
    `former_questions`, which a registration that replaces another needs. `questions`, `answers` and
    `lengths` have one place for each question that is done. `typed` is how much each of the buffers
    holds, by its name, so that whatever was typed is found again after Back. `sent_to` is where the
    newest code went. `missed`: central did not answer the last time it was asked. `mail_domains`
    are as in `RegistrationOpened`.
    """

    profile: Profile
    trust: Trust
    offered: tuple[tuple[str, str], ...] = ()
    former_questions: tuple[str, ...] = ()
    former: tuple[Secret | None, ...] = ()
    questions: tuple[int, ...] = ()
    answers: tuple[Secret, ...] = ()
    lengths: tuple[int, ...] = ()
    typed: tuple[tuple[str, int], ...] = ()
    email: str = ""
    sent_to: str = ""
    missed: bool = False
    mail_domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instructions:
    """What registering means, before it begins; `draft` of who has come back to it since."""

    profile: Profile
    trust: Trust
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class AnsweringFormer:
    """A question of the registration that is to be replaced."""

    draft: Draft
    length: int = 0
    shown: bool = False
    refused: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class ChoosingQuestion:
    """The next of the four questions is chosen."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class AnsweringQuestion:
    """The question that was chosen last is answered. `flaw` says why an answer was refused.

    While it is `judging`, the answer is in the draft already.
    """

    draft: Draft
    question: int
    length: int = 0
    shown: bool = False
    judging: bool = False
    flaw: Flaw | None = None


class Unsent(StrEnum):
    """Why no registration code was sent."""

    REFUSED = "refused"  # codes do not go to such an address
    MAIL = "mail"  # the mail server would not have it
    CENTRAL = "central"


@dataclass(frozen=True, slots=True)
class EnteringEmail:
    """The address that the registration code goes to. `unsent`: why it did not, the last time."""

    draft: Draft
    length: int = 0
    unsent: Unsent | None = None


@dataclass(frozen=True, slots=True)
class SendingCode:
    """Central e-mails the code."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class EnteringCode:
    """The registration code is typed. `wait_seconds`: central wants a pause before it is given.

    `anew`: the code before is void. `spent`: no more are sent, and the newest is the one to type.
    """

    draft: Draft
    length: int = 0
    refused: bool = False
    anew: bool = False
    spent: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmingRegistration:
    """Central registers the card."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Registered:
    """It is done."""

    profile: Profile
    trust: Trust


# ---------------------------------------------------------------- the technician


@dataclass(frozen=True, slots=True)
class EnteringTechnicianCode:
    """The technician's code is typed."""

    length: int = 0
    refused: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class CheckingTechnician:
    """Whether it is the technician."""


@dataclass(frozen=True, slots=True)
class Examining:
    """The kiosk looks at each of its parts."""


@dataclass(frozen=True, slots=True)
class ShowingDiagnoses:
    """What it found is read by the technician."""

    diagnoses: tuple[Diagnosis, ...]


# ---------------------------------------------------------------- help


class Trouble(StrEnum):
    """What a help screen explains; ASKED: somebody asked for help, and nothing is wrong."""

    ASKED = "asked"
    CARD_NOT_KNOWN = "card not known"
    CARD_UNREADABLE = "card unreadable"
    CARD_MUTE = "card mute"
    CARD_PULLED = "card pulled"
    CARD_PULLED_AT_WORK = "card pulled at work"
    CARD_PULLED_REGISTERING = "card pulled registering"
    CARD_SWAPPED = "card swapped"
    CARD_SPENT = "card spent"
    READER = "reader"
    NOT_REGISTERED = "not registered"
    CARD_STOPPED = "card stopped"
    LOCKED_OUT = "locked out"
    WAIT = "wait"
    FROZEN = "frozen"
    MAIL = "mail"
    NOT_TRUSTED = "not trusted"
    UNLOCK_ONLY = "unlock only"
    SESSION_OVER = "session over"
    NO_MORE_CODES = "no more codes"
    UNSETTLED = "unsettled"
    OFFLINE_OVER = "offline over"
    CHANGE_FAILED = "change failed"
    CENTRAL = "central"
    UNLOCK_FAILED = "unlock failed"
    STORE = "store"
    OUT_OF_SERVICE = "out of service"
    UNVERIFIED = "unverified"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Helping:
    """Plain help: what happened, what to do now, whom to call."""

    trouble: Trouble
    wait_seconds: int = 0


AT_WORK = (Unlocking, ChangingPasscode)
"""While the card is changed it is not to be asked back."""

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
    | EnteringPasscode
    | CheckingPasscode
    | NowLocked
    | ChangingPasscode
    | ChoosingTrust
    | ShowingProfile
    | Instructions
    | AnsweringFormer
    | ChoosingQuestion
    | AnsweringQuestion
    | EnteringEmail
    | SendingCode
    | EnteringCode
    | ConfirmingRegistration
    | Registered
    | Helping
    | EnteringTechnicianCode
    | CheckingTechnician
    | Examining
    | ShowingDiagnoses
)
