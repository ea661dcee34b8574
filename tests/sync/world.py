# SPDX-License-Identifier: Apache-2.0
"""A kiosk that follows a central service: its store, and a sync that runs on request."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from nacl.signing import SigningKey
from sqlmodel import Session, select

from kiosk.contract.replication import card_hash
from kiosk.link import CentralClient
from kiosk.store.files import open_replica, open_store, read_replica
from kiosk.store.outbox import Outbox
from kiosk.store.replica import KnownCard, Replica, ReplicaReader, ReplicaState
from kiosk.store.tables import ReplicaCard
from kiosk.sync import planning
from kiosk.sync.delivery import Delivery
from kiosk.sync.replication import Replication
from kiosk.values import CardIdentity, Family
from tests.central.world import KioskClient, Service

TRUST = "Trust A"


@dataclass
class Token:
    """Implements `link.client.Tokens` with tokens directly from central."""

    client: KioskClient
    retiring: bool = False

    def current(self) -> str:
        return self.client.token

    def refused(self, token: str) -> None:
        raise AssertionError(f"not accepted: {token}")


@dataclass
class Follower:
    """The kiosk `name` at `service`, with its state in `folder`."""

    service: Service
    folder: Path
    name: str = "ward 7"
    trust: str = TRUST
    key: SigningKey = field(default_factory=SigningKey.generate)

    def __post_init__(self) -> None:
        client = self.service.kiosk(self.name, self.trust)
        client.token  # noqa: B018 - from now on central knows the kiosk
        self.client = client
        self.open()

    def open(self) -> None:
        """Open the stores, as a process does when it starts."""
        self.outbox = Outbox(open_store(self.folder))
        self.engine = open_replica(self.folder)
        self.replica = Replica(self.engine)
        self.reader = ReplicaReader(read_replica(self.folder))
        self.central = CentralClient(self.service.url, Token(self.client))
        self.following = Replication(
            self.replica,
            self.outbox,
            self.central,
            kiosk=self.name,
            approval_key=self.key.verify_key,
            changed=lambda: None,
        )

    def follow(self) -> ReplicaState:
        """Follow, round after round, until there is no more."""
        more = True
        while more:
            pace, more, held = self.following.round(planning.Pace())
            assert not pace.failures
            more = not held and (more or self.state.filling)
        return self.state

    def follow_once(self) -> None:
        """Follow one page; return the error if it failed."""
        self.following.round(planning.Pace())

    def deliver_once(self) -> None:
        """Deliver one batch; return the error if it failed."""
        Delivery(self.outbox, self.central).round(planning.Pace())

    def close(self) -> None:
        """Close the stores, as a process does when it ends."""
        self.outbox._engine.dispose()
        self.engine.dispose()

    def deliver(self) -> None:
        """Deliver the outbox."""
        delivery, more = Delivery(self.outbox, self.central), True
        while more:
            pace, more = delivery.round(planning.Pace())
            assert not pace.failures

    @property
    def state(self) -> ReplicaState:
        return self.replica.state()

    def knows(self, serial: str) -> KnownCard | None:
        return self.reader.find(CardIdentity(Family.PIV, serial))

    def hashes(self) -> set[bytes]:
        with Session(self.engine) as database:
            return set(database.exec(select(ReplicaCard.card)))

    def expected(self, serials: list[str]) -> set[bytes]:
        """Return the hashes of cards."""
        key = self.state.key
        return {card_hash(key, CardIdentity(Family.PIV, each)) for each in serials}
