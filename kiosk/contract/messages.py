# SPDX-License-Identifier: Apache-2.0
"""The messages that kiosk and central exchange: only fields that are sent, never table rows."""

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
    """The reasons to unlock a card."""

    LOCKED = "locked"
    FORGOTTEN = "forgotten"


class PresentedCard(Message):
    """A card as the kiosk read it; nothing in it is verified yet."""

    family: Family
    serial: Serial
    passcode_tries: Annotated[int, Field(ge=0, le=255)] | None
    unblocking_tries: Annotated[int, Field(ge=0, le=255)] | None
    authentication_certificate: Der | None = None
    card_authentication_certificate: Der | None = None


class UnlockRequest(Message):
    """POST /v1/unlocks. The kiosk makes `session`: a repeated request opens no second session."""

    session: UUID
    card: PresentedCard
    reason: UnlockReason
    language: LanguageName = "en"


class Question(Message):
    """A question that this cardholder registered."""

    id: str
    text: str


class UnlockResponse(Message):
    """The questions to ask, in order, and the nonce that the card signs (see `contract.proof`)."""

    session: UUID
    nonce: Annotated[Base64, Field(min_length=16, max_length=64)]
    questions: Annotated[tuple[Question, ...], Field(min_length=4, max_length=4)]
    required: int = 3
    proof_required: bool = True


# ---------------------------------------------------------------- unlock: answers


class AnswersRequest(Message):
    """POST /v1/unlocks/{session}/answers: one answer for each question, in order; None is a blank.

    `proof` is the signature of the card's card authentication key over `proof.digest(...)`, None if
    the card has no such key. `code` is the emailed code, required after `code-required`.
    """

    answers: Annotated[tuple[Answer | None, ...], Field(min_length=4, max_length=4, repr=False)]
    proof: Annotated[Base64, Field(max_length=1024)] | None = None
    code: Code | None = Field(None, repr=False)


class AnswersResponse(Message):
    """The card is genuine and enough answers were right."""

    session: UUID


class CodeResponse(Message):
    """POST /v1/unlocks/{session}/code: a new code is on its way; the previous one is void.

    `address` is the cardholder's address, masked so that only the cardholder recognises it.
    `queued`: the mail server has not taken the email yet; it may arrive in a few minutes.
    """

    address: str
    valid_seconds: Annotated[int, Field(ge=1)]
    queued: bool = False


# ---------------------------------------------------------------- unlock: grant


class UnblockingKey(Message):
    """An unblocking key that the card may carry.

    `key` is None if the key never leaves central. Such an administrator key answers the card's
    challenge instead (see `ChallengeOpened`).
    """

    generation: Generation
    key: Annotated[Base64, Field(max_length=64)] | None = Field(repr=False)


class Grant(Message):
    """POST /v1/unlocks/{session}/grant: a repeated request returns the same grant.

    `current` and `next` are the pair of keys; `next` is None if the keys of such cards are not
    renewed. `first` is the generation to try first. The kiosk does not try it if the card reports
    fewer than `first_needs_tries_left` tries. `second_allowed` says whether the other key may be
    tried if the card refuses the first. It may not be tried if that refusal leaves fewer than
    `second_needs_tries_left` tries: then more tries were spent than central knows of, and the card
    may carry neither key. `renew` asks for the change current -> next after an unblock with
    `current`. Only central can read `receipt`: see `GrantReceived`.
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

    `opening` is central's own challenge: 16 bytes for the mutual form, empty for the external one.
    A grant allows two such dialogues, numbered 1 and 2.
    """

    number: Annotated[int, Field(ge=1, le=2)]
    opening: Annotated[Base64, Field(max_length=16)]


class CardChallenge(Message):
    """POST /v1/unlocks/{session}/challenges/{number}/response: the card's challenge, once."""

    challenge: Annotated[Base64, Field(min_length=8, max_length=16)]


class ChallengeResponse(Message):
    """The administrator key's response to the card's challenge."""

    response: Annotated[Base64, Field(repr=False, max_length=64)]


class CardReply(Message):
    """POST /v1/unlocks/{session}/challenges/{number}/reply: the card's reply to the response."""

    reply: Annotated[Base64, Field(max_length=64)]


class CardGenuine(Message):
    """The card has the administrator key too, so the new passcode may be sent to it."""

    session: UUID


# ---------------------------------------------------------------- the outbox


class CardCommand(StrEnum):
    """The commands of an unlock whose outcome is reported as a fact.

    `authenticate` sends an administrator key's response to the card. On other cards `unblock`
    itself presents the key.
    """

    AUTHENTICATE = "authenticate"
    UNBLOCK = "unblock"
    VERIFY = "verify"
    CHANGE = "change"
    ATTEST = "attest"


