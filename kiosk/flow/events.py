# SPDX-License-Identifier: Apache-2.0
"""The events of the flow, in the past tense.

An event that answers an effect carries that effect's `visit`; after the visit it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.cardholder_profile import Profile
from kiosk.flow.diagnosis import Diagnosis
from kiosk.flow.view import Contact, Intent
from kiosk.questions import SecurityQuestion
from kiosk.values import (
    CardIdentity,
    Counters,
    PasscodeRules,
    ReaderTrouble,
    Rule,
    Secret,
)

# ---------------------------------------------------------------- the user


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed; `typed` is a copy of the entry `field`, if the page has one.

    The event names the field because the page may change between the touch and this event.
    """

    intent: Intent
    typed: Secret | None = None
    field: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """A key changed the entry `field`: its new length, and the rules that it meets."""

    field: str
    length: int
    met: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class Chosen:
    """An item of a list was touched, by its index from 0."""

    number: int


@dataclass(frozen=True, slots=True)
class ScreenFailed:
    """The screen failed to draw a view or to handle a touch, and has wiped what was typed."""


@dataclass(frozen=True, slots=True)
class Touched:
    """The screen was touched anywhere."""


# ---------------------------------------------------------------- time


class Timer(StrEnum):
    """The timers of the flow, one of each kind."""

    IDLE = "idle"
    COUNTDOWN = "countdown"
    WORK = "work"
    VISIT = "visit"
    MINUTE = "minute"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class TimeUp:
    """A timer has run out."""

    timer: Timer


# ---------------------------------------------------------------- the kiosk itself


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """The kiosk's case is open, or its switch is disconnected."""


@dataclass(frozen=True, slots=True)
class SomebodyNear:
    """The presence sensor detected somebody."""


@dataclass(frozen=True, slots=True)
class PowerSeen:
    """The supply voltage has become too low, or good again."""

    low: bool


@dataclass(frozen=True, slots=True)
class LightsFailed:
    """The kiosk's lights are configured and cannot be used."""


# ---------------------------------------------------------------- the technician


@dataclass(frozen=True, slots=True)
class TechnicianAdmitted:
    """The technician's code was right."""

    visit: int


@dataclass(frozen=True, slots=True)
class TechnicianRefused:
    """The code was wrong or came too early; the next try is possible after `wait_seconds`."""

    visit: int
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """The kiosk has examined each of its parts."""

    visit: int
    diagnoses: tuple[Diagnosis, ...]


# ---------------------------------------------------------------- card and reader


@dataclass(frozen=True, slots=True)
class ReaderFailed:
    """The reader or the card service has failed."""

    trouble: ReaderTrouble


@dataclass(frozen=True, slots=True)
class ReaderReady:
    """The reader works; the screen says so if it is `simulated`."""

    simulated: bool = False


@dataclass(frozen=True, slots=True)
class CardInserted:
    """A card was inserted; the user may quote the `reference` to the RA."""

    reference: str


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The card was removed."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """The card's identity and counters were read."""

    visit: int
    identity: CardIdentity
    counters: Counters
    rules: PasscodeRules
    may_log_in: bool = True


class CardTrouble(StrEnum):
    """The reason why work with a card failed."""

    UNKNOWN = "unknown"
    READER = "reader"
    REMOVED = "removed"
    MUTE = "mute"
    WRONG_CARD = "wrong card"
    FAILED = "failed"
    UNBLOCKING_SPENT = "unblocking spent"
    STORE = "store"  # nothing was done to the card, because it could not have been recorded


@dataclass(frozen=True, slots=True)
class CardFailed:
    """Work with the card failed."""

    visit: int
    trouble: CardTrouble


# ---------------------------------------------------------------- unlock


@dataclass(frozen=True, slots=True)
class UnlockOpened:
    """The questions to ask arrived, in order; `offline` if they come from a pack on this kiosk."""

    visit: int
    questions: tuple[SecurityQuestion, ...]
    required: int
    offline: bool = False


@dataclass(frozen=True, slots=True)
class AnswersAccepted:
    """Enough answers were right, and the card is genuine."""

    visit: int


@dataclass(frozen=True, slots=True)
class AnswersRefused:
    """Too few answers were right; the next try is possible after `wait_seconds`."""

    visit: int
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class CodeSent:
    """Central asks for a code and has emailed it; `anew` if it replaces one that is void.

    `late`: the mail server has not taken the email yet.
    """

    visit: int
    address: str
    anew: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """The emailed code was wrong."""

    visit: int


