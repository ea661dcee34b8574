# SPDX-License-Identifier: Apache-2.0
"""The smartcard reader: the interface of every driver.

`pcsc` is the only file that imports the reader library. It runs in processes of its own (`worker`,
`watcher`), because PC/SC calls can hang for ever and only killing the process frees the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kiosk.card.examination import Finding
from kiosk.card.passcode_work import Own
from kiosk.card.session import Authority, CardReport
from kiosk.card.unlock_work import Record, Unlocked, UnlockPlan
from kiosk.values import CardIdentity, ReaderTrouble, Secret


class Sight(StrEnum):
    """The events that a reader reports by itself."""

    READY = "ready"
    FAILED = "failed"
    INSERTED = "inserted"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ReaderNotice:
    """A change at the reader.

    `trouble` goes with FAILED; a card that was in the reader is gone with it. `simulated` goes with
    READY: this reader is no hardware.
    """

    sight: Sight
    trouble: ReaderTrouble | None = None
    simulated: bool = False


Notify = Callable[[ReaderNotice], None]


class Reader(Protocol):
    """A reader and the card in it; one operation at a time, each with a deadline.

    Every operation raises the CardErrors of `kiosk.errors` and nothing else. It raises CardMute if
    the deadline passed and the worker was killed.
    """

    def watch(self, notify: Notify) -> None:
        """Begin to call `notify`, in a thread of the reader's own, until `close`."""

    def inspect(self) -> CardReport:
        """Return everything about the card that costs no try."""

    def examine(self) -> tuple[Finding, ...]:
        """Return the findings about the card, without spending a try."""

    def prove(self, identity: CardIdentity, certificate: bytes, digest: bytes) -> bytes:
        """Return the card authentication key's signature over `digest`, by the card `identity`."""

    def sign(
        self,
        expected: tuple[CardIdentity, Own],
        certificate: bytes,
        passcode: Secret,
        digest: bytes,
    ) -> bytes:
        """Return the authentication key's signature over `digest`, after the passcode."""

    def change(self, expected: tuple[CardIdentity, Own], old: Secret, new: Secret) -> None:
        """Change the card's passcode."""

    def unlock(
        self, plan: UnlockPlan, record: Record, authority: Authority | None = None
    ) -> Unlocked:
        """Do the card work of an unlock; `record` is called before the next command is sent.

        `authority` answers with an administrator key. An error of either ends the work, and the
        card forgets everything that was proved to it.
        """

    def answer(self, answered: Callable[[], None]) -> None:
        """Call `answered`, perhaps later, if card work goes on or could begin: a health check."""

    def close(self) -> None:
        """Stop watching and end every process of the reader."""


__all__ = ["Notify", "Reader", "ReaderNotice", "Sight"]
