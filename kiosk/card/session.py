# SPDX-License-Identifier: Apache-2.0
"""What every card family offers to the journeys, whatever its commands look like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kiosk.card import public_keys
from kiosk.card.public_keys import PublicKey
from kiosk.errors import CardError, CardMalformed
from kiosk.values import CardIdentity, Counters, PasscodeRules, Secret


@dataclass(frozen=True, slots=True)
class Certificates:
    """A card's certificates as DER, where it has them.

    `authentication` belongs to the key that needs the passcode (PIV 9A), `card_authentication` to
    the one that needs none (PIV 9E).
    """

    authentication: bytes | None = None
    card_authentication: bytes | None = None

    def usable(self) -> Certificates:
        """Those of them that can be read and whose keys are of a kind that we know."""
        return Certificates(_usable(self.authentication), _usable(self.card_authentication))


def _usable(der: bytes | None) -> bytes | None:
    try:
        if der is not None:
            public_keys.from_certificate(der, "certificate")
    except CardMalformed:
        return None
    return der


class Ability(StrEnum):
    """What a card can do beyond being unlocked and having its passcode changed."""

    LOG_IN = "log in"  # a certificate, and its key signs after the passcode
    PROVE = "prove"  # a key that signs without passcode, to prove the card
    RENEW_KEY = "renew key"  # its unblocking key can be changed by the kiosk


@dataclass(eq=False)
class CardIncapable(CardError):
    """This card's family or profile does not have what was asked; nothing was sent."""

    ability: str


class Authority(Protocol):
    """Whoever holds an administrator key and answers a card's challenge for it.

    The card's transaction is held across these calls: they may be round trips to the central
    service, and whatever they raise ends the operation.
    """

    def opening(self) -> bytes:
        """Our challenge, 16 bytes, for the mutual form; empty for the external one."""

    def answer(self, challenge: bytes) -> bytes:
        """The response to the card's challenge."""

    def check(self, reply: bytes) -> None:
        """Judge the card's own response (mutual form); raises WrongCard where it is false.

        Called before the new passcode is sent to the card.
        """


UnblockingKey = Secret | Authority


@dataclass(frozen=True, slots=True)
class CardReport:
    """All that is known of a card before a try of its counters may be spent."""

    identity: CardIdentity
    counters: Counters
    rules: PasscodeRules
    certificates: Certificates
    abilities: frozenset[Ability] = frozenset()

    @property
    def unlock_only(self) -> bool:
        """Without certificate and signature nobody can be logged in with this card."""
        return Ability.LOG_IN not in self.abilities


class CardSession(Protocol):
    """A selected card application. Each method is one operation; none probes.

    Raises the errors of `kiosk.errors`: WrongSecret where the card counted a try, SecretRefused
    where the form was wrong and nothing was sent, CardRefused, CardMalformed, CardRemoved; and
    CardIncapable where the card is not one that has the ability.
    """

    @property
    def kind(self) -> str:
        """What people call such cards."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """What cards of this kind can do; no command is sent."""

    @property
    def rules(self) -> PasscodeRules:
        """What a new passcode must be on this card."""

    def identity(self, like: CardIdentity | None = None) -> CardIdentity:
        """Which card this is, read anew; `like`: the one that it ought to be."""

    def counters(self) -> Counters:
        """The tries left, read without spending one; call before any verify."""

    def certificates(self) -> Certificates:
        """The card's certificates."""

    def verify(self, passcode: Secret) -> None:
        """Prove the passcode to the card."""

    def change(self, old: Secret, new: Secret) -> None:
        """Change the passcode."""

    def unblock(self, key: UnblockingKey, new: Secret) -> None:
        """Set a new passcode, and its tries to the full, with the unblocking key.

        `key` is the key itself, or whoever answers for it: a GIDS card takes both, the others
        raise SecretRefused for an authority.
        """

    def change_key(self, old: Secret, new: Secret) -> None:
        """Change the unblocking key."""

    def sign_as_card(self, key: PublicKey, digest: bytes) -> bytes:
        """Sign a SHA-256 digest with the card authentication key; `key` tells its kind."""

    def sign_as_holder(self, key: PublicKey, digest: bytes) -> bytes:
        """Sign a SHA-256 digest with the authentication key, after `verify`."""
