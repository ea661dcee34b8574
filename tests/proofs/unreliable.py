# SPDX-License-Identifier: Apache-2.0
"""A network and a card reader that fail on request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from kiosk.card import proving, recognition
from kiosk.card import unlock_work as card_work
from kiosk.card.session import Authority, CardReport
from kiosk.card.unlock_work import Record, Unlocked, UnlockPlan
from kiosk.demo.issued_cards import IssuedCard
from kiosk.errors import CardRemoved, CentralUnavailable
from kiosk.link.http import Http
from kiosk.store.outbox import Outbox
from kiosk.values import CardIdentity


class Killed(BaseException):
    """The kiosk's process ends at this moment."""


class MortalOutbox(Outbox):
    """The outbox of a process that can be killed: after that it writes nothing."""

    def end_visit(self, session: UUID) -> None:
        """End the visit, unless the process is ending and unwinds the visit."""
        if not isinstance(sys.exc_info()[1], Killed):
            super().end_visit(session)


class Fault(StrEnum):
    """The fate of a request."""

    NONE = "none"
    LOST = "lost"  # it never arrives
    UNHEARD = "unheard"  # its answer never arrives
    DOUBLED = "doubled"  # it arrives twice
    DELAYED = "delayed"  # it arrives when nobody waits for an answer any more
    KILLED = "killed"  # the kiosk ends while it waits


@dataclass
class Network:
    """The network between a kiosk and central: the fates of the next requests, and delayed ones."""

    http: Http
    faults: list[Fault] = field(default_factory=list)
    down: bool = False
    late: list[Callable[[], object]] = field(default_factory=list)
    happened: set[Fault] = field(default_factory=set)

    def ask(
        self,
        method: str,
        path: str,
        answer: type[Any],
        body: BaseModel | Mapping[str, str] | None = None,
        token: str | None = None,
        *,
        wait: float = 0.0,
    ) -> Any:
        """Send a request, as `link.http.Http` does."""
        if self.down:
            raise CentralUnavailable("down")
        send = partial(self.http.ask, method, path, answer, body, token, wait=wait)
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        self.happened.add(fault)
        if fault is Fault.LOST:
            raise CentralUnavailable(fault)
        if fault is Fault.DELAYED:
            self.late.append(send)
            raise CentralUnavailable(fault)
        if fault in (Fault.DOUBLED, Fault.UNHEARD, Fault.KILLED):
            _whatever(send)
        if fault is Fault.KILLED:
            raise Killed
        if fault is Fault.UNHEARD:
            raise CentralUnavailable(fault)
        return send()

    def deliver_late(self, which: int) -> None:
        """Deliver one of the delayed requests, in any order."""
        if self.late and not self.down:
            _whatever(self.late.pop(which % len(self.late)))


def _whatever(send: Callable[[], object]) -> None:
    """Send a request; nobody receives central's answer."""
    with suppress(Exception):
        send()


@dataclass
class Interruption:
    """An event at a command: the card is removed, or the kiosk killed, before or after it acts."""

    at: int
    acted: bool
    kills: bool


@dataclass
class DirectReader:
    """Implements `devices.reader.Reader` as far as an unlock needs it, directly on the chip."""

    card: IssuedCard
    interruption: Interruption | None = None
    commands: int = 0
    out: bool = False

    @property
    def atr(self) -> bytes:
        return self.card.chip.atr

    def insert(self, interruption: Interruption | None) -> None:
        """Insert the card, which has lost its power meanwhile."""
        self.card.chip.reset()
        self.interruption, self.commands, self.out = interruption, 0, False

    def exchange(self, command: bytes) -> bytes:
        """Exchange a command, as a connection does."""
        if self.out:
            raise CardRemoved("exchange")
        self.commands += 1
        planned = self.interruption
        if planned is None or planned.at != self.commands:
            return self.card.chip.exchange(command)
        if planned.acted:
            self.card.chip.exchange(command)
        self.out = True
        raise Killed if planned.kills else CardRemoved("exchange")

    def inspect(self) -> CardReport:
        return recognition.inspect(self)

    def prove(self, identity: CardIdentity, certificate: bytes, digest: bytes) -> bytes:
        self.card.chip.reset()
        return proving.prove(self, identity, certificate, digest)

    def unlock(
        self, plan: UnlockPlan, record: Record, authority: Authority | None = None
    ) -> Unlocked:
        self.card.chip.reset()
        return card_work.unlock(self, plan, record, authority)
