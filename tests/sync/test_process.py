# SPDX-License-Identifier: Apache-2.0
"""`kiosk sync` as a process: killed, stopped, with a full disk, or with a broken store."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import select

from kiosk.central.fleet import enrolling
from kiosk.central.tables import Kiosk
from kiosk.contract import messages as msg
from kiosk.errors import StoreFailed
from kiosk.link import CentralClient
from kiosk.site.enrolment import enrol
from kiosk.store import replica as rp
from kiosk.store.files import open_store, read_replica
from kiosk.store.outbox import Outbox
from kiosk.store.replica import ReplicaReader
from kiosk.sync import health, planning
from kiosk.sync.delivery import Delivery
from tests.central import cards
from tests.central.world import Service
from tests.link.server import Standing
from tests.patience import PATIENCE
from tests.patience import wait_until as patiently
from tests.processes import Process, running
from tests.sync.world import TRUST, Follower

pytestmark = pytest.mark.dealt
MANY = cards.serials("AA", 3000)


@contextmanager
def syncing(service: Service, state: Path) -> Iterator[Process]:
    settings = {"KIOSK_CENTRAL_URL": service.url, "KIOSK_STATE_DIRECTORY": str(state)}
    command = [sys.executable, "-m", "kiosk", "sync"]
    with running(command, how=signal.SIGKILL, env={**os.environ, **settings}) as process:
        yield process


@pytest.fixture
def state(service: Service, folder: Path) -> Path:
    """The state of an enrolled kiosk at a service with many cards, by the clock of this machine."""
    service.clock.pass_time(time.time() - service.clock.now.timestamp())
    cards.add(service.services, TRUST, MANY)
    with service.services.database.transaction() as database:
        trust = cards.organisation(database, TRUST)
        until = service.clock.now + enrolling.TOKEN_LIFE
        token = enrolling.make_token(database, trust, "ward 9", until)
    place = folder / "state"
    enrol(place, service.url, token)
    return place


def replica_state(state: Path) -> rp.ReplicaState:
    try:
        return ReplicaReader(read_replica(state)).state()
    except StoreFailed:
        return rp.ReplicaState()


def wait_until(state: Path, cards: int) -> rp.ReplicaState:
    def filled() -> rp.ReplicaState | None:
        now = replica_state(state)
        return now if now.cards >= cards else None

    found = patiently(filled, lambda: f"{cards} cards: {replica_state(state)}")
    assert found is not None
    return found


def test_a_killed_fill_continues_where_it_was(service: Service, state: Path) -> None:
    positions = [0]
    for part in (1, 1500):
        with syncing(service, state) as process:
            wait_until(state, part)
            process.send_signal(signal.SIGKILL)
            process.wait()
        now = replica_state(state)
        assert now.cards == planning.position(now) >= positions[-1]  # one commit
        positions.append(now.cards)
    assert 0 < positions[1] < len(MANY)
    with syncing(service, state):
        wait_until(state, len(MANY))
    assert replica_state(state).generation == 1


def test_the_process_stops_at_once_during_a_long_poll(service: Service, state: Path) -> None:
    with syncing(service, state) as process:
        patiently(lambda: service.waiting, "the sync waits for changes")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_the_outbox_is_delivered_during_a_long_poll(service: Service, state: Path) -> None:
    with syncing(service, state):
        patiently(lambda: service.waiting, "the sync waits for changes")
        outbox = Outbox(open_store(state))
        outbox.note(msg.PasscodeChange(family="piv", serial=MANY[0]))
        patiently(lambda: not outbox.count_pending(), "the outbox is delivered")
        assert service.waiting


def test_a_broken_replica_is_filled_again(service: Service, state: Path) -> None:
    with syncing(service, state):
        wait_until(state, len(MANY))
    with closing(sqlite3.connect(state / "replica.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = state / "replica.sqlite3"
    content = bytearray(file.read_bytes())
    content[8192:-4096] = os.urandom(len(content) - 12288)
    file.write_bytes(content)
    with syncing(service, state):
        patiently(lambda: service.waiting, "the sync waits for changes")
    assert replica_state(state).cards == len(MANY)
    assert list(state.glob("replica.broken-*"))


# ---------------------------------------------------------------- in this process


def test_a_full_disk_stores_no_page_and_loses_none(service: Service, kiosk: Follower) -> None:
    cards.add(service.services, TRUST, MANY[:1500])
    kiosk.following.round(planning.Pace())
    before = kiosk.state
    pages = kiosk.engine.connect().exec_driver_sql("PRAGMA page_count").scalar_one()
    kiosk.engine.dispose()

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(kiosk.engine, "connect", limit)
    pace, _, _ = kiosk.following.round(planning.Pace())
    assert (pace.failures, kiosk.state) == (1, before)
    event.remove(kiosk.engine, "connect", limit)
    kiosk.engine.dispose()
    assert kiosk.follow().cards == 1500


def test_the_sync_waits_for_a_locked_store(
    service: Service, kiosk: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards.add(service.services, TRUST, MANY[:5])
    event.listen(kiosk.engine, "connect", lambda c, _: c.execute("PRAGMA busy_timeout = 50"))
    kiosk.engine.dispose()
    with closing(sqlite3.connect(kiosk.folder / "replica.sqlite3")) as holder:
        holder.execute("BEGIN IMMEDIATE")
        pace, _, _ = kiosk.following.round(planning.Pace())
        assert (pace.failures, kiosk.state.cards) == (1, 0)
    assert kiosk.follow().cards == 5


def test_an_unreadable_item_does_not_block_the_others(service: Service, kiosk: Follower) -> None:
    notes = [kiosk.outbox.note(_change(serial)) for serial in MANY[:3]]
    cards.add(service.services, TRUST, MANY[:3])
    with closing(sqlite3.connect(kiosk.folder / "store.sqlite3")) as store:
        store.execute("UPDATE outbox SET body = 'no JSON' WHERE id = ?", (str(notes[1]),))
        store.commit()
    kiosk.deliver()
    assert kiosk.outbox.count_pending() == 0
    with closing(sqlite3.connect(kiosk.folder / "store.sqlite3")) as store:
        stored = store.execute("SELECT last_answer FROM outbox ORDER BY position").fetchall()
    assert stored == [("applied",), ("unreadable",), ("applied",)]


class _Picky(BaseHTTPRequestHandler):
    """A central that cannot parse one item, and names none as the fault."""

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = [item["id"] for item in sent["items"]]
        if any(item["fact"]["serial"] == MANY[5] for item in sent["items"]):
            problem = msg.Problem(
                type=f"{msg.PROBLEM_PREFIX}invalid-request", title="x", status=422
            )
            status, body = 422, problem.model_dump_json().encode()
        else:
            items = [{"id": each, "status": "applied"} for each in ids]
            outcome = {"items": items, "received_at": "2025-01-01T00:00:00Z"}
            status, body = 200, json.dumps(outcome).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


def test_an_item_that_central_cannot_parse_does_not_block_the_others(folder: Path) -> None:
    outbox = Outbox(open_store(folder))
    for serial in MANY[:12]:
        outbox.note(_change(serial))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Picky) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        central = CentralClient(f"http://127.0.0.1:{server.server_port}", Standing("t"))
        Delivery(outbox, central).round(planning.Pace())
        server.shutdown()
    assert (outbox.count_pending(), outbox.count_refused()) == (0, 1)
    assert outbox.offer_again() == 1  # for central may be another one by now
    (left,) = outbox.pending(50)
    assert left.fact == _change(MANY[5])


def _change(serial: str) -> msg.PasscodeChange:
    return msg.PasscodeChange.model_validate({"family": "piv", "serial": serial})


def test_a_failed_item_is_kept_with_its_error(service: Service, kiosk: Follower) -> None:
    kiosk.outbox.note(_change(MANY[0]))
    service.stop()
    service.services.database.close()
    kiosk.central._http._url = "http://127.0.0.1:1"
    pace = planning.Pace()
    for _ in range(2):
        pace, _ = Delivery(kiosk.outbox, kiosk.central).round(pace)
    assert pace.failures == 2
    with closing(sqlite3.connect(kiosk.folder / "store.sqlite3")) as store:
        (stored,) = store.execute("SELECT state, attempts, last_answer FROM outbox").fetchall()
    assert stored == ("PENDING", 2, "CentralUnavailable")
    service.start()


def test_only_the_newest_health_is_reported(service: Service, kiosk: Follower) -> None:
    cards.add(service.services, TRUST, MANY[:5])
    kiosk.follow()
    kiosk.deliver()
    delivery = Delivery(kiosk.outbox, kiosk.central)
    for ahead in (None, 12.4):
        delivery.tell(health.measure(kiosk.outbox, kiosk.replica, kiosk.folder, ahead))
    delivery.round(planning.Pace())
    assert delivery.clock_ahead is not None
    with service.services.database.reading() as database:
        stored = database.exec(select(Kiosk)).one().health
    assert stored is not None
    assert (stored["cards"], stored["clock_ahead_seconds"], stored["held"]) == (5, 12, None)


def test_health_is_reported_after_the_facts_and_once_central_answers(
    service: Service, kiosk: Follower
) -> None:
    delivery = Delivery(kiosk.outbox, kiosk.central)
    delivery.tell(health.measure(kiosk.outbox, kiosk.replica, kiosk.folder, 1.0))
    kiosk.outbox.note(_change(MANY[0]))

    def heard() -> bool:
        with service.services.database.reading() as database:
            return database.exec(select(Kiosk)).one().health is not None

    service.stop()
    delivery.round(planning.Pace())
    service.start()
    kiosk.central = CentralClient(service.url, kiosk.central.tokens)
    delivery._central = kiosk.central
    delivery.round(planning.Pace())
    assert not heard()
    delivery.round(planning.Pace())
    assert heard()


def test_an_idle_sync_writes_nothing(service: Service, kiosk: Follower) -> None:
    """Run rounds of both loops, and health checks, repeatedly: any write would show in a file."""
    cards.add(service.services, TRUST, MANY[:5])
    kiosk.follow()
    kiosk.deliver()
    delivery = Delivery(kiosk.outbox, kiosk.central)

    def written() -> dict[str, bytes]:
        files = [each for each in kiosk.folder.iterdir() if not each.name.endswith("-shm")]
        return {each.name: each.read_bytes() for each in files}

    before = written()
    for _ in range(3):
        delivery.tell(health.measure(kiosk.outbox, kiosk.replica, kiosk.folder, 1.0))
        for _ in range(2):
            assert delivery.round(planning.Pace()) == (planning.Pace(), False)
        kiosk.follow_once()
    assert written() == before
    kiosk.outbox.note(_change(MANY[0]))
    assert written() != before
