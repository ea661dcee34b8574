# SPDX-License-Identifier: Apache-2.0
"""Metrics from the kiosks' last health reports and from unlocks, in Prometheus' text format.

IT reads it by a command rather than at an address of the service, which serves the contract alone:
a timer writes it where the exporter that the trust has (node_exporter's textfile collector) looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from sqlmodel import Session, col, select

from kiosk.central.operations import reporting
from kiosk.central.service import kiosk_health
from kiosk.central.tables import Kiosk, Organisation
from kiosk.contract.messages import KioskHealth
from kiosk.exposition import exposition

_OF_A_KIOSK = ("kiosk", "organisation")


def collect(database: Session) -> tuple[Metric, ...]:
    """The metrics of every kiosk that is in service, and of what they were good for."""
    return (*_of_kiosks(database), _of_unlocks(database))


def _of_kiosks(database: Session) -> Iterator[Metric]:
    heard = _gauge("heard_timestamp_seconds", "When the kiosk last asked for anything.")
    said = _gauge("health_timestamp_seconds", "When it last said how it is.")
    info = InfoMetricFamily("kiosk", "Which versions it runs.", labels=_OF_A_KIOSK)
    trouble = _gauge("trouble", "1 for each part of the kiosk that is in trouble.", "part")
    numbers = {
        name: _gauge(name, text)
        for name, text in (
            ("disk_free_bytes", "Free space for the kiosk's state."),
            ("clock_ahead_seconds", "How far its clock is ahead of central's."),
            ("cards", "How many cards it follows."),
            ("outbox_pending", "What it has yet to report."),
            ("outbox_refused", "What central would not take."),
            ("changes_held", "1 while it holds changes back until IT has signed for them."),
            ("troubles", "How many of its parts are in trouble."),
        )
    }
    for labels, kiosk, last in _health(database):
        if kiosk.heard_at is not None:
            heard.add_metric(labels, kiosk.heard_at.timestamp())
        if kiosk.health_at is not None:
            said.add_metric(labels, kiosk.health_at.timestamp())
        if last is None:
            continue
        info.add_metric(labels, {"version": last.version, "python": last.python})
        for part in sorted({each.partition(":")[0] for each in last.troubles}):
            trouble.add_metric((*labels, part), 1)
        for name, value in _numbers(last):
            numbers[name].add_metric(labels, value)
    yield from (heard, said, info, *numbers.values(), trouble)


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"kiosk_{name}", text, labels=(*_OF_A_KIOSK, *labels))


def _numbers(last: KioskHealth) -> Iterator[tuple[str, int]]:
    """The values of what a kiosk last said, by the names of their gauges."""
    yield "disk_free_bytes", last.disk_free_megabytes << 20
    if last.clock_ahead_seconds is not None:
        yield "clock_ahead_seconds", last.clock_ahead_seconds
    yield "cards", last.cards
    yield "outbox_pending", last.pending
    yield "outbox_refused", last.refused
    yield "changes_held", int(last.held is not None)
    yield "troubles", len(last.troubles)


def _health(
    database: Session,
) -> Iterator[tuple[Sequence[str], Kiosk, KioskHealth | None]]:
    in_service = (
        select(Kiosk, Organisation)
        .join(Organisation, col(Kiosk.organisation_id) == col(Organisation.id))
        .where(col(Kiosk.revoked).is_(False))
        .order_by(col(Kiosk.name))
    )
    for kiosk, trust in database.exec(in_service):
        yield (kiosk.name, trust.name), kiosk, kiosk_health.last(kiosk)


def _of_unlocks(database: Session) -> Metric:
    unlocks = CounterMetricFamily(
        "kiosk_unlocks", "Unlocks, by what became of them.", labels=("organisation", "outcome")
    )
    for trust in database.exec(select(Organisation).order_by(col(Organisation.name))).all():
        period = reporting.Period(date.min, date.max)
        months = reporting.months(database, period, trust.id)
        for outcome in ("unlocked", "failed"):
            number = sum(getattr(month, outcome) for month in months)
            unlocks.add_metric((trust.name, outcome), number)
    return unlocks


__all__ = ["collect", "exposition"]
