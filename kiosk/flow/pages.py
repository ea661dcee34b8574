# SPDX-License-Identifier: Apache-2.0
"""The pages of the journeys as values: each holds what its step still needs, and nothing more.

`PageDescription` says how a page looks and behaves. Secrets are opaque handles: the flow passes
them on and compares them, and reads nothing of them but their length and form. The start screen
holds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.cardholder_profile import Profile, Trust
from kiosk.flow.diagnosis import Diagnosis
from kiosk.flow.entries import unlock_answer
from kiosk.flow.events import AnswerFault, UnlockStep
from kiosk.flow.registration_draft import Draft
from kiosk.flow.trouble import Trouble
from kiosk.questions import SecurityQuestion
from kiosk.values import Rule, Secret


@dataclass(frozen=True, slots=True)
class Page:
    """The base of all pages."""

    @property
    def who(self) -> tuple[Profile, Trust] | None:
        """The user who is logged in and the trust they chose, if the page shows them."""
        return None


@dataclass(frozen=True, slots=True)
class Waiting(Page):
    """The start screen: nobody is served."""


@dataclass(frozen=True, slots=True)
class ReadingCard(Page):
    """The card's identity and counters are read."""


@dataclass(frozen=True, slots=True)
class CardWorks(Page):
    """The card is not locked: the user chooses what to do."""


@dataclass(frozen=True, slots=True)
class OpeningUnlock(Page):
    """Central is asked for the questions; `forgotten` if the card is not locked."""

    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class AskingQuestion(Page):
    """The user answers one of the questions of an unlock.

    `answers` and `lengths` have one item for each question; an answer that is None is blank. After
    a refusal `refused` is set, and `wait_seconds` if central wants a pause before the next try.
    `offline`: this kiosk judges the answers, without central. `forgotten`: the card is not locked,
    so Back leads to its menu.
    """

    questions: tuple[SecurityQuestion, ...]
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
        """The buffers of the answers, by name."""
        return tuple(unlock_answer(index) for index in range(len(self.questions)))

    @property
    def field(self) -> str:
        """The buffer of the present answer, by name."""
        return self.fields[self.index]

    @property
    def length(self) -> int:
        """The length of the present answer."""
        return self.lengths[self.index]

    @property
    def may_skip(self) -> bool:
        """Return whether this question may stay blank, after the blanks before it."""
        blanks = sum(answer is None for answer in self.answers[: self.index])
        return blanks < len(self.questions) - self.required


@dataclass(frozen=True, slots=True)
class CheckingAnswers(Page):
    """Central checks the answers and the card; `asked` is the page to return to.

    `address` is where a code was sent, if any. `another`: the request was for a new code only.
    `spent`: central sends no more codes.
    """

    asked: AskingQuestion
    address: str = ""
    another: bool = False
    spent: bool = False


@dataclass(frozen=True, slots=True)
class AskingCode(Page):
    """The user types the code that was emailed to `address`.

    `anew`: the code before it is void. `spent`: central sends no more codes, and the newest is
    valid. `late`: the email may take a few minutes.
    """

    asked: AskingQuestion
    address: str
    length: int = 0
    refused: bool = False
    anew: bool = False
    spent: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class ChoosingPasscode(Page):
    """The user types the new passcode; `old` is the one to change, None for an unlock."""

    old: Secret | None = None
    length: int = 0
    met: frozenset[Rule] = frozenset()
    differed: bool = False
    same_as_old: bool = False


@dataclass(frozen=True, slots=True)
class RepeatingPasscode(Page):
    """The user types the new passcode again."""

    first: Secret
    old: Secret | None = None
    length: int = 0
    met: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class Unlocking(Page):
    """The grant is fetched and the card is unlocked: the card must stay in the reader."""

    step: UnlockStep = UnlockStep.PERMISSION


@dataclass(frozen=True, slots=True)
class Finished(Page):
    """The card has its new passcode, and the user takes it; `changed`: it was not locked."""

    changed: bool = False


# ---------------------------------------------------------------- with a known passcode


