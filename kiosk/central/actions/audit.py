# SPDX-License-Identifier: Apache-2.0
"""The audit: whether its chain holds, and a signature of its head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import OperatorContext
from kiosk.central.audit import checkpoints, trail
from kiosk.central.tables import AuditHead
from kiosk.contract.replication import AuditCheckpoint


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the chain holds. `changed_at`, `contradicted_at`: the first entry that tells.

    `contradicted_at` is an entry that was another one when its head was signed.
    """

    entries: int
    signed_heads: int
    changed_at: int | None
    contradicted_at: int | None

    @property
    def whole(self) -> bool:
        """Whether nothing was changed."""
        return self.changed_at is None and self.contradicted_at is None


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The head that was signed last. `line`: as logs have it, for `verify_audit` to read."""

    sequence: int
    at: datetime
    line: str


def verify_audit(
    context: OperatorContext,
    *,
    logs: Sequence[str] = (),
    progress: Callable[[int], None] = lambda _done: None,
) -> AuditVerdict:
    """Find the first entry that was changed or is missing.

    `logs`: texts in which signed heads stand, of central's or of a kiosk's log. `progress` is told
    how many entries were looked at.
    """
    reported = [head for text in logs for head in checkpoints.read(text.splitlines())]
    with context.reading() as session:
        changed = trail.first_break(session, progress)
        signed = [*checkpoints.kept(session), *reported]
        contradicted = checkpoints.first_contradiction(session, context.services.master, signed)
        entries = session.exec(select(AuditHead.sequence)).one()
    return AuditVerdict(entries, len(signed), changed, contradicted)


@action("audit.sign", "audit.signed")
def sign_audit(context: OperatorContext) -> SignedHead:
    """Sign the audit's head now, this entry included; a head that is signed stays as it is."""
    with context.reading() as session:
        newest = checkpoints.newest(session)
        if newest is not None and newest.sequence == _last(session):
            return _signed(newest)
    with context.changing() as change:
        change.record("audit.signed", {})
        signed = checkpoints.sign(
            change.session, context.services.master, change.now, even_if_early=True
        )
    if signed is None:
        raise AssertionError("an entry was added, so its head was not signed before")
    return _signed(signed)


def _last(session: Session) -> int:
    return session.exec(select(AuditHead.sequence)).one()


def _signed(head: AuditCheckpoint) -> SignedHead:
    return SignedHead(head.sequence, head.at, str(head))
