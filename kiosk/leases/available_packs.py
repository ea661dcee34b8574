# SPDX-License-Identifier: Apache-2.0
"""Finds the pack of a card, verifies it, and opens it with the cardholder's answers.

A pack is what central lends this kiosk for one card, for a few hours: the card's unblocking key,
sealed so that three right answers open it, and sealed once more to a key of this kiosk that lives
in memory only. With it the kiosk unlocks the card while central cannot be reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pydantic import ValidationError

from kiosk.contract.enrolment import StatementPurpose, statement
from kiosk.contract.packs import Pack, SignedPack, addressed, context
from kiosk.contract.replication import CardState, card_hash, registration_mark
from kiosk.errors import VaultClosed
from kiosk.leases import memory
from kiosk.leases.pack_store import Kept, PackStore
from kiosk.store.replica import KnownCard, ReplicaReader, ReplicaState
from kiosk.values import CardIdentity, Secret
from kiosk.vault import pack as sealing
from kiosk.vault import sealed_answers


@dataclass(frozen=True, slots=True)
class Addressee:
    """The addressee of a pack: this kiosk, with the keys that verify central's signatures."""

    central: str
    kiosk: UUID
    verify_keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Loan:
    """A pack that may be used now, and its row in the store, which counts its attempts."""

    pack: Pack
    kept: Kept


class Leases:
    """The packs of this kiosk; a visit asks for its card's if central cannot be reached."""

    def __init__(
        self, pack_store: PackStore, replica: ReplicaReader, key: Secret, addressee: Addressee
    ) -> None:
        self.pack_store = pack_store
        self._replica = replica
        self._key = key
        self._addressee = addressee
        self.ended = False

    def end(self) -> None:
        """Drop all packs and the private key; no pack is accepted until the kiosk restarts."""
        self.ended = True
        self._key.wipe()
        memory.forget(self.pack_store.directory)
        self.pack_store.empty()

    @property
    def sealing_key(self) -> bytes:
        """The public key to which central seals packs."""
        return sealing.public_half(self._key)

    def find(self, card: CardIdentity) -> Loan | None:
        """Return the valid pack of a card, or None. Raises StoreFailed."""
        kept = self.pack_store.find(card_hash(self._replica.state().key, card))
        if kept is None or not self.holding([kept]):
            return None
        try:
            pack = self.read(kept.sealed)
        except VaultClosed:
            return None
        fits = pack.identity == card and pack.pack == kept.pack
        return Loan(pack, kept) if fits else None

    def holding(self, kept: Sequence[Kept]) -> set[UUID]:
        """Return those of `kept` whose card central still lets be unlocked, by the replica.

        Raises StoreFailed if it cannot be read.
        """
        state, policy = self._replica.state(), self._replica.policy()
        if policy is None or policy.stopped or not policy.offline:
            return set()
        known = self._replica.known([each.card for each in kept])
        return {each.pack for each in kept if _holds(each, state, known.get(each.card))}

    def read(self, sealed: bytes) -> Pack:
        """Return the pack in `sealed`. Raises VaultClosed if it is not for this kiosk."""
        addressee = self._addressee
        plain = sealing.unseal(sealed, self._key, addressed(addressee.central, addressee.kiosk))
        try:
            signed = SignedPack.model_validate_json(plain)
            if not any(_signed_by(key, signed) for key in addressee.verify_keys):
                raise VaultClosed
            pack = Pack.model_validate_json(signed.pack)
        except ValidationError:
            raise VaultClosed from None
        if (pack.central, pack.kiosk) != (addressee.central, addressee.kiosk):
            raise VaultClosed
        return pack


def open_with_answers(pack: Pack, answers: tuple[str | None, ...]) -> Secret:
    """Return the unblocking key of a pack. Raises VaultClosed if the answers do not open it.

    An answer is None if the user left the question blank.
    """
    recovery = sealed_answers.SealedRecovery(
        pack.recovery_public_key,
        pack.normaliser,
        tuple(
            sealed_answers.Envelope(
                each.answers, each.salt, each.operations, each.memory, each.nonce, each.sealed
            )
            for each in pack.envelopes
        ),
    )
    private = sealed_answers.open_recovery(
        recovery, answers, sealed_answers.context(pack.registration)
    )
    bound_to = context(pack.pack, pack.registration, pack.identity, pack.generation)
    try:
        return Secret(sealing.unseal(pack.key, private, bound_to))
    finally:
        private.wipe()


def _holds(kept: Kept, state: ReplicaState, known: KnownCard | None) -> bool:
    if known is None or state.epoch != kept.epoch:
        return False
    stopped = known.status is not CardState.ACTIVE or known.locked or known.frozen
    mark = registration_mark(state.key, kept.registration)
    return not stopped and known.registration == mark


def _signed_by(key: bytes, signed: SignedPack) -> bool:
    try:
        VerifyKey(key).verify(statement(StatementPurpose.PACK, signed.pack), signed.signature)
    except BadSignatureError:
        return False
    return True
