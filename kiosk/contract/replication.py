# SPDX-License-Identifier: Apache-2.0
"""The messages of replication: pages of changes to a kiosk's replica of its organisation's cards.

A kiosk holds no card number, no name, no key and no envelope. It knows a card by a hash of family
and serial under a key of its own, which no other kiosk has.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from kiosk.contract.approval import Approval
from kiosk.contract.enrolment import StatementPurpose, statement
from kiosk.contract.message import Base64, Message, Moment
from kiosk.values import CardIdentity

LARGEST_PAGE = 1000
LONGEST_WAIT_SECONDS = 50
_NUMBER = r"(0|[1-9][0-9]{0,17})"
EPOCH_PATTERN = r"[0-9a-f]{16}"
CURSOR_PATTERN = rf"^{_NUMBER}\.{_NUMBER}\.({EPOCH_PATTERN})\.{_NUMBER}\.{_NUMBER}$"
CursorText = Annotated[str, Field(pattern=CURSOR_PATTERN)]
Epoch = Annotated[str, Field(pattern=f"^{EPOCH_PATTERN}$")]
Position = Annotated[int, Field(ge=0, lt=10**18)]
CardHash = Annotated[Base64, Field(min_length=16, max_length=16)]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A kiosk's place in the changes: it has received those of `organisation` up to `position`.

    `since` is the organisation's position when the kiosk began with an empty replica. It never had
    cards that left before that.
    """

    organisation: int
    kiosk: int
    epoch: str
    position: int
    since: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor in `text`; raises ValueError if it is none."""
        found = re.fullmatch(CURSOR_PATTERN, text)
        if found is None:
            raise ValueError("not a cursor")
        organisation, kiosk, epoch, position, since = found.groups()
        return cls(int(organisation), int(kiosk), epoch, int(position), int(since))

    def __str__(self) -> str:
        return f"{self.organisation}.{self.kiosk}.{self.epoch}.{self.position}.{self.since}"


def card_hash(key: bytes, card: CardIdentity) -> bytes:
    """Return the hash by which the kiosk with this `key` knows `card`: 16 bytes."""
    named = f"{card.family}\0{card.serial}".encode()
    return hmac.digest(key, named, hashlib.sha256)[:16]


def registration_mark(key: bytes, registration: UUID) -> bytes:
    """Return the mark of a registration at the kiosk with this `key`: 8 bytes, new for each one."""
    return hmac.digest(key, b"registration\0" + registration.bytes, hashlib.sha256)[:8]


class CardState(StrEnum):
    """Whether a card is in use; the user gets plain help for every state but `active`."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    REPLACED = "replaced"
    LEAVER = "leaver"
    EXPIRED = "expired"


class CardChange(Message):
    """An added or changed card, with everything that a kiosk may know about it.

    `registration` is the mark of its registration (see `registration_mark`), empty if it has none.
    """

    kind: Literal["card"] = "card"
    card: CardHash
    status: CardState
    registered: bool
    registration: Annotated[Base64, Field(max_length=8)] = b""
    locked: bool
    closed: bool
    frozen: bool
    questions: Annotated[tuple[str, ...], Field(max_length=4)] = ()
    certificate_ends: date | None = None
    expires: date | None = None


class CardGone(Message):
    """A card that the organisation no longer has."""

    kind: Literal["gone"] = "gone"
    card: CardHash


Change = Annotated[CardChange | CardGone, Field(discriminator="kind")]


class SupportContact(Message):
    """A support contact for the user."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    detail: Annotated[str, Field(min_length=1, max_length=64)]


class Policy(Message):
    """The policy of a whole organisation; while `stopped`, nothing is unlocked.

    `offline` says whether kiosks may borrow the packs to unlock without the central service, and
    `lease_hours` for how many hours.
    """

    organisation: str
    stopped: bool
    offline: bool
    lease_hours: Annotated[int, Field(ge=1, le=12)]
    contacts: Annotated[tuple[SupportContact, ...], Field(max_length=4)]


class AuditCheckpoint(Message):
    """The position of central's audit, and the hash of its last entry, signed by central.

    A keeper of a checkpoint can tell later whether any entry before it was changed.
    """

    sequence: Position
    hash: Annotated[Base64, Field(min_length=32, max_length=32)]
    at: Moment
    signature: Annotated[Base64, Field(min_length=64, max_length=64)]

    @property
    def signed(self) -> bytes:
        """The bytes that central signed."""
        return statement(
            StatementPurpose.AUDIT,
            str(self.sequence).encode(),
            self.hash,
            self.at.isoformat().encode(),
        )

    def __str__(self) -> str:
        return f"audit head {self.model_dump_json()}"


class ChangePage(Message):
    """GET /v1/changes: `items` are in order; the next page begins at `next`.

    `head` is the organisation's newest position, `total` the number of its cards. Only the first
    page has `key`. A backup has everything that central received until `backed_up`. `audit` is the
    newest signed checkpoint of central's audit.
    """

    items: Annotated[tuple[Change, ...], Field(max_length=LARGEST_PAGE)]
    next: CursorText
    more: bool
    head: Position
    total: Annotated[int, Field(ge=0)]
    epoch: Epoch
    policy: Policy
    key: Annotated[Base64, Field(min_length=32, max_length=32)] | None = Field(None, repr=False)
    backed_up: Moment | None = None
    approval: Approval | None = None
    audit: AuditCheckpoint | None = None
