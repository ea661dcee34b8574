# SPDX-License-Identifier: Apache-2.0
"""What happens beside the screen, as steps of a story."""

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
    """Something happens beside the screen."""

    what: str
    deed: Callable[[Premises], object]

    def __repr__(self) -> str:
        return self.what


@dataclass(frozen=True)
class Within:
    """Something is done to the kiosk, or looked for in it, that is not to be had from outside."""

    what: str
    deed: Callable[[ScreenService], object]

    def __repr__(self) -> str:
        return self.what


@dataclass(frozen=True)
class While:
    """Steps that are taken while something goes on."""

    what: str
    going_on: Callable[[Premises], AbstractContextManager[None]]
    steps: Sequence[Step | Do | Within]

    def __repr__(self) -> str:
        return self.what


def _missed(kiosk: ScreenService) -> None:
    """Wait until the kiosk knows that no card is in: another would be taken for the same."""
    wait_until(lambda: not kiosk.runtime._state.card_present, "the card is missed")


MISSED = Within("the card is missed", _missed)

Story = Sequence[Step | Do | Within | While]
