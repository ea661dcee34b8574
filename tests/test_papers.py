# SPDX-License-Identifier: Apache-2.0
"""The papers for a hospital cite existing files, give every hazard a control, and omit no table."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.central.operations import retention
from kiosk.central.tables import metadata

ROOT = Path(__file__).parents[1]
PAPERS = sorted((ROOT / "docs/papers").glob("*.md"))
HAZARDS = (ROOT / "docs/papers/hazard-log.md").read_text()
ASSESSMENT = (ROOT / "docs/papers/dpia.md").read_text()

SEVERITIES = ("Minor", "Significant", "Considerable", "Major", "Catastrophic")
LIKELIHOODS = ("Very high", "High", "Medium", "Low", "Very low")
NOT_SHOWN = "not yet shown: "
TEST = re.compile(r"`(tests/[\w/]+\.py)`")
PROOF = re.compile(r"`make prove PROOF=(\"[^\"]+\"|[\w-]+)`")
LINK = re.compile(r"\]\(([^)#]+)\)")
SOURCE = re.compile(r"`((?:docs|kiosk|provisioning|requirements|systemd|tests)/[\w./-]*)`")

Row = tuple[str, ...]


def tables(text: str) -> dict[Row, list[Row]]:
    """Return every table of `text` by its heading; tables with the same heading are joined."""
    found: dict[Row, list[Row]] = {}
    for block in re.findall(r"(?:^\|.*\|\n)+", text, re.M):
        head, _rule, *rows = [
            tuple(cell.strip() for cell in line.strip("|").split("|"))
            for line in block.splitlines()
        ]
        assert all(len(row) == len(head) for row in rows), head
        found.setdefault(head, []).extend(rows)
    return found


@dataclass
class Hazard:
    """A section of the hazard log."""

    id: str
    title: str
    text: str

    @property
    def controls(self) -> list[Row]:
        return tables(self.text).get(("control", "shown by"), [])


def hazards() -> list[Hazard]:
    sections = re.split(
        r"^### (H\d\d) (.+)$", HAZARDS.partition("\n## What is asked of")[0], flags=re.M
    )
    return [Hazard(*sections[start : start + 3]) for start in range(1, len(sections), 3)]


def assessed() -> dict[str, Row]:
    """Return the summary's row for each hazard."""
    (rows,) = (rows for head, rows in tables(HAZARDS).items() if head[:2] == ("id", "hazard"))
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def proofs() -> set[str]:
    """Return the names that `make prove` knows, without importing what the proofs need."""
    tree = ast.parse((ROOT / "tests/proofs/__main__.py").read_text())
    (names,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PROOFS"
    )
    assert isinstance(names, ast.Dict)
    return {ast.literal_eval(key) for key in names.keys if key is not None}


def is_evidence(cell: str) -> bool:
    """Return whether a cell lists only tests and proofs, or says plainly that there are none."""
    if cell.startswith(NOT_SHOWN):
        return len(cell) > len(NOT_SHOWN)
    return all(TEST.fullmatch(one) or PROOF.fullmatch(one) for one in cell.split(", "))


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_citation_in_a_paper_exists(paper: Path) -> None:
    text = paper.read_text()
    # The README explains how proofs are cited with the word "name".
    cited = {each.strip('"') for each in PROOF.findall(text)} - {"name"}
    assert cited <= proofs()
    for link in LINK.findall(text):
        assert "://" in link or (paper.parent / link).exists(), link
    for source in SOURCE.findall(text):
        assert (ROOT / source).exists(), source
    by_itself = re.findall(r"(?<![\w/])test_\w+\.py", text)
    assert by_itself == [], "cite tests by their whole path"


def test_the_papers_are_linked() -> None:
    index = (ROOT / "docs/papers/README.md").read_text()
    for paper in PAPERS:
        assert paper.name == "README.md" or f"({paper.name})" in index
    assert "(docs/papers/README.md)" in (ROOT / "README.md").read_text()


