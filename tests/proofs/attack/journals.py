# SPDX-License-Identifier: Apache-2.0
"""Journal and database: full, torn, copied back and restored, in any order.

Holders unlock cards meanwhile, and their kiosks are lost with everything that they have recorded:
after a restore, central has its journals alone. Whenever recovery says that nothing is missing,
central must offer the key that each card carries; what is missing, it must have named.
"""

from __future__ import annotations

import contextlib
import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import psycopg
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
)
from sqlalchemy import Connection, event
from sqlmodel import delete, select

from kiosk.central.actions import escrow
from kiosk.central.actions.context import OperatorContext
from kiosk.central.evidence import history
from kiosk.central.evidence.visit import ReportedTries
from kiosk.central.tables import Card, GrantRow, JournalRow, Table
from kiosk.contract.messages import Grant
from kiosk.rows import carry_out
from tests.central.world import PersonalCard, Service, problem
from tests.heartbeat import beat
from tests.proofs.attack.laboratory import let_loose

Content = dict[str, list[dict[str, Any]]]


class _Disks(RuleBasedStateMachine):
    """Two cards, a kiosk, a database with its backup, and a journal with its copy."""

    service: ClassVar[Service]
    done: ClassVar[Counter[str]]

    @initialize()
    def begin(self) -> None:
        beat("attack: journal and database")
        number = uuid4().hex[:8]
        self.kiosk = self.service.kiosk(f"ward {number}", f"trust {number}")
        self.service.restart()
        with self.service.services.database.transaction() as database:
            carry_out(database, delete(JournalRow))  # those of another run, whose file is gone
        self.file.unlink(missing_ok=True)
        self.kiosk.token  # noqa: B018 - it makes central know the kiosk
        self.cards = [self.kiosk.know(PersonalCard(unblocking_maximum=15)) for _ in range(2)]
        self.carried = dict.fromkeys((card.serial for card in self.cards), 0)
        self.granted: set[UUID] = set()
        self.backup = content(self.service)
        self.copy = self.file.read_bytes()

    @property
    def file(self) -> Path:
        assert self.service.settings.journal is not None
        return self.service.settings.journal

    # ------------------------------------------------------------ visits

    @rule(which=st.integers(0, 1), reports=st.booleans())
    def unlock(self, which: int, reports: bool) -> None:
        """The card's key is renewed; with `reports` central hears of it."""
        card = self.cards[which]
        answer = self._ask(card)
        if answer is None:
            return
        grant = Grant.model_validate_json(answer)
        current = grant.current.generation
        assert self.carried[card.serial] in (current, current + 1)
        if self.carried[card.serial] == current and grant.renew:
            self.carried[card.serial] = current + 1
        self.granted.add(grant.grant)
        if reports and grant.first == current and self.carried[card.serial] == current + 1:
            with contextlib.suppress(AssertionError):
                self.kiosk.finish(card, grant)
        self.done["grants"] += 1

    def _ask(self, card: PersonalCard, *, session: UUID | None = None) -> str | None:
        if session is None:
            self.service.clock.pass_time(3600)
            opened = self.kiosk.open(card)
            if opened.status_code != 200:
                assert problem(opened) in {"card-frozen", "unsettled"}, opened.text
                self.done[problem(opened)] += 1
                return None
            session = self.kiosk.accepted(card)
        answer = self.kiosk.ask_grant(session)
        if answer.status_code == 200:
            return answer.text
        self.done["grants that failed"] += 1
        return None

    @rule(which=st.integers(0, 1), again=st.booleans())
    def the_databases_disk_is_full(self, which: int, again: bool) -> None:
        """The journal has the grant's line, but no kiosk gets the grant; it may ask again."""
        opened = self.kiosk.open(self.cards[which])
        if opened.status_code != 200:
            return
        session = self.kiosk.accepted(self.cards[which])
        self.kiosk.token  # noqa: B018 - a new one would need a COMMIT
        with commits_fail(self.service):
            assert self._ask(self.cards[which], session=session) is None
        if again:
            answer = self.kiosk.ask_grant(session)
            if answer.status_code == 200:
                self.granted.add(Grant.model_validate_json(answer.text).grant)

    @rule(which=st.integers(0, 1))
    def the_journals_disk_is_full(self, which: int) -> None:
        aside = self.file.with_suffix(".aside")
        if self.kiosk.open(self.cards[which]).status_code != 200:
            return
        session = self.kiosk.accepted(self.cards[which])
        self.file.rename(aside)
        self.file.symlink_to("/dev/full")
        try:
            assert self._ask(self.cards[which], session=session) is None
        finally:
            self.file.unlink()
            aside.rename(self.file)
        self.done["full journals"] += 1

    @rule(half=st.binary(max_size=40))
    def the_process_is_stopped_within_a_line(self, half: bytes) -> None:
        with self.file.open("ab") as file:
            file.write(b'{"journal": ' + half.replace(b"\n", b""))
        self.service.restart()
        self.done["torn lines"] += 1

    # ------------------------------------------------------------ copies

    @rule()
    def back_up(self) -> None:
        self.backup = content(self.service)
        self.done["backups"] += 1

    @rule()
    def copy_the_journal(self) -> None:
        self.copy = self.file.read_bytes()

    @rule(restarted=st.booleans())
    def restore(self, restarted: bool) -> None:
        """Restore the backup, perhaps under the running process, and merge the journals."""
        restore(self.service, self.backup)
        if restarted:
            self.service.restart()
        self.kiosk._access = None
        self._recover(self.file)
        self.done["restores"] += 1

    @rule()
    def restore_both(self) -> None:
        """An older copy of the journal is all there is at first; then the whole one is found."""
        whole, older = self.file.read_bytes(), self.copy
        restore(self.service, self.backup)
        self.kiosk._access = None
        self.file.write_bytes(older)
        outcome = self._recover(self.file, must_be_complete=False)
        if not outcome:
            opened = self.kiosk.open(self.cards[0])
            assert problem(opened) in {"unsettled", "card-frozen"}, opened.text
            self.done["journals named as missing"] += 1
        found = self.file.with_suffix(".found")
        found.write_bytes(whole)
        self._recover(self.file, found)
        self.file.write_bytes(whole)
        self.service.restart()

    def _recover(self, *files: Path, must_be_complete: bool = True) -> bool:
        context = OperatorContext(self.service.services, "Rita from the RA")
        outcome = escrow.recover_escrow(context, journals=files)
        if must_be_complete:
            assert outcome.complete, outcome
            self._look()
        self.done["recoveries"] += 1
        return outcome.complete

    def _look(self) -> None:
        with self.service.services.database.reading() as database:
            known = set(database.exec(select(GrantRow.id)))
            assert self.granted <= known, "a grant is lost"
            sessions = list(database.exec(select(GrantRow.session_id)))
            assert len(sessions) == len(set(sessions))
            for serial, carried in self.carried.items():
                card = database.exec(select(Card).where(Card.serial == serial)).one()
                decision = history.evaluate(database, card, ReportedTries())
                assert carried in (decision.current, decision.current + 1)


