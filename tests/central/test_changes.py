# SPDX-License-Identifier: Apache-2.0
"""Kiosks follow every change of their own organisation; tombstones are kept for a while."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update
from sqlmodel import col, select

from kiosk.central.feed import change_page
from kiosk.central.service.assembly import Services
from kiosk.central.service.authentication import Caller
from kiosk.central.storage import change_feed, database
from kiosk.central.storage.database import Database
from kiosk.central.tables import Card, ChangeCounter, Installation, Kiosk, Organisation, Tombstone
from kiosk.contract.replication import CardChange, CardGone, ChangePage, Cursor, card_hash
from kiosk.values import CardIdentity, Family
from tests.central import cards
from tests.central.desk import Operator
from tests.central.postgresql import Cluster
from tests.central.world import Clock, KioskClient, Service, problem
from tests.examples import examples
from tests.patience import PATIENCE, wait_until

TRUST, OTHER = "Trust A", "Trust B"


def caller(services: Services, name: str) -> Caller:
    with services.database.reading() as session:
        kiosk = session.exec(select(Kiosk).where(Kiosk.name == name)).one()
    return Caller(kiosk.id, kiosk.organisation_id, kiosk.name)


class Reader:
    """A client that follows changes as a kiosk does."""

    def __init__(self, services: Services, name: str) -> None:
        self.services, self.caller = services, caller(services, name)
        self.cursor: Cursor | None = None
        self.key = b""
        self.held: dict[bytes, CardChange] = {}

    def page(self, limit: int) -> ChangePage:
        page = change_page.page(self.services, self.caller, self.cursor, limit)
        self.key = page.key or self.key
        self.cursor = Cursor.parse(page.next)
        for change in page.items:
            if isinstance(change, CardGone):
                self.held.pop(change.card, None)
            else:
                self.held[change.card] = change
        return page

    def drain(self, limit: int = 100) -> None:
        while self.page(limit).more:
            pass

    def hashes(self, serials: set[str]) -> set[bytes]:
        return {card_hash(self.key, CardIdentity(Family.PIV, each)) for each in serials}


@pytest.fixture
def kiosk(service: Service) -> KioskClient:
    client = service.kiosk("ward 7", TRUST)
    assert client.token
    return client


@pytest.fixture
def other(service: Service) -> KioskClient:
    client = service.kiosk("another trust's", OTHER)
    assert client.token
    return client


def get(kiosk: KioskClient, **asked: Any) -> requests.Response:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return kiosk.get(f"/changes?{query}")


def page(kiosk: KioskClient, **asked: Any) -> ChangePage:
    answer = get(kiosk, **asked)
    assert answer.status_code == 200, answer.text
    return ChangePage.model_validate_json(answer.text)


# ---------------------------------------------------------------- nothing is skipped


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "drop", "move", "stop", "follow", "follow other", "refill"]),
            st.integers(0, 7),
            st.integers(1, 4),
        ),
        max_size=30,
    )
)
def test_a_follower_has_every_current_card(
    service: Service,
    kiosk: KioskClient,
    other: KioskClient,
    deeds: list[tuple[str, int, int]],
) -> None:
    """Changes happen between pages of any size."""
    services = service.services
    cards.remove(services, cards.serials("AA", 8))
    here, there = Reader(services, "ward 7"), Reader(services, "another trust's")
    homes: dict[str, str] = {}
    for deed, which, limit in deeds:
        match deed:
            case "follow":
                here.page(limit)
            case "follow other":
                there.page(limit)
            case "refill":
                here = Reader(services, "ward 7")
            case _:
                do(services, homes, deed, cards.serials("AA", 8)[which])
    with services.database.reading() as session:
        rows = {row.serial: row for row in session.exec(select(Card))}
    for reader, trust in ((here, TRUST), (there, OTHER)):
        reader.drain(3)
        expected = {serial for serial, home in homes.items() if home == trust}
        assert set(reader.held) == reader.hashes(expected)
        for serial in expected:
            held = reader.held[card_hash(reader.key, CardIdentity(Family.PIV, serial))]
            assert held.frozen == rows[serial].frozen
        assert reader.page(1).total == len(expected)


def do(services: Services, homes: dict[str, str], deed: str, serial: str) -> None:
    """Apply the change to the card, if possible; `homes` maps cards to their organisations."""
    home = homes.get(serial)
    if deed == "add" and home is None:
        cards.add(services, TRUST, [serial], registered=serial[-1] in "02468")
        homes[serial] = TRUST
    elif deed == "drop" and home is not None:
        cards.remove(services, [serial])
        del homes[serial]
    elif deed == "move" and home is not None:
        homes[serial] = OTHER if home == TRUST else TRUST
        cards.move(services, serial, homes[serial])
    elif deed == "stop" and home is not None:
        with services.database.transaction() as session:
            card = session.exec(select(Card).where(Card.serial == serial)).one()
            card.frozen = not card.frozen


@contextmanager
def _slow_commits() -> Iterator[None]:
    """Delay each commit for a while after its transaction took its positions."""

    def wait(_session: object) -> None:
        time.sleep(random.uniform(0, 0.02))

    event.listen(change_feed.Session, "before_commit", wait)
    try:
        yield
    finally:
        event.remove(change_feed.Session, "before_commit", wait)


def test_overlapping_transactions_skip_no_change(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, without the turns that transactions take: the counter alone has to suffice."""
    monkeypatch.setattr(database, "_take_turns", lambda _engine: None)
    with cluster.database() as url:
        service = Service(tmp_path, Clock(), url)
        service.start()
        for name, trust in (("ward 7", TRUST), ("another trust's", OTHER)):
            assert service.kiosk(name, trust).token
        cards.add(service.services, TRUST, ["AA00000000"])
        cards.add(service.services, OTHER, ["AA00000001"])
        writers = [
            threading.Thread(target=_write, args=(Database(url), f"{number:02X}" * 4))
            for number in range(6)
        ]
        reader = Reader(service.services, "ward 7")
        with _slow_commits():
            for writer in writers:
                writer.start()
            while any(writer.is_alive() for writer in writers):
                reader.page(3)
        reader.drain()
        with service.services.database.reading() as session:
            home = session.exec(select(Organisation.id).where(Organisation.name == TRUST)).one()
            there = set(session.exec(select(Card.serial).where(Card.organisation_id == home)).all())
            positions = session.exec(
                select(Card.position).where(Card.organisation_id == home)
            ).all()
        assert set(reader.held) == reader.hashes(there)
        assert len(there) == 1 + 6 * 8
        assert len(set(positions)) == len(positions)
        service.stop()


