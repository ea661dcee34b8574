# SPDX-License-Identifier: Apache-2.0
"""An unlock without central: the same steps, with the pack that central lent for this card.

The card proves itself to the kiosk. An attempt is in the pack store and on the disk before an
envelope is opened, and the card work is recorded as in every unlock.
"""

from __future__ import annotations

import logging
import math
import secrets
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import serialization

from kiosk.card import public_keys
from kiosk.card.session import CardReport
from kiosk.card.unlock_work import CardStep
from kiosk.contract import messages as msg
from kiosk.contract import proof
from kiosk.errors import CardMalformed, CentralRefused, KioskError, VaultClosed, WrongCard
from kiosk.flow import events as ev
from kiosk.leases import Loan, PackStore
from kiosk.leases.available_packs import open_with_answers
from kiosk.questions import SecurityQuestion
from kiosk.values import Secret
from kiosk.visits import VisitContext
from kiosk.visits.failures import failed

_log = logging.getLogger(__name__)
_TRIES_NEEDED = 2  # if the card reports them: the key is certain, but the last try is not risked


class OfflineUnlock:
    """A visit's unlock with a pack; it holds the unblocking key from right answers to card work."""

    def __init__(
        self,
        context: VisitContext,
        pack_store: PackStore,
        loan: Loan,
        report: CardReport,
        request: msg.UnlockRequest,
    ) -> None:
        self._context, self._pack_store = context, pack_store
        self._pack, self._id = loan.pack, loan.pack.pack
        self._report = report
        self._session, self._reason = request.session, request.reason
        self._key: Secret | None = None
        self._grant = uuid4()

    @property
    def session(self) -> UUID:
        """The session's id, which begins with the visit's reference."""
        return self._session

    @property
    def questions(self) -> tuple[SecurityQuestion, ...]:
        """The questions to ask, in order and in English; the screen has them in its languages."""
        return tuple(SecurityQuestion(each.id, each.text) for each in self._pack.questions)

    def answer(self, visit: int, answers: tuple[str | None, ...]) -> ev.Event:
        """Let the card prove itself, and try the answers on the pack."""
        try:
            if (refused := self._refusal(visit)) is not None:
                return refused
            self._prove()
            number = self._pack_store.count(self._id)
            if number is None:
                return ev.UnlockRefused(visit, ev.Refusal.OFFLINE_OVER)
            self._context.outbox.note(msg.PackAttempt(pack=self._id, number=number))
            try:
                key = open_with_answers(self._pack, answers)
            except VaultClosed:
                self._note_answers(number, right=False)
                return self._wrong(visit)
            self._key, self._grant = key, uuid4()
            self._pack_store.was_right(self._id)
            self._note_answers(number, right=True)
        except KioskError as error:
            return failed(visit, error)
        return ev.AnswersAccepted(visit)

    def grant(self) -> msg.Grant:
        """Return the grant for the card work, once, after right answers; raises CentralRefused."""
        secret = self._key  # another thread may call `forget` at any moment from here on
        if secret is None:
            raise CentralRefused(msg.ProblemType.EXPIRED, 410)
        key = secret.reveal()
        self.forget()
        return msg.Grant(
            grant=self._grant,
            session=self._session,
            current=msg.UnblockingKey(generation=self._pack.generation, key=key),
            next=None,
            first=self._pack.generation,
            first_needs_tries_left=_TRIES_NEEDED,
            second_allowed=False,
            renew=False,
            card_authentication_key=self._pack.card_authentication_key,
            receipt=b"",
        )

    def forget(self) -> None:
        """Wipe the key, if it is here."""
        secret, self._key = self._key, None
        if secret is not None:
            secret.wipe()

    @property
    def runs(self) -> bool:
        """Whether the lease still runs."""
        kept = self._pack_store.get(self._id)
        return kept is not None and not kept.spent and kept.ends > self._pack_store.now()

    def recorded(self, step: CardStep) -> None:
        """Spend the pack once it has opened the card, or if the card may not carry its key."""
        if step.command == "unblock" and (step.status is not None or not self._pack.proven):
            self._pack_store.spend(self._id)

    # ------------------------------------------------------------ parts

    def _refusal(self, visit: int) -> ev.Event | None:
        kept = self._pack_store.get(self._id)
        if kept is None or kept.attempts_left < 1 or not self.runs:
            return ev.UnlockRefused(visit, ev.Refusal.OFFLINE_OVER)
        wait = math.ceil(kept.not_before - self._pack_store.now())
        return ev.UnlockRefused(visit, ev.Refusal.WAIT, wait) if wait > 0 else None

    def _wrong(self, visit: int) -> ev.Event:
        kept = self._pack_store.get(self._id)
        if kept is None or kept.attempts_left < 1:
            return ev.UnlockRefused(visit, ev.Refusal.OFFLINE_OVER)
        return ev.AnswersRefused(visit, math.ceil(kept.not_before - self._pack_store.now()))

    def _prove(self) -> None:
        """Raise WrongCard unless the card has the key that was pinned at registration."""
        identity = self._report.identity
        certificate = self._report.certificates.card_authentication
        if certificate is None or spki(certificate) != self._pack.card_authentication_key:
            raise WrongCard(identity.serial, "not genuine")
        digest = proof.digest(
            proof.ProofPurpose.OPEN_UNLOCK,
            central=self._context.parties.central,
            kiosk=self._context.parties.kiosk,
            card=identity,
            session=self._session,
            nonce=secrets.token_bytes(32),
        )
        self._context.reader.prove(identity, certificate, digest)

    def _note_answers(self, number: int, *, right: bool) -> None:
        counters = self._report.counters
        self._context.outbox.note(
            msg.PackAnswers(
                pack=self._id,
                number=number,
                right=right,
                session=self._session,
                grant=self._grant,
                reason=self._reason,
                passcode_tries=counters.passcode,
                unblocking_tries=counters.unblocking,
            )
        )


def spki(certificate: bytes) -> bytes | None:
    """Return the certificate's public key (DER), or None if its kind cannot be checked here."""
    try:
        key = public_keys.from_certificate(certificate, "certificate")
    except CardMalformed:
        return None
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
