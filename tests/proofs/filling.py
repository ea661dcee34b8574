# SPDX-License-Identifier: Apache-2.0
"""A first fill needs little memory, and the pace of following does not depend on the size.

SQL writes the cards as an import would have left them. The measured work goes through a real
central process over HTTP into a real replica.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlmodel import col, select

from kiosk.central import settings
from kiosk.central.fleet import enrolling
from kiosk.central.operations import seed
from kiosk.central.service import assembly
from kiosk.central.service.assembly import Services
from kiosk.central.tables import Card, Cardholder, Organisation
from kiosk.contract.enrolment import Role
from kiosk.contract.replication import Cursor
from kiosk.demo import cardholders
from kiosk.demo.service import CentralProcess
from kiosk.errors import StoreFailed
from kiosk.link import AccessTokens, CentralClient
from kiosk.site import identity
from kiosk.site.enrolment import enrol
from kiosk.store.files import open_replica, open_store, read_replica
from kiosk.store.outbox import Outbox
from kiosk.store.replica import Replica, ReplicaReader
from kiosk.sync import planning
from kiosk.sync.replication import Replication
from tests.heartbeat import beat
from tests.patience import PATIENCE, wait_until
from tests.processes import Process, running

_MANY, _FEW, _MOST = 100_000, 10_000, 1_000_000
_GROWTH_MEGABYTES = 64
_CHANGES = 100
_ROUNDS = 15
_MOST_TIMES_SLOWER = 2.0
_PATIENCE_SECONDS = 4 * PATIENCE

_NUMBERS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
"""
_CARDS = f"""
INSERT INTO card (id, failures, organisation_id, cardholder_id, family, serial, status, seed,
                  manufacturer, unblocking_maximum, frozen, closed, renewal_due, position)
{_NUMBERS}
SELECT i, 0, 1, 1, 'PIV', printf('%032X', i), 'ACTIVE', randomblob(32), '', 3, 0, 0, 0, i FROM n
"""
_REGISTRATIONS = f"""
INSERT INTO registration (id, failures, card_id, recovery_public_key, normaliser, questions, locked)
{_NUMBERS}
SELECT printf('%032x', i), 0, i, randomblob(32), 1,
       '["first-friend", "first-pet", "first-street", "first-teacher"]', 0 FROM n
"""
_COUNTER = "UPDATE change_counter SET position = :count + 1, cards = :count"
_REPLICA = f"""
INSERT INTO card (card, generation, status, registered, registration, locked, closed, frozen,
                  questions)
{_NUMBERS}
SELECT randomblob(16), 1, 'active', 1, x'', 0, 0, 0, 'first-friend' FROM n
"""


def prove() -> str:
    """Run both measurements at full size; raises AssertionError if memory or time grows too far."""
    filled, room = first_fill(_MANY), room_to_grow(_FEW, _MOST)
    if room.ratio >= _MOST_TIMES_SLOWER:
        raise AssertionError(f"{room}: too slow")
    return f"{filled}; {room}"


# ---------------------------------------------------------------- a first fill


def first_fill(cards: int) -> str:
    """Fill an empty `kiosk sync`; raises AssertionError if its memory grows too far."""
    with tempfile.TemporaryDirectory() as folder, _trust(Path(folder), cards) as central:
        state = Path(folder) / "state"
        begun = time.monotonic()
        with _syncing(central.url, state, Path(folder) / "sync.log") as process:
            _wait_for(state, 1, process)
            before = _memory(process.pid, "VmRSS")
            _wait_for(state, cards, process)
            seconds = time.monotonic() - begun
            growth = _memory(process.pid, "VmHWM") - before
    if growth >= _GROWTH_MEGABYTES:
        raise AssertionError(f"the sync grew by {growth:.0f} MB while it filled {cards} cards")
    return (
        f"first fill: {cards} registrations in {seconds:.1f} s, the sync grew by {growth:.1f} MB"
        f" (at most {_GROWTH_MEGABYTES})"
    )


@contextmanager
def _syncing(url: str, state: Path, log: Path) -> Iterator[Process]:
    environment = {"KIOSK_CENTRAL_URL": url, "KIOSK_STATE_DIRECTORY": str(state)}
    with (
        log.open("ab") as output,
        running(
            [sys.executable, "-m", "kiosk", "sync"],
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
        ) as process,
    ):
        yield process


def _wait_for(state: Path, cards: int, process: Process) -> None:
    reader = ReplicaReader(read_replica(state))

    def filled() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"the sync ended with {process.returncode}")
        try:
            return reader.state().cards >= cards
        except StoreFailed:  # not made yet
            return False

    wait_until(filled, f"{cards} cards in the replica", seconds=_PATIENCE_SECONDS)


