# SPDX-License-Identifier: Apache-2.0
"""The messages that kiosk and central exchange: never tables, nothing else than what is sent."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kiosk.contract.message import (
    Answer,
    Base64,
    Code,
    Der,
    EpochName,
    Generation,
    LanguageName,
    Message,
    Moment,
    Receipt,
    Serial,
    StatusWord,
)
from kiosk.values import Family

# ---------------------------------------------------------------- unlock: open


class UnlockReason(StrEnum):
    """Why a card is to be unlocked."""

    LOCKED = "locked"
    FORGOTTEN = "forgotten"


class PresentedCard(Message):
    """A card as the kiosk read it, before anything is believed of it."""

    family: Family
    serial: Serial
    passcode_tries: Annotated[int, Field(ge=0, le=255)] | None
    unblocking_tries: Annotated[int, Field(ge=0, le=255)] | None
    authentication_certificate: Der | None = None
    card_authentication_certificate: Der | None = None


class UnlockRequest(Message):
    """POST /v1/unlocks. `session` is made by the kiosk: sending it again opens nothing twice."""

    session: UUID
    card: PresentedCard
    reason: UnlockReason
    language: LanguageName = "en"


class Question(Message):
    """A question that this cardholder registered."""

    id: str
    text: str


class UnlockResponse(Message):
    """The questions to ask, in order, and what the card is to sign (see `contract.proof`)."""

    session: UUID
    nonce: Annotated[Base64, Field(min_length=16, max_length=64)]
    questions: Annotated[tuple[Question, ...], Field(min_length=4, max_length=4)]
    required: int = 3
    proof_required: bool = True


# ---------------------------------------------------------------- unlock: answers


class AnswersRequest(Message):
    """POST /v1/unlocks/{session}/answers. One answer a question, in order; None is a blank.

    `proof` is the signature of the card's card authentication key over `proof.digest(...)`, None
    where the card has no such key. `code` is what was e-mailed after `code-required`.
    """

    answers: Annotated[tuple[Answer | None, ...], Field(min_length=4, max_length=4, repr=False)]
    proof: Annotated[Base64, Field(max_length=1024)] | None = None
    code: Code | None = Field(None, repr=False)


class AnswersResponse(Message):
    """The card is genuine and enough answers were right."""

    session: UUID


class CodeResponse(Message):
    """POST /v1/unlocks/{session}/code: a fresh code is on its way, and the one before is void.

    `address` is the cardholder's, but for enough of it to be recognised by her alone.
    """

    address: str
    valid_seconds: Annotated[int, Field(ge=1)]


# ---------------------------------------------------------------- unlock: grant


class UnblockingKey(Message):
    """An unblocking key that the card may carry.

    `key` is None where it never leaves central: an administrator key, which answers the card's
    challenge instead (see `ChallengeOpened`).
    """

    generation: Generation
    key: Annotated[Base64, Field(max_length=64)] | None = Field(repr=False)


class Grant(Message):
    """POST /v1/unlocks/{session}/grant: asking again returns the same grant.

    `current` and `next` are the pair, `next` None where the keys of such cards are not renewed;
    `first` is the generation to try first. It is not to be tried if the card tells that it has
    fewer than `first_needs_tries_left`. `second_allowed` says whether the other may be tried if the
    card refuses the first. It may not if that refusal leaves fewer than `second_needs_tries_left`:
    then more was spent than central knows of, and the pair may not be what the card carries.
    `renew` asks for the change current -> next after an unblock with `current`. `receipt` is for
    central alone: see `GrantReceived`.
    """

    grant: UUID
    session: UUID
    current: UnblockingKey
    next: UnblockingKey | None
    first: Generation
    first_needs_tries_left: Annotated[int, Field(ge=2, le=255)] = 3
    second_allowed: bool
    second_needs_tries_left: Annotated[int, Field(ge=2, le=255)] = 2
    renew: bool
    card_authentication_key: Der | None = Field(
        description="SubjectPublicKeyInfo pinned at registration"
    )
    begin_within_seconds: Annotated[int, Field(ge=1, le=120)] = 120
    receipt: Receipt


# ---------------------------------------------------------------- unlock: administrator keys


class ChallengeOpened(Message):
    """POST /v1/unlocks/{session}/challenges: central opens the dialogue with the card.

    `opening` is its own challenge for the mutual form, 16 bytes, and empty for the external one. A
    grant is good for two such dialogues, numbered 1 and 2.
    """

    number: Annotated[int, Field(ge=1, le=2)]
    opening: Annotated[Base64, Field(max_length=16)]


class CardChallenge(Message):
    """POST /v1/unlocks/{session}/challenges/{number}/response: what the card asked, once."""

    challenge: Annotated[Base64, Field(min_length=8, max_length=16)]


class ChallengeResponse(Message):
    """What the administrator key makes of the card's challenge."""

    response: Annotated[Base64, Field(repr=False, max_length=64)]