def _write(database: Database, prefix: str) -> None:
    for number in range(8):
        # One organisation first, then the other, and the other way round: no deadlock.
        trusts = (TRUST, OTHER) if number % 2 else (OTHER, TRUST)
        with database.transaction() as session:
            for place, trust in enumerate(trusts):
                serial = f"{prefix}{number:02X}{trusts.index(TRUST) == place:02X}"
                cards.put(session, trust, [serial], registered=False)
    database.close()


def test_a_statement_that_bypasses_the_numbering_is_refused(service: Service) -> None:
    with service.services.database.transaction() as session, pytest.raises(TypeError):
        session.execute(update(Card).values(closed=True))


def test_columns_that_kiosks_do_not_hold_move_no_position(
    service: Service, kiosk: KioskClient
) -> None:
    cards.add(service.services, TRUST, ["AA00000000"])
    before = page(kiosk)
    with service.services.database.transaction() as session:
        session.exec(select(Card)).one().failures += 1
    assert page(kiosk, cursor=before.next).next == before.next


def test_stopping_everything_reaches_every_organisation(
    service: Service, kiosk: KioskClient, other: KioskClient
) -> None:
    before = [page(each) for each in (kiosk, other)]
    with service.services.database.transaction() as session:
        session.get_one(Installation, 1).stopped = True
    for each, earlier in zip((kiosk, other), before, strict=True):
        after = page(each, cursor=earlier.next)
        assert (earlier.policy.stopped, after.policy.stopped) == (False, True)
        assert after.next != earlier.next