class Why(StrEnum):
    """The reason to ask for a passcode."""

    LOG_IN = "log in"
    CHANGE = "change"
    REGISTER = "register"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class EnteringPasscode(Page):
    """The user types the card's passcode.

    `left` is the number of tries, if they are few or one was wrong. `profile` and `trust` are set
    if the user is logged in already.
    """

    why: Why
    length: int = 0
    left: int | None = None
    refused: bool = False
    profile: Profile | None = None
    trust: Trust | None = None

    @property
    def who(self) -> tuple[Profile, Trust] | None:
        """The user if they are logged in already."""
        if self.profile is None or self.trust is None:
            return None
        return self.profile, self.trust


@dataclass(frozen=True, slots=True)
class CheckingPasscode(Page):
    """The card verifies the passcode, and central the card's signature; `asked` came before."""

    asked: EnteringPasscode


@dataclass(frozen=True, slots=True)
class NowLocked(Page):
    """The card has locked itself after too many wrong passcodes."""


@dataclass(frozen=True, slots=True)
class ChangingPasscode(Page):
    """The card changes its passcode: it must stay in the reader."""


# ---------------------------------------------------------------- logged in


@dataclass(frozen=True, slots=True)
class ChoosingTrust(Page):
    """The user chooses one of several organisations."""

    profile: Profile
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class HolderPage(Page):
    """A page of a user who is logged in."""

    profile: Profile
    trust: Trust

    @property
    def who(self) -> tuple[Profile, Trust]:
        """The user and the trust."""
        return self.profile, self.trust


@dataclass(frozen=True, slots=True)
class ShowingProfile(HolderPage):
    """The user reads their profile."""


# ---------------------------------------------------------------- registering


@dataclass(frozen=True, slots=True)
class Instructions(HolderPage):
    """The user reads what registering means; `draft` is set if they have come back to it."""

    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class DraftPage(Page):
    """A page that holds the draft of a registration."""

    draft: Draft

    @property
    def who(self) -> tuple[Profile, Trust]:
        """The user who registers, and the trust."""
        return self.draft.profile, self.draft.trust


@dataclass(frozen=True, slots=True)
class AnsweringFormer(DraftPage):
    """The user answers a question of the registration that is to be replaced."""

    length: int = 0
    shown: bool = False
    refused: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class ChoosingQuestion(DraftPage):
    """The user chooses the next of the four questions."""


@dataclass(frozen=True, slots=True)
class AnsweringQuestion(DraftPage):
    """The user answers the chosen question; `flaw` says why an answer was refused.

    While the answer is judged (`judging`), it is in the draft already.
    """

    question: int
    length: int = 0
    shown: bool = False
    judging: bool = False
    flaw: AnswerFault | None = None


class Unsent(StrEnum):
    """The reason why no registration code was sent."""

    REFUSED = "refused"  # central accepts no such address
    MAIL = "mail"  # the mail server refused it
    CENTRAL = "central"


@dataclass(frozen=True, slots=True)
class EnteringEmail(DraftPage):
    """The user types the address for the code; `unsent` says why the last code was not sent."""

    length: int = 0
    unsent: Unsent | None = None


@dataclass(frozen=True, slots=True)
class SendingCode(DraftPage):
    """Central emails the code."""


@dataclass(frozen=True, slots=True)
class EnteringCode(DraftPage):
    """The user types the registration code.

    `wait_seconds`: central wants a pause before the next try. `anew`: the code before is void.
    `spent`: central sends no more codes, and the newest is valid. `late`: the email may take a few
    minutes.
    """

    length: int = 0
    refused: bool = False
    anew: bool = False
    spent: bool = False
    late: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmingRegistration(DraftPage):
    """Central registers the card."""


@dataclass(frozen=True, slots=True)
class Registered(HolderPage):
    """The card is registered."""


# ---------------------------------------------------------------- the technician


@dataclass(frozen=True, slots=True)
class EnteringTechnicianCode(Page):
    """The technician types their code."""

    length: int = 0
    refused: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class CheckingTechnician(Page):
    """The technician's code is checked."""


@dataclass(frozen=True, slots=True)
class Examining(Page):
    """The kiosk examines each of its parts."""


@dataclass(frozen=True, slots=True)
class ShowingDiagnoses(Page):
    """The technician reads what was found."""

    diagnoses: tuple[Diagnosis, ...]


# ---------------------------------------------------------------- help


@dataclass(frozen=True, slots=True)
class Helping(Page):
    """Help: what happened, what to do now, whom to call."""

    trouble: Trouble
    wait_seconds: int = 0
