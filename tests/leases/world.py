# SPDX-License-Identifier: Apache-2.0
"""A kiosk that borrows packs, with a clock of its own, and helpers for its card visits."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from sqlmodel import select

from kiosk.card.unlock_work import CardStep
from kiosk.central.keys import signing
from kiosk.central.tables import Kiosk
from kiosk.contract import messages as msg
from kiosk.errors import CentralUnavailable
from kiosk.leases import Addressee, LeaseRenewer, Leases, PackStore, ShownKeys, memory
from kiosk.link import CentralClient
from kiosk.sync import planning
from tests.central.borrower import allow
from tests.central.world import CENTRAL, PersonalCard, Service
from tests.sync.world import TRUST, Follower


@dataclass
class BootClock:
    """Seconds since the boot of the machine, which pass only when the test says so."""

    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Away:
    """A central that is unreachable or refuses."""

    error: Exception = field(default_factory=lambda: CentralUnavailable("away"))
    asked: int = 0

    def lend_packs(self, _request: object) -> object:
        self.asked += 1
        raise self.error


class Rounds(threading.Event):
    """An event that is set after this many waits, each of which advances only `clock`."""

    def __init__(self, number: int, clock: BootClock) -> None:
        super().__init__()
        self._left, self._clock = number, clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.seconds += timeout or 0
        self._left -= 1
        if not self._left:
            self.set()
        return self.is_set()


@dataclass
class Borrowing:
    service: Service
    state: Path
    memory: Path
    patch: pytest.MonkeyPatch
    trust: str = TRUST
    clock: BootClock = field(default_factory=BootClock)

    def __post_init__(self) -> None:
        self.patch.setattr(planning, "WAIT_SECONDS", 0)
        self.follower = Follower(self.service, self.state, trust=self.trust)
        allow(self.follower.client)
        self.start()
        self.follower.follow()

    def start(self) -> None:
        """Start as the process does, in the same memory or another."""
        with self.service.services.database.reading() as database:
            subject = database.exec(
                select(Kiosk.subject).where(Kiosk.name == self.follower.name)
            ).one()
        memory.prepare(self.memory, swap_tolerated=True)
        self.pack_store = PackStore(self.memory, self.clock)
        keys = signing.verify_keys(self.service.services.master)
        self.leases = Leases(
            self.pack_store,
            self.follower.reader,
            memory.sealing_key(self.memory),
            Addressee(CENTRAL, subject, keys),
        )
        self.renewer = self._renewer(self.follower.central)

    def _renewer(self, central: CentralClient) -> LeaseRenewer:
        shown_keys = ShownKeys(self.state / "screen")
        return LeaseRenewer(
            self.leases, self.follower.reader, self.follower.outbox, central, shown_keys
        )

    def cut(self, away: Away | None = None) -> None:
        """Make central unreachable from now on."""
        self.renewer = self._renewer(away or Away())  # type: ignore[arg-type]

    def power_cut(self) -> None:
        """Empty the memory, and restart the clock."""
        self.close()
        for each in self.memory.iterdir():
            each.unlink()
        self.clock.seconds = 5.0
        self.start()

    def round(self) -> None:
        """Run one round of both services: deliver, follow, renew leases."""
        self.follower.deliver()
        self.follower.follow()
        self.renewer.round()
        self.follower.deliver()

    def holds(self, card: PersonalCard) -> bool:
        return self.leases.find(card.identity) is not None

    def outbox_kinds(self) -> list[str]:
        """Return the kinds of the facts that wait in the outbox."""
        return [item.fact.kind for item in self.follower.outbox.pending(100)]

    def close(self) -> None:
        self.pack_store.close()


def asked() -> msg.UnlockRequest:
    """Return the request that a visit would send to central."""
    return msg.UnlockRequest.model_validate(
        {
            "session": uuid4(),
            "card": {"family": "piv", "serial": "A" * 8, "passcode_tries": 0}
            | {"unblocking_tries": None},
            "reason": "locked",
        }
    )


def step(command: str, status: int | None) -> CardStep:
    return CardStep(command, 0, status)
