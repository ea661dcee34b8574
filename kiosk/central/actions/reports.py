# SPDX-License-Identifier: Apache-2.0
"""Reports: monthly figures, certificates that end, alerts, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kiosk.central.actions import named
from kiosk.central.actions.context import Declined, OperatorContext
from kiosk.central.operations import metrics, reporting
from kiosk.exposition import exposition
from kiosk.values import Family

ENDING_DAYS = 90
"""From then on a holder may renew by themselves (digital.nhs.uk, "Self-renewal")."""
SILENT_HOURS = 24


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month's figures, or their total."""

    month: str
    registered: int
    unlocked: int
    failed: int
    hours_saved: float


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """The months in which there was anything, and their total."""

    months: tuple[MonthRow, ...]
    total: MonthRow


@dataclass(frozen=True, slots=True)
class EndingCard:
    """A card whose certificate ends soon, or has."""

    serial: str
    family: Family
    ends: date


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert: its kind, and the thing that it is about."""

    alert: str
    about: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A metric's value for one set of labels."""

    metric: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Measurements:
    """The kiosks' last health reports; `text` is in Prometheus' text format, version 0.0.4."""

    samples: tuple[Sample, ...]
    text: str


def report_months(
    context: OperatorContext,
    *,
    first: date | None = None,
    last: date | None = None,
    organisation: str | None = None,
) -> MonthlyReport:
    """Return the figures from the first day to the last, of one organisation or of all."""
    period = reporting.Period(first or date.min, last or date.max)
    with context.reading() as session:
        trust = named.organisation(session, organisation).id if organisation else None
        months = reporting.months(session, period, trust)
    return MonthlyReport(tuple(map(_row, months)), _row(reporting.total(months)))


def list_ending(
    context: OperatorContext, *, days: int = ENDING_DAYS, organisation: str | None = None
) -> tuple[EndingCard, ...]:
    """Return the cards whose certificate ends within so many days, the soonest first."""
    if days < 0:
        raise Declined("Certificates are looked at for 0 days ahead or more")
    with context.reading() as session:
        trust = named.organisation(session, organisation).id if organisation else None
        ending = reporting.ending(session, context.now.date(), days, trust)
    return tuple(EndingCard(card.serial, Family(card.family), end) for card, end in ending)


def list_alerts(context: OperatorContext, *, silent_hours: int = SILENT_HOURS) -> tuple[Alert, ...]:
    """Return silent kiosks, cards that are held back, old revocation lists and the like."""
    if silent_hours < 1:
        raise Declined("A kiosk is silent after 1 hour at least")
    with context.reading() as session:
        found = list(reporting.alerts(session, context.now, timedelta(hours=silent_hours)))
        found += reporting.unusable_addresses(session, context.services.accepts_address)
        return tuple(Alert(kind, about) for kind, about in found)


def measure(context: OperatorContext) -> Measurements:
    """Return how every kiosk said it is, and what became of unlocks."""
    with context.reading() as session:
        found = metrics.collect(session)
    samples = tuple(
        Sample(each.name, each.labels, each.value) for metric in found for each in metric.samples
    )
    return Measurements(samples, exposition(found))


def _row(month: reporting.Month) -> MonthRow:
    return MonthRow(month.name, month.registered, month.unlocked, month.failed, month.hours_saved)
