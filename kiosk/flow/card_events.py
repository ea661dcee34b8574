# SPDX-License-Identifier: Apache-2.0
"""The events of card, reader and screen that end or begin a visit, with a rule for every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kiosk.flow import effects as do
from kiosk.flow import events as ev
from kiosk.flow import pages as pg
from kiosk.flow.description import VisitStage
from kiosk.flow.journeys.plain_help import help_with
from kiosk.flow.journeys.visit_end import leave
from kiosk.flow.outcome import Outcome, unchanged
from kiosk.flow.page_index import describe
from kiosk.flow.state import State
from kiosk.flow.timers import limit_visit
from kiosk.flow.trouble import Trouble


def _card_inserted(state: State, event: ev.CardInserted) -> Outcome:
    if state.case_opened:
        told = replace(state, card_present=True, reference=event.reference)
        return help_with(told, Trouble.OUT_OF_SERVICE)
    # The language that was chosen on the start screen is kept: the same user inserts the card.
    clean, effects = leave(state, gone=False)
    reading = replace(clean, page=pg.ReadingCard(), reference=event.reference, card_present=True)
    return limit_visit(reading, (*effects, do.ReadCard(reading.visit)))


def _card_taken(state: State, _: ev.CardTaken) -> Outcome:
    state = replace(state, card_present=False)
    page = describe(state.page)
    if page.work is not None:
        return help_with(state, page.work.pulled)
    if page.stage is VisitStage.HELP:
        # The help stays to be read: it holds nothing of the user but the reference.
        return unchanged(state)
    if page.stage is VisitStage.START and not state.changed:
        return unchanged(state)
    return leave(state)


def _reader_failed(state: State, event: ev.ReaderFailed) -> Outcome:
    state = replace(state, reader=event.trouble, card_present=False)
    if describe(state.page).stage in {VisitStage.START, VisitStage.HELP}:
        return unchanged(state)
    return help_with(state, Trouble.READER)


def _reader_ready(state: State, event: ev.ReaderReady) -> Outcome:
    return replace(state, reader=None, simulated=event.simulated), ()


def _screen_failed(state: State, _: ev.ScreenFailed) -> Outcome:
    page = describe(state.page)
    if page.changes_card:
        # The card must not be asked back: the page is drawn once more.
        return unchanged(state)
    if not state.reference or page.stage is VisitStage.HELP:
        # There is no visit; or the help cannot be drawn either, and is not tried for ever.
        return leave(state)
    return help_with(state, Trouble.SCREEN)


RULES: Mapping[type, Callable[[State, Any], Outcome]] = {
    ev.CardInserted: _card_inserted,
    ev.CardTaken: _card_taken,
    ev.ReaderFailed: _reader_failed,
    ev.ReaderReady: _reader_ready,
    ev.ScreenFailed: _screen_failed,
}
