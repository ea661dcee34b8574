# SPDX-License-Identifier: Apache-2.0
"""The interface that every card family offers, whatever commands its cards use."""

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
    """A card's certificates as DER, if it has them.

    `authentication` belongs to the key that needs the passcode (PIV 9A), `card_authentication` to
    the key that needs none (PIV 9E).
    """

    authentication: bytes | None = None
    card_authentication: bytes | None = None

    def usable(self) -> Certificates:
        """Return the certificates that can be read and whose keys are of a known kind."""
        return Certificates(_usable(self.authentication), _usable(self.card_authentication))


def _usable(der: bytes | None) -> bytes | None:
    try:
        if der is not None:
            public_keys.from_certificate(der, "certificate")
    except CardMalformed:
        return None
    return der


class Ability(StrEnum):
    """The abilities of a card beyond unlock and passcode change."""

    LOG_IN = "log in"  # has a certificate whose key signs after the passcode
    PROVE = "prove"  # has a key that signs without a passcode, to prove the card
    RENEW_KEY = "renew key"  # the kiosk can change its unblocking key


@dataclass(eq=False)
class CardIncapable(CardError):
    """This card's family or profile does not offer the operation; nothing was sent."""

    ability: str

    def __str__(self) -> str:
        return f"This card cannot {self.ability}."


class Authority(Protocol):
    """Holds an administrator key and answers a card's challenge with it.

    The card's transaction stays open across these calls. They may be round trips to the central
    service; any error that they raise ends the operation.
    """

    def opening(self) -> bytes:
        """Return our challenge, 16 bytes, for the mutual form; empty for the external one."""

    def answer(self, challenge: bytes) -> bytes:
        """Return the response to the card's challenge."""

    def check(self, reply: bytes) -> None:
        """Check the card's own response (mutual form); raises WrongCard if it is false.

        It is called before the new passcode is sent to the card.
        """


UnblockingKey = Secret | Authority


@dataclass(frozen=True, slots=True)
class CardReport:
    """Everything that is known about a card before a try may be spent."""

    identity: CardIdentity
    counters: Counters
    rules: PasscodeRules
    certificates: Certificates
    abilities: frozenset[Ability] = frozenset()

    @property
    def unlock_only(self) -> bool:
        """Whether nobody can log in with this card, for want of a certificate and signature."""
        return Ability.LOG_IN not in self.abilities


class CardSession(Protocol):
    """A selected card application; each method is one operation, and none spends a try to find out.

    Methods raise the errors of `kiosk.errors`: WrongSecret if the card counted a try, SecretRefused
    if the form was wrong and nothing was sent, CardRefused, CardMalformed, CardRemoved. They raise
    CardIncapable if the card does not have the ability.
    """

    @property
    def kind(self) -> str:
        """The usual name of such cards."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """The abilities of cards of this kind; no command is sent."""

    @property
    def rules(self) -> PasscodeRules:
        """The rules for a new passcode on this card."""

    def identity(self, like: CardIdentity | None = None) -> CardIdentity:
        """Read and return the card's identity; `like` is the identity that is expected."""

    def counters(self) -> Counters:
        """Return the tries left, without spending one; call before any `verify`."""

    def certificates(self) -> Certificates:
        """Return the card's certificates."""

    def verify(self, passcode: Secret) -> None:
        """Prove the passcode to the card."""

    def change(self, old: Secret, new: Secret) -> None:
        """Change the passcode."""

    def unblock(self, key: UnblockingKey, new: Secret) -> None:
        """Set a new passcode with all its tries, with the unblocking key.

        `key` is the key itself, or an authority that answers with it. A GIDS card takes both; the
        others raise SecretRefused for an authority.
        """

    def change_key(self, old: Secret, new: Secret) -> None:
        """Change the unblocking key."""

    def sign_as_card(self, key: PublicKey, digest: bytes) -> bytes:
        """Return the card authentication key's signature over a SHA-256 digest.

        `key` tells the kind of key.
        """

    def sign_as_holder(self, key: PublicKey, digest: bytes) -> bytes:
        """Return the authentication key's signature over a SHA-256 digest.

        Call it after `verify`; `key` tells the kind of key.
        """
