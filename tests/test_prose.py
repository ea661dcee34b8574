# SPDX-License-Identifier: Apache-2.0
"""Docstrings are plain sentences, here as in the package: none opens with a clause."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
WRITTEN = ("kiosk", "tests", "provisioning", "setup.py")
CLAUSE = re.compile(
    r"(Who|Whose|Whoever|Whom|What|Whatever|Where|Wherever|That|Which|However|How) [a-z]"
)
"""A reader has to go back to the beginning of a sentence that opens like this."""


def clauses(docstring: str) -> list[str]:
    """Return the sentences of a docstring that open with a clause and ask nothing."""
    text = re.sub(r"\s+", " ", docstring.replace("\n\n", ". "))
    sentences = re.split(r"(?<=[.;:!?]) +", text)
    return [each for each in sentences if CLAUSE.match(each) and not each.endswith("?")]


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Return texts that stand alone with their lines: docstrings, and those below a constant."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, inspect.cleandoc(text)


def sources() -> Iterator[Path]:
    for each in WRITTEN:
        yield from sorted((TOP / each).rglob("*.py")) or [TOP / each]


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


def test_the_text_below_a_constant_is_read() -> None:
    assert list(docstrings('"""One."""\nA = 1\n"""Two."""')) == [(1, "One."), (3, "Two.")]


def test_no_docstring_opens_a_sentence_with_a_clause() -> None:
    found = [
        f"{source.relative_to(TOP)}:{line}: {sentence}"
        for source in sources()
        for line, text in docstrings(source.read_text())
        for sentence in clauses(text)
    ]
    assert found == []
