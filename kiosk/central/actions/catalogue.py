# SPDX-License-Identifier: Apache-2.0
"""The catalogue of the actions that change something, with the audit entries of each."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from kiosk.central import actions

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Action:
    """An action by its name. `entries`: the kinds of audit entries that it may leave.

    It always leaves the first of them, with its operator; others are what follows from it.
    """

    name: str
    entries: tuple[str, ...]
    summary: str

    @property
    def kinds(self) -> str:
        """The kinds of its audit entries, in one text."""
        return ", ".join(self.entries)


_known: dict[str, tuple[Action, Callable[..., Any]]] = {}


def action(name: str, *entries: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Enter a function that changes something into the catalogue, as `subject.verb`."""

    def enter(function: Callable[_P, _R]) -> Callable[_P, _R]:
        summary = (function.__doc__ or "").partition("\n")[0]
        _known[name] = Action(name, entries, summary), function
        return function

    return enter


def functions() -> dict[str, tuple[Action, Callable[..., Any]]]:
    """Return every action with its function, by name."""
    for module in pkgutil.iter_modules(actions.__path__, f"{actions.__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(_known.items()))


def list_actions() -> tuple[Action, ...]:
    """Return every action that changes something."""
    return tuple(each for each, _ in functions().values())
