# SPDX-License-Identifier: Apache-2.0
"""What has happened, in the past tense: everything the flow ever hears of.

Events that answer an effect carry the `visit` the effect was asked for; an answer that belongs to a
visit which is over changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.cardholder_profile import Profile
from kiosk.flow.diagnosis import Diagnosis
from kiosk.flow.view import Contact, Intent
from kiosk.values import (
    CardIdentity,
    Counters,
    PasscodeRules,
    ReaderTrouble,
    Rule,
    Secret,
)

# ---------------------------------------------------------------- the person


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed. `typed` is a copy of what the entry `field` holds, where there is one.

    The field is said because a page may have changed between the touch and its being heard.
    """

    intent: Intent
    typed: Secret | None = None
    field: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """A key changed the entry `field`: its length now, and the rules it meets."""

    field: str
    length: int
    met: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry of a list was touched: its place in it, from 0."""

    number: int


@dataclass(frozen=True, slots=True)
class ScreenFailed:
    """The screen could not draw a view, or failed at a touch; it has wiped what was typed."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody is there: the screen was touched, wherever."""


# ---------------------------------------------------------------- time


class Timer(StrEnum):
    """The flow's timers; it has one of each, and starting one again restarts it."""

    IDLE = "idle"
    COUNTDOWN = "countdown"
    WORK = "work"
    VISIT = "visit"
    MINUTE = "minute"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class TimeUp:
    """A timer that the flow started has run out."""

    timer: Timer


# ---------------------------------------------------------------- the kiosk itself


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """The kiosk's case is open, or its switch is cut off."""


@dataclass(frozen=True, slots=True)
class SomebodyNear:
    """The presence sensor saw somebody."""


@dataclass(frozen=True, slots=True)
class PowerSeen:
    """The supply voltage is too low, or good again."""

    low: bool


@dataclass(frozen=True, slots=True)
class LightsFailed:
    """This kiosk is to have lights, and they cannot be used."""


# ---------------------------------------------------------------- the technician


@dataclass(frozen=True, slots=True)
class TechnicianAdmitted:
    """That was the technician's code."""

    visit: int


@dataclass(frozen=True, slots=True)
class TechnicianRefused:
    """That was not the code, or it came too early: the next try is after `wait_seconds`."""

    visit: int
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """The kiosk has looked at each of its parts."""

    visit: int
    diagnoses: tuple[Diagnosis, ...]


# ---------------------------------------------------------------- card and reader


@dataclass(frozen=True, slots=True)
class ReaderFailed:
    """The reader or the card service went away."""

    trouble: ReaderTrouble


@dataclass(frozen=True, slots=True)
class ReaderReady:
    """The reader is there and works; `simulated` when it is no hardware, which the screen says."""

    simulated: bool = False


@dataclass(frozen=True, slots=True)
class CardInserted:
    """A card lies in the reader. `reference` is what the person may quote to the RA afterwards."""

    reference: str


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The card left the reader."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """The card told who it is and how many tries it has left."""

    visit: int
    identity: CardIdentity
    counters: Counters
    rules: PasscodeRules
    may_log_in: bool = True


class CardTrouble(StrEnum):
    """Why work with a card did not come to its end."""

    UNKNOWN = "unknown"
    READER = "reader"
    REMOVED = "removed"
    MUTE = "mute"
    WRONG_CARD = "wrong card"
    FAILED = "failed"
    UNBLOCKING_SPENT = "unblocking spent"
    STORE = "store"  # nothing was done to it: it could not have been recorded


@dataclass(frozen=True, slots=True)
class CardFailed:
    """Work with the card did not come to its end."""

    visit: int
    trouble: CardTrouble


# ---------------------------------------------------------------- unlock


@dataclass(frozen=True, slots=True)
class UnlockOpened:
    """These are the questions to ask, in order; `offline` by what central lent for this card."""

    visit: int
    questions: tuple[str, ...]
    required: int
    offline: bool = False


@dataclass(frozen=True, slots=True)
class AnswersAccepted:
    """Enough answers were right, and the card is genuine."""

    visit: int


@dataclass(frozen=True, slots=True)
class AnswersRefused:
    """Too few answers were right; which, nobody tells. The next try is after `wait_seconds`."""

    visit: int
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class CodeSent:
    """Central asks for a code as well, and has emailed one; `anew` where one was void by now."""

    visit: int
    address: str
    anew: bool = False


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """That was not the code."""

    visit: int


class Refusal(StrEnum):
    """Why central does not unlock this card now."""

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
    """Central said no. `wait_seconds` goes with `Refusal.WAIT`."""

    visit: int
    refusal: Refusal
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class CentralFailed:
    """The central service could not be reached, or its answer could not be understood."""

    visit: int


class UnlockStep(StrEnum):
    """The steps of an unlock's card work, as the person sees them."""

    PERMISSION = "permission"
    UNLOCK = "unlock"
    CHECK = "check"
    RENEW = "renew"


@dataclass(frozen=True, slots=True)
class UnlockAdvanced:
    """The unlock has come to `step`."""

    visit: int
    step: UnlockStep


@dataclass(frozen=True, slots=True)
class CardUnlocked:
    """The card took the new passcode, and proved it."""

    visit: int


# ---------------------------------------------------------------- with a passcode


@dataclass(frozen=True, slots=True)
class PasscodeRefused:
    """The card refused the passcode and counted it; `left`: tries, None where it is silent."""

    visit: int
    left: int | None


@dataclass(frozen=True, slots=True)
class PasscodeChanged:
    """The card took the new passcode, and proved it."""

    visit: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Central believes the card, and tells who its holder is."""

    visit: int
    profile: Profile


@dataclass(frozen=True, slots=True)
class RegistrationOpened:
    """The passcode was proved anew: these questions may be chosen, as (id, text).

    `former` are those whose answers are needed, where there is a registration to replace.
    `mail_domains` are whose addresses central accepts, with a dot before those that people have
    theirs below.
    """

    visit: int
    offered: tuple[tuple[str, str], ...]
    former: tuple[str, ...] = ()
    mail_domains: tuple[str, ...] = ()


class AnswerFlaw(StrEnum):
    """Why an answer is not good enough."""

    TOO_SHORT = "too short"
    COMMON = "common"
    IN_QUESTION = "in question"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class AnswerJudged:
    """Whether an answer is good enough to register."""

    visit: int
    flaw: AnswerFlaw | None


@dataclass(frozen=True, slots=True)
class EmailRefused:
    """Codes do not go to such an address."""

    visit: int


@dataclass(frozen=True, slots=True)
class CardRegistered:
    """The card can be unlocked at a kiosk from now on."""

    visit: int


@dataclass(frozen=True, slots=True)
class RegistrationRemoved:
    """Nothing of the answers is kept any more."""

    visit: int


# ---------------------------------------------------------------- the house


@dataclass(frozen=True, slots=True)
class SpeechSeen:
    """Whether this kiosk can read aloud."""

    present: bool


@dataclass(frozen=True, slots=True)
class Speaking:
    """Reading aloud has begun, or has come to its end; several may begin before one ends."""

    going: bool


@dataclass(frozen=True, slots=True)
class CentralSeen:
    """Whether the central service answers at present, and `admitted`: whether it answers us.

    `lent`: for so many cards it lent what it takes to unlock them without it.
    """

    reachable: bool
    admitted: bool = True
    available_packs: int = 0


@dataclass(frozen=True, slots=True)
class ContactsSeen:
    """Whom to call, as central has it by now."""

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
