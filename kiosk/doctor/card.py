"""`kiosk doctor card`: what could be found out about the card, as text."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.card.examination import Finding


def describe(findings: Sequence[Finding]) -> str:
    """The findings as lines, their names in one column; no line has a trailing newline."""
    width = max((len(finding.what) for finding in findings), default=0)
    lines = [f"{finding.what:<{width}}  {_plain(finding.found)}" for finding in findings]
    return "\n".join([*lines, "No try of any counter was spent."])


def _plain(text: str) -> str:
    """Only what a terminal prints as it is: some of this text was written by a card."""
    return "".join(each if each.isprintable() else "?" for each in text)
