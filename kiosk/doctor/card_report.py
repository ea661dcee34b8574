# SPDX-License-Identifier: Apache-2.0
"""The text of `kiosk doctor card`: everything that could be found out about the card."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.card.examination import Finding
from kiosk.doctor.formats import plain


def describe(findings: Sequence[Finding]) -> str:
    """Return the findings as lines, their names in one column, without a final newline."""
    width = max((len(finding.what) for finding in findings), default=0)
    lines = [f"{finding.what:<{width}}  {plain(finding.found)}" for finding in findings]
    return "\n".join([*lines, "No try of any counter was spent."])
