# SPDX-License-Identifier: Apache-2.0
"""Packs: central lends them to a kiosk, so that it can unlock a card while central is unavailable.

Central signs a pack and seals it to a key that the kiosk made at its start. Only the cardholder's
answers open its content.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kiosk.contract.enrolment import Ed25519Signature
from kiosk.contract.message import Base64, Der, EpochName, Generation, Message, Serial
from kiosk.contract.messages import Question
from kiosk.values import CardIdentity, Family

MOST_PACKS = 25
"""The most packs in a page; central makes one page in one transaction."""
LONGEST_LEASE_SECONDS = 12 * 3600
MOST_ATTEMPTS = 2
QUESTIONS = 4
MOST_KEYS = 64
"""The most sealing keys that a request names."""

X25519Key = Annotated[Base64, Field(min_length=32, max_length=32)]
AskNonce = Annotated[Base64, Field(min_length=16, max_length=16)]
Place = Annotated[int, Field(ge=0, lt=2**31)]


class PacksRequest(Message):
    """POST /v1/packs: a request for packs, which central seals to `sealing_key`.

    `made` are the sealing keys that the kiosk has shown since the last one that central answered,
    with that one and with `sealing_key`. If central's newest key is not among them, another device
    has the kiosk's identity too: see `central.lending.boot_keys`. `nonce` is made for this request,
    so that a recorded pack is not accepted again. `after` is the end of the previous page. `anew`:
    send also the packs that the kiosk should already have.
    """

    sealing_key: X25519Key
    made: Annotated[tuple[X25519Key, ...], Field(min_length=1, max_length=MOST_KEYS)]
    nonce: AskNonce
    after: Place = 0
    anew: bool = False


class SealedPack(Message):
    """A `SignedPack` as JSON, sealed to the kiosk's key: see `kiosk.vault.pack`."""

    sealed: Annotated[Base64, Field(min_length=1, max_length=16384)]


class PackPage(Message):
    """Packs that are new, or whose lease was extended; the next page begins after `next`."""

    packs: Annotated[tuple[SealedPack, ...], Field(max_length=MOST_PACKS)]
    next: Place
    more: bool


class PackEnvelope(Message):
    """One of the registration's envelopes: see `vault.sealed_answers.Envelope`."""

    answers: tuple[int, ...]
    salt: Annotated[Base64, Field(max_length=64)]
    operations: int
    memory: int
    nonce: Annotated[Base64, Field(max_length=64)]
    sealed: Annotated[Base64, Field(max_length=256, repr=False)]


class Pack(Message):
    """The data to unlock one card at one kiosk, with its holder's answers, until the lease ends.

    `key` is the unblocking key of `generation`, sealed to the registration's recovery key with
    `context` as associated data. `proven`: a key of that generation has opened the card before.
    """

    pack: UUID
    central: str
    epoch: EpochName
    kiosk: UUID
    sealing_key: X25519Key
    nonce: AskNonce
    family: Family
    serial: Serial
    registration: UUID
    generation: Generation
    proven: bool
    allowance: Annotated[int, Field(ge=1, le=MOST_ATTEMPTS)]
    lease_seconds: Annotated[int, Field(ge=1, le=LONGEST_LEASE_SECONDS)]
    questions: Annotated[tuple[Question, ...], Field(min_length=QUESTIONS, max_length=QUESTIONS)]
    normaliser: int
    recovery_public_key: X25519Key
    envelopes: Annotated[tuple[PackEnvelope, ...], Field(min_length=1, max_length=8)]
    card_authentication_key: Der
    key: Annotated[Base64, Field(max_length=256, repr=False)]

    @property
    def identity(self) -> CardIdentity:
        """The identity of the pack's card."""
        return CardIdentity(self.family, self.serial)


class SignedPack(Message):
    """`pack` is a `Pack` as JSON, the very bytes that central signed (`StatementPurpose.PACK`)."""

    pack: Annotated[Base64, Field(max_length=16384, repr=False)]
    signature: Ed25519Signature


def context(pack: UUID, registration: UUID, card: CardIdentity, generation: int) -> bytes:
    """Return the associated data of a pack's unblocking key; it opens in no other pack."""
    fields = (
        b"smartcard-kiosk pack 1",
        pack.bytes,
        registration.bytes,
        card.family.encode(),
        card.serial.encode(),
        generation.to_bytes(8, "big"),
    )
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def addressed(central: str, kiosk: UUID) -> bytes:
    """Return the associated data of a whole sealed pack: the kiosk and central that it is for."""
    return b"smartcard-kiosk pack for " + kiosk.bytes + central.encode()
