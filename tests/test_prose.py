# SPDX-License-Identifier: Apache-2.0
"""Docstrings of the package are plain sentences: none opens with a clause."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kiosk

PACKAGE = Path(kiosk.__file__).parent
CLAUSE = re.compile(
    r"(Who|Whose|Whoever|Whom|What|Whatever|Where|Wherever|That|Which|However|How) [a-z]"
)
"""A reader has to go back to the beginning of a sentence that opens like this."""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def clauses(docstring: str) -> list[str]:
    """Return the sentences of a docstring that open with a clause and ask nothing."""
    text = re.sub(r"\s+", " ", docstring.replace("\n\n", ". "))
    sentences = re.split(r"(?<=[.;:!?]) +", text)
    return [each for each in sentences if CLAUSE.match(each) and not each.endswith("?")]


def docstrings(source: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text


@pytest.mark.parametrize(
    ("docstring", "found"),
    [
        ("Who is logged in sees how much time is left.", 1),
        ("Return the card. Where there is none, raise.", 1),
        ("Return the card that is in the reader, and what it says.", 0),
        ("Which card is it?", 0),
    ],
)
def test_a_clause_is_found(docstring: str, found: int) -> None:
    assert len(clauses(docstring)) == found


def test_no_docstring_opens_a_sentence_with_a_clause() -> None:
    found = [
        f"{source.relative_to(PACKAGE)}:{line}: {sentence}"
        for source in sorted(PACKAGE.rglob("*.py"))
        for line, text in docstrings(source)
        for sentence in clauses(text)
    ]
    assert found == []
