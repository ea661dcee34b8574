# SPDX-License-Identifier: Apache-2.0
"""How the parts of a kiosk are, as its doctor tells it: plain values in the catalogue's words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.text import Words


class Part(StrEnum):
    """What is looked at."""

    READER = "reader"
    SCREEN = "screen"
    TOUCH = "touch"
    LIGHTS = "lights"
    SUPPLY = "supply"
    DISK = "disk"
    FIREWALL = "firewall"
    CENTRAL = "central"
    CLOCK = "clock"
    CERTIFICATE = "certificate"
    VERSIONS = "versions"
    CHECKS = "checks"


class Verdict(StrEnum):
    """How a part of the kiosk is."""

    WELL = "well"
    WARNING = "warning"  # it works, and somebody should look
    FAILED = "failed"
    ABSENT = "absent"  # and need not be there


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How `part` is. `advice` says what to do, where there is something to do."""

    part: Part
    verdict: Verdict
    found: Words
    advice: Words | None = None

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should do something."""
        return self.verdict in {Verdict.WARNING, Verdict.FAILED}