class CardFact(Message):
    """One step of the card work; `status` is None if the command is about to be sent.

    `generation` is the key's generation: of the candidate for `authenticate` and `unblock`, of the
    new key for `change`, and of the key that the card now carries for `verify` and `attest`.
    `signature` goes with `attest`: the authentication key's, over `proof.digest(purpose="unlocked",
    ...)`.
    """

    kind: Literal["card"] = "card"
    grant: UUID
    sequence: Annotated[int, Field(ge=0, le=64)]
    command: CardCommand
    generation: Generation
    status: StatusWord | None
    signature: Annotated[Base64, Field(max_length=1024)] | None = None


class VisitEnd(Message):
    """The session's card work is over; exactly `facts` CardFacts were recorded.

    The kiosk records it when a visit that asked for a grant ends, and when it starts again after it
    was killed. With all of the facts, central knows which commands cannot have run.
    """

    kind: Literal["visit end"] = "visit end"
    session: UUID
    facts: Annotated[int, Field(ge=0, le=64)]


class PasscodeChange(Message):
    """A cardholder has changed this card's passcode: central audits it and tells the cardholder."""

    kind: Literal["passcode change"] = "passcode change"
    family: Family
    serial: Serial


class GrantReceived(Message):
    """The kiosk has this grant; `receipt` is the one that came with it.

    A central that was restored from a backup may not know the grant any more. Only central can open
    the receipt; it restores the grant from it.
    """

    kind: Literal["grant"] = "grant"
    grant: UUID
    session: UUID
    receipt: Receipt


class EpochConfirmed(Message):
    """The kiosk has reported again everything of before this epoch that the backup may lack."""

    kind: Literal["epoch"] = "epoch"
    epoch: EpochName


class HoldReason(StrEnum):
    """The reasons for which a kiosk holds back changes from central."""

    EMPTY = "central is empty"
    FEWER = "central has far fewer cards"
    DELETION = "too many cards would go"
    BACKWARDS = "central went backwards"
    OTHER = "central is another one"


class HeldBack(Message):
    """The changes that a kiosk holds back (see `contract.approval`); they remove `losses` cards."""

    reason: HoldReason
    organisation: Annotated[int, Field(ge=0, lt=10**18)]
    epoch: EpochName
    head: Annotated[int, Field(ge=0, lt=10**18)]
    losses: Annotated[int, Field(ge=0)]


class PackAttempt(Message):
    """Answers are about to be tried on a pack, before an envelope is opened (see `contract.packs`).

    It counts as a failed attempt until `PackAnswers` says otherwise.
    """

    kind: Literal["pack attempt"] = "pack attempt"
    pack: UUID
    number: Annotated[int, Field(ge=1, le=2)]


class PackAnswers(Message):
    """The result of an attempt; if the answers were `right`, card work runs under `grant`.

    The kiosk makes `session` and `grant`; the counters are those that the card reported.
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
    """The kiosk no longer has this pack; exactly `attempts` attempts were made on it."""

    kind: Literal["pack end"] = "pack end"
    pack: UUID
    attempts: Annotated[int, Field(ge=0, le=2)]


Trouble = Annotated[str, Field(max_length=128, pattern=r"^[ -~]*$")]


class KioskHealth(Message):
    """The health of a kiosk; the newest one replaces the earlier ones.

    `cards` is the number of cards in its replica, as of `position`. `troubles` are the failed
    checks of its last health check, each as "part: what is wrong".
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
    """The kinds of audited event that a kiosk causes by itself."""

    SYNC_STARTED = "sync started"
    REFILL_BEGUN = "refill begun"
    REFILLED = "refilled"
    HELD_BACK = "held back"
    APPROVED = "approved"
    APPROVAL_REFUSED = "approval refused"
    CASE_OPENED = "case opened"
    CASE_UNWATCHED = "case unwatched"


class KioskEvent(Message):
    """An event at the kiosk that concerns no cardholder, for the audit."""

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
    """A fact from the kiosk: reported at least once, applied exactly once."""

    id: UUID
    recorded_at: Moment
    fact: Fact


class Report(Message):
    """POST /v1/reports."""

    items: Annotated[tuple[OutboxItem, ...], Field(min_length=1, max_length=100)]


class ItemStatus(StrEnum):
    """The outcomes of an item; all but `refused` need never be sent again."""

    APPLIED = "applied"
    KNOWN = "known"
    REFUSED = "refused"


class ItemOutcome(Message):
    """Central's answer for one item."""

    id: UUID
    status: ItemStatus
    reason: str = ""


class ReportOutcome(Message):
    """One answer for each item, in the order in which they were sent; the time is central's."""

    items: tuple[ItemOutcome, ...]
    received_at: Moment


# ---------------------------------------------------------------- health and problems


class Health(Message):
    """GET /v1/health: the service answers, and gives its name."""

    central: str


class ProblemType(StrEnum):
    """The reasons for a refusal: the end of a problem's `type`, `urn:smartcard-kiosk:problem:…`."""

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
    BUSY = "busy"
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