def content(service: Service) -> Content:
    """Return all rows of the database: a backup of it."""
    with service.services.database.reading() as database:
        connection = database.connection()
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in Table.metadata.sorted_tables
        }


def restore(service: Service, backup: Content) -> None:
    """Have the database as it was at its backup, under the running process."""
    with service.services.database._engine.begin() as connection:
        for table in reversed(Table.metadata.sorted_tables):
            connection.execute(table.delete())
        for table in Table.metadata.sorted_tables:
            if backup[table.name]:
                connection.execute(table.insert(), backup[table.name])


@contextmanager
def commits_fail(service: Service) -> Iterator[None]:
    """Have each COMMIT fail for real: the file may not grow, or the server ends the connection."""
    engine, url = service.services.database._engine, service.settings.database
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def committing(connection: Connection) -> None:
        if connection.get_execution_options().get("reads_only"):
            return
        if url.startswith("sqlite"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
            return
        driver: Any = connection.connection.driver_connection
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))

    def over(_connection: Connection) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    event.listen(engine, "commit", committing)
    event.listen(engine, "rollback", over)
    try:
        yield
    finally:
        event.remove(engine, "commit", committing)
        event.remove(engine, "rollback", over)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def attack(examples: int = 40, steps: int = 25, database: str = "") -> str:
    """Attack a central on SQLite and one on PostgreSQL, or on one given database."""
    told = let_loose(_Disks, examples, steps, database, journal=True)
    return f"no grant and no key was lost; {told}"
