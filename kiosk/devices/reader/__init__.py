# SPDX-License-Identifier: Apache-2.0
"""The smartcard reader: the interface that every driver keeps.

`pcsc` is the one file that knows the reader library; it runs in processes of its own (`worker`,
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
    """What a reader can report by itself."""

    READY = "ready"
    FAILED = "failed"
    INSERTED = "inserted"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ReaderNotice:
    """Something changed at the reader.

    `trouble` goes with FAILED; a card that was in the reader is gone with it. `simulated` goes with
    READY: this reader is no hardware.
    """

    sight: Sight
    trouble: ReaderTrouble | None = None
    simulated: bool = False


Notify = Callable[[ReaderNotice], None]


class Reader(Protocol):
    """A reader and whatever card lies in it. One operation at a time; each has a deadline.

    All operations raise the CardErrors of `kiosk.errors` and nothing else; CardMute where the
    deadline passed and the worker was killed.
    """

    def watch(self, notify: Notify) -> None:
        """Begin to call `notify`, from a thread of the reader's own, until `close`."""

    def inspect(self) -> CardReport:
        """Read everything about the card that costs no try."""

    def examine(self) -> tuple[Finding, ...]:
        """Find out what can be found out about the card without spending a try."""

    def prove(self, identity: CardIdentity, certificate: bytes, digest: bytes) -> bytes:
        """Have the card `identity` sign `digest` with its card authentication key."""

    def sign(
        self,
        expected: tuple[CardIdentity, Own],
        certificate: bytes,
        passcode: Secret,
        digest: bytes,
    ) -> bytes:
        """Have the card sign `digest` with its authentication key, after its passcode."""

    def change(self, expected: tuple[CardIdentity, Own], old: Secret, new: Secret) -> None:
        """Change the card's passcode."""

    def unlock(
        self, plan: UnlockPlan, record: Record, authority: Authority | None = None
    ) -> Unlocked:
        """Do an unlock's card work; `record` is called before the next command is sent.

        `authority` answers for an administrator key. What either raises ends the work, and the card
        loses whatever had been proved to it.
        """

    def answer(self, answered: Callable[[], None]) -> None:
        """Have `answered` called, perhaps later, as long as card work goes on or could begin."""

    def close(self) -> None:
        """Stop watching and end every process of the reader's."""


__all__ = ["Notify", "Reader", "ReaderNotice", "Sight"]
