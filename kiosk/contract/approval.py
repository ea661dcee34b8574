# SPDX-License-Identifier: Apache-2.0
"""IT's approval of changes that a kiosk holds back; central does not have the key that signs it."""

from __future__ import annotations

from typing import Annotated

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from pydantic import Field

from kiosk.contract.message import Base64, Message

_PURPOSE = b"smartcard-kiosk: go on with what was held back 1"


class HeldChange(Message):
    """The changes that a kiosk holds back: all changes of this epoch up to `head`."""

    organisation: Annotated[int, Field(ge=0, lt=10**18)]
    kiosk: Annotated[str, Field(min_length=1, max_length=100)]
    epoch: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    head: Annotated[int, Field(ge=0, lt=10**18)]


class Approval(Message):
    """IT's approval: the kiosk may apply the held changes, up to that head."""

    held: HeldChange
    signature: Annotated[Base64, Field(min_length=64, max_length=64)]


def sign(key: SigningKey, held: HeldChange) -> Approval:
    """Return IT's approval of the held changes."""
    return Approval(held=held, signature=key.sign(_statement(held)).signature)


def signed_by(public: VerifyKey, approval: Approval) -> bool:
    """Return whether the approval was signed with the private half of `public`."""
    try:
        public.verify(_statement(approval.held), approval.signature)
    except BadSignatureError:
        return False
    return True


def _statement(held: HeldChange) -> bytes:
    """Return the bytes to sign: every field with its length, so that its end is signed too."""
    fields = (_PURPOSE, str(held.organisation).encode(), held.kiosk.encode(),
              held.epoch.encode(), str(held.head).encode())  # fmt: skip
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)
