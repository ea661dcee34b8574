# SPDX-License-Identifier: Apache-2.0
"""The outcome of an event: the new state, and the effects to carry out."""

from __future__ import annotations

from dataclasses import replace

from kiosk.flow.effects import Effect
from kiosk.flow.pages import Page
from kiosk.flow.state import State

Effects = tuple[Effect, ...]
Outcome = tuple[State, Effects]


def unchanged(state: State) -> Outcome:
    """Return `state` as it is, without effects."""
    return state, ()


def show(state: State, page: Page, *effects: Effect) -> Outcome:
    """Return `state` on another `page`, with `effects`."""
    return replace(state, page=page), effects