def test_the_risk_matrix_is_complete_and_monotonic() -> None:
    matrix = tables(HAZARDS)["likelihood", *SEVERITIES]
    assert tuple(row[0] for row in matrix) == LIKELIHOODS
    for row in matrix:
        assert list(row[1:]) == sorted(row[1:]), "a risk grows with its severity"
    for column in zip(*matrix, strict=True):
        assert column == LIKELIHOODS or list(column) == sorted(column, reverse=True)


def test_every_hazards_risk_is_that_of_the_matrix() -> None:
    matrix = {row[0]: row[1:] for row in tables(HAZARDS)["likelihood", *SEVERITIES]}
    for name, (title, *levels) in assessed().items():
        for severity, likelihood, risk in (levels[:3], levels[3:]):
            assert risk == matrix[likelihood][SEVERITIES.index(severity)], f"{name} {title}"
        assert levels[5] <= levels[2], f"{name}: a control never raises the severity"


def test_every_assessed_hazard_has_its_section() -> None:
    assert [(one.id, one.title) for one in hazards()] == [
        (name, row[0]) for name, row in assessed().items()
    ]


@pytest.mark.parametrize("hazard", hazards(), ids=lambda hazard: hazard.id)
def test_every_hazard_has_controls_with_evidence_or_a_note_that_it_is_missing(
    hazard: Hazard,
) -> None:
    assert hazard.controls
    for control, shown in hazard.controls:
        assert control
        assert is_evidence(shown), f"{control}: {shown}"
    for line in ("- Cause: ", "- Consequence: ", "- Whom: ", "The deploying organisation:\n\n- "):
        assert line in hazard.text, line


def test_only_controls_with_evidence_lower_a_risk() -> None:
    for hazard in hazards():
        levels = assessed()[hazard.id]
        shown = [control for control, by in hazard.controls if not by.startswith(NOT_SHOWN)]
        assert shown or levels[1:4] == levels[4:7], hazard.id


def test_the_organisation_is_asked_to_decide_every_undesirable_risk() -> None:
    (line,) = re.findall(r"Decide about each residual risk of 3: (.+)\.", HAZARDS)
    named = re.findall(r"H\d\d", line)
    assert named == [name for name, row in assessed().items() if int(row[6]) >= 3]


@pytest.mark.parametrize("name", ["dpia.md", "accessibility-statement.md"])
def test_other_papers_cite_evidence_or_note_that_it_is_missing(name: str) -> None:
    found = tables((ROOT / "docs/papers" / name).read_text())
    cells = [
        row[head.index(column)]
        for head, rows in found.items()
        for column in ("shown by", "evidence")
        if column in head
        for row in rows
    ]
    assert cells
    assert [cell for cell in cells if not is_evidence(cell)] == []


def test_the_dpia_lists_every_table_of_central() -> None:
    (inventory,) = (rows for head, rows in tables(ASSESSMENT).items() if "stored as" in head)
    stored = [each for row in inventory for each in re.findall(r"`(\w+)\.(\w+)`", row[1])]
    for table, column in stored:
        assert column in metadata.tables[table].columns, f"{table}.{column}"
    (without,) = re.findall(r"^Tables without personal data: ([^.]+)\.", ASSESSMENT, re.M)
    others = set(re.findall(r"`(\w+)`", without))
    assert others & {table for table, _ in stored} == set()
    assert others | {table for table, _ in stored} == set(metadata.tables)


def test_the_dpia_lists_every_column_with_personal_data() -> None:
    named = {"name", "email", "uuid", "address", "serial", "subject", "paragraphs", "fields"}
    machines = {"organisation.name", "kiosk.name", "kiosk.subject", "issuer.name"}
    columns = {
        f"{table}.{column.name}"
        for table, one in metadata.tables.items()
        for column in one.columns
        if column.name in named
    }
    assert {one for one in columns - machines if f"`{one}`" not in ASSESSMENT} == set()


def test_the_dpia_lists_every_retention_rule() -> None:
    rows = tables(ASSESSMENT)["what", "days"]
    assert rows == [(rule.what, str(rule.days)) for rule in retention.RULES]
