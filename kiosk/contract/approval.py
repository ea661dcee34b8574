# SPDX-License-Identifier: Apache-2.0
"""IT's word that what a kiosk holds back is right: signed with a key that central does not have."""

from __future__ import annotations

from typing import Annotated

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from pydantic import Field

from kiosk.contract.message import Base64, Message

_PURPOSE = b"smartcard-kiosk: go on with what was held back 1"


class HeldChange(Message):
    """What is held back: at which kiosk, and up to where of which epoch the changes had come."""

    organisation: Annotated[int, Field(ge=0, lt=10**18)]
    kiosk: Annotated[str, Field(min_length=1, max_length=100)]
    epoch: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    head: Annotated[int, Field(ge=0, lt=10**18)]


class Approval(Message):
    """The kiosk may go on, up to that head."""

    held: HeldChange
    signature: Annotated[Base64, Field(min_length=64, max_length=64)]


def sign(key: SigningKey, held: HeldChange) -> Approval:
    """IT's approval."""
    return Approval(held=held, signature=key.sign(_statement(held)).signature)


def signed_by(public: VerifyKey, approval: Approval) -> bool:
    """Whether it is."""
    try:
        public.verify(_statement(approval.held), approval.signature)
    except BadSignatureError:
        return False
    return True


def _statement(held: HeldChange) -> bytes:
    """Every field with its length: where one ends is signed too."""
    fields = (_PURPOSE, str(held.organisation).encode(), held.kiosk.encode(),
              held.epoch.encode(), str(held.head).encode())  # fmt: skip
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
