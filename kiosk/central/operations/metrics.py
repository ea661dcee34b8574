# SPDX-License-Identifier: Apache-2.0
"""What kiosks last said of themselves, and what became of unlocks, in Prometheus' text format.

IT reads it by a command rather than at an address of the service, which serves the contract alone:
a timer writes it where the exporter that the trust has (node_exporter's textfile collector) looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, select

from kiosk.central.operations import reporting
from kiosk.central.service import kiosk_health
from kiosk.central.tables import Kiosk, Organisation
from kiosk.contract.messages import KioskHealth

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name, what it says, and a sample for each set of labels."""

    name: str
    help: str
    kind: str = "gauge"
    samples: list[tuple[Labels, float]] = field(default_factory=list)

    def add(self, labels: Labels, value: float | None) -> None:
        """A sample; none where there is no value."""
        if value is not None:
            self.samples.append((labels, value))


def exposition(metrics: Iterable[Metric]) -> str:
    """The text format, version 0.0.4; metrics without samples are left out."""
    lines: list[str] = []
    for metric in metrics:
        if not metric.samples:
            continue
        lines.append(f"# HELP {metric.name} {metric.help}")
        lines.append(f"# TYPE {metric.name} {metric.kind}")
        for labels, value in metric.samples:
            told = ",".join(f'{name}="{_escaped(each)}"' for name, each in labels.items())
            lines.append(f"{metric.name}{{{told}}} {value:.17g}")
    return "\n".join(lines) + "\n"


def collect(database: Session) -> tuple[Metric, ...]:
    """The metrics of every kiosk that is in service, and of what they were good for."""
    return (*_of_kiosks(database), _of_unlocks(database))


def _of_kiosks(database: Session) -> Iterator[Metric]:
    told = list(_health(database))
    heard = Metric("kiosk_heard_timestamp_seconds", "When the kiosk last asked for anything.")
    said = Metric("kiosk_health_timestamp_seconds", "When it last said how it is.")
    info = Metric("kiosk_info", "Which versions it runs.")
    trouble = Metric("kiosk_trouble", "1 for each part of the kiosk that is in trouble.")
    numbers = {
        name: Metric(f"kiosk_{name}", text)
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
    for labels, kiosk, last in told:
        heard.add(labels, None if kiosk.heard_at is None else kiosk.heard_at.timestamp())
        said.add(labels, None if kiosk.health_at is None else kiosk.health_at.timestamp())
        if last is None:
            continue
        info.add({**labels, "version": last.version, "python": last.python}, 1)
        for part in sorted({each.partition(":")[0] for each in last.troubles}):
            trouble.add({**labels, "part": part}, 1)
        for name, value in (
            ("disk_free_bytes", last.disk_free_megabytes << 20),
            ("clock_ahead_seconds", last.clock_ahead_seconds),
            ("cards", last.cards),
            ("outbox_pending", last.pending),
            ("outbox_refused", last.refused),
            ("changes_held", int(last.held is not None)),
            ("troubles", len(last.troubles)),
        ):
            numbers[name].add(labels, value)
    yield from (heard, said, info, *numbers.values(), trouble)


def _health(
    database: Session,
) -> Iterator[tuple[Labels, Kiosk, KioskHealth | None]]:
    in_service = (
        select(Kiosk, Organisation)
        .join(Organisation, col(Kiosk.organisation_id) == col(Organisation.id))
        .where(col(Kiosk.revoked).is_(False))
        .order_by(col(Kiosk.name))
    )
    for kiosk, trust in database.exec(in_service):
        yield {"kiosk": kiosk.name, "organisation": trust.name}, kiosk, kiosk_health.last(kiosk)


def _of_unlocks(database: Session) -> Metric:
    unlocks = Metric("kiosk_unlocks_total", "Unlocks, by what became of them.", "counter")
    for trust in database.exec(select(Organisation).order_by(col(Organisation.name))).all():
        period = reporting.Period(date.min, date.max)
        months = reporting.months(database, period, trust.id)
        for outcome in ("unlocked", "failed"):
            number = sum(getattr(month, outcome) for month in months)
            unlocks.add({"organisation": trust.name, "outcome": outcome}, number)
    return unlocks


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
