# SPDX-License-Identifier: Apache-2.0
"""What checks say, in English: for a terminal, for other programs, for central."""

from __future__ import annotations

import json
from collections.abc import Sequence

from prometheus_client.core import GaugeMetricFamily

from kiosk.exposition import exposition
from kiosk.flow.diagnosis import Diagnosis
from kiosk.flow.text import in_english


def as_text(diagnoses: Sequence[Diagnosis]) -> str:
    """A line for each part, and one with the advice under those that need it."""
    width = max((len(each.part) for each in diagnoses), default=0)
    lines = []
    for each in diagnoses:
        lines.append(f"{each.part:<{width}}  {each.verdict:<7}  {plain(in_english(each.found))}")
        if each.advice is not None:
            lines.append(f"{'':<{width}}  what to do: {in_english(each.advice)}")
    return "\n".join(lines)


def as_json(diagnoses: Sequence[Diagnosis]) -> str:
    """An array of objects: part, verdict, found, advice (empty where there is none)."""
    told = [
        {
            "part": each.part,
            "verdict": each.verdict,
            "found": in_english(each.found),
            "advice": "" if each.advice is None else in_english(each.advice),
        }
        for each in diagnoses
    ]
    return json.dumps(told, indent=2)


def as_metrics(diagnoses: Sequence[Diagnosis]) -> str:
    """Prometheus' text format: 1 for each part that is well or absent, 0 for one in trouble."""
    checks = GaugeMetricFamily(
        "kiosk_check", "Whether a part of the kiosk is well.", labels=("part",)
    )
    for each in diagnoses:
        checks.add_metric((each.part,), int(not each.is_trouble))
    return exposition((checks,)).rstrip("\n")


def troubles(diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    """A line for each part that is in trouble."""
    return tuple(f"{each.part}: {in_english(each.found)}" for each in diagnoses if each.is_trouble)


def plain(text: str) -> str:
    """Only what a terminal prints as it is: some of it was said by a card, or by the network."""
    return "".join(each if each.isprintable() else "?" for each in text)
