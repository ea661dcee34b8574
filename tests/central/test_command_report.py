# SPDX-License-Identifier: Apache-2.0
"""Reports: the hours that self service saved, and the alerts that need attention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import Session, select

from kiosk.central.keys import trust_store
from kiosk.central.operations import reporting
from kiosk.central.tables import Card, Kiosk, Registration
from kiosk.contract.messages import CardCommand, KioskHealth, OutboxItem
from tests.central.authority import Authority
from tests.central.desk import Operator
from tests.central.world import Clock, KioskClient, PersonalCard, item


def unlock(kiosk: KioskClient, card: PersonalCard, status: str = "9000") -> None:
    grant = kiosk.granted(card)
    kiosk.report(
        item(grant, 0, CardCommand.UNBLOCK, grant.current.generation, "9000"),
        item(grant, 1, CardCommand.VERIFY, grant.current.generation, status),
    )


def test_unlocks_are_reported_by_month_with_the_hours_saved(
    operator: Operator, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    with operator.service.services.database.transaction() as database:
        database.exec(select(Registration)).one().registered_at = clock.now
    unlock(kiosk, card)
    kiosk.open(card)
    clock.pass_time(40 * 24 * 3600)
    unlock(kiosk, card)
    january = {
        "month": "2025-01",
        "registered": "1",
        "unlocked": "1",
        "failed": "1",
        "hours saved": "0.3",
    }
    february = {
        "month": "2025-02",
        "registered": "0",
        "unlocked": "1",
        "failed": "0",
        "hours saved": "0.3",
    }
    assert operator.listed("reports", "months") == [january, february]
    assert operator.listed("reports", "months", "--from", "2025-02-10") == [february]
    assert operator.listed("reports", "months", "--to", "2025-01-01") == [january]
    assert operator.listed("reports", "months", "--organisation", "Trust A") == [january, february]
    operator.does("organisations", "add", "Trust B")
    assert operator.listed("reports", "months", "--organisation", "Trust B") == []
    assert operator.run("reports", "months") == 0
    assert operator.out.splitlines()[-1].split() == ["total", "1", "2", "1", "0.7"]
    assert operator.run("reports", "months", "--organisation", "Trust Z") == 2


@pytest.mark.parametrize(("days", "found"), [(29, 0), (30, 1)])
def test_cards_with_a_certificate_that_expires_soon_are_listed(
    operator: Operator, card: PersonalCard, days: int, found: int
) -> None:
    ends = datetime.now(UTC).date() + timedelta(days=30)
    with operator.service.services.database.transaction() as database:
        stored = database.exec(select(Card)).one()
        stored.authentication_certificate, stored.expires_on = None, ends
    rows = operator.listed("reports", "ending", "--days", days)
    assert len(rows) == found
    assert all(row["certificate ends"] == str(ends) for row in rows)
    operator.does("cards", "lost", card.serial)
    assert not operator.listed("reports", "ending", "--days", days)


def alerts(database: Session, now: datetime) -> list[tuple[str, str]]:
    return list(reporting.alerts(database, now, timedelta(hours=24)))


def test_alerts_are_reported(
    operator: Operator, kiosk: KioskClient, card: PersonalCard, clock: Clock
) -> None:
    authority = Authority()
    with operator.service.services.database.transaction() as database:
        assert alerts(database, clock.now) == [("kiosk never heard of", "ward 7")]
        trust_store.add_issuer(database, authority.der, clock.now, anchor=True)
    for _ in range(2):
        kiosk.granted(card)  # and is never heard of again
    assert kiosk.open(card).status_code == 403
    with operator.service.services.database.transaction() as database:
        assert alerts(database, clock.now) == [
            ("card frozen", card.serial),
            ("no revocation list", "CN=Trust root"),
        ]
        trust_store.add_list(database, authority.revocations(), clock.now)
        database.exec(select(Card)).one().frozen = False
        day = timedelta(days=1)
        assert alerts(database, clock.now + day - timedelta(seconds=1)) == []
        assert alerts(database, clock.now + day) == [
            ("kiosk silent", "ward 7, since 2025-01-01 03:00 UTC")
        ]
        later = clock.now + timedelta(days=7)
        assert ("revocation list out of date", "CN=Trust root") in alerts(database, later)
        database.exec(select(Kiosk)).one().revoked = True
        assert alerts(database, clock.now + day) == []
    assert operator.run("alerts") == 1
    assert "revocation list out of date" in operator.out


HEALTH = KioskHealth(
    version="1.2.3",
    python="3.13.5",
    disk_free_megabytes=900,
    clock_ahead_seconds=-3,
    cards=41,
    position=7,
    pending=2,
    refused=0,
    troubles=("touch: no touch screen", "clock: 400 s"),
)


def test_kiosk_health_is_exported_to_prometheus(
    operator: Operator, kiosk: KioskClient, card: PersonalCard, clock: Clock, folder: Path
) -> None:
    unlock(kiosk, card)
    health_item = OutboxItem(id=uuid4(), recorded_at=clock.now, fact=HEALTH)
    kiosk.report(health_item.model_dump(mode="json"))
    name = 'the "ward"\\\n7 {of="it"}\\n'
    with operator.service.services.database.transaction() as database:
        database.exec(select(Kiosk)).one().name = name
    assert operator.run("metrics") == 0
    written = operator.out
    families = {each.name: each for each in text_string_to_metric_families(written)}
    assert families["kiosk_unlocks"].type == "counter"
    assert {each.type for each in families.values() if each.name != "kiosk_unlocks"} == {"gauge"}
    samples = {
        (each.name, *sorted(each.labels.items())): each.value
        for family in families.values()
        for each in family.samples
    }
    ours = {"kiosk": name, "organisation": "Trust A"}
    heard = samples.pop(("kiosk_heard_timestamp_seconds", *ours.items()))
    timestamp = samples.pop(("kiosk_health_timestamp_seconds", *ours.items()))
    assert (heard, timestamp) == (clock.now.timestamp(), health_item.recorded_at.timestamp())
    assert samples == {
        (name, *sorted(labels.items())): value
        for name, labels, value in (
            ("kiosk_unlocks_total", {"organisation": "Trust A", "outcome": "unlocked"}, 1),
            ("kiosk_unlocks_total", {"organisation": "Trust A", "outcome": "failed"}, 0),
            ("kiosk_info", ours | {"version": "1.2.3", "python": "3.13.5"}, 1),
            ("kiosk_disk_free_bytes", ours, 900 << 20),
            ("kiosk_clock_ahead_seconds", ours, -3),
            ("kiosk_cards", ours, 41),
            ("kiosk_outbox_pending", ours, 2),
            ("kiosk_outbox_refused", ours, 0),
            ("kiosk_changes_held", ours, 0),
            ("kiosk_troubles", ours, 2),
            ("kiosk_trouble", ours | {"part": "clock"}, 1),
            ("kiosk_trouble", ours | {"part": "touch"}, 1),
        )
    }

    file = folder / "kiosks.prom"
    assert operator.run("metrics", "--file", file) == 0
    assert (file.read_text(), operator.out) == (written, "")
    assert list(folder.glob("*kiosks*")) == [file]
    assert operator.run("metrics", "--file", folder / "missing" / "kiosks.prom") == 2


def test_a_revoked_or_silent_kiosk_has_no_metrics(operator: Operator, kiosk: KioskClient) -> None:
    assert kiosk.token
    assert operator.run("metrics") == 0
    assert "kiosk_disk_free_bytes" not in operator.out
    with operator.service.services.database.transaction() as database:
        database.exec(select(Kiosk)).one().revoked = True
    assert operator.run("metrics") == 0
    assert "ward 7" not in operator.out
