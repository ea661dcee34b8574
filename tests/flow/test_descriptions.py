# SPDX-License-Identifier: Apache-2.0
"""Each page has one description, and no other list of pages exists in the flow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import flow
from kiosk.flow import pages as pg
from kiosk.flow.description import PageDescription
from kiosk.flow.page_index import DESCRIPTIONS

FLOW = Path(flow.__file__).parent

BASES = {pg.Page, pg.HolderPage, pg.DraftPage}
PAGES = {
    each.__name__
    for each in vars(pg).values()
    if isinstance(each, type) and issubclass(each, pg.Page) and each not in BASES
}

BETWEEN_PAGES = {
    # Back leads from the passcode to the page that asked for it: a choice between two pages.
    "journeys/known_passcode.py: pg.Instructions if page.why is pg.Why.REGISTER else "
    "pg.ShowingProfile",
}
"""Expressions about the relation of two pages, which no single description can hold."""


def _page_of(node: ast.AST | None) -> str | None:
    """The page class that an expression names, also as the first of a key such as (page, event)."""
    if isinstance(node, ast.Tuple) and node.elts:
        return _page_of(node.elts[0])
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
    return name if name in PAGES else None


def _listed(node: ast.AST) -> list[str]:
    """The page classes that a display, a union, a choice or a `match` lists."""
    parts: list[ast.AST | None] = []
    match node:
        case ast.Dict(keys=keys):
            parts = [*keys]
        case ast.Tuple(elts=elts) | ast.Set(elts=elts) | ast.List(elts=elts):
            parts = [*elts]
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            parts = [left, right]
        case ast.IfExp(body=body, orelse=orelse):
            parts = [body, orelse]
        case ast.Match():
            parts = [each.cls for each in ast.walk(node) if isinstance(each, ast.MatchClass)]
    return [page for page in map(_page_of, parts) if page is not None]


def _lists_of_pages(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if len(_listed(node)) > 1:
            yield ast.unparse(node)


def _names_a_page(path: Path) -> dict[str, list[str]]:
    """The pages that `isinstance` asks for in a module, by the function that asks."""
    asked: dict[str, list[str]] = {}
    for function in ast.walk(ast.parse(path.read_text())):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
                pages = [_page_of(each) for each in ast.walk(node.args[1])]
                asked.setdefault(function.name, []).extend(page for page in pages if page)
    return {name: pages for name, pages in asked.items() if pages}


def test_every_page_has_exactly_one_description() -> None:
    assert len(PAGES) > 30
    assert sorted(each.page.__name__ for each in DESCRIPTIONS) == sorted(PAGES)


def test_no_other_list_of_pages_exists() -> None:
    found = {
        f"{path.relative_to(FLOW)}: {listed}"
        for path in FLOW.rglob("*.py")
        for listed in _lists_of_pages(path.read_text())
    }
    assert found == BETWEEN_PAGES


def test_nothing_asks_which_page_it_is() -> None:
    asking = {path.name: _names_a_page(path) for path in FLOW.rglob("*.py")}
    assert {name: asked for name, asked in asking.items() if asked} == {}


@pytest.mark.parametrize(
    "source",
    [
        "LIMITS = {pg.Waiting: 1, pg.ReadingCard: 2}",
        "TABLE = {(pg.Waiting, ev.Pressed): 1, (pg.Waiting, ev.Typed): 2}",
        "WORK = (Unlocking, ChangingPasscode)",
        "WORK = frozenset({Unlocking, ChangingPasscode})",
        "isinstance(page, pg.Waiting | pg.Helping)",
        "match page:\n    case pg.Waiting():\n        pass\n    case pg.Helping():\n        pass",
    ],
)
def test_a_list_of_pages_is_found(source: str) -> None:
    assert list(_lists_of_pages(source))


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=lambda each: each.page.__name__)
def test_work_has_an_end_and_a_page_without_work_has_a_button_or_is_left(
    description: PageDescription[pg.Page],
) -> None:
    if description.work is not None:
        assert description.work.seconds > 0
        assert description.heard, "nothing tells that the work is done"
    else:
        assert description.heard or description.pressed or description.stage != "journey"
