# SPDX-License-Identifier: Apache-2.0
"""The diagnoses of a kiosk's parts, which its doctor makes, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.flow.text import Words


class Part(StrEnum):
    """A part that is examined."""

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
    """The condition of a part."""

    WELL = "well"
    WARNING = "warning"  # it works, and needs attention
    FAILED = "failed"
    ABSENT = "absent"  # and not required


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The condition of `part`; `advice` says what to do, None if there is nothing to do."""

    part: Part
    verdict: Verdict
    found: Words
    advice: Words | None = None

    @property
    def is_trouble(self) -> bool:
        """Return whether the part needs attention."""
        return self.verdict in {Verdict.WARNING, Verdict.FAILED}