def test_a_page_is_read_through_an_index(tmp_path: Path) -> None:
    """With any number of cards: tested on SQLite, which explains its query plans."""
    service = Service(tmp_path, Clock(), f"sqlite:///{tmp_path}/central.db")
    service.start()
    assert service.kiosk("ward 7", TRUST).token
    cards.add(service.services, TRUST, cards.serials("AA", 20))
    reader = Reader(service.services, "ward 7")
    engine = service.services.database._engine
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    reader.page(5)
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        plans = [
            row[3]
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert any("ix_card_changes" in each for each in plans)
    assert not [each for each in plans if "SCAN" in each or "TEMP" in each]
    service.stop()


# ---------------------------------------------------------------- cursors


def test_foreign_cursors_are_refused(
    service: Service, kiosk: KioskClient, other: KioskClient
) -> None:
    cards.add(service.services, TRUST, cards.serials("AA", 3))
    cards.add(service.services, OTHER, cards.serials("BB", 3))
    neighbour = service.kiosk("ward 8", TRUST)
    mine = Cursor.parse(page(kiosk).next)
    wrong = [
        page(other).next,
        page(neighbour).next,
        str(Cursor(mine.organisation, mine.kiosk, "0" * 16, 0, 0)),
        str(Cursor(mine.organisation, mine.kiosk, mine.epoch, mine.position + 1, 0)),
        str(Cursor(mine.organisation, mine.kiosk, mine.epoch, 0, mine.since + 1)),
    ]
    for cursor in wrong:
        answer = get(kiosk, cursor=cursor)
        assert (answer.status_code, problem(answer)) == (410, "cursor-void")
    for cursor in ("", "x", "1.2.3", f"{mine}.1", str(mine).replace(".", "%00")):
        assert problem(get(kiosk, cursor=cursor)) == "invalid-request"
    assert page(kiosk, cursor=str(mine)).items == ()


@pytest.mark.parametrize("wrong", ["limit=0", "limit=1001", "wait=51", "wait=-1", "planted=1"])
def test_the_page_size_and_the_wait_are_limited(kiosk: KioskClient, wrong: str) -> None:
    assert problem(kiosk.get(f"/changes?{wrong}")) == "invalid-request"


def test_changes_reveal_nothing_of_another_organisation(
    service: Service, kiosk: KioskClient, other: KioskClient
) -> None:
    cards.add(service.services, TRUST, cards.serials("AA", 5))
    before = page(other)
    cards.add(service.services, TRUST, cards.serials("CC", 5))
    cards.remove(service.services, cards.serials("AA", 1))
    assert page(other, cursor=before.next) == before.model_copy(update={"key": None})
    assert (before.items, before.total, before.head) == ((), 0, page(other).head)


def test_two_replicas_cannot_be_joined(service: Service, kiosk: KioskClient) -> None:
    cards.add(service.services, TRUST, cards.serials("AA", 5))
    one, another = page(kiosk), page(service.kiosk("ward 8", TRUST))
    assert one.key != another.key
    assert not {each.card for each in one.items} & {each.card for each in another.items}
    page_text = page(kiosk).model_dump_json()
    assert "AA0000" not in page_text
    assert "Nora" not in page_text


def test_a_tombstone_is_kept_until_it_is_pruned(
    service: Service, kiosk: KioskClient, operator: Operator
) -> None:
    serials = cards.serials("AA", 4)
    cards.add(service.services, TRUST, serials)
    before = page(kiosk)
    cards.remove(service.services, serials[:1])
    cards.move(service.services, serials[1], OTHER)
    gone = page(kiosk, cursor=before.next)
    assert [each.kind for each in gone.items] == ["gone", "gone"]
    assert {each.card for each in gone.items} <= {each.card for each in before.items}
    operator.does("tombstones", "prune", "--days", "1")
    assert page(kiosk, cursor=before.next) == gone
    with service.services.database.transaction() as session:
        for each in session.exec(select(Tombstone)):
            each.at = datetime.now(UTC) - timedelta(days=2)
    assert "dropped: 2" in operator.does("tombstones", "prune", "--days", "1")
    assert problem(get(kiosk, cursor=before.next)) == "cursor-void"
    assert page(kiosk, cursor=gone.next).items == ()
    assert len(page(kiosk).items) == 2


def test_a_fill_that_began_after_the_horizon_goes_on(
    service: Service, kiosk: KioskClient, operator: Operator
) -> None:
    cards.add(service.services, TRUST, cards.serials("AA", 9))
    cards.remove(service.services, cards.serials("AA", 1))
    first = page(kiosk, limit=2)
    operator.does("tombstones", "prune", "--days", "0")
    assert len(page(kiosk, cursor=first.next).items) == 6


def test_the_counter_equals_the_number_of_cards(service: Service, kiosk: KioskClient) -> None:
    serials = cards.serials("AA", 6)
    cards.add(service.services, TRUST, serials)
    cards.remove(service.services, serials[:2])
    cards.move(service.services, serials[2], OTHER)
    with service.services.database.reading() as session:
        counted = dict(
            session.exec(
                select(Organisation.name, ChangeCounter.cards).join(
                    ChangeCounter, col(ChangeCounter.organisation_id) == col(Organisation.id)
                )
            ).all()
        )
    assert counted == {TRUST: 3, OTHER: 1}


# ---------------------------------------------------------------- waiting


def test_a_long_poll_returns_at_the_next_change(service: Service, kiosk: KioskClient) -> None:
    """Fifty requests wait, more than the service has threads, and others are served meanwhile."""
    heard: list[ChangePage] = []
    others = [service.kiosk(f"ward {number}", TRUST) for number in range(100, 150)]
    cursors = {other.name: page(other).next for other in others}

    def wait(other: KioskClient) -> None:
        heard.append(page(other, cursor=cursors[other.name], wait=50))

    waiting = [threading.Thread(target=wait, args=(other,)) for other in others]
    for each in waiting:
        each.start()
    wait_until(lambda: service.waiting >= 50, "all of them wait")
    before = page(kiosk)
    assert page(kiosk, cursor=before.next).items == ()
    cards.add(service.services, TRUST, ["AA00000000"])
    for each in waiting:
        each.join()
    assert [len(each.items) for each in heard] == [1] * 50


def test_a_long_poll_without_a_change_returns_an_empty_page(kiosk: KioskClient) -> None:
    before = page(kiosk)
    assert page(kiosk, cursor=before.next, wait=1) == before.model_copy(update={"key": None})


def test_a_kiosk_revoked_during_a_long_poll_gets_no_changes(
    service: Service, kiosk: KioskClient
) -> None:
    before = page(kiosk)
    answers: list[requests.Response] = []
    waiting = threading.Thread(
        target=lambda: answers.append(get(kiosk, cursor=before.next, wait=50))
    )
    waiting.start()
    wait_until(lambda: service.waiting, "the kiosk waits")
    with service.services.database.transaction() as session:
        session.exec(select(Kiosk).where(Kiosk.name == "ward 7")).one().revoked = True
    cards.add(service.services, TRUST, ["AA00000000"])
    waiting.join()
    assert problem(answers[0]) == "not-authenticated"


def test_a_stopping_service_ends_long_polls(service: Service, kiosk: KioskClient) -> None:
    before = page(kiosk)
    statuses: list[int] = []
    waiting = threading.Thread(
        target=lambda: statuses.append(get(kiosk, cursor=before.next, wait=50).status_code)
    )
    waiting.start()
    wait_until(lambda: service.waiting, "the kiosk waits")
    service.app.state.watch.close()
    waiting.join(timeout=PATIENCE)
    assert statuses == [200]


# ---------------------------------------------------------------- the wire


def test_a_page_is_compressed_on_request(service: Service, kiosk: KioskClient) -> None:
    cards.add(service.services, TRUST, cards.serials("AA", 200))
    sizes = []
    for accepted in ("gzip", "identity"):
        headers = {"Authorization": f"Bearer {kiosk.token}", "Accept-Encoding": accepted}
        url = f"{service.url}/v1/changes"
        with requests.get(url, headers=headers, timeout=PATIENCE, stream=True) as answer:
            assert answer.headers.get("Content-Encoding") == (
                "gzip" if accepted == "gzip" else None
            )
            assert answer.headers["Cache-Control"] == "no-store"
            sizes.append(len(answer.raw.read(decode_content=False)))
    assert sizes[0] * 3 < sizes[1]
