# SPDX-License-Identifier: Apache-2.0
"""The SQL statements that central sends, compared with the list in docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlmodel import select

from kiosk.central.operations import housekeeping, retention
from kiosk.central.service import notices
from kiosk.central.tables import Organisation
from tests.central.borrower import Borrower, allow, answers, attempt
from tests.central.loggedin import Desk, TrustedCard, trust_authority
from tests.central.world import WRONG, KioskClient, PersonalCard, Service

LIST = Path(__file__).parents[2] / "docs" / "scale.md"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"\b[A-Z][A-Z_]+\b")


def test_the_list_of_statements_is_complete(
    service: Service, kiosk: KioskClient, card: PersonalCard, database_url: str
) -> None:
    asked: set[str] = set()

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.update(_WORD.findall(_QUOTED.sub("", statement)))
        asked.update(re.findall(r"\b(?:pg_\w+|count|min|max)\b(?=\s*\()", statement))

    event.listen(service.services.database._engine, "before_cursor_execute", note)
    everything(service, kiosk, card)
    listed = set(re.findall(r"`([^`]+)`", _section()))
    words = {word for each in listed for word in re.findall(r"[A-Z_]+|pg_\w+|[a-z]+", each)}
    own = {"PRAGMA", "IMMEDIATE", "OFFSET"}  # SQLite's own statements
    if database_url.startswith("postgresql"):
        assert asked - words == set()
        assert "pg_advisory_xact_lock" in asked
        assert {"RETURNING", "SKIP", "ISOLATION", "EXISTS"} <= asked
    else:
        assert asked - words - own == set()


def _section() -> str:
    text = LIST.read_text()
    return text[text.index("## What central asks of SQL") :]


def everything(service: Service, kiosk: KioskClient, card: PersonalCard) -> None:
    """Do a sample of all the work of kiosks, the RA and central itself."""
    kiosk.answer(card, kiosk.opened(card), WRONG)
    service.clock.pass_time(60)
    grant = kiosk.granted(card)
    kiosk.finish(card, grant)
    trusted = TrustedCard()
    kiosk.know(trusted)
    trust_authority(service, trusted.authority)
    Desk(kiosk, trusted).log_in()
    allow(kiosk)
    (pack,) = (each for each in Borrower(kiosk).ask() if each.serial == card.serial)
    kiosk.report(attempt(pack), answers(pack, right=True))
    kiosk.get("/changes")
    with service.services.database.transaction() as database:
        database.exec(select(Organisation)).one().stopped = True
    with service.services.database.transaction() as database:
        retention.apply(database, service.clock.now)
    housekeeping.keep_house(service.services)
    notices.deliver(service.services)
