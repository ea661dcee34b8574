# SPDX-License-Identifier: Apache-2.0
"""Events beside the screen, as steps of a story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kiosk.compose import ScreenService
from kiosk.demo.journey import Step
from kiosk.demo.premises import Premises
from tests.patience import wait_until


@dataclass(frozen=True)
class Do:
    """A step that does something beside the screen."""

    what: str
    deed: Callable[[Premises], object]

    def __repr__(self) -> str:
        return self.what


@dataclass(frozen=True)
class Within:
    """A step that changes or checks the inside of the kiosk."""

    what: str
    deed: Callable[[ScreenService], object]

    def __repr__(self) -> str:
        return self.what


@dataclass(frozen=True)
class While:
    """Steps that are taken during some condition."""

    what: str
    going_on: Callable[[Premises], AbstractContextManager[None]]
    steps: Sequence[Step | Do | Within]

    def __repr__(self) -> str:
        return self.what


def _missed(kiosk: ScreenService) -> None:
    """Wait until the kiosk knows that no card is in; else it takes the next card for the same."""
    wait_until(lambda: not kiosk.runtime._state.card_present, "the card is missed")


MISSED = Within("the card is missed", _missed)

Story = Sequence[Step | Do | Within | While]