class Refusal(StrEnum):
    """The reason why central refuses a request."""

    NOT_KNOWN = "not known"
    NOT_REGISTERED = "not registered"
    STOPPED = "stopped"
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


@dataclass(frozen=True, slots=True)
class UnlockRefused:
    """Central refused a request; `wait_seconds` goes with `Refusal.WAIT`."""

    visit: int
    refusal: Refusal
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class CentralFailed:
    """The central service could not be reached, or its answer was not understood."""

    visit: int


class UnlockStep(StrEnum):
    """The steps of an unlock's card work, as the user sees them."""

    PERMISSION = "permission"
    UNLOCK = "unlock"
    CHECK = "check"
    RENEW = "renew"


@dataclass(frozen=True, slots=True)
class UnlockAdvanced:
    """The unlock has reached `step`."""

    visit: int
    step: UnlockStep


@dataclass(frozen=True, slots=True)
class CardUnlocked:
    """The card took the new passcode, and proved it."""

    visit: int


# ---------------------------------------------------------------- with a passcode


@dataclass(frozen=True, slots=True)
class PasscodeRefused:
    """The card refused the passcode; `left` is the number of tries, None if it does not tell."""

    visit: int
    left: int | None


@dataclass(frozen=True, slots=True)
class PasscodeChanged:
    """The card took the new passcode, and proved it."""

    visit: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Central accepted the card's signature, and sent the cardholder's profile."""

    visit: int
    profile: Profile


@dataclass(frozen=True, slots=True)
class RegistrationOpened:
    """The passcode was right, and a registration may begin.

    `offered` has the questions to choose from. `former` has the questions of the
    registration to replace, if there is one. `mail_domains` has the domains that central accepts;
    one that starts with a dot stands for its subdomains.
    """

    visit: int
    offered: tuple[SecurityQuestion, ...]
    former: tuple[SecurityQuestion, ...] = ()
    mail_domains: tuple[str, ...] = ()


class AnswerFault(StrEnum):
    """The reason why an answer is not good enough to register."""

    TOO_SHORT = "too short"
    COMMON = "common"
    IN_QUESTION = "in question"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class AnswerJudged:
    """An answer was judged; `flaw` is None if it is good enough to register."""

    visit: int
    flaw: AnswerFault | None


@dataclass(frozen=True, slots=True)
class EmailRefused:
    """Central sends no codes to such an address."""

    visit: int


@dataclass(frozen=True, slots=True)
class CardRegistered:
    """The card was registered: a kiosk can unlock it from now on."""

    visit: int


@dataclass(frozen=True, slots=True)
class RegistrationRemoved:
    """The registration was removed, with its answers."""

    visit: int


# ---------------------------------------------------------------- the surroundings


@dataclass(frozen=True, slots=True)
class SpeechSeen:
    """It was found whether this kiosk can read aloud."""

    present: bool


@dataclass(frozen=True, slots=True)
class Speaking:
    """Reading aloud has begun or ended; several readings may begin before one ends."""

    going: bool


@dataclass(frozen=True, slots=True)
class CentralSeen:
    """Central was called: `reachable` if it answers, `admitted` if it accepts this kiosk.

    `available_packs`: so many cards can be unlocked without central.
    """

    reachable: bool
    admitted: bool = True
    available_packs: int = 0


@dataclass(frozen=True, slots=True)
class ContactsSeen:
    """Central sent new contacts."""

    contacts: tuple[Contact, ...]


Event = (
    Pressed
    | Typed
    | Chosen
    | Touched
    | ScreenFailed
    | TimeUp
    | ReaderFailed
    | ReaderReady
    | CardInserted
    | CardTaken
    | CardRead
    | CardFailed
    | UnlockOpened
    | AnswersAccepted
    | AnswersRefused
    | CodeSent
    | CodeRefused
    | UnlockRefused
    | CentralFailed
    | UnlockAdvanced
    | CardUnlocked
    | PasscodeRefused
    | PasscodeChanged
    | LoggedIn
    | RegistrationOpened
    | AnswerJudged
    | EmailRefused
    | CardRegistered
    | RegistrationRemoved
    | CentralSeen
    | ContactsSeen
    | CaseOpened
    | SomebodyNear
    | PowerSeen
    | LightsFailed
    | SpeechSeen
    | Speaking
    | TechnicianAdmitted
    | TechnicianRefused
    | Diagnosed
)
