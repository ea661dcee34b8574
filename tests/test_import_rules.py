# SPDX-License-Identifier: Apache-2.0
"""The import rules cover every module, and each of their lines catches a planted violation."""

from __future__ import annotations

import ast
import copy
import pkgutil
import sys
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import grimp
import pytest
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

import kiosk
import kiosk.central

PACKAGE = Path(kiosk.__file__).parent
SESSION = {"root_packages": ["kiosk"], "include_external_packages": True}
FOR_EVERYBODY = {"kiosk.values", "kiosk.errors"}
STRANGER = "kiosk.values"
"""Only `errors` is below this room, and no list of importers names it."""


def _contracts() -> dict[str, dict[str, list[str] | str]]:
    rules = tomllib.loads((PACKAGE.parent / "importlinter.toml").read_text())
    return {each["name"]: each for each in rules["tool"]["importlinter"]["contracts"]}


CONTRACTS = _contracts()
ORDER = "the order of the house"
LAYERS = [[*map(str.strip, line.split("|"))] for line in CONTRACTS[ORDER]["layers"]]


def _lines(contract: str, field: str) -> list[str]:
    return list(CONTRACTS[contract].get(field, []))


PROTECTED = [(name, module) for name in CONTRACTS for module in _lines(name, "protected_modules")]


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("kiosk", include_external_packages=True)


def _is_kept(name: str, importer: str = "", imported: str = "") -> bool:
    graph = copy.deepcopy(_graph())
    if importer:
        graph.add_import(importer=importer, imported=imported)
    fields = {key: each for key, each in CONTRACTS[name].items() if key not in {"type", "name"}}
    kinds: dict[str, type[Contract]] = {"layers": LayersContract, "protected": ProtectedContract}
    contract = kinds[str(CONTRACTS[name]["type"])](name, SESSION, fields)
    return bool(contract.check(graph, verbose=False).kept)


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_kept(name: str) -> None:
    assert _is_kept(name)


@pytest.mark.parametrize(("name", "module"), PROTECTED)
def test_a_module_outside_the_list_may_not_import_a_protected_module(
    name: str, module: str
) -> None:
    assert not _is_kept(name, STRANGER, module)


@pytest.mark.parametrize("number", range(len(LAYERS) - 1))
def test_a_room_may_not_import_a_higher_room(number: int) -> None:
    for above in LAYERS[number]:
        for below in LAYERS[number + 1]:
            assert not _is_kept(ORDER, below, above), (below, above)


@pytest.mark.parametrize("number", range(len(LAYERS)))
def test_independent_rooms_may_not_import_each_other(number: int) -> None:
    for one, other in pairwise(LAYERS[number]):
        assert not _is_kept(ORDER, one, other), (one, other)
        assert not _is_kept(ORDER, other, one), (other, one)


def test_every_room_is_in_the_layers() -> None:
    standing = {room for layer in LAYERS for room in layer}
    rooms = {f"kiosk.{each.name}" for each in pkgutil.iter_modules(kiosk.__path__)}
    rooms |= {f"kiosk.central.{each.name}" for each in pkgutil.iter_modules(kiosk.central.__path__)}
    for room in rooms - {"kiosk.central"}:
        below = {f"{room}.{each.name}" for each in _modules_of(room)}
        assert room in standing or (below and below <= standing), room


def _modules_of(room: str) -> list[pkgutil.ModuleInfo]:
    folder = PACKAGE.joinpath(*room.split(".")[1:])
    return list(pkgutil.iter_modules([str(folder)])) if folder.is_dir() else []


def test_every_room_lists_its_importers() -> None:
    named = {module for _, module in PROTECTED}
    rooms = {f"kiosk.{each.name}" for each in pkgutil.iter_modules(kiosk.__path__)}
    assert rooms - named == FOR_EVERYBODY


def test_every_library_is_restricted_to_its_rooms() -> None:
    used = set().union(*map(_imported, PACKAGE.rglob("*.py")))
    placed = {module for _, module in PROTECTED}
    assert used - placed - sys.stdlib_module_names == {"kiosk"}


def _imported(source: Path) -> set[str]:
    """Return the top-level packages that a module imports, at any depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}