def _memory(pid: int, what: str) -> float:
    """Return the memory in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"the sync has no {what}")


# ---------------------------------------------------------------- room to grow


@dataclass(frozen=True)
class Room:
    """The seconds that a sync of some changes takes with few and with many registrations."""

    few: int
    many: int
    seconds: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Return how many times slower the sync is with many."""
        return self.seconds[1] / self.seconds[0]

    def __str__(self) -> str:
        times = [f"{1000 * each:.1f} ms" for each in self.seconds]
        return (
            f"room to grow: {_CHANGES} changes in {times[0]} with {self.few} registrations, in"
            f" {times[1]} with {self.many}: {self.ratio:.2f} times (at most {_MOST_TIMES_SLOWER})"
        )


def room_to_grow(few: int, many: int) -> Room:
    """Time a sync of some changes with few and with many registrations at central and kiosk."""
    return Room(few, many, (_seconds_for_changes(few), _seconds_for_changes(many)))


def _seconds_for_changes(cards: int) -> float:
    with tempfile.TemporaryDirectory() as folder, _trust(Path(folder), cards) as central:
        state = Path(folder) / "state"
        following, replica = _following(central.url, state)
        _fill_by_sql(following, replica, state, cards)
        took = []
        with _parts(central) as service:
            for number in range(_ROUNDS):
                beat(f"round {number} with {cards} cards")
                _change(service, number)
                begun = time.monotonic()
                pace, _, held = following.round(planning.Pace())
                took.append(time.monotonic() - begun)
                if pace.failures or held:
                    raise AssertionError("the round did not succeed")
                if replica.state().highest != cards + 1 + (number + 1) * _CHANGES:
                    raise AssertionError("the changes did not come")
        return statistics.median(took)


def _following(url: str, state: Path) -> tuple[Replication, Replica]:
    who = identity.load(state, Role.SYNC)
    tokens = AccessTokens(url, who.enrolled.kiosk, who.enrolled.central, who.key)
    replica = Replica(open_replica(state))
    following = Replication(
        replica,
        Outbox(open_store(state)),
        CentralClient(url, tokens),
        kiosk=who.enrolled.name,
        approval_key=None,
        changed=lambda: None,
    )
    return following, replica


def _fill_by_sql(following: Replication, replica: Replica, state: Path, cards: int) -> None:
    """Return an up-to-date replica, of which one page came from central and SQL wrote the rest."""
    following.round(planning.Pace())
    replica_state = replica.state()
    cursor = Cursor.parse(replica_state.cursor)
    head = Cursor(
        cursor.organisation, cursor.kiosk, cursor.epoch, replica_state.highest, cursor.since
    )
    with open_replica(state).begin() as connection:
        connection.execute(text(_REPLICA), {"count": cards - replica_state.cards})
        done = "UPDATE state SET cursor = :cursor, cards = :cards, filling = 0, complete = 1"
        connection.execute(text(done), {"cursor": str(head), "cards": cards})


def _change(service: Services, number: int) -> None:
    with service.database.transaction() as database:
        first = 1 + number * _CHANGES % planning.PAGE  # cards that the replica has
        chosen = col(Card.id).between(first, first + _CHANGES - 1)
        for card in database.exec(select(Card).where(chosen)):
            card.frozen = not card.frozen


# ---------------------------------------------------------------- central


@contextmanager
def _trust(folder: Path, cards: int) -> Iterator[CentralProcess]:
    """Start a central service with that many registered cards, and a kiosk of theirs in `state`."""
    central = CentralProcess(folder)
    seed.ensure_master_key(folder / "master.key")
    with _parts(central) as service:
        organisation = Organisation(id=1, name=cardholders.ORGANISATION)
        with service.database.transaction() as database:
            database.add(organisation)
        with service.database.transaction() as database:
            connection = database.connection()
            database.add(Cardholder(id=1, organisation_id=1, name="N", email="n@example.nhs.uk"))
            database.flush()
            until = service.clock() + enrolling.TOKEN_LIFE
            token = enrolling.make_token(database, organisation, cardholders.KIOSK, until)
            for statement in (_CARDS, _REGISTRATIONS, _COUNTER):
                connection.execute(text(statement), {"count": cards})
    central.start()
    try:
        enrol(folder / "state", central.url, token)
        yield central
    finally:
        central.stop()


@contextmanager
def _parts(central: CentralProcess) -> Iterator[Services]:
    environment = central.environment()
    names = {name.removeprefix(settings.PREFIX).lower(): v for name, v in environment.items()}
    service = assembly.assemble(settings.read(**names))
    try:
        yield service
    finally:
        service.database.close()
