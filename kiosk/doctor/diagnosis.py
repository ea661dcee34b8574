"""What a check says: how a part is, what was seen, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a part of the kiosk is."""

    WELL = "well"
    WARNING = "warning"  # it works, and somebody should look
    FAILED = "failed"
    ABSENT = "absent"  # and need not be there


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How `part` is. `advice` says what to do, and is empty where there is nothing to do."""

    part: str
    verdict: Verdict
    found: str
    advice: str = ""

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should do something."""
        return self.verdict in {Verdict.WARNING, Verdict.FAILED}


def as_text(diagnoses: Sequence[Diagnosis]) -> str:
    """A line for each part, and one with the advice under those that need it."""
    width = max((len(each.part) for each in diagnoses), default=0)
    lines = []
    for each in diagnoses:
        lines.append(f"{each.part:<{width}}  {each.verdict:<7}  {plain(each.found)}")
        if each.advice:
            lines.append(f"{'':<{width}}  what to do: {each.advice}")
    return "\n".join(lines)


def as_json(diagnoses: Sequence[Diagnosis]) -> str:
    """An array of objects: part, verdict, found, advice."""
    return json.dumps([asdict(each) for each in diagnoses], indent=2)


def as_metrics(diagnoses: Sequence[Diagnosis]) -> str:
    """Prometheus' text format: 1 for each part that is well or absent, 0 for one in trouble."""
    lines = [
        "# HELP kiosk_check Whether a part of the kiosk is well.",
        "# TYPE kiosk_check gauge",
        *(f'kiosk_check{{part="{each.part}"}} {int(not each.is_trouble)}' for each in diagnoses),
    ]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Only what a terminal prints as it is: some of it was said by a card, or by the network."""
    return "".join(each if each.isprintable() else "?" for each in text)
