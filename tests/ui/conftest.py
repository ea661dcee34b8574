# SPDX-License-Identifier: Apache-2.0
"""A screen of 800x480 in this process: real Kivy, drawn by Mesa, touched in window pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from kiosk.flow.events import Event, Pressed, Touched, Typed
from kiosk.flow.preferences import Language
from kiosk.flow.view import View
from kiosk.ui.catalogue import Catalogue
from kiosk.ui.gallery import Gallery

if TYPE_CHECKING:
    from kiosk.demo.finger import Finger

SIZE = (800, 480)


@dataclass
class Desk:
    """A gallery, the events that it sent, and its failures."""

    gallery: Gallery
    finger: Finger
    sent: list[Event]
    failures: list[None] = field(default_factory=list)

    def show(self, view: View) -> None:
        self.gallery.show(view)

    @property
    def typed(self) -> list[Typed]:
        return [event for event in self.sent if isinstance(event, Typed)]

    @property
    def pressed(self) -> list[Pressed]:
        return [event for event in self.sent if isinstance(event, Pressed)]

    @property
    def touched(self) -> list[Touched]:
        return [event for event in self.sent if isinstance(event, Touched)]


@pytest.fixture
def make_desk() -> Iterator[Callable[..., Desk]]:
    desks = []

    def make(catalogue: Catalogue | None = None) -> Desk:
        sent: list[Event] = []
        failures: list[None] = []
        catalogues = dict.fromkeys(Language, catalogue) if catalogue else None
        gallery = Gallery(SIZE, catalogues, sent.append, lambda: failures.append(None))
        from kiosk.demo.finger import Finger  # noqa: PLC0415 - only after the gallery is open

        desks.append(Desk(gallery, Finger(gallery.app, hold=0), sent, failures))
        return desks[-1]

    yield make
    for desk in desks:
        desk.gallery.app.forget()
        desk.gallery.frames(1)
        desk.gallery.close()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()
