# SPDX-License-Identifier: Apache-2.0
"""The import rules leave nobody out: each room says whom it knows, each library who uses it."""

from __future__ import annotations

import ast
import pkgutil
import sys
import tomllib
from pathlib import Path

import kiosk

PACKAGE = Path(kiosk.__file__).parent
_PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())
CONTRACTS = _PROJECT["tool"]["importlinter"]["contracts"]


def _imported(source: Path) -> set[str]:
    """The packages that a module imports, of whatever depth they are."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_every_room_is_named_as_one_that_may_know_so_much() -> None:
    named = {source for each in CONTRACTS for source in each["source_modules"]}
    rooms = {f"kiosk.{each.name}" for each in pkgutil.iter_modules(kiosk.__path__)}
    assert rooms - named == set()


def test_every_library_has_its_place() -> None:
    placed = {
        library
        for each in CONTRACTS
        if each["source_modules"] == ["kiosk"]
        for library in each["forbidden_modules"]
    }
    used = set().union(*map(_imported, PACKAGE.rglob("*.py")))
    assert used - placed - sys.stdlib_module_names == {"kiosk"}
