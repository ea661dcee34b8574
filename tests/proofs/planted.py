# SPDX-License-Identifier: Apache-2.0
"""Visits that leak something on purpose, to show that the measurement notices it.

A process of its own, because Kivy has one window: `python -m tests.proofs.planted` prints, as JSON,
what grows with each of `PLANTS`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from dataclasses import astuple, fields

from kiosk.flow import events as ev
from tests.proofs.holdings import Holdings, begin, measure, not_flat
from tests.ui.visitor import Visitor

_WARM, _VISITS, _EVERY = 40, 30, 5
_KEPT: list[object] = []


def _keep_texture() -> None:
    from kivy.graphics.texture import Texture  # noqa: PLC0415 - the window is open

    _KEPT.append(Texture.create(size=(64, 64)))


def _keep_cached() -> None:
    from kivy.cache import Cache  # noqa: PLC0415

    if "planted" not in Cache._categories:
        Cache.register("planted")
    Cache.append("planted", len(_KEPT), "kept")
    _KEPT.append("one more")


PLANTS: dict[str, Callable[[], None]] = {
    "nothing": lambda: None,
    # Six blocks: their number varies by ten in all these visits.
    "list": lambda: _KEPT.append([["an object"], ["another one"]]),
    "bytes": lambda: _KEPT.append(bytes(1000)),
    "texture": _keep_texture,
    "cache": _keep_cached,
}


def visits(visitor: Visitor, number: int, plant: Callable[[], None]) -> list[Holdings]:
    """Run that many visits; return samples of the holdings."""
    taken = array("q")  # kept as objects, the samples themselves would be holdings that grow
    for place in range(number):
        visitor.send(ev.CardInserted("K7Q4-20MX"))
        visitor.send(ev.CardTaken())
        plant()
        if place % _EVERY == 0:
            taken.extend(astuple(measure(0)))
    size = len(fields(Holdings))
    return [Holdings(*taken[start : start + size]) for start in range(0, len(taken), size)]


def main() -> None:
    visitor = Visitor()
    visitor.open()
    begin()
    visits(visitor, _WARM, PLANTS["nothing"])
    grown = {
        name: not_flat(visits(visitor, _VISITS, plant), _VISITS) for name, plant in PLANTS.items()
    }
    print(json.dumps(grown), flush=True)


if __name__ == "__main__":
    main()