class CardReply(Message):
    """POST /v1/unlocks/{session}/challenges/{number}/reply: what the card said to the response."""

    reply: Annotated[Base64, Field(max_length=64)]


class CardGenuine(Message):
    """The card has the administrator key as well: it may be told the new passcode."""

    session: UUID


# ---------------------------------------------------------------- the outbox


class CardCommand(StrEnum):
    """The commands of an unlock whose outcome is a fact.

    `authenticate` is an administrator key's response to the card; elsewhere `unblock` compares the
    key.
    """

    AUTHENTICATE = "authenticate"
    UNBLOCK = "unblock"
    VERIFY = "verify"
    CHANGE = "change"
    ATTEST = "attest"


class CardFact(Message):
    """One step of the card work. `status` is None when the command is about to be sent.

    `generation` is the key's generation: of the candidate for `authenticate` and `unblock`, of the
    new key for `change`, and of the key the card is left with for `verify` and `attest`.
    `signature` goes with `attest`: the authentication key's, over
    `proof.digest(purpose="unlocked", ...)`.
    """

    kind: Literal["card"] = "card"
    grant: UUID
    sequence: Annotated[int, Field(ge=0, le=64)]
    command: CardCommand
    generation: Generation
    status: StatusWord | None
    signature: Annotated[Base64, Field(max_length=1024)] | None = None


class VisitEnd(Message):
    """No more card work comes of this session: `facts` CardFacts were recorded, and that is all.

    Recorded when a visit that asked for a grant is over, and when a kiosk that was killed starts
    again. With all of its facts, central knows what cannot have happened.
    """

    kind: Literal["visit end"] = "visit end"
    session: UUID
    facts: Annotated[int, Field(ge=0, le=64)]


class PasscodeChange(Message):
    """A cardholder has changed the passcode of this card: for the audit, and to be told of it."""

    kind: Literal["passcode change"] = "passcode change"
    family: Family
    serial: Serial


class GrantReceived(Message):
    """The kiosk has this grant. `receipt` is what came with it.

    A central that was restored from a backup may not know the grant any more; only it can open the
    receipt, and has the grant again.
    """

    kind: Literal["grant"] = "grant"
    grant: UUID
    session: UUID
    receipt: Receipt


class EpochConfirmed(Message):
    """Whatever happened at this kiosk before, and may not be backed up, was reported anew."""

    kind: Literal["epoch"] = "epoch"
    epoch: EpochName


class HoldReason(StrEnum):
    """Why a kiosk does not take what central hands down."""

    EMPTY = "central is empty"
    FEWER = "central has far fewer cards"
    DELETION = "too many cards would go"
    BACKWARDS = "central went backwards"
    OTHER = "central is another one"


class HeldBack(Message):
    """What a kiosk holds back: see `contract.approval`. `losses`: so many cards would go."""

    reason: HoldReason
    organisation: Annotated[int, Field(ge=0, lt=10**18)]
    epoch: EpochName
    head: Annotated[int, Field(ge=0, lt=10**18)]
    losses: Annotated[int, Field(ge=0)]


class PackAttempt(Message):
    """Answers are about to be tried on a pack: a failed attempt until `PackAnswers` says otherwise.

    Recorded before an envelope is opened: see `contract.packs`.
    """

    kind: Literal["pack attempt"] = "pack attempt"
    pack: UUID
    number: Annotated[int, Field(ge=1, le=2)]


class PackAnswers(Message):
    """What came of an attempt. Where the answers were `right`, `grant` is what card work is under.

    `session` and `grant` are made by the kiosk, the counters are as the card told them.
    """

    kind: Literal["pack answers"] = "pack answers"
    pack: UUID
    number: Annotated[int, Field(ge=1, le=2)]
    right: bool
    session: UUID
    grant: UUID
    reason: UnlockReason
    passcode_tries: Annotated[int, Field(ge=0, le=255)] | None = None
    unblocking_tries: Annotated[int, Field(ge=0, le=255)] | None = None


class PackEnded(Message):
    """The kiosk does not have this pack any more; `attempts` were made on it, and no others."""

    kind: Literal["pack end"] = "pack end"
    pack: UUID
    attempts: Annotated[int, Field(ge=0, le=2)]


