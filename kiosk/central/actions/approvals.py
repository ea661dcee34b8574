# SPDX-License-Identifier: Apache-2.0
"""Approvals: what kiosks hold back, and IT's signature that lets them go on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nacl.encoding import HexEncoder
from nacl.signing import SigningKey
from pydantic import ValidationError
from sqlmodel import col, select

from kiosk.central.actions import named
from kiosk.central.actions.catalogue import action
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.audit import trail
from kiosk.central.service import kiosk_health
from kiosk.central.tables import Kiosk
from kiosk.contract.approval import Approval, HeldChange, sign


@dataclass(frozen=True, slots=True)
class ApprovalKey:
    """IT's key. `public`: what kiosks know it by, the setting KIOSK_APPROVAL_KEY."""

    public: str


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A page of changes that a kiosk holds back. IT signs its `request`."""

    kiosk: str
    reason: str
    cards: int
    request: str


@dataclass(frozen=True, slots=True)
class SignedApproval:
    """What IT signed, to be given to the kiosk."""

    kiosk: str
    approval: str


@dataclass(frozen=True, slots=True)
class GivenApproval:
    """An approval for a kiosk: it may go on, up to that head of the epoch."""

    kiosk: str
    epoch: str
    head: int


def create_approval_key(file: Path) -> ApprovalKey:
    """Make IT's key, with its private half in a new file that its owner alone can read."""
    key = SigningKey.generate()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(key.encode(HexEncoder) + b"\n")
    except OSError as error:
        raise Declined(f"{file}: {error.strerror}") from None
    return ApprovalKey(key.verify_key.encode(HexEncoder).decode())


def list_held(context: OperatorContext) -> tuple[HeldRow, ...]:
    """Return what kiosks hold back, by the kiosks' names."""
    wanted = select(Kiosk).where(col(Kiosk.revoked).is_(False)).order_by(col(Kiosk.name))
    with context.reading() as session:
        kiosks = session.exec(wanted).all()
    rows = []
    for kiosk in kiosks:
        health = kiosk_health.last(kiosk)
        if health is not None and health.held is not None:
            held = health.held.model_dump(exclude={"reason", "losses"})
            request = HeldChange(kiosk=kiosk.name, **held).model_dump_json()
            rows.append(HeldRow(kiosk.name, health.held.reason, health.held.losses, request))
    return tuple(rows)


def sign_approvals(*, key: Path, requests: Sequence[str]) -> tuple[SignedApproval, ...]:
    """Sign requests as `list_held` has them, on a machine of IT's: it needs no database."""
    try:
        signing_key = SigningKey(key.read_bytes().strip(), HexEncoder)
        held = [HeldChange.model_validate_json(each) for each in requests]
    except OSError as error:
        raise Declined(f"{key}: {error.strerror}") from None
    except ValidationError:
        raise Declined("This is no request as `approvals list` shows them") from None
    except ValueError:  # the library's errors of a wrong key are of this kind
        raise Declined(f"{key} holds no key of `approvals create-key`") from None
    return tuple(
        SignedApproval(each.kiosk, sign(signing_key, each).model_dump_json()) for each in held
    )


@action("approvals.give", "approval.given")
def give_approvals(
    context: OperatorContext, *, approvals: Sequence[str]
) -> tuple[GivenApproval, ...]:
    """Hand down to the kiosks what IT signed, as `sign_approvals` has it."""
    try:
        given = [Approval.model_validate_json(each) for each in approvals]
    except ValidationError:
        raise Declined("This is no approval as `approvals sign` prints them") from None
    if not given:
        raise Declined("There is no approval to give")
    with context.changing() as change:
        for approval in given:
            held = approval.held
            kiosk = named.kiosk(change.session, held.kiosk)
            kiosk.approval = approval.model_dump(mode="json")
            details: dict[str, trail.Detail] = {
                "kiosk": held.kiosk,
                "epoch": held.epoch,
                "head": held.head,
            }
            change.record("approval.given", details)
    return tuple(GivenApproval(each.held.kiosk, each.held.epoch, each.held.head) for each in given)
