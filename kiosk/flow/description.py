# SPDX-License-Identifier: Apache-2.0
"""The description of a page: how it looks, how it behaves, how long it lasts, how it ends.

Each page has one `PageDescription`, in the journey that it belongs to. Other code reads the
description; no other module lists pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from kiosk.flow.events import Event, Pressed
from kiosk.flow.outcome import Outcome
from kiosk.flow.pages import Page
from kiosk.flow.state import State
from kiosk.flow.trouble import Trouble
from kiosk.flow.view import Intent, View

AnyRule = Callable[[State, Any, Any], Outcome]
"""A rule is called with the state, its page and the event, and returns the outcome."""


class VisitStage(StrEnum):
    """The stage of a visit that a page belongs to; the lights follow it."""

    START = "start"  # nobody is served
    JOURNEY = "journey"
    SUCCESS = "success"
    HELP = "help"


class Patience(StrEnum):
    """The time that a page stays if nobody touches the screen."""

    USUAL = "usual"  # the site's idle time
    READING = "reading"  # the site's time to read help
    EMAIL = "email"  # several times the idle time: the user fetches a code from a PC


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    """Work behind a page while the user waits, and how it fails.

    After `seconds` without a result the help for `late` is shown: work ends by its own deadline
    before that. If the user takes the card, the help for `pulled` is shown. `failures` has the rule
    for each event that reports a failure; the page's own rules take precedence. `changes_card`: the
    card must stay in the reader, and the page cannot be closed.
    """

    seconds: float
    late: Trouble
    failures: Mapping[type[Any], AnyRule] = field(default_factory=dict)
    pulled: Trouble = Trouble.CARD_PULLED
    changes_card: bool = False


P = TypeVar("P", bound=Page)


def _never(_: Page) -> bool:
    return False


def _no_pause(_: Page) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class PageDescription(Generic[P]):
    """One page's whole life.

    `view` draws it. `pressed` has the rule of each button, `heard` the rule of each other event; an
    event without a rule changes nothing. `work` is what runs behind it, None if it is the user's
    turn. `pause` is how many seconds the page asks the user to wait: its idle time is that much
    longer. `loses`: leaving the page loses answers, so Close asks first. `back_leaves`: Back leaves
    the journey, so it asks first as well if the page loses answers.
    """

    page: type[P]
    view: Callable[[State, P], View]
    pressed: Mapping[Intent, Callable[[State, P, Pressed], Outcome]] = field(default_factory=dict)
    heard: Mapping[type[Any], Callable[[State, P, Any], Outcome]] = field(default_factory=dict)
    work: BackgroundWork | None = None
    stage: VisitStage = VisitStage.JOURNEY
    patience: Patience = Patience.USUAL
    pause: Callable[[P], int] = _no_pause
    loses: Callable[[P], bool] = _never
    back_leaves: Callable[[P], bool] = _never

    def rule(self, event: Event) -> AnyRule | None:
        """Return the rule for `event` on this page, None if it has none."""
        if isinstance(event, Pressed):
            return self.pressed.get(event.intent)
        failures = self.work.failures if self.work else {}
        return self.heard.get(type(event)) or failures.get(type(event))

    @property
    def changes_card(self) -> bool:
        """Return whether the card is being changed, and must stay in the reader."""
        return self.work is not None and self.work.changes_card