Trouble = Annotated[str, Field(max_length=128, pattern=r"^[ -~]*$")]


class KioskHealth(Message):
    """How the kiosk is. `cards` it holds, as of `position`. The newest replaces those before.

    `troubles` are what it found when it last looked at itself, each as "part: what is wrong".
    """

    kind: Literal["health"] = "health"
    version: Annotated[str, Field(max_length=64)]
    python: Annotated[str, Field(max_length=64)]
    disk_free_megabytes: Annotated[int, Field(ge=0)]
    clock_ahead_seconds: int | None
    cards: Annotated[int, Field(ge=0)]
    position: Annotated[int, Field(ge=0)]
    pending: Annotated[int, Field(ge=0)]
    refused: Annotated[int, Field(ge=0)]
    held: HeldBack | None = None
    troubles: Annotated[tuple[Trouble, ...], Field(max_length=16)] = ()


class KioskDeed(StrEnum):
    """What a kiosk did by itself."""

    SYNC_STARTED = "sync started"
    REFILL_BEGUN = "refill begun"
    REFILLED = "refilled"
    HELD_BACK = "held back"
    APPROVED = "approved"
    APPROVAL_REFUSED = "approval refused"
    CASE_OPENED = "case opened"
    CASE_UNWATCHED = "case unwatched"


class KioskEvent(Message):
    """Something at the kiosk that concerns nobody in particular: for the audit."""

    kind: Literal["audit"] = "audit"
    deed: KioskDeed
    detail: Annotated[str, Field(max_length=128, pattern=r"^[ -~]*$")] = ""


Fact = Annotated[
    CardFact
    | VisitEnd
    | PasscodeChange
    | GrantReceived
    | PackAttempt
    | PackAnswers
    | PackEnded
    | EpochConfirmed
    | KioskHealth
    | KioskEvent,
    Field(discriminator="kind"),
]


class OutboxItem(Message):
    """Something that happened at the kiosk: reported at least once, applied exactly once."""

    id: UUID
    recorded_at: Moment
    fact: Fact


class Report(Message):
    """POST /v1/reports."""

    items: Annotated[tuple[OutboxItem, ...], Field(min_length=1, max_length=100)]


class ItemStatus(StrEnum):
    """What became of an item: all but `refused` need never be sent again."""

    APPLIED = "applied"
    KNOWN = "known"
    REFUSED = "refused"


class ItemOutcome(Message):
    """Central's answer for one item."""

    id: UUID
    status: ItemStatus
    reason: str = ""


class ReportOutcome(Message):
    """One answer an item, in the order in which they were sent; the time is central's."""

    items: tuple[ItemOutcome, ...]
    received_at: Moment


# ---------------------------------------------------------------- health and problems


class Health(Message):
    """GET /v1/health: the service answers, and whose it is."""

    central: str


class ProblemType(StrEnum):
    """Why central says no: the last part of a problem's `type`, `urn:smartcard-kiosk:problem:…`."""

    NOT_AUTHENTICATED = "not-authenticated"
    ENROLMENT_REFUSED = "enrolment-refused"
    INVALID_REQUEST = "invalid-request"
    TOO_LARGE = "too-large"
    NOT_FOUND = "not-found"
    CARD_NOT_KNOWN = "card-not-known"
    NOT_REGISTERED = "not-registered"
    CARD_STOPPED = "card-stopped"
    CARD_FROZEN = "card-frozen"
    CARD_NOT_GENUINE = "card-not-genuine"
    ANSWERS_WRONG = "answers-wrong"
    CODE_REQUIRED = "code-required"
    CODE_WRONG = "code-wrong"
    CODE_VOID = "code-void"
    NO_MORE_CODES = "no-more-codes"
    MAIL_FAILED = "mail-failed"
    NOT_TRUSTED = "not-trusted"
    UNLOCK_ONLY = "unlock-only"
    EMAIL_REFUSED = "email-refused"
    ANSWERS_UNFIT = "answers-unfit"
    LOCKED_OUT = "locked-out"
    WAIT = "wait"
    OUT_OF_ORDER = "out-of-order"
    EXPIRED = "expired"
    UNSETTLED = "unsettled"
    CURSOR_VOID = "cursor-void"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"


PROBLEM_PREFIX = "urn:smartcard-kiosk:problem:"


class Problem(BaseModel):
    """An RFC 9457 problem document (application/problem+json)."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    title: str
    status: int
    detail: str = ""
    retry_after_seconds: int | None = None
