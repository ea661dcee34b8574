# SPDX-License-Identifier: Apache-2.0
"""The outbox keeps its order, is durable, and never resends what central has acknowledged."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event

from kiosk.contract.messages import (
    CardCommand,
    CardFact,
    ItemOutcome,
    ItemStatus,
    KioskDeed,
    KioskEvent,
    ReportOutcome,
    VisitEnd,
)
from kiosk.errors import SettingsError, StoreFailed
from kiosk.store.files import open_store
from kiosk.store.outbox import Outbox

Store = Callable[[], Engine]


@pytest.fixture
def store(folder: Path) -> Store:
    """Return a function that opens the store of the test's folder, as often as it is called."""
    return lambda: open_store(folder)


SESSION = uuid4()


def recording(engine: Engine) -> Outbox:
    """Return an outbox with an open visit."""
    outbox = Outbox(engine)
    outbox.begin_visit(SESSION)
    return outbox


def fact(sequence: int = 0) -> CardFact:
    return CardFact(
        grant=uuid4(),
        sequence=sequence,
        command=CardCommand.UNBLOCK,
        generation=1,
        status=None,
    )


NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def answered(*items: ItemOutcome, at: datetime = NOON) -> ReportOutcome:
    return ReportOutcome(items=items, received_at=at)


def test_facts_are_read_as_they_were_recorded(store: Store) -> None:
    outbox = recording(store())
    facts = [fact(sequence) for sequence in range(5)]
    ids = [outbox.record(SESSION, each) for each in facts]
    assert [item.fact for item in outbox.pending(10)] == facts
    assert [item.id for item in outbox.pending(3)] == ids[:3]


def test_acknowledged_facts_are_not_pending(store: Store) -> None:
    outbox = recording(store())
    first, second, third, fourth = (outbox.record(SESSION, fact(n)) for n in range(4))
    outbox.acknowledge(
        answered(
            ItemOutcome(id=first, status=ItemStatus.APPLIED),
            ItemOutcome(id=second, status=ItemStatus.KNOWN),
            ItemOutcome(id=third, status=ItemStatus.REFUSED, reason="not yours"),
            ItemOutcome(id=uuid4(), status=ItemStatus.APPLIED),
        )
    )
    assert [item.id for item in outbox.pending(10)] == [fourth]
    assert outbox.count_pending() == 1


def test_two_processes_share_an_outbox(store: Store) -> None:
    ours, theirs = recording(store()), recording(store())
    written = ours.record(SESSION, fact())
    assert [item.id for item in theirs.pending(10)] == [written]


def test_recorded_facts_survive_a_kill(folder: Path, store: Store) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.store.test_outbox import SESSION, fact, recording\n"
        "from kiosk.store.files import open_store\n"
        "print(recording(open_store(Path(sys.argv[1]))).record(SESSION, fact()), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (item,) = recording(store()).pending(10)
    assert str(item.id) == killed.stdout.strip()


def _fill(outbox: Outbox) -> None:
    for sequence in range(64):
        outbox.record(SESSION, fact(sequence))


@contextmanager
def read_only(engine: Engine) -> Iterator[None]:
    """Make every write fail."""

    def forbid(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only = on")

    engine.dispose()
    event.listen(engine, "connect", forbid)
    yield
    event.remove(engine, "connect", forbid)
    engine.dispose()


def test_a_full_disk_raises_an_error_and_loses_nothing(store: Store) -> None:
    outbox = recording(store())
    kept = outbox.record(SESSION, fact())
    engine = store()
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    engine.dispose()
    # At its own size limit, SQLite answers like on a full disk: SQLITE_FULL.
    event.listen(
        engine, "connect", lambda dbapi, _: dbapi.execute(f"PRAGMA max_page_count={pages}")
    )
    full = recording(engine)
    with pytest.raises(StoreFailed):
        _fill(full)
    assert outbox.pending(1)[0].id == kept


def test_an_unended_visit_is_ended_once_the_disk_has_room(store: Store) -> None:
    engine = store()
    outbox = recording(engine)
    outbox.record(SESSION, fact())
    with read_only(engine):
        with pytest.raises(StoreFailed):
            outbox.end_visit(SESSION)
        with pytest.raises(StoreFailed):
            outbox.catch_up()
    outbox.catch_up()
    outbox.catch_up()
    assert [item.fact for item in outbox.pending(10)][1:] == [VisitEnd(session=SESSION, facts=1)]


def test_the_end_of_a_visit_records_its_number_of_facts(store: Store) -> None:
    outbox = recording(store())
    for sequence in range(3):
        outbox.record(SESSION, fact(sequence))
    outbox.end_visit(SESSION)
    outbox.end_visit(SESSION)
    assert [item.fact for item in outbox.pending(10)][3:] == [VisitEnd(session=SESSION, facts=3)]
    with pytest.raises(StoreFailed):
        outbox.record(SESSION, fact(3))


def test_a_visit_that_a_kill_left_open_is_ended_at_the_next_start(store: Store) -> None:
    killed = recording(store())
    killed.record(SESSION, fact())
    started = Outbox(store())
    assert started.end_open_visits() == 1
    assert started.end_open_visits() == 0
    assert started.pending(10)[-1].fact == VisitEnd(session=SESSION, facts=1)


def test_a_visit_that_could_not_be_ended_at_the_start_is_ended_later(
    store: Store,
) -> None:
    recording(store()).record(SESSION, fact())
    engine = store()
    started, begun = Outbox(engine), uuid4()
    with read_only(engine), pytest.raises(StoreFailed):
        started.end_open_visits()
    started.begin_visit(begun)
    assert started.catch_up() == 1
    assert started.pending(10)[-1].fact == VisitEnd(session=SESSION, facts=1)
    assert not started.is_settled()
    started.record(begun, fact())
    assert started.catch_up() == 0


def test_only_the_process_that_began_a_visit_ends_it(store: Store) -> None:
    """The sync process opens the same store."""
    kiosk, sync = recording(store()), Outbox(store())
    assert sync.catch_up() == 0
    kiosk.record(SESSION, fact())


def test_a_file_that_is_not_a_database_is_moved_aside(folder: Path, store: Store) -> None:
    (folder / "store.sqlite3").write_bytes(b"not a database at all" * 500)
    outbox = recording(store())
    outbox.record(SESSION, fact())
    assert len(outbox.pending(10)) == 1
    assert list(folder.glob("store.broken-*"))


def test_an_error_names_a_state_directory_that_cannot_be_made(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(SettingsError):
        open_store(folder / "file" / "state")


def test_refused_outcomes_are_offered_to_each_new_epoch(store: Store) -> None:
    """A central that was restored may know what the former one did not, and the reverse."""
    outbox = recording(store())
    outcome = outbox.record(SESSION, fact())
    event = outbox.note(KioskEvent(deed=KioskDeed.SYNC_STARTED))
    refused = [
        ItemOutcome(id=each, status=ItemStatus.REFUSED, reason="not known")
        for each in (outcome, event)
    ]
    for epoch in ("e" * 16, "f" * 16):
        outbox.acknowledge(ReportOutcome(items=tuple(refused), received_at=NOON))
        assert [item.id for item in outbox.pending(10) if item.id in {outcome, event}] == []
        assert outbox.prepare_for(epoch) == 1
        assert outbox.prepare_for(epoch) == 0
        assert outbox.pending(1)[0].id == outcome
