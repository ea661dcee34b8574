# SPDX-License-Identifier: Apache-2.0
"""Formats diagnoses in English: text for a terminal, JSON, metrics, and lines for central."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily

from kiosk.exposition import exposition
from kiosk.flow.diagnosis import Diagnosis, Part, Verdict
from kiosk.flow.text import in_english


@dataclass(frozen=True, slots=True)
class PartRow:
    """The finding about a part. `advice` is empty if there is none."""

    part: Part
    verdict: Verdict
    found: str
    advice: str


def as_text(diagnoses: Sequence[Diagnosis]) -> str:
    """Return a line for each part, followed by the advice if there is one."""
    width = max((len(each.part) for each in diagnoses), default=0)
    lines = []
    for each in diagnoses:
        lines.append(f"{each.part:<{width}}  {each.verdict:<7}  {plain(in_english(each.found))}")
        if each.advice is not None:
            lines.append(f"{'':<{width}}  what to do: {in_english(each.advice)}")
    return "\n".join(lines)


def as_rows(diagnoses: Sequence[Diagnosis]) -> tuple[PartRow, ...]:
    """Return a row for each part, for other programs."""
    return tuple(
        PartRow(
            each.part,
            each.verdict,
            in_english(each.found),
            "" if each.advice is None else in_english(each.advice),
        )
        for each in diagnoses
    )


def as_metrics(diagnoses: Sequence[Diagnosis]) -> str:
    """Return Prometheus' text format: 1 for a part that is well or absent, 0 for one in trouble."""
    checks = GaugeMetricFamily(
        "kiosk_check", "Whether a part of the kiosk is well.", labels=("part",)
    )
    for each in diagnoses:
        checks.add_metric((each.part,), int(not each.is_trouble))
    return exposition((checks,)).rstrip("\n")


def troubles(diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    """Return a line for each part that is in trouble."""
    return tuple(f"{each.part}: {in_english(each.found)}" for each in diagnoses if each.is_trouble)


def plain(text: str) -> str:
    """Return `text` with only printable characters; a card or the network wrote some of it."""
    return "".join(each if each.isprintable() else "?" for each in text)
